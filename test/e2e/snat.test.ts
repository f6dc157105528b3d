// SNAT with real parts: the tutorial's script as it stands, and a host behind the node that reaches a server which knows no way to it.
import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import t from 'tap';
import type { ServiceInfo } from '../../api/index.js';
import { eventually, must, run } from '../../lab/index.js';
import { normalise } from '../support/tutorial.js';
import { host, remote, SnatLab } from './snat-lab.js';
import { skip } from './support.js';

const wan = '123.1.2.3';

/** The tutorial's, without its comments. */
const script = `#!/bin/sh -
WAN_IP=123.1.2.3
WAN_PREF=24
GATEWAY=123.1.2.1
LAN_IP=192.168.100.1
LAN_PREF=24
./dpip addr add $WAN_IP/$WAN_PREF dev dpdk1 sapool
./dpip addr add $LAN_IP/$LAN_PREF dev dpdk0
./dpip route add default via $GATEWAY dev dpdk1
MATCH0='proto=tcp,src-range=192.168.100.0-192.168.100.254,oif=dpdk1'
MATCH1='proto=icmp,src-range=192.168.100.0-192.168.100.254,oif=dpdk1'
./ipvsadm -A -s rr -H $MATCH0
./ipvsadm -a -H $MATCH0 -r $WAN_IP:0 -w 100 -J
./ipvsadm -A -s rr -H $MATCH1
./ipvsadm -a -H $MATCH1 -r $WAN_IP:0 -w 100 -J
`;

const noPing = existsSync('/usr/bin/ping') || existsSync('/bin/ping') ? false : 'no ping: apt-get install iputils-ping';

t.test('SNAT', { skip }, async (t) => {
  const lab = await SnatLab.up(t);
  await lab.script(script);
  await must(['ip', 'route', 'add', 'default', 'via', '192.168.100.1', 'dev', 'eth0'], lab.at('client'));
  const at = lab.at('client');

  await t.test('the host surfs', async (t) => {
    const ports = new Set<number>();
    for (let i = 0; i < 10; i++) {
      const reply = await lab.client.curl(`http://${remote}/`);
      t.equal(reply.status, 200);
      t.equal(reply.seenAddress, wan, 'the server sees the WAN address');
      ports.add(reply.seenPort);
    }
    t.equal(ports.size, 10);
    t.ok([...ports].every((port) => port >= 1025));
  });

  await t.test('and pings', { skip: noPing }, async (t) => {
    t.match(await must(['ping', '-n', '-c', '3', '-i', '0.2', remote], at), / 3 received/);
    t.match(await must(['ping', '-n', '-c', '1', '-s', '1472', '-M', 'do', remote], at), / 1 received/);
    const hop = await run(['ping', '-n', '-c', '1', '-t', '1', remote], at);
    t.match(hop.stdout, /From 192\.168\.100\.1 .*Time to live exceeded/, 'the node is the first hop');
  });

  await t.test('UDP, when it has a service', async (t) => {
    await lab.serveUdp(5353);
    await lab.script(`
      MATCH2='proto=udp,src-range=192.168.100.0-192.168.100.254,oif=dpdk1'
      ./ipvsadm -A -s rr -H $MATCH2
      ./ipvsadm -a -H $MATCH2 -r ${wan}:0 -J
    `);
    for (const [i, { echo, from }] of (await lab.client.udp(5353, 5, remote)).entries()) {
      t.equal(echo, `datagram-${i}`);
      t.equal(from, `${remote}:5353`);
    }
  });

  await t.test('the listings', async (t) => {
    const listing = normalise((await lab.script('./ipvsadm -ln')).trimEnd().split('\n'));
    t.match(listing.slice(3, 7), [
      'MATCH tcp,from=192.168.100.0-192.168.100.254:0-0,oif=dpdk1 rr',
      /^-> 123\.1\.2\.3:0 SNAT 100 \d+ \d+$/,
      'MATCH icmp,from=192.168.100.0-192.168.100.254:0-0,oif=dpdk1 rr',
      /^-> 123\.1\.2\.3:0 SNAT 100 \d+ \d+$/,
    ]);
    // The datagrams' connections: those of TCP may have ended.
    t.match(
      await lab.script('./ipvsadm -lnc'),
      new RegExp(`^\\[1\\]udp \\d+s +NORMAL +${remote}:5353 +${wan}:\\d+ +${remote}:5353 +${host}:\\d+$`, 'm'),
    );
    const addresses = await lab.script('./dpip addr show dev dpdk1');
    const [, used, free] = /sa_used (\d+) sa_free (\d+) sa_miss 0/.exec(addresses) ?? [];
    t.ok(Number(used) > 0, addresses);
    t.equal(Number(used) + Number(free), 1_032_176);
    const services = JSON.parse(await lab.script('./ipvsadm -ln --json')) as ServiceInfo[];
    const [tcp] = services;
    t.match(tcp?.stats, { conns: 10 });
    t.ok(tcp!.stats.outPkts >= 40 && tcp!.stats.inPkts >= 30, `both directions pass: ${JSON.stringify(tcp?.stats)}`);
  });

  await t.test('a large download, and a slow path that dies meanwhile', async (t) => {
    const content = randomBytes(8 << 20);
    lab.server.offerFile('large', content);
    const fetch = `curl -sS --noproxy '*' --limit-rate 4m --max-time 60 http://${remote}/files/large | sha256sum`;
    const download = must(['sh', '-c', fetch], { ...at, timeoutMs: 70_000 });
    await eventually(
      'the download is on its way',
      () => lab.api.dataplane('service.list', {}),
      (services) => services.some(({ servers }) => servers.some(({ activeConns }) => activeConns > 0)),
    );
    await lab.script('./dpip slowpath restart');
    t.equal((await download).split(' ')[0], createHash('sha256').update(content).digest('hex'));
  });

  await t.test('saved, cleared and restored; then from the journal', async (t) => {
    const saved = await lab.script('./ipvsadm -S');
    t.match(saved, /^-a -H proto=tcp,src-range=\S+,oif=dpdk1 -r 123\.1\.2\.3:0 -J -w 100$/m);
    await lab.script('./ipvsadm -C');
    await t.rejects(lab.client.curl(`http://${remote}/`, 1500), 'nothing is taken any more');
    await lab.script(`./ipvsadm -R <<EOF\n${saved}EOF\n`);
    t.equal(await lab.script('./ipvsadm -S'), saved);
    await lab.stopNode();
    await lab.startNode();
    t.equal(await lab.script('./ipvsadm -S'), saved);
    const reply = await eventually(
      'the host surfs again',
      () => lab.client.curl(`http://${remote}/`),
      () => true,
    );
    t.equal(reply.seenAddress, wan);
  });
});
