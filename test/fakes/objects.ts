import type Docker from 'dockerode';
import { engineError, strict } from './strict.ts';

type Kind = 'secret' | 'config' | 'network';

export interface FakeObject {
  readonly id: string;
  readonly kind: Kind;
  readonly name: string;
  /** The body of the create request. */
  readonly body: {
    readonly Labels?: Readonly<Record<string, string>>;
    readonly Attachable?: boolean;
    readonly Internal?: boolean;
    readonly Options?: Readonly<Record<string, string>>;
    readonly IPAM?: object;
  };
}

interface Swarm {
  /** @throws when the engine is not a manager */
  readonly manager: () => unknown;
  readonly id: (kind: string) => string;
  readonly wrote: (what: string) => void;
  /** Names of the services that refer to an id. */
  readonly usersOf: (id: string) => readonly string[];
}

/** Secrets, configs and networks of the simulated swarm: created, listed and removed by the real rules. */
export class FakeObjects {
  readonly all: FakeObject[] = [];
  /** Ids of networks that were listed at least once. */
  readonly #seen = new Set<string>();

  named(kind: Kind, name: string): FakeObject | undefined {
    return this.all.find((one) => one.kind === kind && one.name === name);
  }

  /** dockerode's methods for these objects. */
  docker({ manager, id, wrote, usersOf }: Swarm): Partial<Docker> {
    const create = (kind: Kind) =>
      (async (body: FakeObject['body'] & { Name: string }) => {
        manager();
        if (this.named(kind, body.Name))
          throw engineError(409, `rpc error: code = AlreadyExists desc = ${kind} ${body.Name} already exists`);
        wrote(`${kind} create ${body.Name}`);
        this.all.push({ id: id(kind), kind, name: body.Name, body });
      }) as never;
    const list = (kind: Kind) =>
      (async () => {
        manager();
        return this.all
          .filter((one) => one.kind === kind)
          .map(({ id: own, name, body }) => ({ ID: own, Spec: { Name: name, Labels: body.Labels ?? {} } }));
      }) as never;
    const one = (kind: Kind) =>
      ((wanted: string) =>
        strict<Docker.Secret>(kind, {
          // The swarm's counterparts of the nodes' own networks aren't listed.
          inspect: (async () => {
            manager();
            if (kind !== 'network' || (wanted !== 'host' && wanted !== 'bridge'))
              throw engineError(404, `${kind} ${wanted} not found`);
            return { Id: `swarm-${wanted}` };
          }) as never,
          remove: (async () => {
            manager();
            const i = this.all.findIndex((each) => each.kind === kind && each.id === wanted);
            const found = this.all[i];
            if (!found) throw engineError(404, `${kind} ${wanted} not found`);
            const [user] = usersOf(wanted);
            if (user !== undefined)
              throw engineError(400, `rpc error: ${kind} '${found.name}' is in use by the following service: ${user}`);
            wrote(`${kind} remove ${found.name}`);
            this.all.splice(i, 1);
          }) as never,
        })) as never;
    return {
      createSecret: create('secret'),
      createConfig: create('config'),
      createNetwork: create('network'),
      listSecrets: list('secret'),
      listConfigs: list('config'),
      listNetworks: (async () => {
        manager();
        const networks = this.all.filter((each) => each.kind === 'network');
        // The managers fill in the remaining fields a moment later.
        return networks.map(({ id: Id, name: Name, body }) => {
          const settled = this.#seen.has(Id);
          this.#seen.add(Id);
          return {
            Id,
            Name,
            Scope: 'swarm',
            Labels: body.Labels ?? {},
            ...(settled ? { Driver: 'overlay', ...body } : {}),
          };
        });
      }) as never,
      getSecret: one('secret'),
      getConfig: one('config'),
      getNetwork: one('network'),
    };
  }
}
