import { describe } from 'vitest';
import { FakeWorld } from '../fakes/world.ts';
import { providerContract } from './provider.ts';

// The provider that the other tests stand on keeps the same promises as the real ones.
describe('the provider in memory', { shuffle: false }, () => {
  const provider = new FakeWorld().provider();
  providerContract(() => ({
    provider,
    node: { name: 'manager1', role: 'manager', labels: {}, availability: 'active' },
    port: 80,
  }));
});
