// Connections, local addresses and timeouts as the reference shows them.
import {
  type ConnectionInfo,
  type Endpoint,
  type LaddrInfo,
  left,
  portName,
  type Result,
  showEndpoint,
} from '../common/index.js';

/** `[lcore]tcp 90s    TCP_EST     cip:cport vip:vport lip:lport rip:rport`; no heading. */
export function formatConnections(connections: readonly ConnectionInfo[], numeric: boolean): string[] {
  return connections.map((info) => {
    const { protocol } = info;
    // ICMP's are an identifier and a type, which have no names.
    const show = (end: Endpoint): string =>
      showEndpoint(end, numeric || protocol === 'icmp' ? undefined : portName(end.port, protocol));
    const ends = [info.client, info.vip, info.lip].map((end) => left(show(end), 18)).join(' ');
    const state = left(info.state, 11);
    return `[${info.lcore}]${left(protocol, 3)} ${left(`${info.expires}s`, 6)} ${state} ${ends} ${show(info.rip)}`;
  });
}

const laddrRow = (cells: readonly (string | number)[]): string => {
  const widths = [20, 8, 20, 10, 10];
  return cells.map((cell, at) => left(cell, widths[at])).join(' ');
};

/** Each service with the count of its local addresses, then one a line. Always numeric, as the tutorial shows. */
export function formatLaddrs(services: readonly LaddrInfo[]): string[] {
  return [
    laddrRow(['VIP:VPORT', 'TOTAL', 'SNAT_IP', 'CONFLICTS', 'CONNS']),
    ...services.flatMap(({ service, localAddresses }) => [
      `${laddrRow([showEndpoint(service), localAddresses.length])} `,
      ...localAddresses.map((info) => laddrRow(['', '', info.address, info.conflicts, info.conns])),
    ]),
  ];
}

export function formatTimeouts({ tcp, tcpfin, udp }: Result<'timeout.get'>): string[] {
  return [`Timeout (tcp tcpfin udp): ${tcp} ${tcpfin} ${udp}`];
}
