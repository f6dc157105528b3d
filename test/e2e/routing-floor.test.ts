// The floor: a VIP whose real servers all fail stays announced while nobody else would announce it. With a second node.
import t from 'tap';
import { healthy, sick } from './routing/mock-dataplane.js';
import { Peer } from './routing/peer.js';
import { done, keptBecomes, lacking, sceneOf, stateBecomes, stateOf } from './routing/probe.js';

const skip = await lacking();
const vip = '123.1.2.3';
t.setTimeout(470_000);

t.test('floor', { skip }, async (t) => {
  const scene = await sceneOf(t);
  scene.dataplane.setService(vip, true);
  const [peer] = await Promise.all([Peer.up(scene), scene.startBridge()]);
  await scene.full(3);
  await done(t, scene, 'announce', vip, '--floor', '1');
  await scene.becomes(vip, true);

  await t.test('the last announcer stays, and says why', async (t) => {
    scene.dataplane.setServers(sick);
    await keptBecomes(scene, vip, 'floor');
    t.ok(await scene.learned(vip));
    t.match((await scene.cli('show', vip)).stdout, /should go, floor: 0 other announcers, 1 have to stay/);
  });

  await t.test('killed and started anew, it keeps it all the same', async (t) => {
    await scene.killBridge('SIGKILL');
    await scene.startBridge();
    await keptBecomes(scene, vip, 'floor');
    t.ok(await scene.learned(vip));
    t.match(await scene.kniAddresses(), vip);
  });

  await t.test('it goes when another announcer comes', async () => {
    await peer.announce(vip);
    await peer.becomes(vip, true);
    await stateBecomes(scene, vip, 'withdrawn servers', 12_000);
    await scene.becomes(vip, false);
  });

  await t.test('healthy again, then sick together with the other one: it stays', async (t) => {
    scene.dataplane.setServers(healthy);
    await scene.becomes(vip, true, 15_000);
    await stateBecomes(scene, vip, 'announced -');
    await peer.withdraw(vip);
    await peer.becomes(vip, false);
    scene.dataplane.setServers(sick);
    await keptBecomes(scene, vip, 'floor');
    t.ok(await scene.learned(vip));
    scene.dataplane.setServers(healthy);
    await keptBecomes(scene, vip, 'nothing');
  });

  await t.test('a node that lost its power is no announcer, although its LSA is still in the database', async (t) => {
    await peer.announce(vip);
    await peer.becomes(vip, true);
    await peer.powerOff();
    await peer.becomes(vip, false, 15_000);
    const drain = await scene.cli('drain', vip);
    t.equal(drain.code, 1, `drain is refused: ${drain.stdout}`);
    t.match(drain.stderr, /no other node announces it/);
    scene.dataplane.setServers(sick);
    await keptBecomes(scene, vip, 'floor');
    t.equal(await stateOf(scene, vip), 'announced -');
    t.ok(await scene.learned(vip));
  });
});
