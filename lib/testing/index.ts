/** The contracts of providers, as tests: `import { providerContract } from 'swarmup/testing'`. */

export { providerContract } from './made-machines.ts';
export { existingMachinesContract, type ExistingSubject } from './existing-machines.ts';
export { openCluster } from './open-cluster.ts';
export type { TestRunner } from './runner.ts';
export type { Subject } from './subject.ts';
