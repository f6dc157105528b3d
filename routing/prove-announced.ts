// Proof that VIPs are announced: addresses, routes, and the routing daemon's own database.
import { perVipMs, type Seen, StepError, type Steps } from './steps.js';
import { placeOf, type Target } from './targets.js';
import { hostAddresses, kniHostRoutes, some, type Tools, withoutRoute } from './tools.js';

const lookMs = 1_000;
/** For an LSA that the daemon is still flushing; a new instance of it has to wait for that. */
const flushMs = 10_000;

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
  const { driver, ports, knis } = placeOf(tools, targets);
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
    lookOnEach(knis, async (vips, kni) => {
      const there = await hostAddresses(kernel, kni);
      return { left: vips.filter((vip) => !there.has(vip)), what: `not on ${kni}` };
    }),
    lookMs,
  );
  await prove(
    'verify route',
    lookOnEach(
      ports.map(({ device }) => device),
      async (vips, device) => ({
        left: withoutRoute(vips, await kniHostRoutes(dataplane, device)),
        what: `no kni_host route on ${device}`,
      }),
    ),
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

/** On all of the places. */
const lookOnEach =
  (places: readonly string[], look: (vips: readonly string[], place: string) => ReturnType<Look>): Look =>
  async (vips) => {
    const missing = await Promise.all(places.map((place) => look(vips, place)));
    const { what = '' } = missing.find(({ left }) => left.length > 0) ?? {};
    return { left: [...new Set(missing.flatMap(({ left }) => left))], what };
  };
