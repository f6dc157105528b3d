// `dpvs-route doctor`: a line a check; under it what was seen and what to do. Works without the bridge.
import type { CheckResult, DoctorReport, Finding, Severity } from '../../routing/doctor/index.js';
import { type Colour, type Context, device, ExitCode, integer, quote, UsageError } from '../common/index.js';
import { checkedName } from './connection.js';
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
  const { doctor: examineNode } = await import('../../routing/doctor/index.js');
  const report = await examineNode(request);
  terminal.write(options.has('json') ? `${JSON.stringify(report, null, 2)}\n` : formatDoctor(report, terminal.paint));
  return report.counts.error > 0 ? ExitCode.refused : ExitCode.done;
}

export function formatDoctor(report: DoctorReport, paint: Paint): string {
  const { error, warn, info } = report.counts;
  const summary = error + warn + info === 0 ? 'nothing found' : `${error} errors, ${warn} warnings, ${info} remarks`;
  return `${report.checks.map((check) => lines(check, paint)).join('')}\n${report.node}: ${summary}\n`;
}

function lines({ outcome, title, reason, findings }: CheckResult, paint: Paint): string {
  if (outcome === 'ok') return `${paint('green', 'ok   ')}  ${title}\n`;
  if (outcome === 'skipped') return `${paint('dim', `-      ${title}: not looked at, ${reason}`)}\n`;
  return findings.map((each) => finding(each, paint)).join('');
}

function finding({ severity, title, id, evidence, advice }: Finding, paint: Paint): string {
  const head = `${paint(colours[severity], severity.padEnd(5))}  ${title} [${id}]`;
  return `${head}\n         seen: ${evidence}\n         do:   ${advice}\n`;
}
