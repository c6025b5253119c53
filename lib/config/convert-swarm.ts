import { contentsOf } from './contents.ts';
import type { Path } from './locate.ts';
import type { ExternalCA, SwarmSection } from './model.ts';
import type { Reporter } from './reporter.ts';
import type { ClusterFile } from './schema.ts';

/** The swarm's settings, with the certificates that they name. */
export async function convertSwarm(
  { externalCA, ...swarm }: ClusterFile['swarm'],
  reporter: Reporter,
): Promise<SwarmSection> {
  if (externalCA === undefined) return swarm;
  const externalCAs = await Promise.all(
    externalCA.map(async ({ ca, ...one }): Promise<ExternalCA> => {
      const place = ['swarm', 'externalCA'];
      return { ...one, certificate: ca === undefined ? '' : await certificateIn(ca, place, reporter) };
    }),
  );
  return { ...swarm, externalCAs };
}

async function certificateIn(path: string, place: Path, reporter: Reporter): Promise<string> {
  const pem = (await contentsOf(path, place, reporter)).toString('utf8');
  if (!pem.includes('-----BEGIN CERTIFICATE-----'))
    reporter.wrong(place, `${path} has no certificate`, 'expected a certificate in PEM format');
  return pem;
}
