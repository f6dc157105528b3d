// `npm run lab -- status`: which labs there are, what runs in each, how to get in.

import { isFull } from './frr.js';
import { Lab } from './lab.js';
import { vip } from './plan.js';
import { isAlive } from './process-ref.js';
import type { RunState } from './run-state.js';
import { bold, dim, green, red } from './terminal.js';

export async function statusText(state: RunState): Promise<string> {
  const { record } = state;
  const owner = state.kept ? 'stays until `lab down`' : `belongs to process ${record.owner?.pid ?? '?'}`;
  const lines = [bold(`lab ${state.prefix}`) + dim(`  since ${record.startedAt}, ${owner}`)];
  if (state.abandoned) return [...lines, red('  abandoned: the next `lab up` removes it')].join('\n');
  for (const member of state.members) {
    const running = record.processes
      .filter((entry) => entry.member === member && isAlive(entry))
      .map(({ what, pid }) => `${what}(${pid})`);
    lines.push(`  ${member.padEnd(8)} ${state.namespace(member).padEnd(16)} ${running.join(' ')}`);
  }
  const lab = Lab.open(state);
  const neighbours = await lab.switch.frr.neighbours().catch(() => []);
  const hops = await lab.switch.nextHops(vip).catch(() => []);
  const full = neighbours.map((n) => `${n.address} ${isFull(n) ? green(n.state) : red(n.state)}`);
  lines.push(`  the switch's neighbours: ${full.join(', ') || 'none'}`);
  lines.push(`  the switch's next hops to ${vip}: ${hops.join(', ') || 'none'}`);
  lines.push(dim(`  logs in ${state.directory}/log`));
  lines.push(
    dim('  enter with: npm run -s lab -- exec node1 bash    (dpip, ipvsadm, dpvs-route and vtysh find their node)'),
  );
  lines.push(dim(`  try: npm run -s lab -- exec client curl ${vip}`));
  return lines.join('\n');
}
