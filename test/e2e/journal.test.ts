// kill -9 of dpvs alone, and a new start: everything that was configured through the API is back.
import t from 'tap';
import { eventually, plan } from '../../lab/index.js';
import { announcedCluster, nextHopsBecome, skip } from './support.js';

t.test('the journal survives kill -9', { skip }, async (t) => {
  const lab = await announcedCluster(t);
  const [node] = lab.nodes as [(typeof lab.nodes)[number]];

  // Besides the tutorial's: a UDP service with weights, a static neighbour, a route that was taken away again.
  const more = [
    ['ipvsadm', '-A', '-u', '123.1.2.4:53', '-s', 'wrr'],
    ['ipvsadm', '-a', '-u', '123.1.2.4:53', '-r', '192.168.100.2:5353', '-b', '-w', '7'],
    ['dpip', 'neigh', 'add', '192.168.100.77', 'lladdr', '02:00:00:00:00:77', 'dev', 'dpdk0'],
    ['dpip', 'route', 'add', '10.9.0.0/16', 'dev', 'dpdk1'],
    ['dpip', 'route', 'add', '10.8.0.0/16', 'dev', 'dpdk1'],
    ['dpip', 'route', 'del', '10.8.0.0/16', 'dev', 'dpdk1'],
    ['ipvsadm', '--set', '900', '0', '60'],
  ] as const;
  for (const [name, ...args] of more) await node.cliOrThrow(name, args);

  const listings = async (): Promise<string[]> => {
    const sorted = async (name: 'dpip' | 'ipvsadm', ...args: string[]) =>
      (await node.cliOrThrow(name, args)).split('\n').sort().join('\n');
    return [
      await sorted('ipvsadm', '-ln'),
      await sorted('ipvsadm', '-G'),
      await sorted('ipvsadm', '-l', '--timeout'),
      await sorted('dpip', 'addr', 'show'),
      await sorted('dpip', 'route', 'show'),
    ];
  };
  const quiet = (texts: readonly string[]) => texts.map((text) => text.replace(/\b(sa_\w+) \d+/g, '$1 N'));

  const before = quiet(await listings());
  t.match(before[0], /123\.1\.2\.4:53/);
  t.match(before[0], /FullNat +7 /);
  t.match(before[4], /10\.9\.0\.0\/16/);
  t.notMatch(before[4], /10\.8\.0\.0\/16/);

  await node.kill('dpvs', 'SIGKILL');
  t.equal((await node.cli('dpip', 'route', 'show')).code, 3, 'exit code 3: dataplane unreachable');
  await node.startDataplane();
  await node.raiseKni();

  // What mirrors the kernel's addresses and routes follows a moment after the kni is up.
  const after = await eventually(
    'the listings are as before',
    async () => quiet(await listings()),
    (seen) => seen.join() === before.join(),
    { timeoutMs: 15_000, everyMs: 500 },
  ).catch(async () => quiet(await listings()));
  for (const [i, name] of ['services', 'local addresses', 'timeouts', 'addresses', 'routes'].entries())
    t.equal(after[i], before[i], name);
  t.match(await node.cliOrThrow('dpip', ['neigh', 'show']), /192\.168\.100\.77.*02:00:00:00:00:77/);

  await t.test('and it serves again', async (t) => {
    await nextHopsBecome(lab, ['node1', 'node2'], { timeoutMs: 30_000 });
    await lab.nodes[1]!.withdraw();
    await nextHopsBecome(lab, ['node1']);
    for (let i = 0; i < 5; i++) {
      const reply = await lab.client.curl();
      t.equal(reply.seenAddress, plan.client.address);
      t.equal(reply.seenPort, reply.localPort);
    }
  });
});
