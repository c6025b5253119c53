import type { Event, Listener } from '../contracts/events.ts';
import { maskSecrets } from '../util/secret-shapes.ts';
import { visibleLines } from '../util/visible.ts';
import { causesOf, othersText, placeOf } from './causes.ts';
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
  const failed = causesOf(result.units).map((cause) => {
    const text = [cause.error.message, othersText(cause), cause.error.fix].filter((line) => line !== undefined);
    return `::error title=${property(placeOf(cause))}::${data(text.join('\n'))}\n`;
  });
  const warned = result.warnings.map((warning) => `::warning title=swarmup::${data(warning)}\n`);
  return [...failed, ...warned].join('');
}

function data(text: string): string {
  return withoutCommands(visibleLines(maskSecrets(text)))
    .replaceAll('%', '%25')
    .replaceAll('\n', '%0A');
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
