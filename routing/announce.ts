// Announcing VIPs: routes in the dataplane, permission in the routing daemon, addresses on the kni, then proof of all three. All VIPs of
// a call or none, and each step for all of them at once, so that a thousand cost little more than one.
//
// The address comes last because it is what the daemon reacts to: a connected route that its route-map lets pass is announced in 0.1 s,
// while a route-map that changes after the address was there is looked at again only 5 s later.
import { familyOf, hostRoute } from './address.js';
import { type Driver, noChange } from './drivers/driver.js';
import { addAddresses, addRoutes, removeAddresses, removeRoutes } from './elements.js';
import { perVipMs, type Seen, StepError, type Steps } from './steps.js';
import { hostAddresses, kniHostRoutes, some, type Tools, withoutRoute } from './tools.js';

export interface Target {
  readonly vip: string;
  readonly device: string;
  readonly kni: string;
}

/** What the bridge has added for a VIP; set before each addition, and saved. */
export interface Owned {
  /** The kni_host route in the dataplane. */
  route: boolean;
  /** Lines about it in the routing daemon's configuration. */
  policy: boolean;
}

export interface OwnedTarget extends Target {
  readonly owned: Owned;
}

const lookMs = 1_000;
/** For an LSA that the daemon is still flushing; a new instance of it has to wait for that. */
const flushMs = 10_000;

/**
 * Sets them up; `verifyVips` proves them.
 * @param targets of one port and one family, at least one
 * @throws {StepError} the step that failed. `steps.undo()` takes back what was done
 */
export async function setUpVips(
  tools: Tools,
  steps: Steps,
  targets: readonly OwnedTarget[],
  save: () => void,
): Promise<void> {
  const { kernel, pace } = tools;
  const { vip: first, device, kni } = targets[0];
  const vips = targets.map(({ vip }) => vip);
  const driver = driverOf(tools, first);
  const own = (what: keyof Owned, of: readonly string[], value: boolean): void => {
    for (const { vip, owned } of targets) if (of.includes(vip)) owned[what] = value;
    if (of.length > 0) save();
  };
  await steps.run(`${driver.daemon} form`, async () => {
    const obstacle = await driver.obstacle(kni);
    if (obstacle !== null) throw new StepError(`${driver.daemon} form`, 'routing_daemon', obstacle);
    return { outcome: 'already', detail: driver.form };
  });
  let routed: string[] = [];
  await steps.run(
    'dataplane route',
    async () => {
      routed = withoutRoute(vips, await kniHostRoutes(tools.dataplane, device));
      if (routed.length === 0) return { outcome: 'already' };
      own('route', routed, true);
      await addRoutes(tools, device, routed);
      return { outcome: 'done', detail: `${some(routed.map(hostRoute))} dev ${device} scope kni_host` };
    },
    async () => {
      await removeRoutes(tools, device, routed);
      own('route', routed, false);
    },
  );
  await pace.wait(vips);
  let permitted: readonly string[] = [];
  let allowedBefore: readonly string[] = [];
  await steps.run(
    `${driver.daemon} permission`,
    async () => {
      const change = await driver.permission(vips, kni);
      if (change.lines.length === 0) return { outcome: 'already', detail: driver.form };
      permitted = change.vips;
      allowedBefore = change.allowedBefore ?? [];
      own('policy', permitted, true);
      await driver.apply(change);
      return { outcome: 'done', detail: driver.form };
    },
    async () => {
      await driver.apply(await driver.prohibition(permitted, kni));
      own('policy', permitted, false);
    },
  );
  let added: string[] = [];
  let taken: string[] = [];
  await steps.run(
    'kernel address',
    async () => {
      const there = await hostAddresses(kernel, kni);
      // The daemon has seen those addresses and was not allowed to announce them then; it has to look again, or they to come anew.
      const news = permitted.filter((vip) => !allowedBefore.includes(vip));
      const anew = vips.filter((vip) => there.has(vip) && news.includes(vip));
      const missing = vips.filter((vip) => !there.has(vip));
      added = missing;
      taken = anew;
      if (anew.length + missing.length === 0) return { outcome: 'already' };
      const haste = anew.length === 0 ? noChange : ((await driver.hastening?.()) ?? noChange);
      const again = haste.lines.length === 0 ? anew : [];
      await driver.apply(haste);
      await removeAddresses(tools, kni, again);
      await addAddresses(tools, kni, [...again, ...missing]);
      pace.changed([...anew, ...missing]);
      const what = [
        missing.length > 0 ? some(missing.map(hostRoute)) : '',
        again.length > 0 ? `${some(again)} anew` : '',
        haste.lines.length > 0 ? `${some(anew)} looked at again` : '',
      ];
      return { outcome: 'done', detail: `${what.filter(Boolean).join(', ')} on ${kni}` };
    },
    async () => {
      await removeAddresses(tools, kni, added);
      // Those that were to come anew were there before us.
      const left = await hostAddresses(kernel, kni);
      const lost = taken.filter((vip) => !left.has(vip));
      await addAddresses(tools, kni, lost);
    },
  );
}

/** @throws {StepError} */
export function driverOf(tools: Tools, vip: string): Driver {
  const driver = tools.driver(familyOf(vip));
  if (driver === null)
    throw new StepError('routing daemon', 'routing_daemon', `this bridge announces no ${familyOf(vip)} address`);
  return driver;
}

/**
 * Waits until each is there, and announced by the daemon; changes nothing.
 * @returns those that are not, and why
 */
export async function verifyVips(
  tools: Tools,
  steps: Steps,
  targets: readonly Target[],
): Promise<ReadonlyMap<string, StepError>> {
  const { dataplane, kernel, pace } = tools;
  const { vip: first, device, kni } = targets[0];
  const driver = driverOf(tools, first);
  const failures = new Map<string, StepError>();
  const slack = targets.length * perVipMs;
  const prove = async (name: string, look: Look, deadlineMs: number): Promise<void> => {
    let left = targets.map(({ vip }) => vip).filter((vip) => !failures.has(vip));
    if (left.length === 0) return;
    const once = async (): Promise<Seen> => {
      if (tools.stopping()) throw new StepError(name, 'busy', 'the bridge is stopping');
      for (const vip of left.filter(tools.hopeless))
        failures.set(vip, new StepError(name, 'not_serving', `${vip} cannot be served any more`));
      left = left.filter((vip) => !failures.has(vip));
      const seen = await look(left);
      left = seen.left;
      return { missing: left.length === 0 ? null : `${some(left)}: ${seen.what}`, deadlineMs: seen.deadlineMs };
    };
    try {
      await steps.prove(name, once, deadlineMs + slack);
    } catch (error) {
      if (!(error instanceof StepError)) throw error;
      for (const vip of left) failures.set(vip, error);
    }
  };
  await prove(
    'verify address',
    async (vips) => {
      const there = await hostAddresses(kernel, kni);
      return { left: vips.filter((vip) => !there.has(vip)), what: `not on ${kni}` };
    },
    lookMs,
  );
  await prove(
    'verify route',
    async (vips) => ({
      left: withoutRoute(vips, await kniHostRoutes(dataplane, device)),
      what: `no kni_host route on ${device}`,
    }),
    lookMs,
  );
  const announced = `verify ${driver.daemon}`;
  let looks = 0;
  await prove(
    announced,
    async (vips) => {
      looks++;
      const originated = await driver.originated();
      const fresh = vips.filter((vip) => originated.get(vip) === 'live');
      // They have come while we looked: their LSAs are as young as that.
      if (looks > 1) pace.changed(fresh);
      const left = vips.filter((vip) => !fresh.includes(vip));
      const flushing = left.filter((vip) => originated.get(vip) === 'flushing');
      if (flushing.length > 0)
        return { left, what: `${driver.daemon} is still flushing the previous LSA`, deadlineMs: flushMs };
      return { left, what: `${driver.daemon} does not announce it` };
    },
    driver.followMs,
  );
  const unknown = [...failures].filter(([, { step }]) => step === announced);
  if (unknown.length > 0 && !(await tools.zebraAnswers()))
    for (const [vip, { step, code, detail }] of unknown)
      failures.set(
        vip,
        new StepError(step, code, `${detail}; zebra does not answer, so ${driver.daemon} cannot know the address`),
      );
  return failures;
}

/** Which of the VIPs are not there yet, and what that means. */
type Look = (
  vips: readonly string[],
) => Promise<{ readonly left: string[]; readonly what: string; readonly deadlineMs?: number }>;
