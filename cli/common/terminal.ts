// Where a command line reads and writes. A value, so that a test can be the terminal.
import { readFileSync } from 'node:fs';
import { ExitCode } from './api.js';

export type Colour = 'red' | 'green' | 'yellow' | 'blue' | 'dim';

export interface Terminal {
  write(text: string): void;
  writeError(text: string): void;
  /** All of the standard input. */
  readInput(): string;
  /** Paints for standard output; the identity when it is no terminal. */
  paint(colour: Colour, text: string): string;
  paintError(colour: Colour, text: string): string;
  readonly width: number;
}

const codes: Record<Colour, number> = { red: 31, green: 32, yellow: 33, blue: 34, dim: 2 };

export const plain = (_colour: Colour, text: string): string => text;

function painter(isTerminal: boolean): (colour: Colour, text: string) => string {
  // https://no-color.org
  if (!isTerminal || (process.env.NO_COLOR ?? '') !== '') return plain;
  return (colour, text) => `\x1b[${codes[colour]}m${text}\x1b[0m`;
}

/** The process's own streams. */
export function processTerminal(): Terminal {
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      // `dpip route show | head` closes the pipe early: that is no error.
      if (error.code === 'EPIPE') process.exit();
      if (stream === process.stdout) process.stderr.write(`write error: ${error.message}\n`);
      process.exit(ExitCode.refused);
    });
  return {
    write: (text) => void process.stdout.write(text),
    writeError: (text) => void process.stderr.write(text),
    readInput: () => readFileSync(0, 'utf8'),
    paint: painter(process.stdout.isTTY === true),
    paintError: painter(process.stderr.isTTY === true),
    width: process.stdout.columns ?? 100,
  };
}
