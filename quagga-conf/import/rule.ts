// A rule: in which context a line stands, how it reads, what it says.
import type { SourceLine } from './lines.js';
import type { Found } from './state.js';

/** @returns false: not understood, or not in this combination */
export type Reader = (found: Found, words: RegExpExecArray, line: SourceLine) => boolean;
export type Rule = readonly [context: RegExp, line: RegExp, read: Reader];

export const number = (word: string): number => Number(word);
export const dialect = (which: 'frr' | 'quagga', read?: Reader): Reader => {
  return (found, words, line) => {
    found[which]++;
    return read === undefined || read(found, words, line);
  };
};
export const named = (line: SourceLine): string => line.path[0].split(' ')[1];
export const link = (found: Found, line: SourceLine) => {
  const each = found.interface(named(line));
  each.ospf = true;
  return each;
};
