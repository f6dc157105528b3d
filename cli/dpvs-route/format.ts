// What dpvs-route prints: the steps of a change, and the state of the bridge.
import type { BridgeStatus, Report, RoutingStatus, Step, VipStatus } from '../../routing/index.js';
import { errorTable, isErrorCode } from '../common/index.js';
import { duration, host, milliseconds, table } from './table.js';

export const formatSteps = (steps: readonly Step[]): string =>
  table(
    steps.map(({ name, outcome, ms, detail }) => [outcome, name, milliseconds(ms), detail]),
    '  ',
  );

const did = {
  announce: 'announced',
  withdraw: 'withdrawn',
  drain: 'draining',
  undrain: 'as before the drain',
  'graceful-restart': 'ready for a graceful restart of the routing daemon',
} as const;
const would = {
  announce: 'be announced',
  withdraw: 'be withdrawn',
  drain: 'drain',
  undrain: 'be as before the drain',
  'graceful-restart': 'be ready for a graceful restart',
};
const subject = (vips: readonly string[]): string => (vips.length === 1 ? host(vips[0]) : `${vips.length} VIPs`);

export function formatReport(report: Report): string {
  const { vips, device, action, steps, dryRun } = report;
  const total = steps.reduce((sum, { ms }) => sum + ms, 0);
  const took = total === 0 ? '' : ` in ${milliseconds(total)}`;
  const on = device === null ? '' : action === 'withdraw' ? ` from ${device}` : ` on ${device}`;
  const verb = dryRun ? `would ${would[action]}${on}` : (otherwise(report) ?? `${did[action]}${on}`);
  return `${subject(vips)} ${verb}${took}\n${formatSteps(steps)}${flowsHere(report)}${slowEntries(report)}${dryRun ? '' : nextStep(report)}`;
}

/** What became of the VIPs where the command's own word would say too much; null: nowhere. */
function otherwise({ action, steps, vips }: Report): string | null {
  const idle = steps.filter(({ name, outcome }) => name === action && outcome === 'already').length;
  if (action === 'withdraw') return steps.every(({ outcome }) => outcome === 'already') ? 'not announced' : null;
  if (action === 'drain') return idle === vips.length ? 'not announced, and stays so until undrain' : null;
  if (action !== 'undrain') return null;
  if (idle === vips.length) return 'did not drain';
  return steps.some(({ name, outcome }) => name === action && outcome === 'done') ? 'not drained any more' : null;
}

function flowsHere(report: Report): string {
  const { action, flows, cutFlows } = report;
  if (action !== 'drain' || otherwise(report) !== null) return '';
  if (flows === null) return '  how many flows are here, and would be cut at the deadline, is unknown\n';
  const here = `  ${flows.live} flows are here now, ${flows.newPerSecond} new a second\n`;
  if (flows.live === 0) return here;
  const cut =
    cutFlows === null
      ? '  how many of them are still counted at the deadline is unknown\n'
      : cutFlows === 0
        ? ''
        : `  ${cutFlows} of them are still counted at the deadline, unless they end before\n`;
  return `${here}  the switch moves them to other nodes with the route; each is counted here until it ends or times out, with or without packets\n${cut}`;
}

const nextStep = ({ graceSeconds }: Report): string =>
  graceSeconds === null
    ? ''
    : `  now restart ospfd, alone, so that it is Full again within ${graceSeconds} s: kill it, and watchfrr or its unit starts it anew\n`;

export const formatRefusal = (report: Report): string => {
  const { vips, action, steps } = report;
  const goesOn = action === 'withdraw' ? '  the bridge goes on taking it back: dpvs-route status\n' : '';
  return `${subject(vips)} not ${did[action]}\n${formatSteps(steps)}${goesOn}${slowEntries(report)}`;
};

const manyVips = 100;

/** What an operator of hundreds of VIPs has to know: each entry makes ospfd and ospf6d go through all of them. */
function slowEntries({ action, vips, steps }: Report): string {
  const permitted = steps.some(({ name, outcome }) => /^ospf6?d permission$/.test(name) && outcome === 'done');
  if (action !== 'announce' || vips.length < manyVips || !permitted) return '';
  return '  of hundreds of single entries the daemon takes seconds: dpvs-route config --vip-range PREFIX permits them by one line\n';
}

/** The VIPs of a drain, a line each. */
export const formatDrain = (vips: readonly VipStatus[]): string =>
  table(
    vips.map(({ vip, state, stage, flows, deadlineSeconds, reason, kept }) => [
      host(vip),
      stage ?? state,
      flows === null ? '' : `${flows.live} flows, ${flows.newPerSecond} new/s`,
      state === 'withdrawn'
        ? (reason?.detail ?? '')
        : kept !== null
          ? `is not withdrawn, ${kept.at}: ${kept.detail}`
          : deadlineSeconds === null
            ? ''
            : `${duration(Math.ceil(deadlineSeconds))} left`,
    ]),
    '  ',
  );

/** Of several ports those that carry an announced VIP, when some do not, and why those do not. */
function portsText({ state, ports }: VipStatus): string[] {
  const lost = isPartly({ state, ports }) ? ports.flatMap(({ reason }) => reason ?? []) : [];
  if (lost.length === 0) return [];
  const by = ports.filter(({ carries }) => carries).map(({ device }) => device);
  return [by.length === 0 ? 'by none' : `by ${by.join(',')} only`, ...lost.map(({ at, detail }) => `${at}: ${detail}`)];
}

export const isPartly = ({ state, ports }: Pick<VipStatus, 'state' | 'ports'>): boolean =>
  (state === 'announced' || state === 'draining') && ports.length > 1 && ports.some(({ carries }) => !carries);

export function reasonText(vip: VipStatus): string {
  const why = stateReason(vip);
  return [...(why === null ? [] : [why]), ...portsText(vip)].join('; ') || '-';
}

function stateReason({ state, held, reason, kept, retrySeconds, stage, deadlineSeconds }: VipStatus): string | null {
  if (kept !== null)
    return `${stage === null ? 'should go' : `${stage}, is not withdrawn`}, ${kept.at}: ${kept.detail}`;
  if (stage !== null)
    return deadlineSeconds === null ? stage : `${stage}, at most ${duration(Math.ceil(deadlineSeconds))} more`;
  const retry = retrySeconds !== null && retrySeconds > 0 ? ` (again in ${duration(Math.ceil(retrySeconds))})` : '';
  // The routing daemon may be away, or the neighbours slow to acknowledge.
  const going = state === 'withdrawn' && held ? ' (still being taken back)' : '';
  return reason === null ? null : `${reason.at}: ${reason.detail}${retry}${going}`;
}

export function headLines(status: BridgeStatus): string[][] {
  const { dataplane, routing, journal } = status;
  const serving = dataplane.serving ? 'serving' : ['not serving', ...dataplane.problems].join(': ');
  return [
    ['bridge', `${status.name}, pid ${status.pid}`],
    ...(journal.trouble === null ? [] : [['journal', `cannot be written: ${journal.trouble}`]]),
    ['dataplane', dataplane.reachable ? serving : 'unreachable'],
    ...routing.map((each) => [each.daemon, speaks(each, status.frrNamespace)]),
    ...[...new Set(routing.flatMap(({ zebra }) => zebra ?? []))].map((trouble) => [
      'zebra',
      trouble.replace(/^zebra: /, ''),
    ]),
  ];
}

const familyNames = { inet: 'IPv4', inet6: 'IPv6' } as const;

const speaks = (status: RoutingStatus, namespace: string | null): string => {
  const { trouble, form, family, gracefulRestart } = status;
  const now = trouble ?? `${namespace === null ? '' : `-N ${namespace}, `}answers, ${form} form`;
  const restart =
    gracefulRestart === null
      ? ''
      : `graceful restart, ${gracefulRestart.phase}, ${duration(gracefulRestart.secondsLeft)} left; `;
  return `${familyNames[family]}, ${restart}${now}`;
};

export function neighbourTable(routing: readonly RoutingStatus[]): string {
  const rows = routing.flatMap(({ neighbours }) =>
    neighbours.map((each) => [each.routerId, each.address, each.interface, each.state]),
  );
  // A BGP neighbour may be one for both families.
  const seen = new Set<string>();
  const unique = rows.filter((row) => !seen.has(row.join()) && seen.add(row.join()));
  return rows.length === 0 ? '' : table([['NEIGHBOUR', 'ADDRESS', 'INTERFACE', 'STATE'], ...unique], '');
}

export function formatStatus(status: BridgeStatus): string {
  const { vips, strays } = status;
  const rows = vips.map((each) => [
    host(each.vip),
    each.device,
    each.state,
    duration(each.forSeconds),
    each.flows === null ? '-' : String(each.flows.live),
    reasonText(each),
  ]);
  const parts = [table(headLines(status), '')];
  const neighbours = neighbourTable(status.routing);
  if (neighbours !== '') parts.push(neighbours);
  parts.push(
    rows.length > 0
      ? table([['VIP', 'PORT', 'STATE', 'FOR', 'FLOWS', 'REASON'], ...rows], '')
      : `no VIP is ${strays.length === 0 ? 'announced' : 'known to the bridge'}\n`,
  );
  if (strays.length > 0) parts.push(strayLines(strays));
  const advice = adviceOn(vips);
  if (advice.length > 0) parts.push(advice.map((line) => `${line}\n`).join(''));
  return parts.join('\n');
}

/** Whoever lost the journal's file knows whether they are still wanted. */
const strayLines = (strays: BridgeStatus['strays']): string =>
  `${strays.map(({ vip, device }) => `${host(vip)} on ${device} is announced, and the bridge does not know of it\n`).join('')}dpvs-route announce takes them over, dpvs-route withdraw takes them back\n`;

/** What to do about VIPs that are not announced, or have a port without a neighbour: a line a kind of reason. */
export function adviceOn(vips: readonly VipStatus[]): string[] {
  const reasons = vips.flatMap(({ kept, reason }) => kept ?? reason ?? []);
  // What is wrong with a link does not keep the node from serving.
  const deaf = vips.filter(isPartly).flatMap(({ ports }) => ports.flatMap(({ reason }) => reason ?? []));
  reasons.push(...deaf.filter(({ code }) => code === 'no_adjacency'));
  const codes = [...new Set(reasons.map(({ code }) => code))].filter(isErrorCode);
  return codes.flatMap((code) => {
    const { suggestion, message } = errorTable[code];
    return suggestion === '' ? [] : [`${message}: ${suggestion}`];
  });
}
