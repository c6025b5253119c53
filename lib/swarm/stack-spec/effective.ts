import type { ComposeConfig, ComposeService } from '../../compose/types.ts';
import type { StackSpec } from '../../config/model.ts';
import { PINNED_LABEL, renamed, STACK_LABEL, stackHash, type Addition, type ObjectNames } from '../stack.ts';

/** A stack as it is deployed: the user's files, with what swarmup adds to them. */
export function effective(stack: StackSpec, additions: readonly Addition[], objects: ObjectNames): ComposeConfig {
  const { compose, services: named } = stack;
  const hash = stackHash(stack, objects);
  const services = Object.entries(compose.services).map(([name, service]): [string, ComposeService] => {
    const replaced = named.find((one) => one.name === name && one.imageReplaced);
    const whole = replaced ? { ...service, image: replaced.image } : service;
    const addition = additions.find((one) => one.service === name);
    return [name, withAddition(whole, hash, addition)];
  });
  const { secrets, configs } = compose;
  return {
    ...compose,
    services: Object.fromEntries(services),
    ...(secrets ? { secrets: renamed(secrets, objects.secrets) } : {}),
    ...(configs ? { configs: renamed(configs, objects.configs) } : {}),
  };
}

function withAddition(service: ComposeService, hash: string, addition: Addition | undefined): ComposeService {
  const { node, environment = {}, replicas } = addition ?? {};
  const { deploy = {} } = service;
  const { placement = {} } = deploy;
  const values = Object.entries(environment).map(([key, value]): [string, string] => [key, value.reveal()]);
  return {
    ...service,
    ...(values.length > 0 ? { environment: { ...service.environment, ...Object.fromEntries(values) } } : {}),
    deploy: {
      ...deploy,
      ...(replicas === undefined ? {} : { replicas }),
      labels: { ...deploy.labels, [STACK_LABEL]: hash, ...(node === undefined ? {} : { [PINNED_LABEL]: node }) },
      ...(node === undefined
        ? {}
        : { placement: { ...placement, constraints: [`node.id == ${node}`, ...(placement.constraints ?? [])] } }),
    },
  };
}
