// The node's status, counters and desired state as text.
import { type Counter, left, type NodeStatus, plain, type Result, right, type Terminal } from '../common/index.js';

type Paint = Terminal['paint'];

function share({ used, capacity }: { used: number; capacity: number }): string {
  return `${used} of ${capacity}`;
}

/** First whether it serves, then why not, then the numbers. */
export function formatStatus(status: NodeStatus, paint: Paint = plain): string[] {
  const verdict = status.serving ? paint('green', 'serving') : paint('red', 'not serving');
  const ports = status.ports.map((port) => {
    const kni = port.kni === null ? '' : `, ${port.kni} ${port.kniUp ? 'up' : paint('red', 'down')}`;
    return `${port.name} ${port.up ? 'up' : paint('red', 'down')}${kni}`;
  });
  const { slowPath } = status;
  const running = slowPath.state === 'running' ? 'running' : paint('red', slowPath.state);
  const field = (name: string, value: string): string => `    ${left(name, 13)}${value}`;
  return [
    `node ${status.name}: ${verdict}`,
    ...status.problems.map((problem) => `    ${paint('yellow', '!')} ${problem}`),
    field('process', `pid ${status.pid}, version ${status.version}, since ${status.startedAt}`),
    field(
      'slow path',
      `${running}, generation ${slowPath.generation}, last answer ${Math.round(slowPath.lastAnswerMs)} ms ago`,
    ),
    field('ports', ports.length === 0 ? 'none' : ports.join('; ')),
    field('services', String(status.services)),
    field('connections', share(status.connections)),
    field('flows', share(status.flows)),
    field('log level', status.logLevel),
  ];
}

/** Those that counted come first, each group in the node's order; zeros only when asked for. */
export function orderCounters(counters: readonly Counter[], all: boolean): Counter[] {
  const counted = counters.filter((counter) => counter.value !== 0);
  return all ? [...counted, ...counters.filter((counter) => counter.value === 0)] : counted;
}

/** With an earlier sample there is a column of what came since, a second. */
export function formatCounters(
  counters: readonly Counter[],
  all: boolean,
  earlier?: { readonly counters: readonly Counter[]; readonly seconds: number },
): string[] {
  const key = (counter: Counter): string => `${counter.kind} ${counter.name}`;
  const before = new Map(earlier?.counters.map((counter) => [key(counter), counter.value]));
  const perSecond = (counter: Counter): string => {
    if (earlier === undefined) return '';
    const since = counter.value - (before.get(key(counter)) ?? 0);
    return ` ${right(Math.max(0, Math.round(since / earlier.seconds)), 10)}`;
  };
  const line = (kind: string, name: string, value: string | number, extra: string, description: string): string =>
    `${left(kind, 6)} ${left(name, 32)} ${right(value, 14)}${extra}  ${description}`.trimEnd();
  return [
    line('Kind', 'Name', 'Value', earlier === undefined ? '' : ` ${right('/s', 10)}`, 'Description'),
    ...orderCounters(counters, all).map((counter) =>
      line(counter.kind, counter.name, counter.value, perSecond(counter), counter.description),
    ),
  ];
}

/** One request a line, so that a dump can be compared and edited by line. */
export function formatDump(requests: Result<'node.dump'>): string[] {
  return requests.map((request) => JSON.stringify(request));
}
