// The word of --dest-check, both ways: `default`, `DOWN,UP,WAITs,MIN-MAXs`, `DOWN,WAITs` (dpvs.md 2.2).
import { type DestCheck, notSupported, quote, UsageError } from '../common/index.js';

/** The reference's: one failure within three seconds, one success, from five seconds to an hour. */
export const defaultDestCheck: DestCheck = { down: 1, up: 1, wait: 3, inhibitMin: 5, inhibitMax: 3600 };

/** Consumed by a checking daemon of the reference. */
const external: readonly string[] = ['tcp', 'udp', 'sctp', 'ping'];

export function parseDestCheck(word: string): DestCheck {
  if (word === 'default') return defaultDestCheck;
  if (external.includes(word)) throw notSupported(`--dest-check ${word} (an outside checker) is not built`);
  const full = /^(\d{1,3}),(\d{1,3}),(\d{1,5})s,(\d{1,5})-(\d{1,5})s$/.exec(word);
  const short = /^(\d{1,3}),(\d{1,5})s$/.exec(word);
  const numbers = (full ?? short)?.slice(1).map(Number);
  if (numbers === undefined) throw mistake(word);
  const [down, second, wait, inhibitMin, inhibitMax] = numbers;
  const check: DestCheck =
    full === null ? { ...defaultDestCheck, down, wait: second } : { down, up: second, wait, inhibitMin, inhibitMax };
  const between = (value: number, most: number): boolean => value >= 1 && value <= most;
  const good =
    between(check.down, 255) &&
    between(check.up, 255) &&
    between(check.wait, 3600) &&
    between(check.inhibitMin, check.inhibitMax) &&
    check.inhibitMax <= 86_400;
  if (!good) throw mistake(word);
  return check;
}

/** Round, so that what --save writes reads like what was typed. */
export function showDestCheck({ down, up, wait, inhibitMin, inhibitMax }: DestCheck): string {
  const text = `${down},${up},${wait}s,${inhibitMin}-${inhibitMax}s`;
  return text === '1,1,3s,5-3600s' ? 'default' : text;
}

const mistake = (word: string): UsageError =>
  new UsageError(
    'illegal dest-check specified',
    `${quote(word)}: default, DOWN,UP,WAITs,MIN-MAXs (as 3,3,3s,60-3600s) or DOWN,WAITs; 1-255, 1-3600 s, 1-86400 s`,
  );
