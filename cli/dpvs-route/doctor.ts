// `dpvs-route doctor`: a line a check; under it what was seen and what to do. Works without the bridge.
import type { CheckResult, DoctorReport, Finding, Severity } from '../../routing/doctor/index.js';
import {
  type Colour,
  type Context,
  checkedName,
  DpvsError,
  device,
  ExitCode,
  integer,
  quote,
  UsageError,
} from '../common/index.js';
import type { Options } from './parse.js';

type Paint = (colour: Colour, text: string) => string;
const colours: Record<Severity, Colour> = { error: 'red', warn: 'yellow', info: 'blue' };

/** @returns refused when there is an error */
export async function doctor(options: Options, { terminal }: Context): Promise<ExitCode> {
  const name = checkedName(options.last('name'));
  const dev = options.last('dev');
  const listen = options.last('listen');
  const frrNamespace = options.last('frrNamespace') ?? (process.env.DPVS_FRR_NAMESPACE || undefined);
  if (frrNamespace !== undefined && !/^[A-Za-z0-9_.-]{1,64}$/.test(frrNamespace))
    throw new UsageError(`invalid FRR namespace ${quote(frrNamespace)}`);
  const request = {
    name,
    frrNamespace,
    device: dev === undefined ? undefined : device(dev),
    listenSeconds: listen === undefined ? undefined : integer(listen, 'number of seconds', 0, 300),
  };
  if (process.geteuid?.() !== 0) throw new DpvsError('permission', 'doctor asks kernel and daemons, and listens');
  const { doctor: examineNode } = await import('../../routing/doctor/index.js');
  const report = await examineNode(request);
  terminal.write(options.has('json') ? `${JSON.stringify(report, null, 2)}\n` : formatDoctor(report, terminal.paint));
  return report.counts.error > 0 ? ExitCode.refused : ExitCode.done;
}

export function formatDoctor(report: DoctorReport, paint: Paint): string {
  const { error, warn, info } = report.counts;
  const counted = [count(error, 'error'), count(warn, 'warning'), count(info, 'remark')].join(', ');
  const summary = error + warn + info === 0 ? 'nothing found' : counted;
  return `${report.checks.map((check) => lines(check, paint)).join('')}${skipped(report, paint)}\n${report.node}: ${summary}\n`;
}

const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`;

function lines({ outcome, title, findings }: CheckResult, paint: Paint): string {
  if (outcome === 'ok') return `${paint('green', 'ok   ')}  ${title}\n`;
  return findings.map((each) => finding(each, paint)).join('');
}

/** A line a reason: one daemon that does not answer leaves a dozen checks without facts. */
function skipped({ checks }: DoctorReport, paint: Paint): string {
  const byReason = new Map<string, string[]>();
  for (const { outcome, title, reason } of checks)
    if (outcome === 'skipped') byReason.set(reason, [...(byReason.get(reason) ?? []), title]);
  const said = [...byReason].map(([reason, [title, ...more]]) =>
    more.length === 0 ? `${title}: not looked at, ${reason}` : `${more.length + 1} checks not looked at: ${reason}`,
  );
  return said.map((line) => `${paint('dim', `-      ${line}`)}\n`).join('');
}

function finding({ severity, title, id, evidence, advice }: Finding, paint: Paint): string {
  const head = `${paint(colours[severity], severity.padEnd(5))}  ${title} [${id}]`;
  return `${head}\n         seen: ${evidence}\n         do:   ${advice}\n`;
}
