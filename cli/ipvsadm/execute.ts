// Carries out an action: sends its requests, prints what came back.
import {
  type ConnectionInfo,
  type Context,
  ExitCode,
  type NodeApi,
  packageVersion,
  type Terminal,
} from '../common/index.js';
import { formatServices, sortServices } from './format-list.js';
import { formatConnections, formatLaddrs, formatTimeouts } from './format-other.js';
import { ipvsadmHelp } from './help.js';
import type { Action, Line } from './parse.js';
import { type NumberedCall, readScript, runScript } from './restore.js';
import { saveLines } from './save.js';

/** Connections a request: enough to be quick, few enough that the slow path is not held up. */
const connectionPage = 4096;

type Print = (lines: readonly string[]) => void;
const printer =
  (terminal: Terminal): Print =>
  (lines) =>
    terminal.write(lines.map((line) => `${line}\n`).join(''));

async function* connectionPages(node: NodeApi): AsyncGenerator<readonly ConnectionInfo[]> {
  let cursor: number | null | undefined;
  while (cursor !== null) {
    const page = await node.call('conn.list', { cursor, limit: connectionPage });
    yield page.connections;
    cursor = page.nextCursor;
  }
}

/** Prints page by page: a node may have millions. */
async function listConnections(
  { lcore, numeric }: Extract<Action, { do: 'connections' }>,
  json: boolean,
  node: NodeApi,
  print: Print,
): Promise<void> {
  let printed = 0;
  if (json) print(['{"connections": [']);
  for await (const page of connectionPages(node)) {
    const rows = page.filter((info) => lcore === undefined || info.lcore === lcore);
    print(
      json
        ? rows.map((info, at) => `${printed + at === 0 ? ' ' : ','} ${JSON.stringify(info)}`)
        : formatConnections(rows, numeric),
    );
    printed += rows.length;
  }
  if (json) print(['], "nextCursor": null}']);
}

async function onNode(
  action: Action,
  calls: readonly NumberedCall[],
  json: boolean,
  node: NodeApi,
  print: Print,
): Promise<void> {
  const show = <T>(result: T, format: (result: T) => string[]): void =>
    print(json ? [JSON.stringify(result, null, 2)] : format(result));
  switch (action.do) {
    case 'change':
      await node.call(action.call.method, action.call.params);
      return;
    case 'services': {
      const { format } = action;
      const services = await node.call('service.list', { service: action.service });
      show(format.sort ? sortServices(services) : services, (all) => formatServices(all, format));
      return;
    }
    case 'connections':
      return listConnections(action, json, node, print);
    case 'laddrs':
      return show(await node.call('laddr.list', { service: action.service }), formatLaddrs);
    case 'timeouts':
      return show(await node.call('timeout.get', {}), formatTimeouts);
    case 'save':
      return print(saveLines(await node.call('service.list', {}), await node.call('laddr.list', {})));
    case 'restore':
      return runScript(calls, node);
    case 'help':
    case 'version':
      return;
  }
}

/** @throws {DpvsError} a usage error in a script, what the node refused, or that it cannot be reached */
export async function execute({ action, json, name }: Line, { terminal, open }: Context): Promise<ExitCode> {
  if (action.do === 'help') {
    terminal.write(await ipvsadmHelp(terminal.width));
    return ExitCode.done;
  }
  if (action.do === 'version') {
    terminal.write(`ipvsadm, dpvs-node ${packageVersion()}\n`);
    return ExitCode.done;
  }
  const calls = action.do === 'restore' ? readScript(await terminal.readInput()) : [];
  const node = await open(name);
  try {
    await onNode(action, calls, json, node, printer(terminal));
  } finally {
    node.close();
  }
  return ExitCode.done;
}
