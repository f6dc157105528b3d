// npm run lab -- up|down|status|exec|fail|heal: the demo's topology, kept for playing.
import { spawn } from 'node:child_process';
import { type Command, help, parseCommandLine, Usage } from './command-line.js';
import type { DpvsNode } from './dpvs-node.js';
import { LabError } from './errors.js';
import { inNamespace } from './exec.js';
import { type FailureKind, failureKinds } from './failures.js';
import { Frr } from './frr.js';
import { Lab } from './lab.js';
import { binDirectory } from './paths.js';
import { picture } from './picture.js';
import { nodePlans, vip } from './plan.js';
import { RunState } from './run-state.js';
import { statusText } from './status.js';
import { reap, teardown } from './teardown.js';
import { bold, dim, red, say } from './terminal.js';

/** The lab that is meant: the only one that is kept, or the one that is named. Never silently another process's. */
function chosen(prefix: string | undefined): RunState {
  if (prefix !== undefined) return RunState.load(prefix);
  const all = RunState.all();
  const [only, ...more] = all.filter((state) => state.kept);
  if (only === undefined) {
    const others = all.filter((state) => !state.abandoned).map((state) => state.prefix);
    const theirs = others.length > 0 ? `; a running program has one: --prefix ${others.join(', ')}` : '';
    throw new LabError('no lab is up', `npm run lab -- up${theirs}`);
  }
  if (more.length > 0)
    throw new LabError(
      `several labs are up: ${[only, ...more].map((state) => state.prefix).join(' ')}`,
      'name one: --prefix dlXXXX',
    );
  return only;
}

function stopwatch(): (line: string) => void {
  const start = performance.now();
  return (line) => say(`${dim(`${((performance.now() - start) / 1000).toFixed(1).padStart(5)} s`)}  ${line}`);
}

async function up({ another, options }: Command & { name: 'up' }): Promise<void> {
  const there = RunState.all().find((state) => state.kept);
  if (there !== undefined && !another) {
    say(`${there.prefix} is up already`);
    return say(await statusText(there));
  }
  say(picture(options.nodeCount === undefined ? undefined : nodePlans(options.nodeCount)));
  say();
  const progress = stopwatch();
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

async function down(prefix: string | undefined, everything: boolean): Promise<void> {
  for (const gone of await reap()) say(`removed ${gone}, left behind by a run that was killed`);
  const all = RunState.all().filter((state) => state.kept);
  if (prefix === undefined && all.length === 0) return say('no lab is up');
  for (const state of everything ? all : [chosen(prefix)]) {
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

function exec(prefix: string | undefined, member: string, argv: readonly string[]): Promise<number> {
  const state = chosen(prefix);
  if (!state.members.includes(member))
    throw new LabError(`no ${member} in ${state.prefix}`, `its members are ${state.members.join(' ')}`);
  const node = Lab.open(state).nodes.find(({ name }) => name === member);
  const env = node?.env ?? { ...process.env, PATH: `${binDirectory}:${process.env.PATH}` };
  // vtysh finds the member's own daemons instead of the host's.
  const path = `${new Frr(state, member).shellDirectory()}:${env.PATH}`;
  const command = argv.length > 0 ? argv : [process.env.SHELL ?? 'sh'];
  const [program, ...args] = inNamespace(state.namespace(member), command);
  const child = spawn(program, args, {
    stdio: 'inherit',
    env: { ...env, PATH: path, LAB_NAMESPACE: state.namespace(member) },
  });
  return new Promise((resolve) => {
    child.once('error', (error) => {
      say(red(error.message));
      resolve(127);
    });
    child.once('close', (code) => resolve(code ?? 1));
  });
}

async function fail(lab: Lab, node: DpvsNode, kind: FailureKind): Promise<void> {
  await lab.fail(node.name, kind, stopwatch());
  const { consequence, look } = failureKinds[kind];
  say(consequence);
  const exec = `npm run -s lab -- exec`;
  say(dim(`look: ${look(node.name).join(`\n      `)}`.replaceAll(/(?<=^look: |^ {6})/gm, `${exec} `)));
  if (kind !== 'slowpath') say(dim(`back: npm run -s lab -- heal ${node.name}`));
}

async function heal(lab: Lab, names: readonly string[]): Promise<void> {
  const nodes = names.length === 0 ? lab.nodes : names.map((name) => lab.node(name));
  const progress = stopwatch();
  for (const node of nodes) {
    await lab.heal(node.name, progress);
    progress(`${node.name} is whole`);
  }
}

async function main(argv: readonly string[]): Promise<number> {
  const { command, prefix } = parseCommandLine(argv);
  switch (command.name) {
    case 'up':
      await up(command);
      break;
    case 'down':
      await down(prefix, command.all);
      break;
    case 'status':
      await status(prefix);
      break;
    case 'exec':
      return exec(prefix, command.member, command.argv);
    case 'fail': {
      const lab = Lab.open(chosen(prefix));
      await fail(lab, lab.node(command.node), command.kind);
      break;
    }
    case 'heal':
      await heal(Lab.open(chosen(prefix)), command.nodes);
      break;
    case 'help':
      say(help);
  }
  return Number(process.exitCode ?? 0);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (error instanceof Usage) {
    say(`${red('not understood:')} ${error.message}`);
    say(dim('npm run lab -- help'));
    process.exitCode = 2;
  } else if (error instanceof LabError) {
    say(red(error.message));
    if (error.suggestion !== '') say(bold(error.suggestion));
    process.exitCode = 1;
  } else throw error;
}
