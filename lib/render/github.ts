import type { Event, Listener } from '../contracts/events.ts';
import { maskSecrets } from '../util/secret-shapes.ts';
import { visibleLines } from '../util/visible.ts';
import { errorJson } from './error.ts';
import { PAGE, postMortemLines } from './post-mortem.ts';
import { causesOf, othersText, placeOf, type Cause } from './causes.ts';
import { harmless, withoutCommands } from './guard.ts';
import { plainListener } from './plain.ts';

/**
 * Plain lines for GitHub Actions: a run's progress in a folded group, failures and warnings as annotations. Source:
 * "Workflow commands for GitHub Actions".
 */
export function githubListener(stream: NodeJS.WritableStream): Listener {
  const plain = plainListener(stream, (text) => withoutCommands(harmless(text, false)));
  return (event) => {
    if (event.type === 'run-started')
      stream.write(`::group::${data(`${event.pipeline} of ${event.cluster} (${event.mode})`)}\n`);
    plain(event);
    if (event.type === 'run-finished') stream.write(`::endgroup::\n${annotations(event)}`);
  };
}

function annotations({ result }: Extract<Event, { type: 'run-finished' }>): string {
  const failed = causesOf(result.units).map(
    (cause) => `::error title=${property(placeOf(cause))}::${data(annotation(cause))}\n`,
  );
  const warned = result.warnings.map((warning) => `::warning title=swarmup::${data(warning)}\n`);
  return [...failed, ...warned].join('');
}

function annotation(cause: Cause): string {
  const { message, postMortem, fix } = errorJson(cause.error);
  const others = othersText(cause);
  const known = postMortem ? postMortemLines(postMortem, { ...PAGE, said: message }) : [];
  return [message, ...(others === undefined ? [] : [others]), ...known, fix].join('\n');
}

function data(text: string): string {
  return withoutCommands(visibleLines(maskSecrets(text)))
    .replaceAll('%', '%25')
    .replaceAll('\n', '%0A');
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
