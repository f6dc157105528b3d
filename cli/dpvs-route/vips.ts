// The VIPs a command names: its words, the lines of a file, or all that the bridge knows.
import { readFileSync } from 'node:fs';
import { isIP, isIPv4 } from 'node:net';
import { mostVips } from '../../routing/limits.js';
import { type Context, quote, UsageError } from '../common/index.js';
import type { Line } from './parse.js';

/** @throws {UsageError} */
export async function namedVips({ command, words, options }: Line, { terminal }: Context): Promise<string[]> {
  const file = options.last('file');
  const listed = file === undefined ? [] : fileWords(file === '-' ? await terminal.readInput() : readList(file));
  const vips = [...words, ...listed].map(vipOf);
  if (vips.length === 0) throw new UsageError('which VIP?', `dpvs-route ${command} 123.1.2.3`);
  if (vips.length > mostVips) throw new UsageError(`${vips.length} VIPs; at most ${mostVips} at once`);
  return vips;
}

/** @throws {UsageError} */
export async function knownVips(given: Line, context: Context): Promise<'all' | string[]> {
  const { words, options } = given;
  if (!options.has('all')) return namedVips(given, context);
  if (words.length > 0 || options.has('file')) throw new UsageError('--all, or VIPs by name: not both');
  return 'all';
}

function readList(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** Words of a file; from `#` on a line is a comment. */
const fileWords = (text: string): string[] =>
  text
    .split('\n')
    .flatMap((each) => each.replace(/#.*/, '').split(/\s+/))
    .filter(Boolean);

function vipOf(word: string): string {
  const [address, length, ...rest] = word.replace(/^\[(.*)\]$/, '$1').split('/');
  const host = isIPv4(address) ? '32' : '128';
  // A zone names an interface; the port is said with --dev.
  if (isIP(address) === 0 || address.includes('%') || rest.length > 0 || (length ?? host) !== host)
    throw new UsageError(`invalid VIP ${quote(word)}`, 'an address, as 123.1.2.3 or 2001:db8::1');
  return address;
}
