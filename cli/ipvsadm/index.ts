// ipvsadm: getopt-style words → requests → the reference's text. Not here: what a service or a real server means.
import type { Context, ExitCode } from '../common/index.js';
import { execute } from './execute.js';
import { parseLine } from './parse.js';

export { defaultDestCheck, parseDestCheck, showDestCheck } from './dest-check.js';
export { formatServices, largeNumber, sortServices } from './format-list.js';
export { formatConnections, formatLaddrs, formatTimeouts } from './format-other.js';
export { type Action, type Line, type ListFormat, parseLine } from './parse.js';
export { readScript, splitLine } from './restore.js';
export { saveLines } from './save.js';

export async function ipvsadm(argv: readonly string[], context: Context): Promise<ExitCode> {
  return execute(parseLine(argv), context);
}
