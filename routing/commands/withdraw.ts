// The command `withdraw`: at once and for good.
import { planWithdraw } from '../plan.js';
import { outcomeReport, stepsReport } from '../report.js';
import type { BridgeParams, Report, Step } from '../schema.js';
import { aboutOf, type Commander, findVips, planOf } from './common.js';

const byHand = { at: 'command', code: 'withdrawn', detail: 'dpvs-route withdraw' };

export function withdraw(commander: Commander, { vips, dryRun = false }: BridgeParams<'withdraw'>): Promise<Report> {
  const { core } = commander;
  const { book } = core.parts;
  return core.exclusive(async () => {
    commander.refuseWhenStopping();
    const { known, unknown } = findVips(core, vips);
    const about = { ...aboutOf('withdraw', known, unknown), dryRun };
    if (dryRun) return stepsReport(about, [...unknown.map(notOurs), ...(await planOf(core, known, planWithdraw))]);
    if (known.length === 0) return stepsReport(about, unknown.map(notOurs));
    for (const vip of known) book.tell(vip, byHand);
    const outcome = await core.withdraw(known, true);
    // What could not be withdrawn stays in the journal, or a restart would forget that it is ours.
    if (outcome.error === null) book.remove(known);
    return outcomeReport(about, outcome, unknown.map(notOurs));
  });
}

const notOurs = (vip: string): Step => ({
  name: 'journal',
  outcome: 'already',
  ms: 0,
  detail: `${vip} is not announced by this bridge`,
});
