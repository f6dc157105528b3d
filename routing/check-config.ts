// A file read by the daemon that is to read it: its own parser is the judge of it.
import { execFile } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConfigDaemon, Flavor } from '../quagga-conf/index.js';

const directories: Readonly<Record<Flavor, readonly string[]>> = {
  frr: ['/usr/lib/frr', '/usr/libexec/frr', '/usr/local/sbin'],
  quagga: ['/usr/lib/quagga', '/usr/sbin', '/usr/local/sbin'],
};

export interface ConfigVerdict {
  readonly daemon: ConfigDaemon;
  /** The program that was asked; null: it is not installed. */
  readonly program: string | null;
  /** Its own words, a line each; none when it takes the file. */
  readonly complaints: readonly string[];
}

/** @param search directories that may hold the program; for tests */
export async function checkConfig(
  daemon: ConfigDaemon,
  text: string,
  flavor: Flavor,
  search = directories[flavor],
): Promise<ConfigVerdict> {
  const program = search.map((directory) => join(directory, daemon)).find(existsSync) ?? null;
  if (program === null) return { daemon, program, complaints: [] };
  const directory = mkdtempSync(join(tmpdir(), 'dpvs-route-'));
  try {
    const file = join(directory, `${daemon}.conf`);
    // Opening the log is not a question of syntax, and would leave a file behind. The line stays a line: complaints name its number.
    writeFileSync(file, text.replace(/^log file .*$/m, '!'), { mode: 0o600, flag: 'wx' });
    // There may be keys in it. The daemon reads it as a user of its own, and nobody else does.
    const gid = process.getuid?.() === 0 ? groupId(flavor) : null;
    if (gid !== null) {
      chownSync(file, 0, gid);
      chmodSync(file, 0o640);
      chownSync(directory, 0, gid);
      chmodSync(directory, 0o710);
    }
    const { code, output } = await dryRun(program, [
      ...['-C', '-f', file],
      // FRR's bfdd takes its control socket away from a running one even then.
      ...(daemon === 'bfdd' && flavor === 'frr' ? ['--bfdctl', join(directory, 'bfdd.sock')] : []),
    ]);
    const complaints = output.split('\n').filter((line) => /on config line|% |ambiguous/i.test(line));
    // Most versions end with 0 whatever they have read.
    if (code !== 0 && complaints.length === 0)
      complaints.push(output.trim().split('\n').at(-1) || `${program} -C ended with ${code}`);
    return { daemon, program, complaints: complaints.map(readable) };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Of the group that the daemons run as, which both projects name after themselves; null: they run as root. */
function groupId(name: string): number | null {
  const group = existsSync('/etc/group') ? readFileSync('/etc/group', 'utf8') : '';
  const found = group.split('\n').find((line) => line.startsWith(`${name}:`));
  return found === undefined ? null : Number(found.split(':')[2]);
}

/** Without the time and the message's code. */
const readable = (line: string): string =>
  line
    .replace(/^\S+ \S+ [A-Z0-9]+: (\[[^ ]*\] ?)?/, '')
    .replace(/\s+/g, ' ')
    .trim();

function dryRun(program: string, args: readonly string[]): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve) => {
    const options = { timeout: 10_000, encoding: 'utf8' } as const;
    execFile(program, args, options, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : null;
      resolve({ code, output: `${stdout}${stderr}${code === null ? (error?.message ?? '') : ''}` });
    });
  });
}
