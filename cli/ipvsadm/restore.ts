// --restore: argument lines → requests. All lines are read before the first is sent, so that a typing error changes nothing.
import { type Call, DpvsError, UsageError } from '../common/index.js';
import { parseLine } from './parse.js';

export interface NumberedCall {
  readonly line: number;
  readonly call: Call;
}

/** Words between blanks; quotes keep blanks. Blank lines and lines that start with `#` say nothing. */
export function splitLine(line: string): string[] {
  if (line.trimStart().startsWith('#')) return [];
  const words = line.match(/(?:"[^"]*"|'[^']*'|[^\s"']|["'])+/g) ?? [];
  return words.map((word) => word.replaceAll(/"([^"]*)"|'([^']*)'/g, (_, double, single) => double ?? single));
}

/** @throws {DpvsError} `usage` or `not_support` with the number of the line */
export function readScript(text: string): NumberedCall[] {
  return text.split('\n').flatMap((line, at) => {
    const words = splitLine(line);
    // A shell script of ipvsadm calls can be read as it is.
    if (/^(.*\/)?ipvsadm$/.test(words[0] ?? '')) words.shift();
    if (words.length === 0) return [];
    try {
      const { action } = parseLine(words);
      if (action.do !== 'change') throw new UsageError('only commands that change something can be restored');
      return [{ line: at + 1, call: action.call }];
    } catch (error) {
      throw atLine(at + 1, error);
    }
  });
}

/** The same error with its line in front; what is no DpvsError stays as it is. */
export function atLine(line: number, error: unknown): unknown {
  if (error instanceof UsageError) return new UsageError(`line ${line}: ${error.message}`, error.hint);
  if (error instanceof DpvsError) {
    const located = new DpvsError(error.code, error.detail, error.field);
    located.message = `line ${line}: ${error.message}`;
    return located;
  }
  return error;
}
