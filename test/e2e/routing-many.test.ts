// A thousand VIPs with real zebra and ospfd, permitted by one line: announced by one command, kept on the switch without a gap while the
// bridge is killed and another one takes over, and taken back.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { eventually, must } from '../../lab/index.js';
import { done, lacking, sceneOf, statusOf } from './routing/probe.js';

const skip = await lacking();
const count = 1_000;
const vips = Array.from({ length: count }, (_, i) => `123.2.${i >> 8}.${i & 255}`);
t.setTimeout(470_000);

t.test('a thousand VIPs', { skip }, async (t) => {
  const scene = await sceneOf(t);
  for (const vip of vips) scene.dataplane.vips.add(vip);
  const list = join(scene.state.directory, 'vips.txt');
  writeFileSync(list, `${vips.join('\n')}\n`);
  const inSwitch = { namespace: scene.switch };
  const onSwitch = async (): Promise<number> =>
    (await must(['ip', 'route', 'show', 'proto', 'ospf'], inSwitch)).match(/^123\.2\./gm)?.length ?? 0;
  const become = (wanted: number): Promise<number> =>
    eventually(`${wanted} VIPs on the switch`, onSwitch, (seen) => seen === wanted, { timeoutMs: 60_000 });
  const announced = async (): Promise<number> =>
    (await statusOf(scene)).vips.filter(({ state }) => state === 'announced').length;

  await scene.nodeFrr.show('ospfd', 'configure terminal\nip prefix-list DPVS-VIPS permit 123.2.0.0/16 ge 32');
  await scene.startBridge();
  await scene.full();
  const start = performance.now();
  await done(t, scene, 'announce', '--file', list);
  await become(count);
  t.comment(`on the switch ${Math.round(performance.now() - start)} ms after the command was begun`);
  t.equal(await announced(), count);
  t.notMatch(
    await scene.nodeFrr.show('ospfd', 'show running-config'),
    /permit 123\.2\.\d+\.\d+\/32/,
    'the range is enough: no entry a VIP',
  );

  let fewest = count;
  let over = false;
  const witness = (async () => {
    while (!over) fewest = Math.min(fewest, await onSwitch());
  })();
  await scene.killBridge('SIGKILL');
  await scene.startBridge();
  await eventually('the next bridge has taken all of them over', announced, (seen) => seen === count, {
    timeoutMs: 60_000,
  });
  over = true;
  await witness;
  t.equal(fewest, count, 'the switch missed none of them at any time');

  await done(t, scene, 'withdraw', '--all');
  await become(0);
  t.equal(await announced(), 0);
});
