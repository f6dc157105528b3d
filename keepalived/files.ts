// A file and what it includes → the tokens of all of them, in place.
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { DpvsError } from '../api/index.js';
import type { Report } from './diagnostic.js';
import { type Token, tokenize, type Word } from './tokenizer.js';

/** Where files are read from; a table in tests. */
export interface FileReader {
  /** Throws an error with a `code`, as node:fs does. */
  read(path: string): string;
  list(directory: string): string[];
}

export const diskReader: FileReader = {
  read: (path) => readFileSync(path, 'utf8'),
  list: (directory) => readdirSync(directory),
};

/** Files that include files; more is a circle that the names hide. */
const mostIncludes = 8;
/** Of all files together: a configuration of ten thousand real servers has 3 MB. */
const mostBytes = 32 << 20;

/** @throws {DpvsError} config: the first file cannot be read */
export function readTokens(path: string, report: Report, reader: FileReader = diskReader): Token[] {
  let text: string;
  try {
    text = reader.read(path);
  } catch (error) {
    throw new DpvsError('config', `${path} cannot be read (${codeOf(error)})`);
  }
  return new Includer(report, reader).expand(text, path, []);
}

class Includer {
  #bytes = 0;

  constructor(
    readonly report: Report,
    readonly reader: FileReader,
  ) {}

  expand(text: string, path: string, around: readonly string[]): Token[] {
    this.#bytes += text.length;
    const tokens = tokenize(text, path, this.report);
    const expanded: Token[] = [];
    for (let at = 0; at < tokens.length; at++) {
      const token = tokens[at]!;
      const previous = tokens[at - 1]?.kind ?? 'end';
      if (token.kind !== 'word' || token.word.text !== 'include' || token.word.quoted || previous === 'word') {
        expanded.push(token);
        continue;
      }
      const words: Word[] = [];
      for (let next = tokens[at + 1]; next?.kind === 'word'; next = tokens[++at + 1]) words.push(next.word);
      for (const included of this.#include(token.word, words, path, around)) expanded.push(included);
    }
    return expanded;
  }

  #include(keyword: Word, words: readonly Word[], from: string, around: readonly string[]): Token[] {
    const [pattern, extra] = words;
    if (pattern === undefined || extra !== undefined) {
      this.report.error(extra ?? keyword, 'include has one file, or one pattern of names');
      return [];
    }
    return this.#matches(pattern, from).flatMap((path) => {
      if (path === from || around.includes(path) || around.length + 1 >= mostIncludes) {
        this.report.error(pattern, `${path} is included by a file that it includes, or too deep`);
        return [];
      }
      return this.#read(path, pattern, [...around, from]);
    });
  }

  #read(path: string, pattern: Word, around: readonly string[]): Token[] {
    let text: string;
    try {
      text = this.reader.read(path);
    } catch (error) {
      this.report.error(pattern, `${path} cannot be read (${codeOf(error)})`);
      return [];
    }
    if (this.#bytes + text.length > mostBytes) {
      this.report.error(pattern, `more than ${mostBytes >> 20} MB of configuration`);
      return [];
    }
    return this.expand(text, path, around);
  }

  /** As keepalived: relative to the file that includes. `*` and `?` in the last part of the path. */
  #matches(pattern: Word, from: string): string[] {
    const path = isAbsolute(pattern.text) ? pattern.text : join(dirname(from), pattern.text);
    const name = basename(path);
    if (!/[*?]/.test(name)) return [path];
    const expression = new RegExp(
      `^${name
        .replace(/[.+^${}()|[\]\\]/g, '\\$&')
        .replaceAll('*', '.*')
        .replaceAll('?', '.')}$`,
    );
    let names: string[] = [];
    try {
      names = this.reader.list(dirname(path)).filter((each) => expression.test(each) && !each.startsWith('.'));
    } catch {
      // No such directory: nothing matches.
    }
    if (names.length === 0) this.report.warn(pattern, `no file matches ${path}`);
    return names.sort().map((each) => join(dirname(path), each));
  }
}

const codeOf = (error: unknown): string => String((error as NodeJS.ErrnoException).code ?? error);
