// dpip: iproute2-like words → requests → the reference's text. Not here: what an address or a route means.
import type { Context, ExitCode } from '../common/index.js';
import { execute } from './execute.js';
import { parseLine } from './parse.js';

export type { Action, View } from './action.js';
export { formatAddresses, formatNeighbours, formatRoutes } from './format-inet.js';
export { formatCpuRates, formatCpus, formatLinkRates, formatLinks } from './format-link.js';
export { formatGroups } from './format-maddr.js';
export { formatCounters, formatDump, formatStatus, orderCounters } from './format-node.js';
export { type Line, parseLine } from './parse.js';

export async function dpip(argv: readonly string[], context: Context): Promise<ExitCode> {
  return execute(parseLine(argv), context);
}
