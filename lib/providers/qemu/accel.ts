import { constants } from 'node:fs';
import { access, mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { release, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { removeOwn } from '../../util/remove.ts';
import type { Clock } from '../../async/clock.ts';
import { hasCode } from '../../util/errors.ts';
import { endProcess } from '../../remote/processes.ts';
import type { LocalCommands } from '../../contracts/local-commands.ts';
import { waitUntil } from '../../async/wait-until.ts';
import type { ProviderIo } from '../../contracts/provider.ts';
import { processorArgs, type Platform } from './launch.ts';
import type { BootImage } from './record.ts';

export type Accelerator = 'kvm' | 'hvf' | 'tcg';

export interface Probing {
  /** QEMU's version line: another version may give another answer. */
  readonly qemu: string;
  readonly platform: Platform;
  readonly local: LocalCommands;
  readonly clock: Clock;
  readonly cache: string;
}

/** How long to wait for a kernel's first output, in milliseconds: on working hardware it takes well under a second. */
const FIRST_WORD_MS = 8_000;

/**
 * The accelerator to use. /dev/kvm may exist, open and even create virtual machines, and yet boot nothing (incomplete
 * nested virtualisation), so a kernel is booted and must print something. The answer is cached for this computer.
 */
export async function chooseAccelerator(
  wanted: Accelerator | 'auto',
  image: BootImage,
  probing: Probing,
  io: ProviderIo,
): Promise<Accelerator> {
  if (wanted !== 'auto') return wanted;
  const candidate = await candidateHere();
  if (!candidate) {
    io.warn('no hardware acceleration (no usable /dev/kvm): the machines are emulated, which is slow');
    return 'tcg';
  }
  const works = await remembered(candidate, image, probing, io);
  if (works) return candidate;
  io.warn(`${candidate.toUpperCase()} exists, but no guest boots on it: the machines are emulated, which is slow`);
  return 'tcg';
}

async function candidateHere(): Promise<'kvm' | 'hvf' | undefined> {
  if (process.platform === 'darwin') return 'hvf';
  const usable = await access('/dev/kvm', constants.R_OK | constants.W_OK).then(
    () => true,
    () => false,
  );
  return usable ? 'kvm' : undefined;
}

async function remembered(
  candidate: 'kvm' | 'hvf',
  image: BootImage,
  probing: Probing,
  io: ProviderIo,
): Promise<boolean> {
  const file = join(probing.cache, 'accelerators.json');
  const key = `${candidate} ${release()} ${probing.qemu}`;
  const known = await readAnswers(file);
  const answer = known[key];
  if (answer !== undefined) return answer;
  const works = await boots(candidate, image, probing, io);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify({ ...known, [key]: works }, null, 2)}\n`);
  return works;
}

async function readAnswers(file: string): Promise<Record<string, boolean>> {
  try {
    const answers: Record<string, boolean> = JSON.parse(await readFile(file, 'utf8'));
    return answers;
  } catch (error) {
    // No answers yet, or a damaged file: probe again.
    if (error instanceof Error) return {};
    throw error;
  }
}

async function boots(
  candidate: 'kvm' | 'hvf',
  image: BootImage,
  { platform, local, clock }: Probing,
  io: ProviderIo,
): Promise<boolean> {
  io.report(`probing ${candidate.toUpperCase()}: does a kernel boot on it?`);
  const dir = await mkdtemp(join(tmpdir(), 'swarmup-probe-'));
  const serial = join(dir, 'serial.log');
  const pidFile = join(dir, 'pid');
  const disk = ['-drive', `file=${image.disk},format=${image.format},if=virtio,snapshot=on`];
  const boot =
    image.kernel && image.initrd
      ? ['-kernel', image.kernel, '-initrd', image.initrd, '-append', 'console=ttyS0 panic=-1']
      : disk;
  try {
    await local.run(
      [
        platform.binary,
        '-daemonize',
        '-pidfile',
        pidFile,
        '-nodefaults',
        '-display',
        'none',
        '-no-reboot',
        ...processorArgs(platform, candidate),
        '-m',
        '512',
        '-serial',
        `file:${serial}`,
        ...boot,
      ],
      { signal: io.signal },
    );
    await waitUntil({
      until: 'the kernel prints its first output',
      probe: async () => {
        const text = await readFile(serial, 'latin1');
        return /Linux version|Booting Linux|GRUB|Welcome/.test(text)
          ? { done: undefined }
          : { seen: `${text.length} characters on the serial port` };
      },
      deadlineMs: FIRST_WORD_MS,
      intervalMs: 100,
      signal: io.signal,
      clock,
      fix: '',
    });
    return true;
  } catch (error) {
    // QEMU refuses the accelerator, or the kernel prints nothing: either way it doesn't work here.
    if (hasCode(error, 'TIMED_OUT', 'LOCAL_COMMAND_FAILED')) return false;
    throw error;
  } finally {
    const pid = Number(await readFile(pidFile, 'utf8').catch(() => ''));
    if (pid > 0) endProcess(pid, 'SIGKILL');
    await removeOwn(dir);
  }
}
