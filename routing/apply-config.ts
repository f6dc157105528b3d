// Brings running daemons from what they run to the generator's text, line by line over vtysh, so that no adjacency is lost.
import { DpvsError } from '../api/index.js';
import { type ConfigDaemon, type ConfigDifference, configDifference } from '../quagga-conf/index.js';
import { adjacenciesOf, missedAfterMs } from './adjacencies.js';
import { type Vtysh, VtyshError } from './vtysh.js';

export interface ApplyRequest {
  readonly daemon: ConfigDaemon;
  readonly wanted: string;
  /** The file that the generator wrote before; null: none, or one that somebody wrote by hand. */
  readonly previous: string | null;
}

export interface ApplyOptions {
  /** Also what takes the adjacency down, and over what others have set. */
  readonly force: boolean;
  readonly dryRun: boolean;
  /** Told what is waited for. */
  readonly progress?: (text: string) => void;
}

export interface AppliedConfig extends ConfigDifference {
  readonly daemon: ConfigDaemon;
}

export interface ApplyReport {
  readonly applied: readonly AppliedConfig[];
  /** Seconds that neighbours were watched after a change that takes them down; 0: there was none, they were looked at once. */
  readonly watchedSeconds: number;
  /** `ospfd 10.0.0.1`: Full or Established before, and not when the watch ended. */
  readonly lost: readonly string[];
}

type Asked = Pick<Vtysh, 'run' | 'json' | 'configure'>;

interface Planned extends ApplyRequest {
  readonly running: string;
  readonly difference: ConfigDifference;
}

const lookMs = 500;

/**
 * Nothing is changed unless all of it may be, and a daemon that refuses has those that were changed before it set back.
 * @throws {DpvsError} busy: an adjacency would be lost; routing_daemon: a daemon refuses or does not answer, with what was set back
 */
export async function applyConfig(
  vtysh: Asked,
  requests: readonly ApplyRequest[],
  { force, dryRun, progress = () => {} }: ApplyOptions,
): Promise<ApplyReport> {
  try {
    const plan: Planned[] = [];
    for (const request of requests) plan.push(await planned(vtysh, request, force));
    const disruptive = plan.flatMap(({ difference }) => difference.disruptive);
    if (disruptive.length > 0 && !force && !dryRun)
      throw new DpvsError(
        'busy',
        `the neighbour would be lost by: ${disruptive.join('; ')}. Change the switch as well, and say --force`,
        'apply',
      );
    const applied = plan.map(({ daemon, difference }) => ({ daemon, ...difference }));
    const changing = plan.filter(({ difference }) => difference.commands.length > 0);
    if (dryRun || changing.length === 0) return { applied, watchedSeconds: 0, lost: [] };
    const before = await adjacenciesOf(
      vtysh,
      changing.map(({ daemon }) => daemon),
    );
    await changeAll(vtysh, changing, force);
    return { applied, ...(await watched(vtysh, changing, before, progress)) };
  } catch (error) {
    if (error instanceof VtyshError) throw new DpvsError('routing_daemon', error.message);
    throw error;
  }
}

async function planned(vtysh: Asked, request: ApplyRequest, overwrite: boolean): Promise<Planned> {
  const { daemon, wanted, previous } = request;
  const running = await runningOf(vtysh, daemon);
  return { ...request, running, difference: configDifference({ running, wanted, previous, overwrite }) };
}

const runningOf = (vtysh: Asked, daemon: ConfigDaemon): Promise<string> => vtysh.run(daemon, ['show running-config']);

async function changeAll(vtysh: Asked, changing: readonly Planned[], force: boolean): Promise<void> {
  const begun: Planned[] = [];
  try {
    for (const each of changing) {
      begun.push(each);
      await vtysh.configure(each.daemon, each.difference.commands);
      // What was kept stays a difference; what is to be done must not be there any more.
      const { difference } = await planned(vtysh, each, force);
      const left = difference.commands.filter((line) => line !== 'exit');
      if (left.length > 0) throw new VtyshError(each.daemon, 'refused', `it did not take: ${left.join('; ')}`);
    }
  } catch (error) {
    if (!(error instanceof VtyshError)) throw error;
    const outcomes: string[] = [];
    for (const each of begun.reverse()) outcomes.push(await setBack(vtysh, each));
    throw new DpvsError('routing_daemon', `${error.message}; ${outcomes.join('; ')}; no file was written`);
  }
}

/** To what it ran before; what others have changed meanwhile stays. @returns what has become of it, for the operator */
async function setBack(vtysh: Asked, { daemon, running, wanted }: Planned): Promise<string> {
  const back = async (): Promise<readonly string[]> => {
    const now = await runningOf(vtysh, daemon);
    return configDifference({ running: now, wanted: running, previous: wanted, overwrite: true }).commands;
  };
  try {
    await vtysh.configure(daemon, await back());
    const left = (await back()).filter((line) => line !== 'exit');
    return left.length === 0 ? `${daemon} is as before` : `${daemon} is not as before, it needs: ${left.join('; ')}`;
  } catch (error) {
    if (!(error instanceof VtyshError)) throw error;
    return `${daemon} could not be set back (${error.message}): compare its running configuration with its file`;
  }
}

/** A neighbour is missed by its dead interval at the earliest, so that a look right after the change would see nothing. */
async function watched(
  vtysh: Asked,
  changing: readonly Planned[],
  before: ReadonlySet<string>,
  progress: (text: string) => void,
): Promise<Pick<ApplyReport, 'watchedSeconds' | 'lost'>> {
  const risky = changing.filter(({ difference }) => difference.disruptive.length > 0);
  const daemons = changing.map(({ daemon }) => daemon);
  const lostNow = async (): Promise<string[]> => {
    const now = await adjacenciesOf(vtysh, daemons);
    return [...before].filter((each) => !now.has(each));
  };
  if (risky.length === 0 || before.size === 0) return { watchedSeconds: 0, lost: await lostNow() };
  const patienceMs = Math.max(...risky.map(({ daemon, running, wanted }) => missedAfterMs(daemon, [running, wanted])));
  progress(`${[...before].join(', ')}: watched for ${Math.ceil(patienceMs / 1000)} s`);
  const start = performance.now();
  /** Down, and up again: by the new configuration. */
  const settled = new Set<string>();
  let missing: readonly string[] = [];
  for (;;) {
    const lost = await lostNow();
    for (const each of lost) if (!missing.includes(each)) progress(`${each} is lost`);
    for (const each of missing)
      if (!lost.includes(each)) {
        settled.add(each);
        progress(`${each} is back`);
      }
    missing = lost;
    const passedMs = performance.now() - start;
    if (passedMs >= patienceMs || (lost.length === 0 && settled.size === before.size))
      return { watchedSeconds: Math.round(passedMs / 1000), lost };
    await new Promise((resolve) => setTimeout(resolve, lookMs));
  }
}
