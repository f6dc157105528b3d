// Preparing a planned restart of a routing daemon: only when its neighbours will help, which they refuse without a word while anything is
// unacknowledged (FRR 8.4.4, quagga-conf/README.md); and proof, as far as this node can see, that they know.
import type { BridgeCore } from './core.js';
import type { Restarter } from './graceful-restart.js';
import { outcomeReport, stepsReport, wouldStep } from './report.js';
import type { Report } from './schema.js';
import { StepError, Steps } from './steps.js';
import { isUp } from './vip-state.js';

/** Since the last change of ours: within 5 s a switch may still have to send it to us again. */
const quietMs = 10_000;
/** Since the last change in the area; others' acknowledgements take up to a second. */
const areaQuietSeconds = 2;
const lookMs = 500;
/** The grace-LSA is in the database at once; its acknowledgement may be delayed. */
const proofMs = 3_000;

export interface PrepareOptions {
  readonly waitSeconds: number;
  readonly dryRun: boolean;
}

export async function prepareRestart(core: BridgeCore, { waitSeconds, dryRun }: PrepareOptions): Promise<Report> {
  const { book, log } = core.parts;
  const vips = book.all.filter(({ state }) => isUp(state)).map(({ entry }) => entry.vip);
  const about = { action: 'graceful-restart', vips, device: null, dryRun } as const;
  const steps = new Steps();
  const { restarter } = core.graceful;
  let graceSeconds = 0;
  try {
    if (restarter === null)
      throw new StepError('routing daemon', 'not_support', 'this bridge has no daemon that can be restarted so');
    const { driver, restart } = restarter;
    await steps.run(`${driver.daemon} configuration`, async () => {
      const period = await restart.gracePeriod();
      if (period === null)
        throw new StepError(
          `${driver.daemon} configuration`,
          'not_support',
          `${driver.daemon} has no \`capability opaque\` and \`graceful-restart grace-period\`: dpvs-route config --graceful-restart 60, at both ends`,
        );
      graceSeconds = period;
      return { outcome: 'already', detail: `grace period ${period} s` };
    });
    await steps.run('neighbours', async () => {
      const { trouble, neighbours } = await restarter.watch.look();
      if (trouble !== null) throw new StepError('neighbours', 'routing_daemon', trouble);
      const full = neighbours.filter((each) => each.full).map(({ routerId }) => routerId);
      if (full.length === 0) throw new StepError('neighbours', 'no_adjacency', 'nobody is there to keep the routes');
      return { outcome: 'already', detail: `Full: ${full.join(', ')}` };
    });
    if (dryRun) {
      const noise = await noiseOf(core, restarter);
      const quiet = wouldStep('quiet', noise ?? 'it is quiet now');
      const would = wouldStep(
        'prepare',
        `${driver.daemon} asks its neighbours to keep the routes for ${graceSeconds} s`,
      );
      return stepsReport({ ...about, graceSeconds }, [...steps.list, quiet, would]);
    }
    // Waited for outside of `exclusive`: a VIP that cannot be served has to go meanwhile.
    const quiet = { outcome: 'already', detail: 'nothing has changed lately, everything is acknowledged' } as const;
    const listen = async () => ({ missing: await noiseOf(core, restarter), result: quiet });
    await steps.prove('quiet', listen, waitSeconds * 1000, lookMs);
    await core.exclusive(async () => {
      await steps.run('prepare', async () => {
        const noise = await noiseOf(core, restarter);
        if (noise !== null) throw new StepError('prepare', 'busy', `${noise}: once more`);
        await restart.prepare();
        core.graceful.prepared(graceSeconds);
        return { outcome: 'done', detail: `${graceSeconds} s from now` };
      });
      const known = {
        outcome: 'done',
        detail: 'acknowledged; whether a neighbour helps can be seen there only',
      } as const;
      const look = async () => {
        if (!(await restart.prepared())) return { missing: `${driver.daemon} has no grace-LSA` };
        const missing = (await driver.acknowledged()) === false ? 'a neighbour has not acknowledged it' : null;
        return { missing, result: known };
      };
      await steps.prove('verify grace-LSA', look, proofMs);
    });
    log.event('routing.graceful_restart_prepared', { daemon: driver.daemon, graceSeconds, vips });
    return outcomeReport({ ...about, graceSeconds }, { steps, error: null });
  } catch (error) {
    if (!(error instanceof StepError)) throw error;
    return outcomeReport(about, { steps, error });
  }
}

/** Why a neighbour might not help now. */
async function noiseOf(core: BridgeCore, { driver, restart }: Restarter): Promise<string | null> {
  if (core.graceful.underWay) return 'a graceful restart is under way';
  const { quietMs: passed } = core.tools.pace;
  if (passed < quietMs) return `a VIP or an adjacency has changed ${(passed / 1000).toFixed(0)} s ago`;
  if ((await driver.acknowledged()) === false) return 'a neighbour has not acknowledged everything';
  const age = await restart.quietSeconds();
  return age < areaQuietSeconds ? `another router has changed something ${age} s ago` : null;
}
