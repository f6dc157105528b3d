// Who is left to serve VIPs that this node drains: other announcers that do not drain them, too. As many as the VIP's floor says have to
// be there, and at least one.
import { setTimeout as sleep } from 'node:timers/promises';
import { type Announcement, type Driver, othersOf, typeTwo } from './drivers/driver.js';
import type { Policy } from './policy.js';
import { StepError, type Steps } from './steps.js';
import { driverOf, type Target } from './targets.js';
import { some, type Tools } from './tools.js';
import type { Reason } from './vip-state.js';

export interface Drained extends Target {
  readonly policy?: Pick<Policy, 'floor'>;
}

/** A VIP of which too few announcers would be left. */
export interface Short {
  readonly vip: string;
  /** Other announcers that do not drain it. */
  readonly others: number;
  readonly needed: number;
  /** Router ids of others that drain it. */
  readonly drainers: readonly string[];
  /** Those of them that give way before this node does. */
  readonly before: number;
}

type Announcers = ReadonlyMap<string, readonly Announcement[]>;

export const neededOf = ({ policy }: Pick<Drained, 'policy'>): number => Math.max(1, policy?.floor ?? 0);

const drains = ({ metric }: Announcement, { drainMetric }: Pick<Driver, 'drainMetric'>): boolean =>
  metric % typeTwo >= drainMetric;

/** null: enough are left. */
export function shortOf(
  target: Pick<Drained, 'vip' | 'policy'>,
  announcers: Announcers,
  driver: Pick<Driver, 'drainMetric'>,
): Short | null {
  const all = announcers.get(target.vip) ?? [];
  const others = othersOf(all, driver).length;
  const needed = neededOf(target);
  if (others >= needed) return null;
  const own = all.find(({ self }) => self)?.router ?? '';
  const drainers = all.filter((each) => !each.self && drains(each, driver)).map(({ router }) => router);
  return { vip: target.vip, others, needed, drainers, before: drainers.filter((router) => router < own).length };
}

const codeOf = ({ others }: Short): 'sole_announcer' | 'kept' => (others === 0 ? 'sole_announcer' : 'kept');
const tooText = ({ drainers }: Short): string =>
  drainers.length === 0 ? '' : `; ${some(drainers)} ${drainers.length === 1 ? 'drains' : 'drain'} it, too`;

/** Why one VIP stays. */
export const shortReason = (at: string, short: Short): Reason => ({
  at,
  code: codeOf(short),
  detail: `${short.others} other announcers, ${short.needed} have to stay${tooText(short)}`,
});

/** Why a command is refused: with the numbers of the first. */
export function refusalOf(short: readonly Short[], at = step): StepError {
  const [first] = short;
  const whose = some(short.map(({ vip }) => vip));
  const floor = first.others === 0 ? '' : `: ${first.others} other announcers, ${first.needed} have to stay`;
  return new StepError(at, codeOf(first), `${whose}${floor}${tooText(first)}`);
}

const step = 'verify other announcers';
const lookMs = 200;
const longestTurnsMs = 30_000;

/**
 * For when the own announcement is worse, and acknowledged. Nodes that drain at the same time have all counted each other before. So each
 * looks again when what the others did in the meantime is in its database, where all see the same; if too few are left, they take their
 * drains back one after another, the lowest router id first, until enough are: whoever waits its turn finds that, or takes back its own.
 * @param targets of one family. @throws {StepError} sole_announcer, kept: this node is one of those that have to stay
 */
export async function proveTakers(tools: Tools, steps: Steps, targets: readonly Drained[]): Promise<void> {
  const driver = driverOf(tools, targets[0].vip);
  const start = performance.now();
  await steps.run(step, async () => {
    await sleep(driver.floodMs);
    for (;;) {
      const announcers = await driver.announcers();
      if (announcers === null) return { outcome: 'skipped', detail: `${driver.protocol} does not tell` };
      // What cannot be served any more is not announced any more, and nobody's to keep.
      const ours = targets.filter(({ vip }) => announcers.get(vip)?.some(({ self }) => self));
      const short = ours.flatMap((target) => shortOf(target, announcers, driver) ?? []);
      if (short.length === 0) return { outcome: 'done' };
      if (tools.stopping()) throw new StepError(step, 'busy', 'the bridge is stopping');
      const turns = Math.max(...short.map(({ before }) => before));
      const patienceMs = driver.floodMs + Math.min(turns * turnMs(driver), longestTurnsMs);
      if (performance.now() - start >= patienceMs) throw refusalOf(short);
      await sleep(lookMs);
    }
  });
}

/** Until what one node takes back is in every database; twice, as they do not begin at the same moment. */
const turnMs = ({ spreadMs }: Driver): number => 2 * spreadMs;
