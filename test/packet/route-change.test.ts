// Live connections follow the routes: a gateway that is replaced by configuration takes over connections that are open.

import { TcpFlow } from '../support/tcp-flow.js';
import { sceneTest, servers, twoArm } from '../support/two-arm.js';

sceneTest(
  'a new route takes open connections along',
  () => twoArm(),
  async (t, scene) => {
    const flow = await (await new TcpFlow(scene).establish()).serverSpeaks();
    t.equal((await flow.fromClient({ flags: 'PA', data: 'direct' })).eth?.dst, servers[0].mac);
    const gateway = servers[1];
    await scene.harness.configure('route.add', {
      destination: `${servers[0].address}/32`,
      gateway: gateway.address,
      device: 'dpdk0',
    });
    await scene.advance(200);
    t.equal((await flow.fromClient({ flags: 'PA', data: 'by way of the gateway' })).eth?.dst, gateway.mac);
    await scene.harness.configure('route.del', {
      destination: `${servers[0].address}/32`,
      gateway: gateway.address,
      device: 'dpdk0',
    });
    await scene.advance(200);
    t.equal((await flow.fromClient({ flags: 'PA', data: 'direct again' })).eth?.dst, servers[0].mac);
  },
);
