import { describe, expect, it } from 'vitest';
import { FakeWorld } from '../fakes/world.ts';
import { providerContract } from '../../lib/testing/index.ts';

// The provider that the other tests rely on keeps the same promises as the real ones.
describe('the in-memory provider', { shuffle: false }, () => {
  const provider = new FakeWorld().provider();
  providerContract({ it, expect }, () => ({
    provider,
    node: { name: 'manager1', role: 'manager', labels: {}, availability: 'active' },
    port: 80,
  }));
});
