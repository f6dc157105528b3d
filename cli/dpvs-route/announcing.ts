// `dpvs-route announce|withdraw|drain|undrain|graceful-restart`: words → a request to the bridge → its report, and for a drain what becomes of it.
import { setTimeout as sleep } from 'node:timers/promises';
import type { BridgeParams, PolicyChange, Report, VipStatus } from '../../routing/index.js';
import { type Context, DpvsError, device, type ErrorCode, ExitCode, integer } from '../common/index.js';
import type { OpenBridge } from './connection.js';
import { formatDrain, formatRefusal, formatReport } from './format.js';
import type { Line, Options } from './parse.js';
import { knownVips, namedVips } from './vips.js';

const defaultWaitSeconds = 15;
const defaultDeadlineSeconds = 60;
/** The bridge wants 10 s without a change. */
const defaultQuietSeconds = 20;
/** Beyond the wait for a neighbour: other changes that are under way, and the slowest verification. */
const changeMs = 45_000;
/** A thousand VIPs take longer to prove than one. */
const perVipMs = 60;
const drainLookMs = 1_000;
/** Nodes that drain at the same time take turns in finding out who stays. */
const turnsMs = 35_000;

type Work = (bridge: OpenBridge) => Promise<ExitCode>;

const patience = (vips: 'all' | readonly string[]): number =>
  changeMs + (vips === 'all' ? 40_000 : vips.length * perVipMs);
const dry = (options: Options): { dryRun?: true } => (options.has('dryRun') ? { dryRun: true } : {});

export async function announce(line: Line, context: Context): Promise<Work> {
  const { options } = line;
  const vips = await namedVips(line, context);
  const ports = options.all('dev').flatMap((word) => word.split(','));
  const waitSeconds = seconds(options, 'wait', 300) ?? defaultWaitSeconds;
  const policy = policyOf(options);
  const params: BridgeParams<'announce'> = {
    vips,
    waitSeconds,
    ...(ports.length === 0 ? {} : { device: [...new Set(ports.map(device))].join(',') }),
    ...(options.has('force') ? { force: true } : options.has('noForce') ? { force: false } : {}),
    ...(policy === null ? {} : { policy }),
    ...dry(options),
  };
  return async (bridge) =>
    tell(await bridge.call('announce', params, waitSeconds * 1000 + patience(vips)), options, context);
}

export async function withdraw(line: Line, context: Context): Promise<Work> {
  const vips = await knownVips(line, context);
  return async (bridge) =>
    tell(await bridge.call('withdraw', { vips, ...dry(line.options) }, patience(vips)), line.options, context);
}

export async function undrain(line: Line, context: Context): Promise<Work> {
  const vips = await knownVips(line, context);
  return async (bridge) =>
    tell(await bridge.call('undrain', { vips, ...dry(line.options) }, patience(vips)), line.options, context);
}

export async function drain(line: Line, context: Context): Promise<Work> {
  const { options } = line;
  const vips = await knownVips(line, context);
  const deadline = options.last('deadline');
  const deadlineSeconds =
    deadline === 'never' ? null : (seconds(options, 'deadline', 86_400) ?? defaultDeadlineSeconds);
  const waitSeconds = seconds(options, 'waitEnd', 86_400) ?? null;
  const params = { vips, deadlineSeconds, ...(options.has('force') ? { force: true } : {}), ...dry(options) };
  return async (bridge) => {
    const report = await bridge.call('drain', params, patience(vips) + turnsMs);
    const code = tell(report, options, context);
    if (!options.has('waitEnd') || report.dryRun) return code;
    return followDrain(bridge, report.vips, waitSeconds, options, context);
  };
}

export function gracefulRestart({ options }: Line, context: Context): Work {
  const waitSeconds = seconds(options, 'wait', 300) ?? defaultQuietSeconds;
  const params = { waitSeconds, ...dry(options) };
  return async (bridge) =>
    tell(await bridge.call('graceful-restart', params, waitSeconds * 1000 + changeMs), options, context);
}

/** Until all of them are withdrawn. A line whenever something has changed. @param waitSeconds null: however long it takes */
async function followDrain(
  bridge: OpenBridge,
  vips: readonly string[],
  waitSeconds: number | null,
  options: Options,
  { terminal }: Context,
): Promise<ExitCode> {
  let said = '';
  const end = waitSeconds === null ? Number.POSITIVE_INFINITY : performance.now() + waitSeconds * 1000;
  for (;;) {
    const status = await bridge.call('status', {});
    const ours = status.vips.filter(({ vip }) => vips.includes(vip));
    const text = options.has('json') ? `${JSON.stringify(ours)}\n` : formatDrain(ours);
    if (text !== said) terminal.write(text);
    said = text;
    const undone = ours.filter(({ state, stage }: VipStatus) => state !== 'withdrawn' && stage === null);
    if (undone.length > 0) throw new DpvsError('busy', `${undone[0].vip} was brought back meanwhile`);
    const left = ours.filter(({ state, held }) => state !== 'withdrawn' || held);
    if (left.length === 0) return ExitCode.done;
    if (performance.now() >= end)
      throw new DpvsError(
        'busy',
        `${left.length} of ${vips.length} not withdrawn after ${waitSeconds} s; the drain goes on`,
      );
    await sleep(Math.min(drainLookMs, end - performance.now()));
  }
}

function policyOf(options: Options): PolicyChange | null {
  const number = (key: 'quorum' | 'hysteresis' | 'floor', least: number, most: number): number | undefined => {
    const word = options.last(key);
    return word === undefined ? undefined : integer(word, key, least, most);
  };
  const change = {
    quorum: number('quorum', 1, 65535),
    hysteresis: number('hysteresis', 0, 65535),
    floor: number('floor', 0, 64),
    services: options.oneOf('services', ['any', 'all']),
  };
  const given = Object.entries(change).filter(([, value]) => value !== undefined);
  return given.length === 0 ? null : Object.fromEntries(given);
}

function seconds(options: Options, key: 'wait' | 'waitEnd' | 'deadline', most: number): number | undefined {
  const word = options.last(key);
  return word === undefined ? undefined : integer(word, 'number of seconds', 0, most);
}

/** A report of something that was not done is printed and then thrown, so that its exit code is that of its error. */
function tell(outcome: Report, options: Options, { terminal }: Context): ExitCode {
  const { done, error } = outcome;
  if (options.has('json')) terminal.write(`${JSON.stringify(outcome, null, 2)}\n`);
  if (done) {
    if (!options.has('json')) terminal.write(formatReport(outcome));
    return ExitCode.done;
  }
  if (!options.has('json')) terminal.writeError(formatRefusal(outcome));
  throw new DpvsError((error?.code ?? 'internal') as ErrorCode, error?.detail ?? 'a report without an error');
}
