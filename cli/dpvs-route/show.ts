// `dpvs-route status` and `show`: the bridge and its VIPs; each VIP with its policy, conditions, announcers in the area and history.
import type { VipDetail } from '../../routing/index.js';
import { type Context, ExitCode } from '../common/index.js';
import type { OpenBridge } from './connection.js';
import { adviceOn, formatStatus, reasonText } from './format.js';
import type { Line } from './parse.js';
import { duration, host, milliseconds, table } from './table.js';
import { namedVips } from './vips.js';

type Work = (bridge: OpenBridge) => Promise<ExitCode>;

export function status({ options }: Line, { terminal }: Context): Work {
  return async (bridge) => {
    const answer = await bridge.call('status', {});
    terminal.write(options.has('json') ? `${JSON.stringify(answer, null, 2)}\n` : formatStatus(answer));
    return ExitCode.done;
  };
}

export async function show(line: Line, context: Context): Promise<Work> {
  const { words, options } = line;
  const vips = words.length === 0 && !options.has('file') ? 'all' : await namedVips(line, context);
  return async (bridge) => {
    const answer = await bridge.call('show', { vips });
    const text = answer.vips.length === 0 ? 'no VIP is announced\n' : answer.vips.map(formatVip).join('\n');
    context.terminal.write(options.has('json') ? `${JSON.stringify(answer, null, 2)}\n` : text);
    return ExitCode.done;
  };
}

export function formatVip(vip: VipDetail): string {
  const { policy, flows, took, history, conditions } = vip;
  const reason = reasonText(vip);
  const quorum = `${policy.quorum}${policy.hysteresis === 0 ? '' : ` ± ${policy.hysteresis}`}`;
  const took1 = (ms: number | null): string => (ms === null ? '-' : milliseconds(ms));
  const facts = [
    ...portRows(vip),
    [
      'policy',
      `quorum ${quorum}, ${policy.services} service${policy.services === 'all' ? 's' : ''}, floor ${policy.floor}`,
    ],
    ['flows', flows === null ? 'unknown' : `${flows.live}, ${flows.newPerSecond} new a second`],
    ['took', `announce ${took1(took.announce)}, withdraw ${took1(took.withdraw)}`],
    ['area', announcersText(vip)],
  ];
  const parts = [
    `${host(vip.vip)} ${vip.state} for ${duration(vip.forSeconds)}${reason === '-' ? '' : `: ${reason}`}\n`,
    table(facts, '  '),
    table(
      conditions.map(({ name, holds, detail }) => [holds ? 'holds' : 'fails', name, detail]),
      '    ',
    ),
  ];
  if (history.length > 0)
    parts.push(
      table(
        history.map(({ at, from, to, reason: why }) => [at, `${from} → ${to}`, `${why.at}: ${why.detail}`]),
        '    ',
      ),
    );
  for (const line of adviceOn([vip])) parts.push(`  ${line}\n`);
  return parts.join('');
}

function portRows({ device, ports, force }: VipDetail): string[][] {
  const unasked = force ? ', without asking for a neighbour' : '';
  if (ports.length === 1) return [['port', `${device}${unasked}`]];
  return ports.map((port) => {
    const { reason } = port;
    const now = reason === null ? 'carries it' : `does not: ${reason.at}: ${reason.detail}`;
    return ['port', `${port.device} ${now}${unasked}`];
  });
}

export function announcersText({ announcers }: VipDetail): string {
  if (announcers === null) return 'announcers unknown';
  if (announcers.length === 0) return 'nobody announces it';
  const best = Math.min(...announcers.map(({ metric }) => metric));
  return announcers
    .map(
      ({ router, metric, self }) =>
        `${router}${self ? ' (this node)' : ''} metric ${metric}${metric === best ? '' : ', not used'}`,
    )
    .join('; ');
}
