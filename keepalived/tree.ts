// Tokens → entries: the words of a line, with what stands in braces after them. Knows the names of the sections, and nothing else.
import type { Place, Report } from './diagnostic.js';
import type { Token, Word } from './tokenizer.js';

export interface Entry {
  readonly words: readonly [Word, ...Word[]];
  /** What is between the braces; null without any. */
  readonly body: readonly Entry[] | null;
}

/** Deeper than anything the dialect has; a file of braces alone must not end in a stack overflow. */
const deepest = 32;

/**
 * @param sections names that can only stand at the top: one that follows inside a block tells of a `}` that was forgotten
 */
export function readTree(tokens: readonly Token[], sections: ReadonlySet<string>, report: Report): Entry[] {
  return new Reader(tokens, sections, report).readFile();
}

class Reader {
  #next = 0;
  /** A section began inside another block: all blocks around it end here. */
  #unwinding = false;

  constructor(
    readonly tokens: readonly Token[],
    readonly sections: ReadonlySet<string>,
    readonly report: Report,
  ) {}

  readFile(): Entry[] {
    const entries: Entry[] = [];
    while (this.#next < this.tokens.length) {
      this.#unwinding = false;
      entries.push(...this.#readEntries(null, 0));
      const stray = this.tokens[this.#next];
      if (stray?.kind === 'close') {
        this.report.error(stray.at, 'this } closes nothing');
        this.#next++;
      }
    }
    return entries;
  }

  /** Up to the `}` that closes the block, or the end of the file. */
  #readEntries(parent: Word | null, depth: number): Entry[] {
    const entries: Entry[] = [];
    while (this.#next < this.tokens.length) {
      const token = this.tokens[this.#next]!;
      if (token.kind === 'close') return entries;
      if (token.kind === 'end') this.#next++;
      else if (token.kind === 'open') {
        this.report.error(token.at, 'this { has no name before it');
        this.#readBody(token.at, null, depth);
      } else {
        const start = this.#next;
        const words = this.#readWords(token.word);
        if (parent !== null && this.#opensNext() && this.sections.has(token.word.text)) {
          const { text, line } = parent;
          this.report.error(
            token.word,
            `a } is missing before ${token.word.text}: ${text} of line ${line} is still open`,
          );
          this.#next = start;
          this.#unwinding = true;
          return entries;
        }
        entries.push({ words, body: this.#opensNext() ? this.#readBody(token.word, token.word, depth) : null });
      }
      if (this.#unwinding) return entries;
    }
    return entries;
  }

  #readWords(first: Word): [Word, ...Word[]] {
    const words: [Word, ...Word[]] = [first];
    for (this.#next++; ; this.#next++) {
      const token = this.tokens[this.#next];
      if (token?.kind !== 'word') return words;
      words.push(token.word);
    }
  }

  /** A `{` follows, on this line or a later one. Skips the line ends before it. */
  #opensNext(): boolean {
    let at = this.#next;
    while (this.tokens[at]?.kind === 'end') at++;
    if (this.tokens[at]?.kind !== 'open') return false;
    this.#next = at;
    return true;
  }

  /** Stands on the `{` before and behind the `}` after. */
  #readBody(opener: Place, name: Word | null, depth: number): readonly Entry[] {
    this.#next++;
    if (depth >= deepest) {
      this.report.error(opener, `blocks are nested more than ${deepest} deep`);
      this.#next = this.tokens.length;
      return [];
    }
    const entries = this.#readEntries(name, depth + 1);
    if (this.#next < this.tokens.length && !this.#unwinding) this.#next++;
    else if (!this.#unwinding) this.report.error(opener, 'this block is not closed: a } is missing');
    return entries;
  }
}
