// The text of one file → tokens: words, braces, and where a line ends.
import type { Place, Report } from './diagnostic.js';

export interface Word extends Place {
  /** Without quotes. */
  readonly text: string;
  readonly quoted: boolean;
}

export type Token =
  | { readonly kind: 'word'; readonly word: Word }
  | { readonly kind: 'open'; readonly at: Place }
  | { readonly kind: 'close'; readonly at: Place }
  | { readonly kind: 'end' };

// One alternative a token. Comments run from # or ! to the end of the line, also within it; a backslash at the end continues the line.
const token =
  /(?<blank>[ \t\r\f\v]+)|(?<comment>[#!].*)|(?<more>\\[ \t\r]*$)|(?<brace>[{}])|"(?<double>[^"]*)"|'(?<single>[^']*)'|(?<word>(?:\\(?!\s*$)|[^\s#!{}"'\\])+)/y;

export function tokenize(text: string, file: string, report: Report): Token[] {
  const tokens: Token[] = [];
  text.split('\n').forEach((raw, index) => {
    const source = raw.replace(/\r$/, '');
    let continued = false;
    token.lastIndex = 0;
    while (token.lastIndex < source.length) {
      const at = { file, line: index + 1, column: token.lastIndex + 1, source };
      const match = token.exec(source);
      if (match?.groups === undefined) {
        report.error({ ...at, length: 1 }, unreadable(source[at.column - 1] ?? ''));
        break;
      }
      const { more, brace, double, single, word } = match.groups;
      const place = { ...at, length: match[0].length };
      const quoted = double ?? single;
      if (more !== undefined) continued = true;
      else if (brace !== undefined) tokens.push({ kind: brace === '{' ? 'open' : 'close', at: place });
      else if (quoted !== undefined || word !== undefined)
        tokens.push({ kind: 'word', word: { ...place, text: quoted ?? word ?? '', quoted: quoted !== undefined } });
    }
    if (!continued) tokens.push({ kind: 'end' });
  });
  return tokens;
}

const unreadable = (character: string): string =>
  character === '"' || character === "'"
    ? 'a quoted word must end on the same line'
    : `${JSON.stringify(character)} cannot stand here`;
