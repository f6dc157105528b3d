// Brings running daemons from what they run to the generator's text, line by line over vtysh, so that no adjacency is lost.
import { DpvsError } from '../api/index.js';
import { type ConfigDaemon, type ConfigDifference, configDifference } from '../quagga-conf/index.js';
import { parseNeighbours } from './frr-output.js';
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
}

export interface AppliedConfig extends ConfigDifference {
  readonly daemon: ConfigDaemon;
}

export interface ApplyReport {
  readonly applied: readonly AppliedConfig[];
  /** Router ids that were Full before and are not after. */
  readonly lost: readonly string[];
}

/** Nothing is changed unless all of it may be. @throws {DpvsError} */
export async function applyConfig(
  vtysh: Vtysh,
  requests: readonly ApplyRequest[],
  { force, dryRun }: ApplyOptions,
): Promise<ApplyReport> {
  try {
    const plan: AppliedConfig[] = [];
    for (const request of requests)
      plan.push({ daemon: request.daemon, ...(await differenceOf(vtysh, request, force)) });
    const disruptive = plan.flatMap((each) => each.disruptive);
    if (disruptive.length > 0 && !force && !dryRun)
      throw new DpvsError(
        'busy',
        `the neighbour would be lost by: ${disruptive.join('; ')}. Change the switch as well, and say --force`,
        'apply',
      );
    if (dryRun) return { applied: plan, lost: [] };
    const before = await fullNeighbours(vtysh);
    for (const { daemon, commands } of plan) if (commands.length > 0) await vtysh.configure(daemon, commands);
    for (const request of requests) {
      // What was kept stays a difference; what is to be done must not be there any more.
      const { commands } = await differenceOf(vtysh, request, force);
      const left = commands.filter((line) => line !== 'exit');
      if (left.length > 0) throw new DpvsError('routing_daemon', `${request.daemon} did not take: ${left.join('; ')}`);
    }
    const after = await fullNeighbours(vtysh);
    return { applied: plan, lost: [...before].filter((id) => !after.has(id)) };
  } catch (error) {
    if (error instanceof VtyshError) throw new DpvsError('routing_daemon', error.message);
    throw error;
  }
}

async function differenceOf(
  vtysh: Vtysh,
  { daemon, wanted, previous }: ApplyRequest,
  overwrite: boolean,
): Promise<ConfigDifference> {
  const running = await vtysh.run(daemon, ['show running-config']);
  return configDifference({ running, wanted, previous, overwrite });
}

async function fullNeighbours(vtysh: Vtysh): Promise<Set<string>> {
  const all = parseNeighbours(await vtysh.json('ospfd', 'show ip ospf neighbor'));
  return new Set(all.filter(({ full }) => full).map(({ routerId }) => routerId));
}
