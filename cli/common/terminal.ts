// Where a command line reads and writes. A value, so that a test can be the terminal.
import { text } from 'node:stream/consumers';
import { ExitCode } from './api.js';

export type Colour = 'red' | 'green' | 'yellow' | 'blue' | 'dim';

export interface Terminal {
  write(text: string): void;
  writeError(text: string): void;
  /** All of the standard input. */
  readInput(): Promise<string>;
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
  return (colour, piece) => `\x1b[${codes[colour]}m${piece}\x1b[0m`;
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
    write: (piece) => void process.stdout.write(piece),
    writeError: (piece) => void process.stderr.write(piece),
    readInput: () => text(process.stdin),
    paint: painter(process.stdout.isTTY === true),
    paintError: painter(process.stderr.isTTY === true),
    width: process.stdout.columns || 100,
  };
}
