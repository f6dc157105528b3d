// What tests of the routing bridge ask through its socket and say through its command line, in a scene that ends with the test.
import { existsSync } from 'node:fs';
import type t from 'tap';
import { eventually, run } from '../../../lab/index.js';
import type { BridgeStatus, Report, VipDetail, VipStatus } from '../../../routing/index.js';
import { Scene, type SceneOptions } from './scene.js';

export async function lacking(...more: string[]): Promise<string | false> {
  if (process.getuid?.() !== 0) return 'needs root';
  for (const daemon of ['zebra', 'ospfd']) if (!existsSync(`/usr/lib/frr/${daemon}`)) return 'needs FRR';
  for (const tool of ['ip', 'nsenter', 'unshare', 'vtysh', ...more])
    if ((await run(['which', tool])).code !== 0) return `needs ${tool}`;
  if ((await run(['unshare', '--net', 'true'])).code !== 0) return 'needs the right to make a network namespace';
  return false;
}

type Test = Pick<typeof t, 'teardown' | 'comment' | 'passing'>;

export async function sceneOf(test: Test, options?: SceneOptions): Promise<Scene> {
  const scene = await Scene.up(options);
  test.teardown(async () => {
    if (!test.passing()) test.comment(scene.bridgeLog);
    await scene.down();
  });
  return scene;
}

export const statusOf = (scene: Scene): Promise<BridgeStatus> => scene.api.bridge('status', {});

export async function vipOf(scene: Scene, address: string): Promise<VipStatus | undefined> {
  return (await statusOf(scene)).vips.find(({ vip }) => vip === address);
}

export async function detailOf(scene: Scene, address: string): Promise<VipDetail> {
  return (await scene.api.bridge('show', { vips: [address] })).vips[0];
}

/** The VIP's state, its reason's place, and whether something of a withdrawn one is still to be taken back. */
export async function stateOf(scene: Scene, address: string): Promise<string> {
  const found = await vipOf(scene, address);
  if (found === undefined) return 'absent';
  const goes = found.state === 'withdrawn' && found.held ? ', going' : '';
  return `${found.state} ${found.reason?.at ?? '-'}${goes}`;
}

/** Why it stays although it should go. */
export const keptBy = async (scene: Scene, address: string): Promise<string> =>
  (await vipOf(scene, address))?.kept?.at ?? 'nothing';

export const stateBecomes = (scene: Scene, address: string, wanted: string, timeoutMs = 8_000): Promise<string> =>
  eventually(
    `${address} becomes ${wanted}`,
    () => stateOf(scene, address),
    (seen) => seen === wanted,
    { timeoutMs },
  );

export const keptBecomes = (scene: Scene, address: string, wanted: string, timeoutMs = 8_000): Promise<string> =>
  eventually(
    `${address} is kept by ${wanted}`,
    () => keptBy(scene, address),
    (seen) => seen === wanted,
    { timeoutMs },
  );

/** A command that has to succeed; what it said is in the message when it does not. */
export async function done(test: Pick<typeof t, 'equal'>, scene: Scene, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await scene.cli(...args);
  test.equal(code, 0, `${args.join(' ')}: ${stderr.trim() || 'done'}`);
  return stdout;
}

/** The same with `--json`. */
export const reported = async (test: Pick<typeof t, 'equal'>, scene: Scene, ...args: string[]): Promise<Report> =>
  JSON.parse(await done(test, scene, ...args, '--json')) as Report;
