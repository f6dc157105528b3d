// Ports and lcores as text, with their statistics as totals or as rates.
import { type CpuInfo, type LinkInfo, left, plain, row, type Terminal } from '../common/index.js';

type Paint = Terminal['paint'];

function formatLink(info: LinkInfo, paint: Paint): string[] {
  const state = info.up ? paint('green', 'UP') : paint('red', 'DOWN');
  const words = [
    state,
    `${info.speedMbps} Mbps`,
    info.fullDuplex ? 'full-duplex' : 'half-duplex',
    info.autoneg ? 'auto-nego' : 'fixed-nego',
    ...(info.promisc ? ['promisc'] : []),
    ...(info.allmulticast ? ['allmulticast'] : []),
    // The reference's spelling; scripts look for it.
    ...(info.forward2kni ? ['foward2kni'] : []),
  ];
  return [
    `${info.index}: ${info.name}: socket ${info.socket} mtu ${info.mtu} rx-queue ${info.rxQueues} tx-queue ${info.txQueues}`,
    `    ${words.join(' ')} `,
    `    addr ${info.mac.toUpperCase()} ${info.offloads.map((word) => `${word} `).join('')}`,
  ];
}

function linkTotals({ stats, mbufAvail, mbufInuse }: LinkInfo): string[] {
  return [
    row(['ipackets', 'opackets', 'ibytes', 'obytes'], 20),
    row([stats.ipackets, stats.opackets, stats.ibytes, stats.obytes], 20),
    row(['ierrors', 'oerrors', 'imissed', 'rx_nombuf'], 20),
    row([stats.ierrors, stats.oerrors, stats.imissed, stats.rxNombuf], 20),
    row(['mbuf-avail', 'mbuf-inuse'], 20),
    row([mbufAvail, mbufInuse], 20),
  ];
}

/** A heading above each value, in columns of 20 as the reference's, wider where a vdev's string needs it. */
function details(cells: readonly (readonly [heading: string, value: string])[]): string[] {
  const line = (pick: 0 | 1): string =>
    row(
      cells.map((cell) => left(cell[pick], Math.max(20, cell[1].length + 2))),
      0,
    );
  return [line(0), line(1)];
}

function linkDetails(info: LinkInfo, cpus: readonly CpuInfo[]): string[] {
  const lines = [
    ...details([
      ['pci_addr', info.hardware],
      ['driver_name', info.driver],
      ['kni', info.kni ?? 'none'],
    ]),
    '    Queue Configuration:',
  ];
  for (const direction of ['rx', 'tx'] as const)
    for (const cpu of cpus)
      for (const queues of cpu.queues)
        if (queues.device === info.name)
          for (const queue of queues[direction]) lines.push(`    ${left(`${direction}${queue}`, 8)}cpu${cpu.cpu}`);
  return lines;
}

export interface LinkDepth {
  readonly stats: boolean;
  /** For details: which lcore polls which queue. Null: no details. */
  readonly cpus: readonly CpuInfo[] | null;
}

export function formatLinks(links: readonly LinkInfo[], depth: LinkDepth, paint: Paint = plain): string[] {
  return links.flatMap((info) => [
    ...formatLink(info, paint),
    ...(depth.cpus === null ? [] : linkDetails(info, depth.cpus)),
    ...(depth.stats ? linkTotals(info) : []),
  ]);
}

const rate = (before: number, now: number, seconds: number): number =>
  // A restarted counter is a rate of nothing, not a negative one.
  Math.max(0, Math.round((now - before) / seconds));

/** What passed since `before`, a second. Ports that are in one sample only are left out. */
export function formatLinkRates(before: readonly LinkInfo[], now: readonly LinkInfo[], seconds: number): string[] {
  return now.flatMap((info) => {
    const old = before.find((each) => each.name === info.name)?.stats;
    if (old === undefined) return [];
    const per = (field: keyof LinkInfo['stats']): number => rate(old[field], info.stats[field], seconds);
    return [
      ...(now.length > 1 ? [`${info.index}: ${info.name}:`] : []),
      row(['ipackets/pps', 'opackets/pps', 'ibytes/Bps', 'obytes/Bps'], 16),
      row([per('ipackets'), per('opackets'), per('ibytes'), per('obytes')], 16),
      row(['ierrors/pps', 'oerrors/pps', 'imissed/pps', 'rx_nombuf/pps'], 16),
      row([per('ierrors'), per('oerrors'), per('imissed'), per('rxNombuf')], 16),
    ];
  });
}

function cpuQueues(cpu: CpuInfo): string {
  const words = cpu.queues.flatMap(({ device, rx, tx }) => [
    ...rx.map((queue) => `${device}:rx${queue}`),
    ...tx.map((queue) => `${device}:tx${queue}`),
  ]);
  return words.length === 0 ? 'none' : words.join(' ');
}

const cpuHead = (cpu: CpuInfo): string => `${cpu.id}: cpu${cpu.cpu}: socket ${cpu.socket}`;

function cpuTotals({ stats }: CpuInfo): string[] {
  return [
    row(['lcore_loop', 'pktburst', 'zpktburst', 'fpktburst'], 20),
    row([stats.lcoreLoop, stats.pktburst, stats.zpktburst, stats.fpktburst], 20),
    row(['z2hpktburst', 'h2fpktburst', 'dropped'], 20),
    row([stats.z2hpktburst, stats.h2fpktburst, stats.dropped], 20),
    row(['ipackets', 'ibytes', 'opackets', 'obytes'], 20),
    row([stats.ipackets, stats.ibytes, stats.opackets, stats.obytes], 20),
  ];
}

export function formatCpus(cpus: readonly CpuInfo[], withStats: boolean, withHeadings: boolean): string[] {
  const part = (role: CpuInfo['role'], heading: string): string[] => [
    ...(withHeadings ? [heading] : []),
    ...cpus
      .filter((cpu) => cpu.role === role)
      .flatMap((cpu) => [cpuHead(cpu), `    queues ${cpuQueues(cpu)}`, ...(withStats ? cpuTotals(cpu) : [])]),
  ];
  // The first heading's spelling is the reference's.
  return [...part('control', '<< Controll Plane >>'), ...part('data', '<< Data Plane >>')];
}

export function formatCpuRates(before: readonly CpuInfo[], now: readonly CpuInfo[], seconds: number): string[] {
  return now.flatMap((cpu) => {
    const old = before.find((each) => each.id === cpu.id)?.stats;
    if (old === undefined) return [];
    const per = (field: keyof CpuInfo['stats']): number => rate(old[field], cpu.stats[field], seconds);
    return [
      cpuHead(cpu),
      row(['lcore_loop/s', 'pktburst/s', 'zpktburst/s', 'fpktburst/s'], 16),
      row([per('lcoreLoop'), per('pktburst'), per('zpktburst'), per('fpktburst')], 16),
      row(['z2hpktburst/s', 'h2fpktburst/s', 'dropped/s'], 16),
      row([per('z2hpktburst'), per('h2fpktburst'), per('dropped')], 16),
      row(['ipackets/pps', 'ibytes/Bps', 'opackets/pps', 'obytes/Bps'], 16),
      row([per('ipackets'), per('ibytes'), per('opackets'), per('obytes')], 16),
    ];
  });
}
