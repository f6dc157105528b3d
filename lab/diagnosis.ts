// What a person would look at first when the road is broken: asked of everyone, in one text.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { logDirectory } from './daemon.js';
import type { DpvsNode } from './dpvs-node.js';
import { type Outcome, run } from './exec.js';
import type { Lab } from './lab.js';
import type { Program } from './paths.js';
import { vip } from './plan.js';
import { isAlive } from './process-ref.js';

const logLines = 15;
const connectionLines = 20;

function section(title: string, text: string): string {
  return `--- ${title}\n${text.trimEnd()}`;
}

async function asked(title: string, outcome: Promise<Outcome>): Promise<string> {
  const { code, stdout, stderr } = await outcome;
  return section(`${title}${code === 0 ? '' : ` (exit ${code})`}`, stdout + stderr);
}

async function ofNode(node: DpvsNode): Promise<string[]> {
  const ask = (name: Program, ...args: string[]) =>
    asked(`${node.name}# ${name} ${args.join(' ')}`, node.cli(name, ...args));
  const inside = (...argv: string[]) =>
    asked(`${node.name}# ${argv.join(' ')}`, run(argv, { namespace: node.namespace, timeoutMs: 5000 }));
  return [
    await ask('dpip', 'status'),
    await ask('dpip', 'counters'),
    await ask('dpip', 'neigh', 'show'),
    await ask('dpip', 'route', 'show'),
    await ask('dpip', 'link', 'show', '-s'),
    await ask('ipvsadm', '-ln'),
    await ask('ipvsadm', '-lnc').then((text) => text.split('\n').slice(0, connectionLines).join('\n')),
    await ask('dpvs-route', 'status'),
    await inside('ip', '-brief', 'addr'),
    await inside('ip', 'neigh'),
    section(`${node.name}# show ip ospf neighbor`, await node.frr.show('ospfd', 'show ip ospf neighbor').catch(String)),
  ];
}

function logs(lab: Lab): string[] {
  const directory = logDirectory(lab.state);
  const told = new Set(lab.state.record.processes.map(({ member, what }) => `${member}-${what}`));
  return [...told].map((name) => {
    let text = '';
    try {
      text = readFileSync(join(directory, `${name}.log`), 'utf8')
        .trimEnd()
        .split('\n')
        .slice(-logLines)
        .join('\n');
    } catch {
      text = 'no log';
    }
    return section(`end of ${name}.log`, text);
  });
}

/** Takes a few seconds; never throws because of what it looks at. */
export async function diagnose(lab: Lab): Promise<string> {
  const { switch: l3, state } = lab;
  const dead = state.record.processes.filter((record) => !isAlive(record));
  const parts = [
    section(
      'processes that have ended',
      dead.map(({ member, what, pid }) => `${member} ${what} ${pid}`).join('\n') || 'none',
    ),
    await asked(`switch# ip route show ${vip}`, run(['ip', 'route', 'show', vip], { namespace: l3.namespace })),
    await asked('switch# ip neigh', run(['ip', 'neigh'], { namespace: l3.namespace })),
    section('switch# show ip ospf neighbor', await l3.frr.show('ospfd', 'show ip ospf neighbor').catch(String)),
  ];
  for (const node of lab.nodes) parts.push(...(await ofNode(node)));
  return [...parts, ...logs(lab)].join('\n');
}
