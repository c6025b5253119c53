import { loadCompose } from '../../lib/compose/load.ts';
import { summarise } from '../../lib/compose/summary.ts';
import type { StackSpec } from '../../lib/config/model.ts';
import { Secret } from '../../lib/util/secret.ts';

/** What a Compose file says, without what the cluster file says about its stack. @throws Error with its first mistake */
export function summaryOf(text: string): Omit<StackSpec, 'name' | 'file' | 'folder' | 'whenUnreachable'> {
  const { name: _name, file: _file, folder: _folder, whenUnreachable: _when, ...summary } = stackOf(text);
  return summary;
}

/** A stack from a Compose file's text. @throws Error with its first mistake */
export function stackOf(text: string, env: Readonly<Record<string, string>> = {}): StackSpec {
  const file = { path: '/s.yml', shown: 's.yml', text };
  const { compose, mistakes, variables, version, older } = loadCompose({
    files: [file],
    env,
    home: '/root',
    readFile: () => undefined,
  });
  const [mistake] = mistakes;
  if (mistake || !compose) throw new Error(mistake?.message ?? 'nothing was loaded');
  return {
    name: 's',
    file: '/s.yml',
    text,
    files: [file],
    folder: '/',
    compose,
    variables: variables.map(({ name }) => name),
    environment: Object.fromEntries(Object.entries(env).map(([name, value]) => [name, new Secret(value)])),
    references: [],
    whenUnreachable: 'fail',
    resolveImage: 'always',
    drift: 'fix',
    hints: [],
    older,
    ...(version === undefined ? {} : { version }),
    ...summarise(compose, 's'),
  };
}
