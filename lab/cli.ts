// npm run lab -- up|down|status|exec: the demo's topology, kept for playing.
import { spawn } from 'node:child_process';
import { LabError } from './errors.js';
import { inNamespace } from './exec.js';
import { Frr } from './frr.js';
import { type BuildOptions, Lab } from './lab.js';
import { binDirectory } from './paths.js';
import { picture } from './picture.js';
import { members, nodes, vip } from './plan.js';
import { RunState } from './run-state.js';
import { statusText } from './status.js';
import { reap, teardown } from './teardown.js';
import { bold, dim, red, say } from './terminal.js';

const help = `npm run lab -- COMMAND

  up [--driver af_xdp|af_packet] [--network point-to-point|broadcast] [--bfd] [--empty] [--new]
        builds the topology and announces ${vip}; with --empty the nodes are left bare, with --bfd a dead one is missed in a second,
        with --new a second one is built beside the one that is up
  down [--all]      removes it
  status            what runs, and how to get in
  exec MEMBER COMMAND…
        runs a command in the namespace of: ${members.join(' ')}

  --prefix dlXXXX   before the command: which lab, when several are up`;

interface Arguments {
  readonly command: string;
  readonly prefix: string | undefined;
  readonly rest: readonly string[];
}

function parse(argv: readonly string[]): Arguments {
  const words = [...argv];
  let prefix: string | undefined;
  if (words[0] === '--prefix') {
    prefix = words[1];
    words.splice(0, 2);
  }
  const [command = 'help', ...rest] = words;
  return { command, prefix, rest };
}

class Usage extends Error {}

/** The lab that is meant: the only one that is kept, or the one that is named. */
function chosen(prefix: string | undefined): RunState {
  if (prefix !== undefined) return RunState.load(prefix);
  const kept = RunState.all().filter((state) => state.kept);
  if (kept.length > 1)
    throw new LabError(
      `several labs are up: ${kept.map((state) => state.prefix).join(' ')}`,
      'name one: --prefix dlXXXX',
    );
  const only = kept[0] ?? RunState.all().find((state) => !state.abandoned);
  if (only === undefined) throw new LabError('no lab is up', 'npm run lab -- up');
  return only;
}

function upOptions(rest: readonly string[]): BuildOptions & { readonly another: boolean } {
  let options: BuildOptions & { another: boolean } = { another: false };
  for (let i = 0; i < rest.length; i++) {
    const word = rest[i];
    if (word === '--new') options = { ...options, another: true };
    else if (word === '--bfd') options = { ...options, bfd: true };
    else if (word === '--empty') options = { ...options, startNodes: false };
    else if (word === '--driver') {
      const driver = rest[++i];
      if (driver !== 'af_xdp' && driver !== 'af_packet') throw new Usage(`--driver ${driver ?? ''}`);
      options = { ...options, driver };
    } else if (word === '--network') {
      const ospfNetwork = rest[++i];
      if (ospfNetwork !== 'point-to-point' && ospfNetwork !== 'broadcast')
        throw new Usage(`--network ${ospfNetwork ?? ''}`);
      options = { ...options, ospfNetwork };
    } else throw new Usage(word);
  }
  return options;
}

async function up(rest: readonly string[]): Promise<void> {
  const { another, ...options } = upOptions(rest);
  const there = RunState.all().find((state) => state.kept);
  if (there !== undefined && !another) {
    say(`${there.prefix} is up already`);
    return say(await statusText(there));
  }
  say(picture());
  say();
  const start = performance.now();
  const progress = (line: string) =>
    say(`${dim(`${((performance.now() - start) / 1000).toFixed(1).padStart(5)} s`)}  ${line}`);
  const lab = await Lab.up({ ...options, progress });
  try {
    if (options.startNodes !== false) {
      for (const node of lab.nodes) {
        progress(`${node.name}: dpvs-route announce ${vip}`);
        await node.announce();
      }
    }
  } catch (error) {
    await lab.down();
    throw error;
  }
  lab.keep();
  say();
  say(await statusText(lab.state));
}

async function down(prefix: string | undefined, rest: readonly string[]): Promise<void> {
  if (rest.some((word) => word !== '--all')) throw new Usage(rest.join(' '));
  for (const gone of await reap()) say(`removed ${gone}, left behind by a run that was killed`);
  const all = RunState.all().filter((state) => state.kept);
  if (prefix === undefined && all.length === 0) return say('no lab is up');
  for (const state of rest.includes('--all') ? all : [chosen(prefix)]) {
    const problems = await teardown(state);
    say(problems.length === 0 ? `removed ${state.prefix}` : problems.join('\n'));
    if (problems.length > 0) process.exitCode = 1;
  }
}

async function status(prefix: string | undefined): Promise<void> {
  const states = prefix === undefined ? RunState.all() : [RunState.load(prefix)];
  if (states.length === 0) say('no lab is up');
  for (const state of states) say(await statusText(state));
}

function exec(prefix: string | undefined, rest: readonly string[]): Promise<number> {
  const [member, ...argv] = rest;
  if (member === undefined || !members.includes(member)) throw new Usage(`exec ${member ?? ''}`);
  const state = chosen(prefix);
  const node = nodes.some(({ name }) => name === member) ? Lab.open(state).node(member) : undefined;
  const env = node?.env ?? { ...process.env, PATH: `${binDirectory}:${process.env.PATH}` };
  const [program, ...args] = inNamespace(state.namespace(member), completed(argv, new Frr(state, member)));
  const child = spawn(program, args, { stdio: 'inherit', env: { ...env, LAB_NAMESPACE: state.namespace(member) } });
  return new Promise((resolve) => {
    child.once('error', (error) => {
      say(red(error.message));
      resolve(127);
    });
    child.once('close', (code) => resolve(code ?? 1));
  });
}

/** A shell when no command is given; vtysh finds the member's own daemons instead of the host's. */
function completed(argv: readonly string[], frr: Frr): readonly string[] {
  if (argv.length === 0) return [process.env.SHELL ?? 'sh'];
  return argv[0] === 'vtysh' ? ['vtysh', ...frr.vtyshOptions, ...argv.slice(1)] : argv;
}

async function main({ command, prefix, rest }: Arguments): Promise<number> {
  switch (command) {
    case 'up':
      await up(rest);
      break;
    case 'down':
      await down(prefix, rest);
      break;
    case 'status':
      await status(prefix);
      break;
    case 'exec':
      return exec(prefix, rest);
    case 'help':
    case '--help':
    case '-h':
      say(help);
      break;
    default:
      throw new Usage(command);
  }
  return Number(process.exitCode ?? 0);
}

try {
  process.exitCode = await main(parse(process.argv.slice(2)));
} catch (error) {
  if (error instanceof Usage) {
    say(`${red('not understood:')} ${error.message}`);
    say(help);
    process.exitCode = 2;
  } else if (error instanceof LabError) {
    say(red(error.message));
    if (error.suggestion !== '') say(bold(error.suggestion));
    process.exitCode = 1;
  } else throw error;
}
