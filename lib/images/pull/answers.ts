import { DOCKER_HUB } from '../../util/image-reference.ts';
import { again, ARCHIVE, logIn, named, upper, type PullCause } from './cause.ts';
import { onNode } from '../../util/shell-quote.ts';

/** What a registry answers. */
export const ANSWERS: readonly PullCause[] = [
  {
    // Docker Hub; its window is six hours, so trying again doesn't help.
    words: /you have reached your (?:unauthenticated )?pull rate limit/i,
    cause: ({ registry, hasLogin }) =>
      `the pull rate limit of ${named(registry)} is reached${hasLogin ? ' by this account' : ', which counts pulls without a login by address'}`,
    fix: ({ registry, hasLogin }) =>
      `${hasLogin ? 'Wait up to six hours, or use an account with a higher limit' : upper(logIn(registry))}; or name a mirror: docker: { daemon: { registry-mirrors: [URL] } }; or ${ARCHIVE}.`,
  },
  {
    words: /toomanyrequests|too many requests|HTTP 429|status: 429/i,
    cause: ({ server }) => `${server} limits how often it is asked`,
    fix: ({ registry, hasLogin }) =>
      `Run again in a minute${hasLogin ? '' : `, or ${logIn(registry)}: accounts have higher limits`}.`,
    transient: true,
  },
  {
    words: /error parsing HTTP (\d+) response body|unknown: <|invalid character '<'/,
    cause: ({ server }, [, status]) =>
      `${server} doesn't answer like a registry${status === undefined ? '' : ` (status ${status})`}`,
    fix: ({ node, server }) =>
      `It may be another server, or a proxy in between. See its answer: ${onNode(node, 'curl', '-sSi', `https://${server}/v2/`)}`,
  },
  {
    words: /no basic auth credentials/,
    cause: ({ registry }) => `${named(registry)} wants a login, and the node has none`,
    fix: ({ registry }) => `${upper(logIn(registry))}.`,
  },
  {
    words:
      /incorrect username or password|invalid username\/password|authentication token|expired token|token (?:has )?expired/i,
    cause: ({ registry }) => `${named(registry)} refuses the login`,
    fix: ({ registry }) => `${upper(logIn(registry))}. An access token may have expired.`,
  },
  {
    words:
      /pull access denied|requested access to the resource is denied|insufficient_scope|unauthorized|authentication required|(?<!permission )\bdenied\b|40[13] (?:Forbidden|Unauthorized)/i,
    cause: ({ registry, hasLogin }) =>
      `${named(registry)} doesn't have it, or not for ${hasLogin ? 'this account' : 'everybody'}`,
    fix: ({ registry, hasLogin }) =>
      hasLogin
        ? `Correct the image name, or give the account access to it, or ${ARCHIVE}.`
        : `Correct the image name; or, for a private image, ${logIn(registry)}; or ${ARCHIVE}.`,
  },
  {
    words:
      /manifest unknown|manifest for .* not found|repository .* not found|name unknown|not known to registry|: not found\b|404 Not Found/i,
    cause: ({ registry }) => `${named(registry)} has no image of this name and tag`,
    fix: ({ image, registry }) =>
      `Correct the name or the tag of ${image}${registry === DOCKER_HUB ? ' (hub.docker.com lists them)' : ''}, or push it there.`,
  },
  {
    words:
      /unexpected (?:HTTP )?status(?: code)?\b.*\b5\d\d\b|received unexpected HTTP status|service unavailable|unknown error/i,
    cause: ({ server }) => `${server} has a failure of its own`,
    fix: ({ node, server }) => again(node, server),
    transient: true,
  },
  {
    words:
      /filesystem layer verification failed|manifest verification failed|unexpected commit digest|failed size validation|digest mismatch/,
    cause: () => 'its content was damaged on the way: its digest is another one',
    fix: ({ server }) =>
      `Run again. If it stays, a proxy or mirror between the nodes and ${server} keeps a damaged copy.`,
    transient: true,
  },
];
