import type { Explanation } from './explanation.ts';

/** Errors of what runs in the swarm. */
export const services = {
  NETWORK_ABSENT: {
    meaning: "A network that the cluster file calls external doesn't exist in the swarm.",
    causes: ['It was never created, or has another name.', 'It is a local network of one node, not an overlay.'],
    look: '`swarmup ssh MANAGER -- docker network ls --filter scope=swarm`.',
    fix: 'Create it, or leave `external` out: swarmup then creates it.',
    example: `✖ create-networks on proxy: the swarm has no network proxy, which is declared external
  fix  Create it (docker network create --driver overlay proxy), or remove external from the cluster file.`,
  },
  OBJECT_ABSENT: {
    meaning: "A secret or config that the cluster file calls external doesn't exist in the swarm.",
    causes: ['It was never created, or has another name.'],
    look: '`swarmup ssh MANAGER -- docker secret ls`, or `docker config ls`.',
    fix: 'Create it, or give it a `file` or `value` in the cluster file.',
    example: `✖ create-objects on db_password: the swarm has no secret db_password, which is declared external
  fix  Create it: printf VALUE | swarmup ssh MANAGER -- docker secret create db_password -; or set its file or value.`,
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
  SERVICE_FAILED: {
    meaning: "A service doesn't run as asked: its tasks end, can't be placed, or an update was rolled back.",
    causes: [
      'The program ends: a wrong command, a missing variable, a port in use.',
      'No node fits: constraints, memory, a host port.',
      "The image can't be pulled.",
      'A health check fails.',
    ],
    look: "The task's error and its last lines are below the message; `swarmup logs SERVICE` has more.",
    fix: 'Correct the service in the cluster file and run again.',
    example: `✖ deploy-services on web: service web was rolled back instead of updated: 1 of 3 tasks failed (exit code 1)
    nginx: [emerg] open() "/nope" failed (2: No such file or directory)
  fix  For its tasks and their errors: swarmup status; for their output: swarmup logs web`,
  },
  STACK_INVALID: {
    meaning: "The stack can't be deployed as it is. Nothing of it was deployed.",
    causes: [
      'An external network, secret or config that is neither in the swarm nor in the cluster file.',
      "A Compose file that the manager's Docker is too old for.",
    ],
    look: '`swarmup config --stack NAME` prints the stack as Docker reads it.',
    fix: 'Add what is missing to the cluster file, or correct the Compose file.',
    example: `✖ deploy-stacks on app: stack app needs network proxy, external in app.yml, which neither the cluster file nor the swarm has
  fix  Add them to networks, secrets or configs of the cluster file, or create them in the swarm (docker network create --driver overlay, docker secret create, docker config create).`,
  },
  STACK_FAILED: {
    meaning: "`docker stack deploy` on a manager refused the stack. Docker's words are below the message.",
    causes: [
      "A config or secret whose content changed: Docker can't change one under its name.",
      'A network that is still being removed.',
    ],
    look: "Docker's words below the message; `swarmup config --stack NAME --effective` prints what was deployed.",
    fix: 'Give a changed config or secret another name; otherwise correct what Docker names.',
    example: `✖ deploy-stacks on app: manager1: 'docker stack deploy app' failed
    failed to update config app_site: only updates to Labels are allowed
  fix  Correct the error in app.yml that Docker reports below. Secrets and configs can't be changed: give changed ones another name, or move them to the cluster file.`,
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
