// The outermost frame of a program: runs it, turns what was thrown into one or two lines and an exit code.
import { DpvsError, type ExitCode } from './api.js';
import { type OpenNode, openNode } from './node.js';
import { processTerminal, type Terminal } from './terminal.js';

export interface Context {
  readonly terminal: Terminal;
  open(name: string | undefined): Promise<OpenNode>;
}

export type Program = (argv: readonly string[], context: Context) => Promise<ExitCode>;

/** Prints a refusal or a mistake; anything else is a bug of ours and keeps its stack. */
export function report(terminal: Terminal, prefix: string, error: DpvsError): ExitCode {
  const field = error.field !== '' && !error.message.includes(error.field) ? ` (${error.field})` : '';
  terminal.writeError(`${prefix}${terminal.paintError('red', error.message + field)}\n`);
  if (error.suggestion !== '') terminal.writeError(`${terminal.paintError('dim', error.suggestion)}\n`);
  return error.exitCode;
}

/** `prefix` stands before a message: "dpip: ". @returns the exit code */
export async function runProgram(
  prefix: string,
  program: Program,
  argv: readonly string[],
  context: Context,
): Promise<ExitCode> {
  try {
    return await program(argv, context);
  } catch (error) {
    if (error instanceof DpvsError) return report(context.terminal, prefix, error);
    throw error;
  }
}

/** Runs as the process itself. The exit code is set, not forced, so that what was written reaches a slow pipe. */
export async function main(prefix: string, program: Program): Promise<void> {
  const context: Context = { terminal: processTerminal(), open: openNode };
  process.exitCode = await runProgram(prefix, program, process.argv.slice(2), context);
}
