// The command `withdraw`: at once and for good. What could not be proved is not wanted all the same, and taken back again and again.
import { addressesOf } from '../core.js';
import { planWithdraw } from '../plan.js';
import { outcomeReport, stepsReport } from '../report.js';
import type { BridgeParams, Report, Step } from '../schema.js';
import { byHand } from '../vip-state.js';
import { aboutOf, type Commander, claimed, findVips, planOf } from './common.js';

export function withdraw(commander: Commander, { vips, dryRun = false }: BridgeParams<'withdraw'>): Promise<Report> {
  const { core } = commander;
  const { book } = core.parts;
  return claimed(commander, vips === 'all' ? addressesOf(book.all) : vips, (asked) =>
    core.exclusive(async () => {
      const { known, unknown } = findVips(core, asked);
      const about = { ...aboutOf('withdraw', known, unknown), dryRun };
      if (dryRun) return stepsReport(about, [...unknown.map(notOurs), ...(await planOf(core, known, planWithdraw))]);
      if (known.length === 0) return stepsReport(about, unknown.map(notOurs));
      for (const { entry } of known) entry.wanted = false;
      book.save();
      for (const vip of known) book.advance(vip, { kind: 'unwanted', reason: byHand });
      const outcome = await core.withdraw(known, true);
      if (outcome.error === null) book.remove(known);
      else commander.nudge();
      return outcomeReport(about, outcome, unknown.map(notOurs));
    }),
  );
}

const notOurs = (vip: string): Step => ({
  name: 'journal',
  outcome: 'already',
  ms: 0,
  detail: `${vip} is not announced by this bridge`,
});
