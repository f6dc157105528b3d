// Announce and withdraw: by command, by SIGTERM of the bridge, by SIGTERM of the node.
import { spawn } from 'node:child_process';
import t from 'tap';
import { ipBatch } from '../../lab/exec.js';
import { eventually, must, plan, wanKni } from '../../lab/index.js';
import type { Report } from '../../routing/index.js';
import { cluster, nextHopsBecome, skip } from './support.js';

t.setTimeout(470_000);

t.test('announce and withdraw', { skip }, async (t) => {
  const lab = await cluster(t);
  const [one, two] = lab.nodes as [(typeof lab.nodes)[number], (typeof lab.nodes)[number]];
  const kniAddresses = async (): Promise<string> =>
    must(['ip', '-4', '-brief', 'addr', 'show', 'dev', wanKni], { namespace: one.namespace });

  await t.test('nothing is announced by itself', async (t) => {
    t.same(await lab.switch.nextHops(plan.vip), []);
    t.notMatch(await kniAddresses(), plan.vip);
  });

  await t.test('announce puts the VIP on the kni and into the switch', async (t) => {
    await one.announce();
    await nextHopsBecome(lab, ['node1']);
    t.match(await kniAddresses(), `${plan.vip}/32`);
    const status = await one.cliOrThrow('dpvs-route', ['status']);
    t.match(status, plan.vip);
    const reply = await lab.client.curl();
    t.equal(reply.seenAddress, plan.client.address);
  });

  await t.test('announcing again changes nothing', async (t) => {
    t.equal((await one.cli('dpvs-route', 'announce', plan.vip)).code, 0);
    t.equal((await lab.switch.nextHops(plan.vip)).length, 1);
  });

  await t.test('a VIP without a service is refused, and nothing of it stays', async (t) => {
    const outcome = await one.cli('dpvs-route', 'announce', '123.1.2.99');
    t.equal(outcome.code, 1);
    t.match(outcome.stderr + outcome.stdout, /service/i, 'it says why');
    t.notMatch(await kniAddresses(), '123.1.2.99');
    t.same(await lab.switch.nextHops('123.1.2.99'), []);
  });

  await t.test('a VIP of direct routing: announced without a local address, answered past the node', async (t) => {
    const vip = '123.1.2.20';
    // The servers' own way to the clients.
    await must(
      ['ip', 'link', 'add', 'to-lan', 'type', 'veth', 'peer', 'name', 'switch', 'netns', lab.state.namespace('lan')],
      { namespace: lab.switch.namespace },
    );
    await ipBatch(['link set switch master br0', 'link set switch up'], lab.state.namespace('lan'));
    await ipBatch(['link set to-lan up', 'address add 192.168.100.9/24 dev to-lan'], lab.switch.namespace);
    for (const { namespace } of lab.realServers) {
      await must(['sysctl', '-q', '-w', 'net.ipv4.conf.all.arp_ignore=1', 'net.ipv4.conf.all.arp_announce=2'], {
        namespace,
      });
      await ipBatch([`address add ${vip}/32 dev lo`, 'route add 10.0.0.0/24 via 192.168.100.9'], namespace);
    }
    await one.cliOrThrow('ipvsadm', ['-A', '-t', `${vip}:80`, '-s', 'rr']);
    for (const { address } of plan.realServers)
      await one.cliOrThrow('ipvsadm', ['-a', '-t', `${vip}:80`, '-r', address, '-g']);
    t.match(await one.cliOrThrow('dpvs-route', ['announce', vip]), /holds +local ports +not needed/);
    await nextHopsBecome(lab, ['node1'], { address: vip });
    const replies = [];
    for (let i = 0; i < 4; i++) replies.push(await lab.client.curl(`http://${vip}/`));
    t.same([...new Set(replies.map(({ server }) => server))].sort(), ['rs1', 'rs2']);
    for (const { seenAddress, seenPort, localPort } of replies) {
      t.equal(seenAddress, plan.client.address);
      t.equal(seenPort, localPort);
    }
    const found = (await one.services()).find(({ service }) => 'address' in service && service.address === vip);
    t.match(found?.stats, { conns: 4, outPkts: 0 });
    await one.cliOrThrow('dpvs-route', ['withdraw', vip]);
    await one.cliOrThrow('ipvsadm', ['-D', '-t', `${vip}:80`]);
  });

  await t.test('how many flows a drain would still count at its deadline', async (t) => {
    const held = 3;
    const hold = `exec 3<>/dev/tcp/${plan.vip}/${plan.vport}; printf 'GET / HTTP/1.1\\r\\n' >&3; echo; exec sleep 120`;
    const clients = Array.from({ length: held }, () =>
      spawn('ip', ['netns', 'exec', lab.client.namespace, 'bash', '-c', hold], {
        stdio: ['ignore', 'pipe', 'inherit'],
      }),
    );
    try {
      await Promise.all(clients.map(({ stdout }) => new Promise((resolve) => stdout.once('data', resolve))));
      const wouldDrain = async (deadline: string): Promise<Report> => {
        const args = ['drain', plan.vip, '--force', '--dry-run', '--deadline', deadline, '--json'];
        return JSON.parse(await one.cliOrThrow('dpvs-route', args)) as Report;
      };
      // A connection that is open lasts 90 s without a packet, one that has been closed some seconds.
      const soon = await eventually(
        'those that are open are left',
        () => wouldDrain('60'),
        (seen) => seen.cutFlows === held,
      );
      t.ok((soon.flows?.live ?? 0) >= held);
      t.equal((await wouldDrain('3600')).cutFlows, 0);
      t.equal((await wouldDrain('never')).cutFlows, 0);
      t.match(
        await one.cliOrThrow('dpvs-route', ['drain', plan.vip, '--force', '--dry-run', '--deadline', '60']),
        `${held} of them are still counted at the deadline`,
      );
    } finally {
      for (const client of clients) client.kill('SIGKILL');
    }
  });

  await t.test('watch, on a terminal that does not say how large it is', async (t) => {
    const { namespace, env } = one;
    const screen = await must(['script', '-qec', 'timeout --foreground -s INT 4 dpvs-route watch; true', '/dev/null'], {
      namespace,
      env: { ...env, TERM: 'xterm' },
      timeoutMs: 60_000,
    });
    for (const part of [plan.vip, '10.0.0.1', 'Full', 'announced', 'ANNOUNCED BY', 'every step is proved'])
      t.match(screen, part);
    t.ok(screen.lastIndexOf('\u001b[?25h') > screen.lastIndexOf('\u001b[?25l'), 'the cursor is there again at the end');
  });

  await t.test('the second node joins', async (t) => {
    await two.announce();
    await nextHopsBecome(lab, ['node1', 'node2']);
    t.equal((await lab.client.curl()).status, 200);
  });

  await t.test('withdraw takes it out of the switch and off the kni', async (t) => {
    await one.withdraw();
    await nextHopsBecome(lab, ['node2'], { timeoutMs: 5000 });
    t.notMatch(await kniAddresses(), plan.vip);
    for (let i = 0; i < 10; i++) t.equal((await lab.client.curl()).status, 200, 'node2 serves');
  });

  await t.test('SIGTERM of the bridge withdraws before it ends', async (t) => {
    await one.announce();
    await nextHopsBecome(lab, ['node1', 'node2']);
    await one.kill('bridge', 'SIGTERM');
    await nextHopsBecome(lab, ['node2'], { timeoutMs: 3000 });
    t.notMatch(await kniAddresses(), plan.vip);
    t.equal(one.frr.isRunning('ospfd'), true, 'ospfd is not ours to stop');
  });

  await t.test('the bridge that starts again announces what was announced', async (t) => {
    await one.startBridge();
    await nextHopsBecome(lab, ['node1', 'node2'], { timeoutMs: 15_000 });
    t.equal((await lab.client.curl()).status, 200);
  });

  await t.test('SIGTERM of dpvs: the bridge withdraws, no request is lost for long', async (t) => {
    await one.kill('dpvs', 'SIGTERM');
    const took = await nextHopsBecome(lab, ['node2'], { timeoutMs: 6000 });
    t.comment(`${took.toFixed(0)} ms after dpvs had ended`);
    await eventually(
      'dpdk1.kni went with its port',
      async () => (await lab.nodes[0]!.cli('dpip', 'link', 'show')).code,
      (code) => code === 3,
    );
    for (let i = 0; i < 10; i++) t.equal((await lab.client.curl()).status, 200, 'node2 serves');
  });
});
