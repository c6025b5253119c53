import type { Explanation } from './explanation.ts';

/** Errors of what runs in the swarm. */
export const services = {
  NETWORK_ABSENT: {
    meaning: "A network that the cluster file calls external doesn't exist in the swarm.",
    causes: ['It was never created, or has another name.', 'It is a local network of one node, not an overlay.'],
    look: '`swarmup ssh MANAGER -- sudo docker network ls --filter scope=swarm`.',
    fix: 'Create it, or leave `external` out: swarmup then creates it.',
    example: `✖ create-networks on proxy: the swarm has no network proxy, which is declared external
  fix  Create it: swarmup ssh manager1 -- sudo docker network create --driver overlay proxy; or remove external from the cluster file.`,
  },
  OBJECT_ABSENT: {
    meaning: "A secret or config that the cluster file calls external doesn't exist in the swarm.",
    causes: ['It was never created, or has another name.'],
    look: '`swarmup ssh MANAGER -- sudo docker secret ls`, or `sudo docker config ls`.',
    fix: 'Create it, or give it a `file` or `value` in the cluster file.',
    example: `✖ create-objects on db_password: the swarm has no secret db_password, which is declared external
  fix  Create it: printf VALUE | swarmup ssh MANAGER -- sudo docker secret create db_password -; or set its file or value.`,
  },
  DEPENDENCY_MISSING: {
    meaning: "A service or stack depends on another one that isn't deployed.",
    causes: ['The other one was skipped, or removed by hand.', '`--only` left it out.'],
    look: '`swarmup status` shows what runs.',
    fix: '`swarmup up` deploys both in their order.',
    example: `✖ deploy-services on web: service web depends on db, which isn't deployed
  fix  Deploy it first: swarmup up. (A stack with whenUnreachable: skip is not deployed while its images are missing.)`,
  },
  DEPENDENCY_INVALID: {
    meaning: 'A service waits for another one to be healthy, which has no health check, or none that can be found.',
    causes: ['Neither the service nor its image has a health check.'],
    look: '`docker image inspect IMAGE --format "{{.Config.Healthcheck}}"` on a node.',
    fix: 'Give the other service a `healthcheck`, or depend on it as `running`.',
    example: `✖ deploy-services on web: service web depends on db as healthy, and neither the service nor its image postgres:17 has a health check
  fix  Give db a healthcheck, or depend on it as running.`,
  },
  BIND_SOURCE_ABSENT: {
    meaning:
      "A service mounts a path of the nodes (a bind mount) that a node on which it may run doesn't have. Nothing of it was deployed.",
    causes: [
      'The path exists on some nodes only.',
      "A stack's relative path: it is that of this computer, and looked for on the nodes.",
      'A file system that is not mounted there.',
    ],
    look: '`swarmup exec -- ls -ld PATH` shows the path on every node.',
    fix: 'Create the path on the nodes, restrict the service to the nodes that have it (`constraints`), have it created (`createSource: true` of a mount), or use a volume, a config or a secret.',
    example: `✖ deploy-services on web: service web mounts /srv/site, which w1 and w2 do not have
  fix  Create it there: swarmup exec --node w1,w2 -- sudo mkdir -p /srv/site (copy files there instead). Or let the service run only where it is: constraints.`,
  },
  PORT_TAKEN: {
    meaning:
      'A service is to publish a port that something else has: a program or a container on a node, or another service. Nothing was deployed.',
    causes: [
      'A web server, or another program, that listens on a node. The engine only logs that an ingress port is in use there.',
      "A service that the cluster file doesn't have, or no longer has.",
      'A container outside the swarm that publishes the port.',
    ],
    look: "`swarmup ssh NODE -- sudo ss -lntup` shows what listens on a node, `swarmup ssh MANAGER -- sudo docker service ls` the services' ports.",
    fix: 'Stop the other one, or publish another port.',
    example: `✖ check-ports on cluster: service web is to publish 80/tcp (swarmup.yaml:9:20), and the port is already in use: on worker1, apache2 (pid 812) listens on *:80
  fix  Stop it or move it to another port, or publish another port. On worker1: swarmup ssh worker1 -- sudo ss -lnp 'sport = :80'`,
  },
  SERVICE_FAILED: {
    meaning: "A service doesn't run as asked: its tasks end, can't be placed, or an update was rolled back.",
    causes: [
      'The program ends: a wrong command, a missing variable, a port in use.',
      'No node fits: constraints, memory, a host port.',
      "The image can't be pulled.",
      'A health check fails.',
    ],
    look: "Below the message: why, the task with its node, exit code, log and health check, the nodes that can't take it and why, the last tasks of its slot, and commands that show more. `--json` and the record have the same as `postMortem`.",
    fix: 'Correct the service in the cluster file and run again.',
    example: `✖ deploy-services on web: service web was rolled back instead of updated: 1 of 3 tasks failed (exit code 1)
  why  its program ended with exit code 1
  task web.1 on w1: failed at 10:00:31, exit code 1
       task: non-zero exit (1)
       │ nginx: [emerg] open() "/nope" failed (2: No such file or directory)
  past 3 tasks, the last first: 10:00:31 failed (1), 10:00:25 failed (1), 10:00:19 failed (1)
  more swarmup logs web
       swarmup ssh m1 -- sudo docker service ps --no-trunc web
  fix  Correct what its output says: swarmup logs web`,
  },
  STACK_INVALID: {
    meaning:
      "The stack can't be deployed as its Compose files are: they, or the swarm's managers, don't allow it. The message names the line.",
    causes: [
      'An external network, secret or config that is neither in the swarm nor in the cluster file.',
      'A published port that another service has.',
      "A config or secret whose content changed: Swarm can't change one under its name.",
      'A network or service of the same name that is not of this stack.',
      "A Compose file that the manager's Docker is too old for.",
    ],
    look: "Docker's own words below the message; `swarmup config --stack NAME` prints the stack as Docker reads it.",
    fix: 'Correct the line that the message names. Secrets and configs whose content changes belong in the cluster file: their names there depend on the content, and stacks refer to them with `external: true`.',
    example: `✖ deploy-stacks on app: stack app: app.yml:9:3: config app_hello: its content is another one now, and Swarm never changes the content of a config
    failed to update config app_hello: Error response from daemon: rpc error: code = InvalidArgument desc = only updates to Labels are allowed
  fix  Give it a new name with each content, below configs.hello: name: app_hello_2 (services still call it hello). Or move it to configs of the cluster file, where names depend on the content, and declare it external here.`,
  },
  PORTAINER_FAILED: {
    meaning: 'Portainer runs, and refuses its set-up, its login or a request.',
    causes: [
      "Its data volume has another administrator's password.",
      'Nobody set it up within five minutes, after which it refuses.',
    ],
    look: '`swarmup logs portainer_portainer`.',
    fix: 'Set the right `portainer.adminPassword`. If it is lost: `swarmup rotate portainer-password`.',
    example: `✖ set-up-portainer on cluster: Portainer can't be set up: it refuses the password
  fix  Its data volume has another password. Set that one as portainer.adminPassword; if it is lost: swarmup rotate portainer-password`,
  },
  HTTP_CHECK_FAILED: {
    meaning: "A page didn't answer as expected through at least one node, although its service runs.",
    causes: [
      'The service answers with an error.',
      'Another program on the node has the port.',
      'A firewall in front of the node drops the port. (Causes in the routing mesh have codes of their own: `INGRESS_STALE` and others.)',
    ],
    look: '`swarmup doctor` tests the network between the nodes; `curl http://NODE:PORT/` from here.',
    fix: 'As the error says for this kind of answer.',
    example: `✖ verify-http on web: worker1: 3 of 6 requests to http://192.0.2.8:80/ got no or a wrong answer: no answer within 10 s
  fix  Some replicas answer and some do not: check their errors (swarmup status), and that the nodes reach each other on 4789/udp and 7946/tcp+udp.`,
  },
} as const satisfies Record<string, Explanation>;
