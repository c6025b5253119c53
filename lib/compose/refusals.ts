import type { ComposeConfig, ComposeService } from './types.ts';

export interface Refusal {
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly hint: string;
}

/**
 * What `docker stack deploy` refuses only after it has read the files: services without images, and names that nothing
 * defines. Source: docker/cli, cli/command/stack/loader and cli/compose/convert.
 */
export function refusals(config: ComposeConfig): readonly Refusal[] {
  return Object.entries(config.services).flatMap(([name, service]) => [
    ...ofImage(name, service),
    ...ofMode(name, service),
    ...undefinedNames(name, service, config),
  ]);
}

function ofImage(name: string, { image }: ComposeService): readonly Refusal[] {
  if (image !== undefined) return [];
  const hint = 'expected image: stacks are deployed from images, and nothing is built';
  return [{ path: ['services', name], message: `the service ${name} has no image`, hint }];
}

const MODES: readonly string[] = ['replicated', 'global', 'replicated-job', 'global-job'];

function ofMode(name: string, { deploy = {}, healthcheck = {} }: ComposeService): readonly Refusal[] {
  const place = ['services', name, 'deploy'];
  const { mode = 'replicated', replicas } = deploy;
  const found: Refusal[] = [];
  if (!MODES.includes(mode))
    found.push({
      path: [...place, 'mode'],
      message: `'${mode}' is not a mode`,
      hint: `expected one of ${MODES.join(', ')}`,
    });
  if (mode.startsWith('global') && replicas !== undefined)
    found.push({
      path: [...place, 'replicas'],
      message: `the service ${name} is ${mode}, and has replicas`,
      hint: 'expected no replicas, or mode: replicated',
    });
  const { test = [], disable } = healthcheck;
  if (disable === true && test.length > 0 && test[0] !== 'NONE')
    found.push({
      path: ['services', name, 'healthcheck', 'disable'],
      message: 'the health check is disabled, and has a test',
      hint: 'expected only one of them',
    });
  return found;
}

function undefinedNames(name: string, service: ComposeService, config: ComposeConfig): readonly Refusal[] {
  const { networks = {}, volumes = [], secrets = [], configs = [] } = service;
  const isMissing = (section: object | undefined, key: string) => !section || !Object.hasOwn(section, key);
  const refusal = (kind: string, key: string): Refusal => ({
    path: ['services', name, kind],
    message: `the service ${name} uses '${key}', which is not among the file's ${kind}`,
    hint: `expected ${key} under the top-level ${kind}`,
  });
  const missing = (kind: 'secrets' | 'configs', uses: readonly { readonly source?: string }[]) =>
    uses.flatMap(({ source = '' }) => (isMissing(config[kind], source) ? refusal(kind, source) : []));
  return [
    ...Object.keys(networks).flatMap((key) =>
      key !== 'default' && isMissing(config.networks, key) ? refusal('networks', key) : [],
    ),
    ...volumes.flatMap(({ type, source }) =>
      (type === 'volume' || type === 'cluster') && source !== undefined && isMissing(config.volumes, source)
        ? refusal('volumes', source)
        : [],
    ),
    ...missing('secrets', secrets),
    ...missing('configs', configs),
  ];
}
