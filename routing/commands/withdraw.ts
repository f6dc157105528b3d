// The command `withdraw`: at once and for good. What could not be proved is not wanted all the same, and taken back again and again. So is
// what this node announces and the bridge has forgotten.
import { addressesOf } from '../core.js';
import type { JournalEntry } from '../journal.js';
import { planWithdraw } from '../plan.js';
import { outcomeReport, stepsReport } from '../report.js';
import type { BridgeParams, Report, Step } from '../schema.js';
import { adopt } from '../strays.js';
import { byHand } from '../vip-state.js';
import { aboutOf, type Commander, claimed, findVips, planEntries } from './common.js';

export function withdraw(commander: Commander, { vips, dryRun = false }: BridgeParams<'withdraw'>): Promise<Report> {
  const { core } = commander;
  const { book } = core.parts;
  return claimed(commander, vips === 'all' ? addressesOf(book.all) : vips, (asked) =>
    core.exclusive(async () => {
      const strays = await adopt(core, findVips(core, asked).unknown);
      const taken = strays.map(({ vip }) => vip);
      if (!dryRun) book.add(strays);
      const { known, unknown } = findVips(core, asked);
      const foreign = unknown.filter((vip) => !taken.includes(vip)).map(notOurs);
      const said = [...foreign, ...strays.map(forgotten)];
      const about = { ...aboutOf('withdraw', known, unknown), dryRun };
      if (dryRun) {
        const entries = [...known.map(({ entry }) => entry), ...strays];
        return stepsReport(about, [...said, ...(await planEntries(core, entries, planWithdraw))]);
      }
      if (known.length === 0) return stepsReport(about, said);
      for (const { entry } of known) entry.wanted = false;
      book.save();
      for (const vip of known) book.advance(vip, { kind: 'unwanted', reason: byHand });
      const outcome = await core.withdraw(known, true);
      if (outcome.error === null) book.remove(known);
      else commander.nudge();
      return outcomeReport(about, outcome, said);
    }),
  );
}

const notOurs = (vip: string): Step => ({
  name: 'journal',
  outcome: 'already',
  ms: 0,
  detail: `${vip} is not announced by this bridge`,
});

const forgotten = ({ vip }: JournalEntry): Step => ({
  name: 'journal',
  outcome: 'holds',
  ms: 0,
  detail: `${vip} is announced here, and this bridge did not know of it`,
});
