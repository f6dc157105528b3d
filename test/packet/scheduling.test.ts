// How connections spread over real servers: rr, wrr and wlc, counted.

import type { Scene } from '../support/scene.js';
import { TcpFlow } from '../support/tcp-flow.js';
import { packetTestWith, serverKey, servers, tcpService } from '../support/two-arm.js';

/** Opens connections one after the other; @returns the server of each, as its index. */
async function spread(scene: Scene, count: number, sport: number, establish = false): Promise<number[]> {
  const chosen: number[] = [];
  for (let i = 0; i < count; i++) {
    const flow = new TcpFlow(scene, { sport: sport + i });
    await (establish ? flow.establish() : flow.syn());
    chosen.push(servers.indexOf(flow.server as (typeof servers)[number]));
  }
  return chosen;
}

const share = (chosen: readonly number[]): number[] => [0, 1].map((i) => chosen.filter((one) => one === i).length);

packetTestWith('rr takes turns', { realServers: 2 }, async (t, scene) => {
  const chosen = await spread(scene, 10, 10_000);
  t.same(share(chosen), [5, 5]);
  t.ok(
    chosen.every((one, i) => i === 0 || one !== chosen[i - 1]),
    chosen.join(),
  );
});

packetTestWith('rr looks at no weight but zero', { realServers: 2, weights: [1, 100] }, async (t, scene) => {
  t.same(share(await spread(scene, 10, 10_000)), [5, 5]);
  await scene.harness.configure('server.edit', {
    service: tcpService,
    server: serverKey(0),
    forwarding: 'FullNat',
    weight: 0,
  });
  t.same(share(await spread(scene, 4, 11_000)), [0, 4]);
});

packetTestWith('wrr by weight', { realServers: 2, weights: [3, 1], scheduler: 'wrr' }, async (t, scene) => {
  t.same(share(await spread(scene, 12, 10_000)), [9, 3]);
  await scene.harness.configure('server.edit', {
    service: tcpService,
    server: serverKey(0),
    forwarding: 'FullNat',
    weight: 1,
  });
  await spread(scene, 4, 11_000);
  t.same(share(await spread(scene, 12, 12_000)), [6, 6], 'after the weights became equal');
});

packetTestWith(
  'wrr with weights that share a divisor',
  { realServers: 2, weights: [200, 100], scheduler: 'wrr' },
  async (t, scene) => {
    t.same(share(await spread(scene, 9, 10_000)), [6, 3], 'in proportion within a few, not 200 in a row');
  },
);

packetTestWith(
  'wlc by connections and weight',
  { realServers: 2, weights: [1, 3], scheduler: 'wlc' },
  async (t, scene) => {
    t.same(share(await spread(scene, 8, 10_000, true)), [2, 6]);
  },
);

packetTestWith(
  'wlc counts an established connection for 256 others',
  { realServers: 2, scheduler: 'wlc' },
  async (t, scene) => {
    const [busy] = await spread(scene, 1, 10_000, true);
    const chosen = await spread(scene, 20, 11_000);
    t.ok(
      chosen.every((one) => one !== busy),
      'twenty half-open ones weigh less than one established',
    );
  },
);

packetTestWith('wlc notices when connections end', { realServers: 2, scheduler: 'wlc' }, async (t, scene) => {
  const flows: TcpFlow[] = [];
  for (let i = 0; i < 4; i++) flows.push(await new TcpFlow(scene, { sport: 10_000 + i }).establish());
  const [first] = flows;
  for (const flow of flows.filter(({ server }) => server === first.server)) await flow.fromServer({ flags: 'RA' });
  await scene.advance(10_000);
  const chosen = await spread(scene, 2, 11_000, true);
  t.ok(
    chosen.every((one) => servers[one] === first.server),
    'new ones go where the old ones left',
  );
});

packetTestWith('the upper threshold', { realServers: 2 }, async (t, scene) => {
  await scene.harness.configure('server.edit', {
    service: tcpService,
    server: serverKey(0),
    forwarding: 'FullNat',
    weight: 1,
    upperThreshold: 2,
  });
  t.same(share(await spread(scene, 10, 10_000, true)), [2, 8]);
});

packetTestWith('packets of one connection stay with one server', { realServers: 2 }, async (t, scene) => {
  const flow = await new TcpFlow(scene).establish();
  await spread(scene, 3, 12_000);
  for (let i = 0; i < 4; i++) t.equal((await flow.fromClient({ data: 'x' })).ip4?.dst, flow.server.address);
});
