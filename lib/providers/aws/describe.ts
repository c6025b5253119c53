import type { Filter, Instance } from '@aws-sdk/client-ec2';
import type { Ec2Api } from './api.ts';

/** Every instance that matches the filters, page by page. */
export async function describeInstances(
  api: Ec2Api,
  Filters: Filter[],
  signal: AbortSignal,
): Promise<readonly Instance[]> {
  const instances: Instance[] = [];
  let token: string | undefined;
  do {
    const page = await api.DescribeInstances(
      { Filters, MaxResults: 1000, ...(token ? { NextToken: token } : {}) },
      signal,
    );
    instances.push(...(page.Reservations ?? []).flatMap((reservation) => reservation.Instances ?? []));
    token = page.NextToken;
  } while (token);
  return instances;
}
