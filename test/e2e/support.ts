// What every e2e test shares: one topology a file, up and announced, and the waits that follow it.
import type t from 'tap';
import { type BuildOptions, diagnose, eventually, Lab, missing, plan } from '../../lab/index.js';

const lacks = await missing();

/** The reason why e2e tests cannot run here; false where they can. */
export const skip: string | false = lacks.length > 0 ? lacks.map(({ what }) => what).join('; ') : false;

type Test = typeof t;

/** The demo's topology with every adjacency Full, removed when the test ends. */
export async function cluster(
  test: Pick<Test, 'teardown' | 'comment' | 'passing'>,
  options: BuildOptions = {},
): Promise<Lab> {
  const lab = await Lab.up({ ...options, progress: (line) => test.comment(line) });
  test.teardown(async () => {
    // The runner shows standard error of a file that failed.
    if (!test.passing()) process.stderr.write(`${await diagnose(lab)}\n`);
    if (process.env.DPVS_LAB_KEEP === undefined) await lab.down();
    else lab.keep();
  });
  await allFull(lab);
  return lab;
}

/** As `cluster`, and every node has announced the VIP. */
export async function announcedCluster(
  test: Pick<Test, 'teardown' | 'comment' | 'passing'>,
  options: BuildOptions = {},
): Promise<Lab> {
  const lab = await cluster(test, options);
  await Promise.all(lab.nodes.map((node) => node.announce()));
  await nextHopsBecome(
    lab,
    lab.nodes.map(({ name }) => name),
  );
  return lab;
}

export async function allFull(lab: Lab): Promise<void> {
  await eventually(
    'every adjacency is Full at the switch',
    () => lab.switch.fullNeighbours(),
    (seen) => lab.nodes.every((node) => seen.some(({ address }) => address === node.plan.wanAddress)),
    { timeoutMs: 30_000, everyMs: 250 },
  );
}

/** Waits until the switch's kernel sends the address to exactly these nodes. @returns how long that took. */
export async function nextHopsBecome(
  lab: Lab,
  names: readonly string[],
  { timeoutMs = 20_000, address = plan.vip } = {},
): Promise<number> {
  const start = performance.now();
  const wanted = names.map((name) => lab.node(name).plan.wanAddress).sort();
  await eventually(
    `the switch's next hops to ${address} are ${names.join(' and ') || 'none'}`,
    () => lab.switch.nextHops(address),
    (seen) => seen.join() === wanted.join(),
    { timeoutMs, everyMs: 50 },
  );
  return performance.now() - start;
}
