// The listing of services in its five shapes: schedulers, totals, rates, thresholds, persistent connections.
import {
  left,
  matchText,
  portName,
  right,
  type ServerInfo,
  type ServiceInfo,
  type ServiceKey,
  showEndpoint,
} from '../common/index.js';
import { showDestCheck } from './dest-check.js';
import type { Columns, ListFormat } from './parse.js';

/** The tutorial's line. The reference prints the version of its table here; ours has a command for that. */
const banner = 'IP Virtual Server version 0.0.0 (size=0)';

/** Decimal units as the reference abbreviates: a number that needs more than eight digits gets the next unit. */
const units = [
  { below: 1e8, divisor: 1, suffix: '' },
  { below: 1e9, divisor: 1e3, suffix: 'K' },
  { below: 1e11, divisor: 1e6, suffix: 'M' },
  { below: 1e14, divisor: 1e9, suffix: 'G' },
  { below: Number.POSITIVE_INFINITY, divisor: 1e12, suffix: 'T' },
] as const;

/** A column of nine; with `exact` a long number keeps one blank before it. */
export function largeNumber(value: number, exact: boolean): string {
  const whole = Math.round(value);
  if (exact) return ` ${right(whole, 8)}`;
  const { divisor, suffix } = units.find(({ below }) => whole < below)!;
  return right(`${Math.trunc(whole / divisor)}${suffix}`, 9);
}

const numbers = (values: readonly number[], exact: boolean): string =>
  values.map((value) => largeNumber(value, exact)).join('');

const address = '  -> RemoteAddress:Port';
const title = left('Prot LocalAddress:Port', 33);
const leftTen = (words: readonly (string | number)[]): string => words.map((word) => ` ${left(word, 10)}`).join('');

const headings: Readonly<Record<Columns, readonly string[]>> = {
  plain: [
    'Prot LocalAddress:Port Scheduler Flags',
    '  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn',
  ],
  stats: [
    title + ['Conns', 'InPkts', 'OutPkts', 'InBytes', 'OutBytes'].map((word) => right(word, 9)).join(''),
    address,
  ],
  rate: [title + ['CPS', 'InPPS', 'OutPPS', 'InBPS', 'OutBPS'].map((word) => right(word, 9)).join(''), address],
  thresholds: [title + leftTen(['Uthreshold', 'Lthreshold', 'ActiveConn', 'InActConn']), address],
  'persistent-conn': [
    `${title} ${left('Weight', 9)} ${left('PersistConn', 11)}${leftTen(['ActiveConn', 'InActConn'])}`,
    address,
  ],
};

function statsOf({ stats, rates }: ServiceInfo | ServerInfo, columns: Columns): number[] {
  return columns === 'rate'
    ? [rates.cps, rates.inPps, rates.outPps, rates.inBps, rates.outBps]
    : [stats.conns, stats.inPkts, stats.outPkts, stats.inBytes, stats.outBytes];
}

function serviceLine(info: ServiceInfo, name: string, format: ListFormat): string {
  if (format.columns === 'stats' || format.columns === 'rate')
    return left(name, 33) + numbers(statsOf(info, format.columns), format.exact);
  if (format.columns !== 'plain') return name;
  const timeout = info.connTimeout === null ? '' : ` conn-timeout ${info.connTimeout}`;
  const check = info.destCheck === undefined ? '' : ` dest-check internal:${showDestCheck(info.destCheck)}`;
  return `${name} ${info.scheduler}${timeout}${check}`;
}

function serverLine(info: ServerInfo, name: string, format: ListFormat): string {
  const start = `  -> ${left(name, 28)}`;
  const conns = leftTen([info.activeConns, info.inactiveConns]);
  switch (format.columns) {
    case 'stats':
    case 'rate':
      return start + numbers(statsOf(info, format.columns), format.exact);
    case 'thresholds':
      return start + leftTen([info.upperThreshold, info.lowerThreshold]) + conns;
    case 'persistent-conn':
      // There is no persistence yet, hence no connection that is persistent.
      return `${start} ${left(info.weight, 9)} ${left(0, 11)}${conns}`;
    case 'plain': {
      const marks = [...(info.inhibited ? ['inhibited'] : []), ...(info.overload ? ['overload'] : [])];
      const flags = marks.length === 0 ? '' : ` ${marks.join(',')}`;
      return `${start} ${left(info.forwarding, 7)} ${left(info.weight, 6)}${conns}${flags}`;
    }
  }
}

/** By address family, then byte by byte as text is; ports as numbers. */
function compareEndpoints(a: { address: string; port: number }, b: { address: string; port: number }): number {
  const key = (ip: string): string =>
    ip.includes(':') ? `6${ip}` : ip.replaceAll(/\d+/g, (part) => part.padStart(3, '0'));
  const [left1, right1] = [key(a.address), key(b.address)];
  return left1 === right1 ? a.port - b.port : left1 < right1 ? -1 : 1;
}

/** By protocol, match services among them as MATCH; those keep their order, of which the last that matches takes a packet. */
function compareServices(a: ServiceKey, b: ServiceKey): number {
  if (a.protocol !== b.protocol) return a.protocol < b.protocol ? -1 : 1;
  return a.protocol === 'match' || b.protocol === 'match' ? 0 : compareEndpoints(a, b);
}

/** The services in a stable order, for comparing two listings. */
export function sortServices(services: readonly ServiceInfo[]): ServiceInfo[] {
  return services
    .map((info) => ({ ...info, servers: info.servers.toSorted(compareEndpoints) }))
    .toSorted(({ service: a }, { service: b }) => compareServices(a, b));
}

function serviceName(service: ServiceKey, numeric: boolean): string {
  if (service.protocol === 'match') return `MATCH ${matchText(service.match)}`;
  const { protocol } = service;
  return `${left(protocol.toUpperCase(), 4)} ${showEndpoint(service, numeric ? undefined : portName(service.port, protocol))}`;
}

/** Rows come in the order given. */
export function formatServices(services: readonly ServiceInfo[], format: ListFormat): string[] {
  return [
    banner,
    ...headings[format.columns],
    ...services.flatMap((info) => {
      const { protocol } = info.service;
      // The port of a match service's servers is 0, whose only name that is.
      const show = (end: { address: string; port: number }): string =>
        showEndpoint(end, format.numeric || protocol === 'match' ? undefined : portName(end.port, protocol));
      return [
        serviceLine(info, serviceName(info.service, format.numeric), format),
        ...info.servers.map((server) => serverLine(server, show(server), format)),
      ];
    }),
  ];
}
