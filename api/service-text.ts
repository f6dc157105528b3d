// How a service is named to people: a virtual IP with its port, or what an SNAT service matches (dpvs.md 2.2). Types only are imported,
// so that a command line has it without the schema library.
import type { MatchRange, ServerKey, ServiceKey, ServiceMatch } from './schema.js';

const anything = '0.0.0.0-0.0.0.0:0-0';
const rangeText = ({ from, to, fromPort, toPort }: MatchRange): string => `${from}-${to}:${fromPort}-${toPort}`;

/** `1.2.3.4:80`, `[2001:db8::1]:80`. */
export const endText = ({ address, port }: ServerKey): string =>
  `${address.includes(':') ? `[${address}]` : address}:${port}`;

/** As the reference lists it: `tcp,from=192.168.100.0-192.168.100.254:0-0,oif=dpdk1`; a range that takes anything is left out. */
export function matchText({ protocol, source, destination, inDevice, outDevice }: ServiceMatch): string {
  const range = (name: string, of: MatchRange | undefined): string[] =>
    of === undefined || rangeText(of) === anything ? [] : [`${name}=${rangeText(of)}`];
  const device = (name: string, of: string | undefined): string[] => (of === undefined ? [] : [`${name}=${of}`]);
  return [
    protocol,
    ...range('from', source),
    ...range('to', destination),
    ...device('iif', inDevice),
    ...device('oif', outDevice),
  ].join(',');
}

/** As the reference saves it, and as -H takes it. */
export function matchWord({ protocol, source, destination, inDevice = '', outDevice = '' }: ServiceMatch): string {
  const range = (of: MatchRange | undefined): string => (of === undefined ? anything : rangeText(of));
  return `proto=${protocol},src-range=${range(source)},dst-range=${range(destination)},iif=${inDevice},oif=${outDevice}`;
}

/** As ipvsadm prints it: `TCP 10.0.0.100:80`, `TCP [2001:db8::1]:80`, `MATCH tcp,oif=dpdk1`. One text a service. */
export const serviceText = (key: ServiceKey): string =>
  key.protocol === 'match' ? `MATCH ${matchText(key.match)}` : `${key.protocol.toUpperCase()} ${endText(key)}`;
