// What dpvs-route prints: the steps of a change, and the state of the bridge.
import type { BridgeStatus, Report, Step, VipStatus } from '../../routing/index.js';

/** Left-aligned columns two blanks apart; the last is as long as it is. */
function table(rows: readonly (readonly string[])[], indent: string): string {
  const widths: number[] = [];
  for (const row of rows) for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  return rows
    .map((row) => `${indent}${row.map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i]))).join('  ')}`)
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
}

const milliseconds = (ms: number): string => (ms === 0 ? '' : `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`);

export const formatSteps = (steps: readonly Step[]): string =>
  table(
    steps.map(({ name, outcome, ms, detail }) => [outcome, name, milliseconds(ms), detail]),
    '  ',
  );

export function formatReport(report: Report): string {
  const { vip, device, action, steps } = report;
  const total = steps.reduce((sum, { ms }) => sum + ms, 0);
  const did =
    action === 'announce'
      ? `announced on ${device}`
      : device === null
        ? 'is not announced'
        : `withdrawn from ${device}`;
  const took = total === 0 ? '' : ` in ${milliseconds(total)}`;
  return `${vip}/32 ${did}${took}\n${formatSteps(steps)}`;
}

export function duration(seconds: number): string {
  const whole = Math.floor(seconds);
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m${String(whole % 60).padStart(2, '0')}s`;
  if (whole < 86_400) return `${Math.floor(whole / 3600)}h${String(Math.floor((whole % 3600) / 60)).padStart(2, '0')}m`;
  return `${Math.floor(whole / 86_400)}d${String(Math.floor((whole % 86_400) / 3600)).padStart(2, '0')}h`;
}

function reasonText({ reason, retrySeconds }: VipStatus): string {
  const retry = retrySeconds !== null && retrySeconds > 0 ? ` (again in ${duration(Math.ceil(retrySeconds))})` : '';
  return reason === null ? '-' : `${reason.at}: ${reason.detail}${retry}`;
}

export function formatStatus(status: BridgeStatus): string {
  const { dataplane, ospf, vips } = status;
  const serving = dataplane.serving ? 'serving' : ['not serving', ...dataplane.problems].join(': ');
  const lines = [
    ['bridge', `${status.name}, pid ${status.pid}, ${status.form} form`],
    ['dataplane', dataplane.reachable ? serving : 'unreachable'],
    ['ospfd', ospf.trouble ?? `${status.frrNamespace === null ? '' : `-N ${status.frrNamespace}, `}answers`],
  ];
  const neighbours = [
    ['NEIGHBOUR', 'ADDRESS', 'INTERFACE', 'STATE'],
    ...ospf.neighbours.map((each) => [each.routerId, each.address, each.interface, each.state]),
  ];
  const announcements = [
    ['VIP', 'PORT', 'STATE', 'FOR', 'REASON'],
    ...vips.map((each) => [`${each.vip}/32`, each.device, each.state, duration(each.forSeconds), reasonText(each)]),
  ];
  const parts = [table(lines, '')];
  if (ospf.neighbours.length > 0) parts.push(table(neighbours, ''));
  parts.push(vips.length > 0 ? table(announcements, '') : 'no VIP is announced\n');
  return parts.join('\n');
}
