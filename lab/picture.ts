// The topology drawn in text, 80 columns wide, from the plan's own addresses.
import { client, nodes as defaultNodes, lanNetwork, type NodePlan, realServers, vip, vport } from './plan.js';

const width = 80;
const centre = width / 2;

/** Where `count` things stand side by side. */
const columns = (count: number): number[] =>
  Array.from({ length: count }, (_, i) => Math.floor((width / count) * (i + 0.5)));

/** One line with each text centred on its column; what comes later is drawn over what came before. */
function line(...parts: readonly (readonly [at: number, text: string])[]): string {
  const cells: string[] = [];
  for (const [at, text] of parts) {
    const start = at - Math.floor((text.length - 1) / 2);
    for (const [i, cell] of [...text].entries()) cells[start + i] = cell;
  }
  return Array.from(cells, (cell) => cell ?? ' ').join('');
}

/** Lines drawn together by where they go: left 1, right 2, up 4, down 8. */
const crossings = ' ╴╶─╵┘└┴╷┐┌┬│┤├┼';

/** A horizontal line that joins what comes from above with what goes on below. */
function bus(above: readonly number[], below: readonly number[]): string {
  const ends = [...above, ...below];
  const [first, last] = [Math.min(...ends), Math.max(...ends)];
  return Array.from({ length: last + 1 }, (_, at) => {
    if (at < first) return ' ';
    const across = (at > first ? 1 : 0) + (at < last ? 2 : 0);
    return crossings[across + (above.includes(at) ? 4 : 0) + (below.includes(at) ? 8 : 0)];
  }).join('');
}

/** What a node is made of, one line each: as long as two boxes side by side may be, or as short as four. */
function rows(node: NodePlan, short: boolean): string[] {
  const [lip, ...more] = node.lips;
  const shortLips = more.map((each) => `.${each.split('.').at(-1)}`).join(' ');
  return short
    ? [
        node.name,
        'dpdk1.kni:',
        ` ${node.wanAddress}/30`,
        ' zebra, ospfd',
        ' dpvs-route',
        `VIP ${vip}`,
        'FullNAT with TOA',
        'LIP on dpdk0:',
        ` ${lip}`,
      ]
    : [
        node.name,
        `dpdk1.kni ${node.wanAddress}/30`,
        '   zebra, ospfd, dpvs-route',
        `dpdk1     VIP ${vip}`,
        '   dpvs: FullNAT with TOA',
        `dpdk0     LIP ${lip} ${shortLips}`,
      ];
}

export function picture(nodes: readonly NodePlan[] = defaultNodes): string {
  const at = columns(nodes.length);
  const serversAt = columns(realServers.length);
  const short = nodes.length > 2;
  const boxWidth = short ? 18 : 36;
  const each = (text: (node: NodePlan) => string): string =>
    line(...nodes.map((node, i) => [at[i]!, text(node)] as const));
  const boxed = nodes.map((node) => rows(node, short));
  const servers = realServers.map(({ name, address }, i) => [serversAt[i]!, `${name} ${address} nginx`] as const);
  return [
    line([centre, `client ${client.address}:  curl ${vip}:${vport}`]),
    line([centre, '│']),
    line([centre, 'L3 switch: zebra + ospfd, ECMP on the 5-tuple']),
    bus([centre], at),
    each(({ switchAddress }) => ` ${switchAddress} `),
    each(() => 'OSPF area 0.0.0.0'),
    each(() => `┌${'─'.repeat(boxWidth - 1)}┐`),
    ...(boxed[0] ?? []).map((_, row) =>
      line(...boxed.map((box, i) => [at[i]!, `│ ${(box[row] ?? '').padEnd(boxWidth - 2)}│`] as const)),
    ),
    each(() => `└${'─'.repeat(boxWidth - 1)}┘`),
    each(() => '│'),
    bus(at, serversAt),
    line([centre, `LAN ${lanNetwork}`] as const, ...serversAt.map((column) => [column, '│'] as const)),
    line(...servers),
  ]
    .map((text) => text.trimEnd())
    .join('\n');
}
