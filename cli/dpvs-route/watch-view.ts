// One view of `dpvs-route watch` as lines, cut to what the terminal has: what is not as it should be first, the rest counted.
import type { BridgeResult, VipDetail } from '../../routing/index.js';
import type { Colour } from '../common/index.js';
import { adviceOn, headLines, isPartly, neighbourTable, reasonText } from './format.js';
import { announcersText } from './show.js';
import { duration, host, milliseconds, table } from './table.js';

export type View = BridgeResult<'show'>;
type Paint = (colour: Colour, text: string) => string;

const transitionsShown = 8;
/** More do not fit on a terminal beside the rest. */
const vipsOfTheAreaShown = 12;
/** The head of the table, a VIP, the line that counts the others, a blank. */
const leastVipLines = 4;

const colours: Readonly<Record<VipDetail['state'], Colour>> = {
  configured: 'yellow',
  ready: 'blue',
  announced: 'green',
  draining: 'yellow',
  withdrawn: 'red',
};

/** @param rows at most so many lines; the VIPs have at least half of what head and neighbours leave */
export function watchLines(view: View, paint: Paint, rows = Number.POSITIVE_INFINITY): string[] {
  const neighbours = neighbourTable(view.routing);
  const top = [
    new Date().toISOString(),
    ...linesOf(table(headLines(view), '')),
    '',
    ...(neighbours === '' ? ['no neighbour'] : linesOf(neighbours)),
    '',
  ];
  if (view.vips.length === 0) return [...top, 'no VIP is announced'].slice(0, rows);
  const room = Math.max(rows - top.length, leastVipLines);
  const advice = blockOf(adviceOn(view.vips), true);
  const recent = transitions(view.vips);
  const needed = view.vips.length + 2;
  const rest = advice.length + recent.length + areaLines(view.vips).length;
  const vipLines = Math.min(needed, Math.max(room - rest, Math.ceil(room / 2), leastVipLines));
  const vips = vipLines < needed ? [...view.vips].sort(byInterest) : view.vips;
  const shown = vipLines < needed ? vipLines - 3 : vips.length;
  const left = Math.max(0, room - vipLines);
  // What is to be done is worth more than what has happened, and that more than what is so.
  const news = recent.slice(Math.max(0, recent.length + advice.length - left));
  const area = areaLines(vips.slice(0, shown)).slice(0, Math.max(0, left - advice.length - news.length));
  return [
    ...top,
    ...vipTable(vips.slice(0, shown), paint),
    ...(shown < vips.length ? [`… and ${vips.length - shown} more, as dpvs-route status lists them`] : []),
    '',
    ...area,
    ...news,
    ...advice,
  ].slice(0, rows);
}

/** To so many visible characters; escape sequences have no width. */
export function cutLine(line: string, columns: number): string {
  let width = 0;
  return line.replaceAll(/\x1b\[[0-9;]*m|./gu, (piece) => {
    if (piece.startsWith('\x1b')) return piece;
    width++;
    return width < columns ? piece : width === columns ? '…' : '';
  });
}

const linesOf = (text: string): string[] => text.replace(/\n$/, '').split('\n');

const blockOf = (lines: readonly string[], before: boolean): string[] =>
  lines.length === 0 ? [] : before ? ['', ...lines] : [...lines, ''];

/** Not announced, or to go; then on its way, or without one of its ports; then what changed last. */
function byInterest(one: VipDetail, other: VipDetail): number {
  const rank = (vip: VipDetail): number => {
    const { state, kept } = vip;
    if (kept !== null || (state !== 'announced' && state !== 'draining')) return 0;
    return state === 'draining' || isPartly(vip) ? 1 : 2;
  };
  return rank(one) - rank(other) || one.forSeconds - other.forSeconds;
}

function vipTable(vips: readonly VipDetail[], paint: Paint): string[] {
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
  const [first, ...lines] = linesOf(table([head, ...rows], ''));
  const painted = lines.map((line, i) => {
    const { state } = vips[i];
    return line.replace(` ${state} `, ` ${paint(colours[state], state)} `);
  });
  return [first, ...painted];
}

/** `2 of 3`: so many of those that announce it are in the best set; `*`: this node is among them. */
function announcing({ announcers }: VipDetail): string {
  if (announcers === null) return '?';
  const best = Math.min(...announcers.map(({ metric }) => metric));
  const used = announcers.filter(({ metric }) => metric === best);
  return `${used.length} of ${announcers.length}${used.some(({ self }) => self) ? ' *' : ''}`;
}

/** Who announces each of them, with the metrics. */
function areaLines(vips: readonly VipDetail[]): string[] {
  const known = vips.filter(({ announcers }) => announcers !== null && announcers.length > 0);
  if (known.length === 0) return [];
  const rows = known.slice(0, vipsOfTheAreaShown).map((vip) => [vip.vip, announcersText(vip)]);
  const rest = known.length - rows.length;
  const all = [['VIP', 'ANNOUNCED BY'], ...rows, ...(rest > 0 ? [[`and ${rest} more`, 'dpvs-route show']] : [])];
  return blockOf(linesOf(table(all, '')), false);
}

function transitions(vips: readonly VipDetail[]): string[] {
  const all = vips.flatMap(({ vip, history }) => history.map((each) => ({ vip, ...each })));
  if (all.length === 0) return [];
  const last = all.sort((a, b) => (a.at < b.at ? -1 : 1)).slice(-transitionsShown);
  return linesOf(
    table(
      last.map(({ at, vip, from, to, reason }) => [
        at.slice(11, 23),
        vip,
        `${from} → ${to}`,
        `${reason.at}: ${reason.detail}`,
      ]),
      '',
    ),
  );
}
