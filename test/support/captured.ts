import { vi } from 'vitest';

/** What is written to this process's standard output meanwhile. */
export async function captured(work: () => unknown): Promise<string> {
  const chunks: string[] = [];
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => chunks.push(String(chunk)) > 0);
  try {
    await work();
  } finally {
    spy.mockRestore();
  }
  return chunks.join('');
}
