// What the API tells a router of services and of a VIP's flows, held against the full listings.
import type { Test } from 'tap';
import type { ServiceHealth } from '../../api/index.js';
import type { Scene } from '../support/scene.js';
import { TcpFlow } from '../support/tcp-flow.js';
import { lip, packetTest, packetTestWith, serverKey, tcpService, vip } from '../support/two-arm.js';
import { UdpFlow } from '../support/udp-flow.js';

async function tcpHealth({ harness }: Scene): Promise<ServiceHealth> {
  const all = await harness.configure('service.health', {});
  const found = all.find(({ service }) => service.protocol === 'tcp');
  if (found === undefined) throw new Error('the service is not listed');
  return found;
}

packetTestWith('servers are healthy while new connections may go to them', { realServers: 2 }, async (t, scene) => {
  const { harness } = scene;
  const edit = (index: number, more: { weight?: number; upperThreshold?: number }) =>
    harness.configure('server.edit', {
      ...{ service: tcpService, server: serverKey(index), forwarding: 'FullNat' as const },
      ...more,
    });
  t.match(await tcpHealth(scene), { servers: 2, healthy: 2, activeConns: 0, inactiveConns: 0, cps: 0 });
  await edit(0, { weight: 0 });
  t.match(await tcpHealth(scene), { servers: 2, healthy: 1 });
  await edit(1, { upperThreshold: 1 });
  await new TcpFlow(scene).establish();
  await new TcpFlow(scene, { sport: 40_001 }).sendClient({ flags: 'S', ack: 0 });
  t.match(await tcpHealth(scene), { servers: 2, healthy: 0, activeConns: 1, inactiveConns: 0 }, 'overloaded');
  await edit(0, {});
  await new TcpFlow(scene, { sport: 40_002 }).syn();
  t.match(await tcpHealth(scene), { healthy: 1, activeConns: 1, inactiveConns: 1 });
});

packetTest('ports are counted where the real servers can use them', async (t, scene) => {
  const { harness } = scene;
  const ports = 65535 - 1024;
  const before = await tcpHealth(scene);
  t.same(before.localPorts, { used: 0, free: ports }, 'one real server is one bucket of the pool');
  await new TcpFlow(scene).establish();
  t.same((await tcpHealth(scene)).localPorts, { used: 1, free: ports - 1 });
  const bare = { protocol: 'tcp', address: '10.9.0.1', port: 80 } as const;
  await harness.configure('service.add', { service: bare });
  t.match(
    (await harness.configure('service.health', {})).find(({ service }) => service.address === bare.address),
    { servers: 0, healthy: 0, localPorts: { used: 0, free: 0 } },
  );
});

/** By another road: the listing of connections, one by one. */
async function byListing(t: Test, scene: Scene): Promise<void> {
  const summary = await scene.harness.configure('conn.summary', { addresses: [vip] });
  const flows = (await scene.harness.connections()).filter((flow) => flow.vip.address === vip);
  t.equal(summary.flows, flows.length);
  t.equal(summary.established, flows.filter(({ state }) => state === 'TCP_EST').length);
  t.equal(summary.udp, flows.filter(({ protocol }) => protocol === 'udp').length);
  t.equal(summary.other, flows.length - summary.established - summary.udp);
  t.equal(summary.lastExpires, Math.max(0, ...flows.map(({ expires }) => expires)));
  for (const classes of [summary.idle, summary.expires])
    t.equal(
      classes.reduce((sum, { flows }) => sum + flows, 0),
      flows.length,
    );
}

packetTest('the flows of a VIP by state, idle time and time left', async (t, scene) => {
  const summary = () => scene.harness.configure('conn.summary', { addresses: [vip] });
  await byListing(t, scene);
  for (let i = 0; i < 5; i++) await new TcpFlow(scene, { sport: 30_000 + i }).establish();
  await new TcpFlow(scene, { sport: 30_100 }).syn();
  await new UdpFlow(scene).fromClient();
  await byListing(t, scene);
  t.match((await summary()).idle, [{ below: 1, flows: 7 }]);
  await scene.advance(2500);
  await byListing(t, scene);
  // SYN_RECV has 3 s and UDP ONEWAY 300, TCP established 90: what is left of each is in its class.
  t.match(await summary(), {
    established: 5,
    udp: 1,
    idle: [{ below: 1, flows: 0 }, { below: 10 }],
    lastExpires: 298,
  });
  await scene.advance(60_000);
  await byListing(t, scene);
  t.equal((await scene.harness.configure('conn.summary', { addresses: ['10.0.0.101'] })).flows, 0, 'of another VIP');
});

packetTest('the flows of several VIPs are counted together, and no others', async (t, scene) => {
  const other = '10.0.0.101';
  const { configure } = scene.harness;
  const second = { protocol: 'tcp', address: other, port: 80 } as const;
  await configure('service.add', { service: second });
  await configure('server.add', { service: second, server: serverKey(0), forwarding: 'FullNat', weight: 1 });
  await configure('laddr.add', { service: second, address: lip, device: 'dpdk0' });
  for (let i = 0; i < 3; i++) await new TcpFlow(scene, { sport: 30_000 + i }).establish();
  await new TcpFlow(scene, { sport: 30_000, vip: other }).establish();
  const count = async (...addresses: string[]) => (await configure('conn.summary', { addresses })).established;
  t.same([await count(vip), await count(other), await count(vip, other, vip)], [3, 1, 4]);
  t.equal(await count('10.0.0.102', '2001:db8::1'), 0);
});

packetTestWith('flows of a server that was taken out still count', { realServers: 1 }, async (t, scene) => {
  await new TcpFlow(scene).establish();
  await scene.harness.configure('server.del', { service: tcpService, server: serverKey(0) });
  await byListing(t, scene);
  t.equal((await scene.harness.configure('conn.summary', { addresses: [vip] })).established, 1);
  await scene.harness.configure('service.del', { service: tcpService });
  await byListing(t, scene);
});
