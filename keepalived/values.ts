// The words after a keyword → values. Whatever is wrong is reported at its word, and the answer is undefined.
import { isIP, isIPv4 } from 'node:net';
import { canonicalIp } from '../api/index.js';
import type { Place, Report } from './diagnostic.js';
import type { Word } from './tokenizer.js';
import type { Entry } from './tree.js';

/** Exactly one word. */
export function oneWord({ words: [keyword, word, extra] }: Entry, report: Report, allowed = ''): Word | undefined {
  if (word === undefined) report.error(keyword, `${keyword.text} needs a value`, allowedText(allowed));
  else if (extra !== undefined) report.error(extra, `${keyword.text} has one value`, allowedText(allowed));
  else return word;
  return undefined;
}

/** A whole number. */
export function integer(entry: Entry, report: Report, min: number, max: number): number | undefined {
  const word = oneWord(entry, report, `${min} to ${max}`);
  return word === undefined ? undefined : integerOf(word, entry.words[0].text, report, min, max);
}

export function integerOf(word: Word, what: string, report: Report, min: number, max: number): number | undefined {
  const value = /^\d{1,10}$/.test(word.text) ? Number(word.text) : Number.NaN;
  if (value >= min && value <= max) return value;
  report.error(word, `${what} cannot be ${shown(word)}`, `allowed: ${min} to ${max}`);
  return undefined;
}

/** Longer waits are a mistake of units. */
const longestSeconds = 86_400;

/** Seconds, also with decimals. @returns milliseconds */
export function seconds(entry: Entry, report: Report, min = 0): number | undefined {
  const allowed = `${min} to ${longestSeconds} seconds`;
  const word = oneWord(entry, report, allowed);
  if (word === undefined) return undefined;
  const value = /^\d{1,6}(\.\d{1,6})?$/.test(word.text) ? Number(word.text) : Number.NaN;
  if (value >= min && value <= longestSeconds) return Math.round(value * 1000);
  report.error(word, `${entry.words[0].text} cannot be ${shown(word)}`, allowedText(allowed));
  return undefined;
}

/** A keyword alone, or with a word for yes or no. */
export function flag(entry: Entry, report: Report): boolean | undefined {
  if (entry.words.length === 1) return true;
  const word = oneWord(entry, report, yesNo);
  if (word === undefined) return undefined;
  if (/^(on|true|yes)$/i.test(word.text)) return true;
  if (/^(off|false|no)$/i.test(word.text)) return false;
  report.error(word, `${entry.words[0].text} cannot be ${shown(word)}`, allowedText(yesNo));
  return undefined;
}
const yesNo = 'the word alone, or on, off, true, false, yes, no';

/** One of some words, in any case of letters. */
export function choice<T>(entry: Entry, report: Report, meaning: Readonly<Record<string, T>>): T | undefined {
  const names = Object.keys(meaning);
  const word = oneWord(entry, report, names.join(', '));
  if (word === undefined) return undefined;
  const name = names.find((each) => each.toLowerCase() === word.text.toLowerCase());
  if (name !== undefined) return meaning[name];
  report.error(word, `${entry.words[0].text} cannot be ${shown(word)}`, `allowed: ${names.join(', ')}`);
  return undefined;
}

/** In the form of RFC 5952. */
export function address(word: Word, report: Report): string | undefined {
  if (isIP(word.text) !== 0 && !word.text.includes('%')) return canonicalIp(word.text);
  report.error(word, `${shown(word)} is not an IP address`, 'names of hosts are not resolved');
  return undefined;
}

export const port = (word: Word, report: Report): number | undefined => integerOf(word, 'a port', report, 0, 65535);

/** Addresses of one range in a file; a /24. */
const longestRange = 256;

/** `192.168.1.1`, or `192.168.1.1-5`: the last part, decimal in IPv4 and hexadecimal in IPv6, up to and including the second. */
export function addressRange(word: Word, report: Report): string[] | undefined {
  const dash = word.text.lastIndexOf('-');
  const first = dash < 0 ? word.text : word.text.slice(0, dash);
  if (isIP(first) === 0 || first.includes('%')) {
    report.error(word, `${shown(word)} is not an IP address or a range`, 'as 192.168.1.1 or 192.168.1.1-5');
    return undefined;
  }
  const ip = canonicalIp(first);
  if (dash < 0) return [ip];
  const four = isIPv4(ip);
  const cut = four ? ip.lastIndexOf('.') : ip.lastIndexOf(':');
  const base = four ? 10 : 16;
  const start = Number.parseInt(ip.slice(cut + 1) || '0', base);
  const last = word.text.slice(dash + 1);
  const end = (four ? /^\d{1,3}$/ : /^[0-9a-f]{1,4}$/i).test(last) ? Number.parseInt(last, base) : Number.NaN;
  if (!(end >= start && end <= (four ? 255 : 0xffff) && end - start < longestRange)) {
    report.error(word, `the range ${shown(word)} has no valid end`, `its last part, up to ${longestRange} addresses`);
    return undefined;
  }
  return Array.from({ length: end - start + 1 }, (_, i) =>
    canonicalIp(`${ip.slice(0, cut + 1)}${(start + i).toString(base)}`),
  );
}

/** A text: one word, quoted where it has blanks; several words are joined by one blank, as keepalived does. */
export function text({ words: [keyword, ...rest] }: Entry, report: Report): string | undefined {
  if (rest.length > 0) return rest.map((word) => word.text).join(' ');
  report.error(keyword, `${keyword.text} needs a value`);
  return undefined;
}

/** As a shell reads it: what the file has in quotes stays one word where there are several. */
export function command({ words: [keyword, ...rest] }: Entry, report: Report): string | undefined {
  const [only] = rest;
  if (only === undefined) report.error(keyword, `${keyword.text} needs a command`);
  else if (rest.length === 1) return only.text;
  else return rest.map((word) => (word.quoted ? `'${word.text.replaceAll("'", `'\\''`)}'` : word.text)).join(' ');
  return undefined;
}

/** In messages: long or unprintable words are made harmless. */
export function shown({ text: word }: Pick<Word, 'text'>): string {
  return JSON.stringify(word.length > 64 ? `${word.slice(0, 64)}…` : word);
}

const allowedText = (allowed: string): string => (allowed === '' ? '' : `allowed: ${allowed}`);

export function noBody(entry: Entry, report: Report): void {
  const place: Place = entry.words[0];
  if (entry.body !== null) report.error(place, `${entry.words[0].text} is a key with a value, not a block`);
}
