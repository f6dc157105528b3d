// A file read by the daemon that is to read it: its own parser is the judge of it.
import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
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

export async function checkConfig(daemon: ConfigDaemon, text: string, flavor: Flavor): Promise<ConfigVerdict> {
  const program = directories[flavor].map((directory) => join(directory, daemon)).find(existsSync) ?? null;
  if (program === null) return { daemon, program, complaints: [] };
  const directory = mkdtempSync(join(tmpdir(), 'dpvs-route-'));
  try {
    // The daemon reads it as a user of its own.
    chmodSync(directory, 0o711);
    const file = join(directory, `${daemon}.conf`);
    // Opening the log is not a question of syntax, and would leave a file behind. The line stays a line: complaints name its number.
    writeFileSync(file, text.replace(/^log file .*$/m, '!'));
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
