// Can this machine do it at all? Said before anything is touched, and naming what is missing.
import { existsSync, readFileSync } from 'node:fs';
import { release } from 'node:os';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { runCommand } from './command.js';
import { ToaError } from './errors.js';

// Compiled to dist/toa/, two levels below the folder that holds toa/.
export const defaultObject = fileURLToPath(new URL('../../toa/build/toa.bpf.o', import.meta.url));

const oldestKernel = [5, 10] as const;
const neededOptions = ['CONFIG_BPF_SYSCALL', 'CONFIG_CGROUP_BPF', 'CONFIG_INET'] as const;

export function isOldKernel(kernelRelease: string): boolean {
  const [major, minor] = (/^(\d+)\.(\d+)/.exec(kernelRelease) ?? ['', '0', '0']).slice(1).map(Number);
  return major < oldestKernel[0] || (major === oldestKernel[0] && minor < oldestKernel[1]);
}

/** The options of a kernel configuration that are needed and not built in; each is a yes or no, never a module. */
export function missingOptions(config: string): string[] {
  const set = new Set(config.split('\n'));
  return neededOptions.filter((option) => !set.has(`${option}=y`));
}

function kernelConfig(): string | undefined {
  if (existsSync('/proc/config.gz')) return gunzipSync(readFileSync('/proc/config.gz')).toString();
  const file = `/boot/config-${release()}`;
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

export function checkRoot(): void {
  if (process.getuid?.() !== 0) throw new ToaError('not_root');
}

export function checkMachine(): void {
  checkRoot();
  if (isOldKernel(release())) throw new ToaError('kernel_too_old', release());
  const config = kernelConfig();
  const missing = config === undefined ? [] : missingOptions(config);
  if (missing.length > 0) throw new ToaError('kernel_config', missing.join(', '));
  if (runCommand('bpftool', ['version']).status === undefined) throw new ToaError('no_bpftool');
}

export function checkObject(object: string): void {
  if (!existsSync(object)) throw new ToaError('no_object', object);
}
