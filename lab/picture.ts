// The topology drawn in text, from the plan's own addresses.
import { client, lanNetwork, type NodePlan, nodes, realServers, vip, vport } from './plan.js';

const boxWidth = 36;
const leftCentre = 20;
const rightCentre = 60;
const centre = (leftCentre + rightCentre) / 2;

/** One line with each text centred on its column; what comes later is drawn over what came before. */
function line(...parts: readonly (readonly [at: number, text: string])[]): string {
  const cells: string[] = [];
  for (const [at, text] of parts) {
    const start = at - Math.floor((text.length - 1) / 2);
    for (const [i, cell] of [...text].entries()) cells[start + i] = cell;
  }
  return Array.from(cells, (cell) => cell ?? ' ').join('');
}

const row = (text: string): string => `│ ${text.padEnd(boxWidth - 2)}│`;

export function picture(): string {
  const both = (text: (node: NodePlan) => string): string =>
    line(...nodes.map((node, i) => [i === 0 ? leftCentre : rightCentre, text(node)] as const));
  const servers = realServers.map(
    ({ name, address }, i) => [i === 0 ? leftCentre : rightCentre, `${name} ${address} nginx`] as const,
  );
  const span = '─'.repeat(rightCentre - leftCentre - 1);
  const shortLip = (lip: string | undefined): string => `.${lip?.split('.').at(-1)}`;
  return [
    line([centre, `client ${client.address}:  curl ${vip}:${vport}`]),
    line([centre, '│']),
    line([centre, 'L3 switch: zebra + ospfd, ECMP on the 5-tuple']),
    line([centre, `┌${span}┐`], [centre, '┴']),
    both(({ switchAddress }) => ` ${switchAddress} `),
    both(() => 'OSPF area 0.0.0.0'),
    both(() => `┌${'─'.repeat(boxWidth - 1)}┐`),
    both(({ name }) => row(name)),
    both(({ wanAddress }) => row(`dpdk1.kni ${wanAddress}/30`)),
    both(() => row('   zebra, ospfd, dpvs-route')),
    both(() => row(`dpdk1     VIP ${vip}`)),
    both(() => row('   dpvs: FullNAT with TOA')),
    both(({ lips }) => row(`dpdk0     LIP ${lips[0]} ${shortLip(lips[1])}`)),
    both(() => `└${'─'.repeat(boxWidth - 1)}┘`),
    both(() => '│'),
    line([centre, `├${span}┤`], [centre, ` LAN ${lanNetwork} `]),
    both(() => '│'),
    line(...servers),
  ]
    .map((text) => text.trimEnd())
    .join('\n');
}
