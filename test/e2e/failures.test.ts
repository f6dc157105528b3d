// A lab of three nodes, broken in every way that `lab fail` knows, and healed; and what the switch's ECMP does with flows.
import t from 'tap';
import { eventually, type FailureKind, type Lab, must, plan, run, wanKni } from '../../lab/index.js';
import { announcedCluster, nextHopsBecome, skip } from './support.js';

const { deadSeconds } = plan.ospfTimers;
const missed = { timeoutMs: (deadSeconds + 4) * 1000 };
t.setTimeout(470_000);

/** The next hop that the switch's kernel takes for a flow of the client's. */
async function hopOf(lab: Lab, from: string, sport: number): Promise<string> {
  const flow = [
    'from',
    from,
    'iif',
    'to-client',
    'ipproto',
    'tcp',
    'sport',
    String(sport),
    'dport',
    String(plan.vport),
  ];
  const text = await must(['ip', '-json', 'route', 'get', plan.vip, ...flow], { namespace: lab.switch.namespace });
  const [route] = JSON.parse(text) as { gateway?: string }[];
  return route?.gateway ?? 'none';
}

t.test('three nodes', { skip }, async (t) => {
  const lab = await announcedCluster(t, { nodeCount: 3 });
  const names = ['node1', 'node2', 'node3'];
  const addresses = ['172.10.0.2', '172.10.0.6', '172.10.0.10'];
  t.same(
    lab.nodes.map((node) => node.plan.wanAddress),
    addresses,
  );
  t.same(lab.node('node3').plan.lips, ['192.168.100.220', '192.168.100.221']);

  await t.test('flows are spread by their five fields, and each stays where it is', async (t) => {
    const ports = Array.from({ length: 96 }, (_, i) => 20_000 + 7 * i);
    const hops = await Promise.all(ports.map((port) => hopOf(lab, plan.client.address, port)));
    for (const address of addresses) {
      const share = hops.filter((hop) => hop === address).length;
      // A binomial of 96 and 1/3: below 12 or above 54 has odds of 1 in 10^6.
      t.ok(share >= 12 && share <= 54, `${address} has ${share} of ${hops.length} source ports`);
    }
    t.same(await Promise.all(ports.map((port) => hopOf(lab, plan.client.address, port))), hops, 'the same every time');
    const others = await Promise.all(Array.from({ length: 48 }, (_, i) => hopOf(lab, `10.0.0.${100 + i}`, 20_000)));
    t.equal(new Set(others).size, 3, 'clients differ by their address as well');
  });

  await t.test('and a request crosses the node that the hash names', async (t) => {
    const connections = async () =>
      Promise.all(lab.nodes.map(async (node) => (await node.services())[0]?.stats.conns ?? 0));
    for (const address of addresses) {
      let port = 30_000;
      while ((await hopOf(lab, plan.client.address, port)) !== address) port++;
      const before = await connections();
      const url = `http://${plan.vip}/`;
      await must(['curl', '-sS', '--noproxy', '*', '--max-time', '5', '--local-port', String(port), url], {
        namespace: lab.client.namespace,
      });
      const after = await connections();
      t.same(
        after.map((count, i) => count - before[i]!),
        addresses.map((each) => Number(each === address)),
        `port ${port}`,
      );
    }
  });

  const fails = (name: string, kind: FailureKind) => lab.fail(name, kind, (line) => t.comment(line));
  const heals = (name: string) => lab.heal(name, (line) => t.comment(line));
  const served = async (t: { equal: (a: unknown, b: unknown, m: string) => unknown }, what: string) => {
    for (let i = 0; i < 6; i++) t.equal((await lab.client.curl()).status, 200, what);
  };

  await t.test('link: both ends lose their carrier, and the node withdraws', async (t) => {
    const [one] = lab.nodes as [(typeof lab.nodes)[number]];
    await fails('node1', 'link');
    await nextHopsBecome(lab, ['node2', 'node3'], { timeoutMs: 3000 });
    await t.rejects(fails('node1', 'link'), { message: /has no link already/ });
    const carrier = async (namespace: string, name: string) =>
      (await run(['ip', '-o', 'link', 'show', 'dev', name], { namespace })).stdout.includes('LOWER_UP');
    t.notOk(await carrier(lab.switch.namespace, 'to-node1'), "the switch's end");
    t.notOk(await carrier(one.namespace, plan.wanPort), "the node's end");
    await eventually(
      'the kni has lost it too, and the node does not serve',
      async () => [await carrier(one.namespace, wanKni), (await one.status()).serving],
      (seen) => seen.join() === 'false,false',
    );
    await served(t, 'the others serve');
    await heals('node1');
    await nextHopsBecome(lab, names);
  });

  await t.test('power and dpvs, of two nodes at once', async (t) => {
    await Promise.all([fails('node1', 'power'), fails('node2', 'dpvs')]);
    t.same(lab.node('node1').running, []);
    t.same(lab.node('node2').running, ['bridge', 'zebra', 'ospfd']);
    await nextHopsBecome(lab, ['node3'], missed);
    await served(t, 'node3 serves alone');
    await t.rejects(fails('node1', 'power'), { message: /nothing of node1 runs/ });
    await t.rejects(fails('node2', 'slowpath'), { message: /dpvs of node2 does not run/ });
    await Promise.all([heals('node1'), heals('node2')]);
    t.same(lab.node('node1').running, ['dpvs', 'bridge', 'zebra', 'ospfd']);
    await nextHopsBecome(lab, names);
    await served(t, 'all serve');
  });

  await t.test('ospfd and zebra, of two nodes at once', async (t) => {
    const learned = async () =>
      (await must(['ip', '-4', 'route', 'show', 'proto', 'ospf'], { namespace: lab.node('node2').namespace })).match(
        /^\S+/gm,
      );
    // Its dpvs was killed before this: a Full neighbour is not yet a route in the kernel.
    const before = await eventually('node2 has the routes of the area', learned, (now) => now?.length === 3, {
      timeoutMs: 40_000,
    });
    await Promise.all([fails('node1', 'ospfd'), fails('node2', 'zebra')]);
    t.notOk(lab.node('node1').running.includes('ospfd'));
    t.notOk(lab.node('node2').running.includes('zebra'));
    await eventually(
      'node1 is missed',
      () => lab.switch.nextHops(plan.vip),
      (hops) => !hops.includes('172.10.0.2'),
      missed,
    );
    await served(t, 'somebody serves');
    await Promise.all([heals('node1'), heals('node2')]);
    await nextHopsBecome(lab, names);
    await eventually('and has them again', learned, (now) => String(now) === String(before), { timeoutMs: 40_000 });
  });

  await t.test('bridge and slow path: nobody notices', async (t) => {
    const { generation } = (await lab.node('node2').status()).slowPath;
    await Promise.all([fails('node1', 'bridge'), fails('node2', 'slowpath')]);
    t.notOk(lab.node('node1').running.includes('bridge'));
    t.equal((await lab.node('node2').status()).slowPath.generation, generation + 1);
    t.equal((await lab.switch.nextHops(plan.vip)).length, 3);
    await served(t, 'all serve');
    await heals('node1');
    t.equal((await lab.node('node1').cli('dpvs-route', 'status')).code, 0);
    await nextHopsBecome(lab, names);
  });
});
