// `dpvs-route watch`: neighbours, VIPs, who announces them, flows and the last transitions, drawn anew every second.
import { setTimeout as sleep } from 'node:timers/promises';
import type { BridgeResult, VipDetail } from '../../routing/index.js';
import { type Colour, type Context, ExitCode, integer, UsageError } from '../common/index.js';
import type { OpenBridge } from './connection.js';
import { adviceOn, headLines, neighbourTable, reasonText } from './format.js';
import type { Line } from './parse.js';
import { announcersText } from './show.js';
import { duration, host, milliseconds, table } from './table.js';

type View = BridgeResult<'show'>;
type Paint = (colour: Colour, text: string) => string;

const transitionsShown = 8;
/** More do not fit on a terminal beside the rest. */
const vipsOfTheAreaShown = 12;
/** Moves to the upper left corner; each line clears what was right of it, and the last what was below. */
const [home, clearLine, clearRest] = ['\x1b[H', '\x1b[K', '\x1b[J'];
const [hideCursor, showCursor] = ['\x1b[2J\x1b[?25l', '\x1b[?25h'];

const colours: Readonly<Record<VipDetail['state'], Colour>> = {
  configured: 'yellow',
  ready: 'blue',
  announced: 'green',
  draining: 'yellow',
  withdrawn: 'red',
};

/** @throws {UsageError} */
export function watch({ options }: Line, { terminal }: Context): (bridge: OpenBridge) => Promise<ExitCode> {
  const interval = Number(options.last('interval') ?? 1);
  if (!(interval >= 0.2 && interval <= 3600)) throw new UsageError('--interval is 0.2 to 3600 seconds');
  const count = options.last('count');
  const rounds = count === undefined ? Number.POSITIVE_INFINITY : integer(count, 'count', 1, 1_000_000);
  const json = options.has('json');
  // A file or a pipe gets one view after the other.
  const live = process.stdout.isTTY === true && !json;
  return async (bridge) => {
    const restore = (): void => terminal.write(showCursor);
    const interrupted = (): void => {
      restore();
      process.exit(ExitCode.done);
    };
    if (live) {
      terminal.write(hideCursor);
      process.once('SIGINT', interrupted);
    }
    try {
      for (let round = 0; round < rounds; round++) {
        if (round > 0) await sleep(interval * 1000);
        const view = await bridge.call('show', { vips: 'all' });
        if (json) terminal.write(`${JSON.stringify(view)}\n`);
        else
          terminal.write(live ? redrawn(formatWatch(view, terminal.paint)) : `${formatWatch(view, terminal.paint)}\n`);
      }
    } finally {
      process.off('SIGINT', interrupted);
      if (live) restore();
    }
    return ExitCode.done;
  };
}

const redrawn = (text: string): string => `${home}${text.replaceAll('\n', `${clearLine}\n`)}${clearRest}`;

export function formatWatch(view: View, paint: Paint): string {
  const parts = [`${new Date().toISOString()}\n`, table(headLines(view), ''), '\n'];
  const neighbours = neighbourTable(view.routing);
  parts.push(neighbours === '' ? 'no neighbour\n' : neighbours, '\n');
  if (view.vips.length === 0) parts.push('no VIP is announced\n');
  else parts.push(vipTable(view.vips, paint), '\n', areaTable(view.vips), transitions(view.vips));
  for (const line of adviceOn(view.vips)) parts.push(`\n${line}`);
  return parts.join('');
}

function vipTable(vips: readonly VipDetail[], paint: Paint): string {
  const rows = vips.map((vip) => [
    host(vip.vip),
    vip.state,
    duration(vip.forSeconds),
    vip.flows === null ? '-' : String(vip.flows.live),
    vip.flows === null ? '-' : String(vip.flows.newPerSecond),
    announcing(vip),
    vip.took.announce === null ? '-' : milliseconds(vip.took.announce),
    vip.took.withdraw === null ? '-' : milliseconds(vip.took.withdraw),
    reasonText(vip),
  ]);
  const head = ['VIP', 'STATE', 'FOR', 'FLOWS', 'NEW/S', 'ANNOUNCERS', 'ANNOUNCE', 'WITHDRAW', 'REASON'];
  // Painted after the columns are measured: escape sequences have a length, too.
  const [first, ...lines] = table([head, ...rows], '').split('\n');
  const painted = lines.map((line, i) => {
    const state = vips[i]?.state;
    return state === undefined ? line : line.replace(` ${state} `, ` ${paint(colours[state], state)} `);
  });
  return [first, ...painted].join('\n');
}

/** `2 of 3`: so many of those that announce it are in the best set; `*`: this node is among them. */
function announcing({ announcers }: VipDetail): string {
  if (announcers === null) return '?';
  const best = Math.min(...announcers.map(({ metric }) => metric));
  const used = announcers.filter(({ metric }) => metric === best);
  return `${used.length} of ${announcers.length}${used.some(({ self }) => self) ? ' *' : ''}`;
}

/** Who announces each of them, with the metrics. */
function areaTable(vips: readonly VipDetail[]): string {
  const known = vips.filter(({ announcers }) => announcers !== null && announcers.length > 0);
  if (known.length === 0) return '';
  const rows = known.slice(0, vipsOfTheAreaShown).map((vip) => [vip.vip, announcersText(vip)]);
  const rest = known.length - rows.length;
  return `${table([['VIP', 'ANNOUNCED BY'], ...rows, ...(rest > 0 ? [[`and ${rest} more`, 'dpvs-route show']] : [])], '')}\n`;
}

function transitions(vips: readonly VipDetail[]): string {
  const all = vips.flatMap(({ vip, history }) => history.map((each) => ({ vip, ...each })));
  const last = all.sort((a, b) => (a.at < b.at ? -1 : 1)).slice(-transitionsShown);
  return table(
    last.map(({ at, vip, from, to, reason }) => [
      at.slice(11, 23),
      vip,
      `${from} → ${to}`,
      reason === null ? '' : `${reason.at}: ${reason.detail}`,
    ]),
    '',
  );
}
