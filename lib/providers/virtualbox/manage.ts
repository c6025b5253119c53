import { hasCode, SwarmupError } from '../../util/errors.ts';
import type { LocalCommands } from '../../contracts/local-commands.ts';
import { virtualboxError } from './errors.ts';

/** Where VirtualBox installs its command line on systems that don't have it in PATH. */
const PLACES = [
  '/usr/lib/virtualbox/VBoxManage',
  '/Applications/VirtualBox.app/Contents/MacOS/VBoxManage',
  'C:\\Program Files\\Oracle\\VirtualBox\\VBoxManage.exe',
] as const;

/** The options that VirtualBox 7 renamed. Sources: the manuals of 6.1 and 7.0, "VBoxManage modifyvm". */
export interface Options {
  readonly nicType: string;
  readonly mac: string;
  readonly hostOnly: string;
  readonly natNetwork: string;
  readonly audio: readonly string[];
}

const OPTIONS_6: Options = {
  nicType: '--nictype',
  mac: '--macaddress',
  hostOnly: '--hostonlyadapter',
  natNetwork: '--natnet',
  audio: ['--audio', 'none'],
};
const OPTIONS_7: Options = {
  nicType: '--nic-type',
  mac: '--mac-address',
  hostOnly: '--host-only-adapter',
  natNetwork: '--nat-net',
  audio: ['--audio-enabled', 'off'],
};

/** VBoxManage, found once. */
export class Manage {
  readonly #local: LocalCommands;
  readonly #program: string;
  readonly options: Options;

  private constructor(local: LocalCommands, program: string, options: Options) {
    this.#local = local;
    this.#program = program;
    this.options = options;
  }

  /** @throws SwarmupError PACKAGE_MISSING */
  static async find(local: LocalCommands, given: string | undefined, signal: AbortSignal): Promise<Manage> {
    const program = given ?? (await local.which('VBoxManage')) ?? (await firstThere(local));
    if (program === undefined) throw missing('VBoxManage is not installed on this computer');
    // The version is in the last line: warnings about kernel modules may come before it.
    const { stdout } = await local.run([program, '--version'], { signal, okExit: 'any' });
    const version = /^(\d+)\.(\d+)\.\d+/m.exec(stdout.trim().split('\n').at(-1) ?? '');
    const [major, minor] = [Number(version?.[1] ?? 0), Number(version?.[2] ?? 0)];
    if (major < 6 || (major === 6 && minor < 1))
      throw missing(`${program} is version ${stdout.trim() || 'unknown'}, and 6.1 or newer is needed`);
    return new Manage(local, program, major >= 7 ? OPTIONS_7 : OPTIONS_6);
  }

  /**
   * Runs VBoxManage.
   *
   * @param what as it reads after "couldn't"
   * @throws SwarmupError MACHINE_FAILED with VBoxManage's message, and its meaning if known
   */
  async run(what: string, argv: readonly string[], signal?: AbortSignal): Promise<string> {
    try {
      const { stdout } = await this.#local.run([this.#program, ...argv], signal ? { signal } : {});
      return stdout;
    } catch (error) {
      if (hasCode(error, 'LOCAL_COMMAND_FAILED')) throw virtualboxError(what, error.output ?? '', error);
      throw error;
    }
  }
}

async function firstThere(local: LocalCommands): Promise<string | undefined> {
  for (const place of PLACES) if (await local.which(place)) return place;
  return undefined;
}

function missing(message: string): SwarmupError {
  return new SwarmupError('PACKAGE_MISSING', message, {
    fix: 'Install VirtualBox 6.1 or newer, or name its command line: provider.vboxManage. provider.type: qemu works without it.',
  });
}

/** Reads `KEY="value"` and `KEY=value` lines, as --machinereadable prints them. */
export function parseReadable(output: string): Map<string, string> {
  return new Map(
    output.split('\n').flatMap((line) => {
      const match = /^"?([^"=]+)"?=(?:"(.*)"|(.*))$/.exec(line.trim());
      return match?.[1] === undefined ? [] : [[match[1], match[2] ?? match[3] ?? ''] as const];
    }),
  );
}
