// Text of a keepalived-style file → statements: the words of a line, and the braces that open and close blocks.
import type { Report, Span } from './diagnostic.js';

export interface Word extends Span {
  /** Without quotes. */
  readonly text: string;
}

/** A line's words, or one brace. A line `device dpdk0 {` is two statements: its words and `open`. */
export type Statement =
  | { readonly kind: 'words'; readonly words: readonly [Word, ...Word[]] }
  | { readonly kind: 'open'; readonly at: Span }
  | { readonly kind: 'close'; readonly at: Span };

// One alternative a token. Comments run from # or ! to the end of the line; <...> is a comment within the line: `<init>` in
// the reference's samples only documents that a key is not reloaded.
const token =
  /(?<blank>[ \t\r]+)|(?<comment>[#!].*)|(?<range><[^>]*>)|(?<brace>[{}])|"(?<quoted>[^"]*)"|(?<word>[^\s#!<>{}"]+)/y;

export function tokenize(text: string, report: Report): Statement[] {
  const statements: Statement[] = [];
  text.split('\n').forEach((source, index) => {
    const line = index + 1;
    let words: Word[] = [];
    const endOfWords = () => {
      const [first, ...rest] = words;
      if (first !== undefined) statements.push({ kind: 'words', words: [first, ...rest] });
      words = [];
    };
    token.lastIndex = 0;
    while (token.lastIndex < source.length) {
      const column = token.lastIndex + 1;
      const match = token.exec(source);
      if (match?.groups === undefined) {
        report.error({ line, column, length: 1 }, unreadable(source[column - 1] ?? ''));
        break;
      }
      const { brace, quoted, word } = match.groups;
      const at: Span = { line, column, length: match[0].length };
      if (brace !== undefined) {
        endOfWords();
        statements.push({ kind: brace === '{' ? 'open' : 'close', at });
      } else if (quoted !== undefined || word !== undefined) words.push({ ...at, text: quoted ?? word ?? '' });
    }
    endOfWords();
  });
  return statements;
}

function unreadable(character: string): string {
  if (character === '<') return 'a comment that begins with < must end with > on the same line';
  if (character === '"') return 'a quoted word must end on the same line';
  return `${JSON.stringify(character)} cannot stand here`;
}
