import { DOCKER_HUB } from '../../util/image-reference.ts';
import { again, ARCHIVE, type PullCause, type PullContext } from './cause.ts';
import { onNode } from '../../util/shell-quote.ts';

/** A certificate's authority in the file that the engine reads for one registry. Source: docs.docker.com, dockerd, certificates. */
const CERTIFICATE = ({ registry }: PullContext) =>
  registry === DOCKER_HUB
    ? 'the certificates that the system trusts, and restart Docker'
    : `/etc/docker/certs.d/${registry}/ca.crt`;

const insecure = ({ server }: PullContext) => `docker: { daemon: { insecure-registries: ['${server}'] } }`;

const reach = ({ node, server }: PullContext) =>
  `Check the way there: ${onNode(node, 'curl', '-sSI', `https://${server}/v2/`)}; allow it, set docker.proxy, or ${ARCHIVE}.`;

/** How a connection to a registry fails. Sources: Go's packages crypto/x509, net and net/http. */
export const CONNECTIONS: readonly PullCause[] = [
  {
    words: /x509: certificate has expired or is not yet valid: current time (\S+) is (before|after) (\S+)/,
    cause: ({ node, server }, [, now, side, date]) =>
      `the certificate of ${server} is valid ${side === 'before' ? 'only from' : 'only until'} ${date}, and the clock of ${node} says ${now}`,
    fix: ({ node }, [, , side]) =>
      `Compare the clock: ${onNode(node, 'timedatectl')}. If it is right, the registry needs ${side === 'before' ? 'a certificate that is valid already' : 'a new certificate'}.`,
  },
  {
    words: /certificate has expired|not yet valid/,
    cause: ({ node, server }) => `the certificate of ${server} isn't valid at the time that the clock of ${node} says`,
    fix: ({ node }) =>
      `Compare the clock: ${onNode(node, 'timedatectl')}. If it is right, the registry needs a new certificate.`,
  },
  {
    words: /x509: certificate signed by unknown authority|x509: .*not trusted|unable to get local issuer certificate/,
    cause: ({ node, server }) => `${node} doesn't know the authority that signed the certificate of ${server}`,
    fix: (context) =>
      `Put the authority's certificate on every node: ${CERTIFICATE(context)}. For a test without one: ${insecure(context)}`,
  },
  {
    words:
      /x509: (?:certificate is valid for|certificate is not valid for|cannot validate certificate|certificate relies on legacy)/,
    cause: ({ server }) => `the certificate of ${server} is for another name`,
    fix: ({ server }) =>
      `Use the name that the certificate has, or give the registry a certificate for ${server}. A proxy that replaces certificates belongs around it: docker.proxy, noProxy.`,
  },
  {
    words: /x509: |tls: /,
    cause: ({ server }) => `no encrypted connection to ${server} comes about`,
    fix: ({ node, server }) => `See why: ${onNode(node, 'curl', '-vI', `https://${server}/v2/`)}`,
  },
  {
    words: /server gave HTTP response to HTTPS client/,
    cause: ({ server }) => `${server} speaks HTTP without encryption, which Docker refuses`,
    fix: (context) => `Give the registry a certificate; or, in a network that you trust: ${insecure(context)}`,
  },
  {
    words:
      /proxyconnect|": (?:Proxy Authentication Required|Forbidden|Bad Gateway|Service Unavailable|Gateway Time-?out)$/im,
    cause: ({ node, server }) => `the proxy of ${node} doesn't connect to ${server}`,
    fix: ({ node }) =>
      `Correct docker.proxy, or exclude the registry there (noProxy). What the engine uses: ${onNode(node, 'sudo', 'docker', 'info', '--format', '{{.HTTPSProxy}} {{.NoProxy}}')}`,
  },
  {
    words:
      /lookup ([^\s:]+)(?: on \S+)?: .*(?:no such host|server misbehaving|i\/o timeout|connection refused|Temporary failure)|no such host|Temporary failure in name resolution/,
    cause: ({ node, server }, [, host = server]) => `${node} finds no address for ${host}`,
    fix: ({ node, server }, [, host = server]) =>
      `Correct the registry's name, or the node's DNS: ${onNode(node, 'getent', 'hosts', host)}; or ${ARCHIVE}.`,
  },
  {
    words: /TLS handshake timeout/,
    cause: ({ node, server }) => `${server} stopped answering ${node} while encryption was set up`,
    fix: ({ node, server }) =>
      `${again(node, server)}. Where that hangs too, large packets get lost: lower the MTU of the node's interface.`,
    transient: true,
  },
  {
    words: /connect: connection refused/,
    cause: ({ node, server }) => `${server} refuses connections from ${node}`,
    fix: reach,
  },
  {
    words: /no route to host|network is unreachable/,
    cause: ({ node, server }) => `${node} has no way to ${server}`,
    fix: reach,
  },
  {
    words:
      /read tcp .*: i\/o timeout|connection reset by peer|socket hang up|ECONNRESET|premature close|\bEOF\b|broken pipe/i,
    cause: ({ node, server }) => `the connection of ${node} to ${server} ended too early`,
    fix: ({ node, server }) => again(node, server),
    transient: true,
  },
  {
    words:
      /i\/o timeout|Client\.Timeout|context deadline exceeded|connection timed out|operation timed out|awaiting headers/i,
    cause: ({ node, server }) => `${server} doesn't answer ${node}`,
    fix: reach,
  },
];
