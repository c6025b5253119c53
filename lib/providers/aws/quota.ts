import type { Instance } from '@aws-sdk/client-ec2';
import type { NodeSpec } from '../../config/model.ts';
import { messageOf, SwarmupError } from '../../util/errors.ts';
import type { ProviderIo } from '../../contracts/provider.ts';
import { clientOptions, type Ec2Api } from './api.ts';
import type { AwsConfig } from './config.ts';
import { describeInstances } from './describe.ts';
import { typeOf } from './placement.ts';
import type { Survey } from './survey.ts';
import { isSpot } from './launch.ts';

/** The markets, each with its own quota in virtual processors. */
type Market = 'on-demand' | 'spot';

/**
 * Quotas of the most common instance families. Source: Service Quotas, service ec2: "Running On-Demand Standard (A, C,
 * D, H, I, M, R, T, Z) instances" and "All Standard (...) Spot Instance Requests".
 */
const QUOTAS: Readonly<Record<Market, string>> = { 'on-demand': 'L-1216C47A', spot: 'L-34B43A08' };
const STANDARD = /^[acdhimrtz]\d/;

/** Reads a quota by its code, in virtual processors. */
export type QuotaReader = (code: string, signal: AbortSignal) => Promise<number | undefined>;

/** Service Quotas with the same credentials as EC2; an emulator serves both at one address. */
export async function openQuotas(config: AwsConfig): Promise<QuotaReader> {
  const { GetServiceQuotaCommand, ServiceQuotasClient } = await import('@aws-sdk/client-service-quotas');
  const client = new ServiceQuotasClient(clientOptions(config));
  return async (QuotaCode, abortSignal) => {
    const answer = await client.send(new GetServiceQuotaCommand({ ServiceCode: 'ec2', QuotaCode }), { abortSignal });
    return answer.Quota?.Value;
  };
}

export interface QuotaCheck {
  readonly api: Ec2Api;
  readonly config: AwsConfig;
  readonly survey: Survey;
  /** The nodes that have no machine yet. */
  readonly missing: readonly NodeSpec[];
  readonly quotas: () => Promise<QuotaReader>;
}

/**
 * Checks that the account may run that many more processors; warns about quotas that can't be read.
 *
 * @throws SwarmupError CLOUD_LIMIT with the arithmetic
 */
export async function checkQuota({ api, config, survey, missing, quotas }: QuotaCheck, io: ProviderIo): Promise<void> {
  const needed = new Map<Market, number>();
  for (const node of missing) {
    const type = typeOf(config, node);
    const market = isSpot(config, node) ? 'spot' : 'on-demand';
    if (STANDARD.test(type)) needed.set(market, (needed.get(market) ?? 0) + survey.processors(type));
  }
  if (needed.size === 0) return;
  const read = await quotas();
  const running = await runningInstances(api, io.signal);
  for (const [market, more] of needed) {
    const used = running.filter((one) => marketOf(one) === market).reduce((sum, one) => sum + processorsOf(one), 0);
    const quota = await quotaOf(read, market, io);
    if (quota !== undefined && used + more > quota) {
      throw new SwarmupError(
        'CLOUD_LIMIT',
        `the ${market} quota of this account is ${quota} vCPUs: ${used} are in use, and ${more} more are needed`,
        {
          fix: `Ask for ${used + more} under Service Quotas, EC2 (${QUOTAS[market]}), use smaller or fewer machines, or remove others. Nothing was created.`,
        },
      );
    }
  }
}

async function quotaOf(read: QuotaReader, market: Market, io: ProviderIo): Promise<number | undefined> {
  try {
    return await read(QUOTAS[market], io.signal);
  } catch (error) {
    io.signal.throwIfAborted();
    // The check is a convenience: EC2 enforces the quota anyway.
    io.warn(`the ${market} quota can't be read, and wasn't checked: ${messageOf(error)}`);
    return undefined;
  }
}

/** All running instances of the account: they all count. */
async function runningInstances(api: Ec2Api, signal: AbortSignal): Promise<readonly Instance[]> {
  const on = [{ Name: 'instance-state-name', Values: ['pending', 'running'] }];
  const instances = await describeInstances(api, on, signal);
  return instances.filter((instance) => STANDARD.test(instance.InstanceType ?? ''));
}

function marketOf({ InstanceLifecycle }: Instance): Market {
  return InstanceLifecycle === 'spot' ? 'spot' : 'on-demand';
}

function processorsOf({ CpuOptions }: Instance): number {
  return (CpuOptions?.CoreCount ?? 1) * (CpuOptions?.ThreadsPerCore ?? 1);
}
