// The whole road: client, switch, ECMP, FullNAT on DPDK ports, nginx, and back with the client's own address.
import { createHash, randomBytes } from 'node:crypto';
import t from 'tap';
import type { NodeStatus, ServiceInfo } from '../../api/index.js';
import { eventually, must, plan, spread } from '../../lab/index.js';
import { announcedCluster, skip } from './support.js';

t.test('forty requests over two nodes and two servers', { skip }, async (t) => {
  const lab = await announcedCluster(t);
  const names = lab.nodes.map(({ name }) => name);

  await t.test('each server sees the client itself', async (t) => {
    const seen = await spread(lab, 40, names);
    for (const { status, seenAddress, seenPort, localPort } of seen.replies) {
      t.equal(status, 200);
      t.equal(seenAddress, plan.client.address);
      t.equal(seenPort, localPort);
    }
    // All forty coins on one side: 2 in 10^12.
    t.ok(
      [...seen.byNode.values()].every((count) => count > 0),
      `both nodes: ${JSON.stringify([...seen.byNode])}`,
    );
    t.equal(
      [...seen.byNode.values()].reduce((sum, count) => sum + count, 0),
      40,
      'every connection was counted once',
    );
    t.same([...seen.byServer.keys()].sort(), ['rs1', 'rs2']);
  });

  await t.test('round robin alternates within a node', async (t) => {
    for (const node of lab.nodes) {
      const [service] = await node.services();
      const [a, b] = service!.servers.map(({ stats }) => stats.conns);
      t.ok(Math.abs(a! - b!) <= 1, `${node.name}: ${a} and ${b}`);
    }
  });

  await t.test('the counters agree with each other', async (t) => {
    for (const node of lab.nodes) {
      const [service] = JSON.parse(await node.cliOrThrow('ipvsadm', ['-ln', '--json'])) as ServiceInfo[];
      for (const field of ['conns', 'inPkts', 'outPkts', 'inBytes', 'outBytes'] as const) {
        const servers = service!.servers.reduce((sum, { stats }) => sum + stats[field], 0);
        t.equal(servers, service!.stats[field], `${node.name}: ${field} of the servers add up to the service's`);
        t.ok(servers > 0);
      }
    }
  });

  await t.test('a large answer arrives whole', async (t) => {
    // Several MB over many windows: sequence numbers, TOA removal, MSS and checksums have to stay right throughout.
    const content = randomBytes(8 << 20);
    for (const server of lab.realServers) server.offerFile('large', content);
    for (let i = 0; i < 4; i++) {
      const text = await must(
        ['sh', '-c', `curl -sS --noproxy '*' --max-time 60 http://${plan.vip}/files/large | sha256sum`],
        { namespace: lab.client.namespace, timeoutMs: 70_000 },
      );
      t.equal(text.split(' ')[0], createHash('sha256').update(content).digest('hex'));
    }
  });

  await t.test('requests on one kept connection stay with one server', async (t) => {
    const stream = await lab.client.keptConnection(5);
    await eventually(
      'enough requests',
      () => stream.samples.length,
      (count) => count > 50,
      { timeoutMs: 20_000 },
    );
    const samples = await stream.stop();
    t.ok(samples.length > 50, `${samples.length} requests`);
    t.ok(samples.every(({ ok }) => ok));
    t.equal(new Set(samples.map(({ port }) => port)).size, 1, 'one connection');
    t.equal(new Set(samples.map(({ by }) => by)).size, 1, 'one server');
  });

  await t.test('UDP is forwarded beside it', async (t) => {
    const port = 5353;
    for (const server of lab.realServers) await server.serveUdp(port);
    for (const node of lab.nodes) {
      const service = ['-u', `${plan.vip}:${port}`];
      await node.cliOrThrow('ipvsadm', ['-A', ...service, '-s', 'rr']);
      for (const { address } of plan.realServers)
        await node.cliOrThrow('ipvsadm', ['-a', ...service, '-r', address, '-b']);
      // The same local address as the TCP service's: a pool of ports is shared by services.
      await node.cliOrThrow('ipvsadm', ['--add-laddr', '-z', node.plan.lips[0]!, ...service, '-F', 'dpdk0']);
    }
    const replies = await lab.client.udp(port, 40);
    for (const [i, { echo, from }] of replies.entries()) {
      t.equal(echo, `datagram-${i}`);
      t.equal(from, `${plan.vip}:${port}`, 'answered by the VIP itself');
    }
    t.same([...new Set(replies.map(({ server }) => server))].sort(), ['rs1', 'rs2']);
  });

  await t.test('both nodes are idle again: no connection stays open', async (t) => {
    for (const node of lab.nodes) {
      const [service] = await node.services();
      for (const { address, activeConns } of service!.servers) t.equal(activeConns, 0, `${node.name} ${address}`);
    }
  });

  await t.test('the nodes say they serve', async (t) => {
    for (const node of lab.nodes) {
      // Which ends with 1 where it does not.
      const status = JSON.parse(await node.cliOrThrow('dpip', ['status', '--json'])) as NodeStatus;
      t.same(status.problems, []);
      t.equal(status.serving, true);
    }
  });
});
