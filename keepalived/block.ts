// Reads the body of a block by a table: what is served has a reader, what is not has a sentence that says what to do.
import type { Report } from './diagnostic.js';
import { nearest } from './nearest.js';
import type { Word } from './tokenizer.js';
import type { Entry } from './tree.js';
import { noBody, shown } from './values.js';

/** What the dialect has and this program does not. */
export interface NotServed {
  /** refuse: the file is not used, because it would not mean what it says. warn: it is used without this. */
  readonly how: 'refuse' | 'warn';
  readonly why: string;
  /** For who wants it. */
  readonly instead: string;
}

export const refuse = (why: string, instead = ''): NotServed => ({ how: 'refuse', why, instead });
export const warn = (why: string, instead = ''): NotServed => ({ how: 'warn', why, instead });

export interface BlockTable<D> {
  /** A key with a value. */
  readonly keys: Readonly<Record<string, (entry: Entry, draft: D) => void>>;
  readonly blocks: Readonly<Record<string, (entry: Entry, draft: D) => void>>;
  readonly notServed: Readonly<Record<string, NotServed>>;
  /** Keys and blocks that may stand several times. */
  readonly repeats: ReadonlySet<string>;
}

export function readBlock<D>(block: Entry, table: BlockTable<D>, draft: D, report: Report): void {
  const seen = new Map<string, Word>();
  for (const entry of block.body ?? []) {
    const [keyword] = entry.words;
    const name = keyword.text;
    const [key, inner, notServed] = [own(table.keys, name), own(table.blocks, name), own(table.notServed, name)];
    if (key === undefined && inner === undefined && notServed === undefined) {
      reportUnknown(keyword, block.words[0].text, table, report);
      continue;
    }
    const before = seen.get(name);
    if (before !== undefined && !table.repeats.has(name))
      report.error(keyword, `${name} is already there in line ${before.line}`);
    seen.set(name, keyword);
    if (notServed !== undefined) reportNotServed(keyword, notServed, report);
    else if (inner !== undefined) {
      if (entry.body === null) report.error(keyword, `${name} is a block: a { is missing`);
      else inner(entry, draft);
    } else {
      noBody(entry, report);
      key?.(entry, draft);
    }
  }
}

export function reportNotServed(keyword: Word, { how, why, instead }: NotServed, report: Report): void {
  if (how === 'refuse') report.error(keyword, `${keyword.text}: ${why}`, instead);
  else report.warn(keyword, `${keyword.text}: ${why}`, instead);
}

function reportUnknown<D>(keyword: Word, block: string, table: BlockTable<D>, report: Report): void {
  const known = [...Object.keys(table.keys), ...Object.keys(table.blocks), ...Object.keys(table.notServed)];
  const guess = nearest(keyword.text, known);
  report.error(keyword, `unknown word ${shown(keyword)} in ${block}`, guess === null ? '' : `did you mean ${guess}?`);
}

/** A word of the file may be `constructor`, which every object has. */
export function own<T>(table: Readonly<Record<string, T>>, word: string): T | undefined {
  return Object.hasOwn(table, word) ? table[word] : undefined;
}
