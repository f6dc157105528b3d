// The words of `npm run lab --`: from argv to one of the commands, or a sentence that says what was not understood.
import type { Driver } from './dpvs-conf.js';
import { type FailureKind, failureKinds, isFailureKind } from './failures.js';
import { defaultNodeCount, maxNodeCount, vip } from './plan.js';
import type { OspfNetwork } from './switch.js';

export interface UpWords {
  readonly nodeCount?: number;
  readonly driver?: Driver;
  readonly ospfNetwork?: OspfNetwork;
  readonly bfd?: boolean;
  readonly startNodes?: boolean;
}

export type Command =
  | { readonly name: 'up'; readonly another: boolean; readonly options: UpWords }
  | { readonly name: 'down'; readonly all: boolean }
  | { readonly name: 'status' }
  | { readonly name: 'exec'; readonly member: string; readonly argv: readonly string[] }
  | { readonly name: 'fail'; readonly node: string; readonly kind: FailureKind }
  | { readonly name: 'heal'; readonly nodes: readonly string[] }
  | { readonly name: 'help' };

export interface CommandLine {
  readonly command: Command;
  /** Which lab, when it was named. */
  readonly prefix: string | undefined;
}

/** Its message says what was not understood. */
export class Usage extends Error {}

const kinds = Object.entries(failureKinds)
  .map(([kind, { what }]) => `          ${kind.padEnd(9)} ${what}`)
  .join('\n');

export const help = `npm run lab -- COMMAND

  up [--nodes N] [--driver af_xdp|af_packet] [--network point-to-point|broadcast] [--bfd] [--empty] [--new]
        builds the topology and announces ${vip}; ${defaultNodeCount} nodes, or 1 to ${maxNodeCount}; with --empty the nodes are left
        bare, with --bfd a dead one is missed in two seconds, with --new a second lab is built beside the one that is up
  down [--all]      removes it
  status            what runs, and how to get in
  exec MEMBER [COMMAND…]
        runs a command, or a shell, in the namespace of: client switch node1… lan rs1 rs2
  fail NODE KIND    breaks something of a node:
${kinds}
  heal [NODE…]      starts what is missing there (everywhere, if no node is named), and waits until it is announced again

  --prefix dlXXXX   before the command: which lab, when several are up`;

/** What follows the option at `words[0]`, which is taken away with it. */
function value(words: string[]): string {
  const [option = '', given] = words.splice(0, 2);
  if (given === undefined) throw new Usage(`${option} needs a value`);
  return given;
}

function oneOf<const T extends string>(words: string[], choices: readonly T[]): T {
  const option = words[0] ?? '';
  const given = value(words);
  const found = choices.find((choice) => choice === given);
  if (found === undefined) throw new Usage(`${option} ${given}: ${choices.join(' or ')}`);
  return found;
}

function nodeCount(words: string[]): number {
  const given = value(words);
  const count = /^\d+$/.test(given) ? Number(given) : 0;
  if (count < 1 || count > maxNodeCount) throw new Usage(`--nodes ${given}: 1 to ${maxNodeCount}`);
  return count;
}

function up(words: string[]): Command {
  let options: UpWords = {};
  let another = false;
  while (words[0] !== undefined) {
    if (words[0] === '--nodes') options = { ...options, nodeCount: nodeCount(words) };
    else if (words[0] === '--driver') options = { ...options, driver: oneOf(words, ['af_xdp', 'af_packet']) };
    else if (words[0] === '--network')
      options = { ...options, ospfNetwork: oneOf(words, ['point-to-point', 'broadcast']) };
    else {
      const word = words.shift();
      if (word === '--new') another = true;
      else if (word === '--bfd') options = { ...options, bfd: true };
      else if (word === '--empty') options = { ...options, startNodes: false };
      else throw new Usage(`up ${word}`);
    }
  }
  return { name: 'up', another, options };
}

function fail([node, kind, ...more]: readonly string[]): Command {
  const choices = Object.keys(failureKinds).join(' ');
  if (node === undefined) throw new Usage('fail: which node?');
  if (kind === undefined) throw new Usage(`fail ${node}: which kind? One of ${choices}`);
  if (!isFailureKind(kind)) throw new Usage(`fail ${node} ${kind}: the kinds are ${choices}`);
  if (more.length > 0) throw new Usage(`fail ${node} ${kind} ${more.join(' ')}: one at a time`);
  return { name: 'fail', node, kind };
}

function command(name: string, words: string[]): Command {
  const nothingMore = (): void => {
    if (words.length > 0) throw new Usage(`${name} ${words.join(' ')}`);
  };
  switch (name) {
    case 'up':
      return up(words);
    case 'down': {
      const all = words[0] === '--all';
      if (all) words.shift();
      nothingMore();
      return { name, all };
    }
    case 'status':
      nothingMore();
      return { name };
    case 'exec': {
      const [member, ...argv] = words;
      if (member === undefined) throw new Usage('exec: where?');
      return { name, member, argv };
    }
    case 'fail':
      return fail(words);
    case 'heal':
      return { name, nodes: words };
    default:
      throw new Usage(name);
  }
}

export function parseCommandLine(argv: readonly string[]): CommandLine {
  const words = [...argv];
  const prefix = words[0] === '--prefix' ? value(words) : undefined;
  const name = words.shift() ?? 'help';
  const asksForHelp =
    ['help', '--help', '-h'].includes(name) ||
    (name !== 'exec' && words.some((word) => ['--help', '-h'].includes(word)));
  return { command: asksForHelp ? { name: 'help' } : command(name, words), prefix };
}
