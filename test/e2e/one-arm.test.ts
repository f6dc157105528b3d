// One-arm with real parts: client, node and real servers on one LAN, one port of the node, as the single-NIC sample has it. FullNAT, then
// direct routing by the tutorial's script, then the same for IPv6 and UDP.
import { createHash, randomBytes } from 'node:crypto';
import t, { type Test } from 'tap';
import { eventually, must } from '../../lab/index.js';
import { normalise } from '../support/tutorial.js';
import { client, OneArmLab, realServers } from './one-arm-lab.js';
import { skip } from './support.js';

const vip = '192.168.100.254';
const vip6 = '2001:db8:b::fe';
const fullNatVip = '192.168.100.253';
const lip = '192.168.100.200';

/** As the tutorial has it: the LAN address first. */
const directScript = [
  `./dpip addr add 192.168.100.1/24 dev dpdk0`,
  `./dpip addr add ${vip}/32 dev dpdk0`,
  `./ipvsadm -A -t ${vip}:80 -s rr`,
  `./ipvsadm -a -t ${vip}:80 -r 192.168.100.2 -g`,
  `./ipvsadm -a -t ${vip}:80 -r 192.168.100.3 -g`,
];

const fullNatScript = [
  `./dpip addr add ${fullNatVip}/32 dev dpdk0`,
  './dpip route add 192.168.100.0/24 dev dpdk0',
  `./ipvsadm -A -t ${fullNatVip}:80 -s rr`,
  ...realServers.map(({ address }) => `./ipvsadm -a -t ${fullNatVip}:80 -r ${address} -b`),
  `./ipvsadm --add-laddr -z ${lip} -t ${fullNatVip}:80 -F dpdk0`,
];

async function askTenTimes(t: Test, lab: OneArmLab, address: string, seen: string): Promise<void> {
  const servers = new Set<string>();
  for (let i = 0; i < 10; i++) {
    const reply = await lab.client.curl(`http://${address.includes(':') ? `[${address}]` : address}/`);
    servers.add(reply.server);
    t.equal(reply.seenAddress, seen);
    if (seen !== lip) t.equal(reply.seenPort, reply.localPort, 'the very same connection');
  }
  t.same([...servers].sort(), ['rs1', 'rs2']);
}

t.test('one port', { skip }, async (t) => {
  const lab = await OneArmLab.up(t);

  await t.test('FullNAT', async (t) => {
    await lab.script(fullNatScript);
    await askTenTimes(t, lab, fullNatVip, lip);
    const { stats } = await lab.service('tcp', fullNatVip);
    t.ok(stats.inPkts >= 50 && stats.outPkts >= 40, `both directions pass: ${stats.inPkts} in, ${stats.outPkts} out`);
    // The LAN address of the next script brings this route by itself.
    await lab.line('./dpip route del 192.168.100.0/24 dev dpdk0');
  });

  await t.test('direct routing by the tutorial’s script', async (t) => {
    await lab.script(directScript);
    for (const { name } of realServers) {
      await must(['ip', 'addr', 'add', `${vip}/32`, 'dev', 'lo'], lab.at(name));
      await must(['ip', 'addr', 'add', `${vip6}/128`, 'dev', 'lo'], lab.at(name));
      // The tutorial's line, and what it takes besides for the server to keep quiet about the VIP on eth0.
      await must(['sysctl', '-q', '-w', 'net.ipv4.conf.lo.arp_ignore=1'], lab.at(name));
      await must(['sysctl', '-q', '-w', 'net.ipv4.conf.all.arp_ignore=1'], lab.at(name));
      await must(['sysctl', '-q', '-w', 'net.ipv4.conf.all.arp_announce=2'], lab.at(name));
    }
    await askTenTimes(t, lab, vip, client.address);
    const { stats } = await lab.service('tcp', vip);
    t.match(stats, { conns: 10, outPkts: 0, outBytes: 0 }, 'the servers answer past the node');
    t.ok(stats.inPkts >= 50, `${stats.inPkts} packets of the client`);
    const [link] = JSON.parse(await lab.line('./dpip link show dpdk0 --json'));
    const neighbour = await must(['ip', 'neigh', 'show', vip], lab.at('client'));
    t.ok(neighbour.includes(String(link.mac).toLowerCase()), `the node is the VIP on this LAN: ${neighbour}`);
    const listing = normalise((await lab.line(`./ipvsadm -ln -t ${vip}:80`)).trimEnd().split('\n'));
    t.match(listing.slice(3), [
      `TCP ${vip}:80 rr`,
      /^-> 192\.168\.100\.2:80 Route 1 0 \d+$/,
      /^-> 192\.168\.100\.3:80 Route 1 0 \d+$/,
    ]);
    t.match(
      await lab.line('./ipvsadm -lnc'),
      new RegExp(`${client.address}:\\d+ +${vip}:80 +${client.address}:\\d+ +192`),
    );
  });

  await t.test('a large answer, and a slow path that dies meanwhile', async (t) => {
    const content = randomBytes(8 << 20);
    for (const server of realServers) lab.offerFile(server, 'large', content);
    const fetch = `curl -sS --noproxy '*' --limit-rate 1m --max-time 60 http://${vip}/files/large | sha256sum`;
    const download = must(['sh', '-c', fetch], { ...lab.at('client'), timeoutMs: 70_000 });
    await eventually(
      'the download is on its way',
      () => lab.service('tcp', vip),
      ({ servers }) => servers.some(({ activeConns }) => activeConns > 0),
    );
    await lab.line('./dpip slowpath restart');
    t.equal((await download).split(' ')[0], createHash('sha256').update(content).digest('hex'));
  });

  await t.test('saved, cleared and restored', async (t) => {
    const saved = await lab.line('./ipvsadm -S');
    t.match(saved, `-a -t ${vip}:80 -r 192.168.100.2:80 -g -w 1\n`);
    await lab.line('./ipvsadm -C');
    await lab.restore(saved);
    t.equal(await lab.line('./ipvsadm -S'), saved);
    await askTenTimes(t, lab, vip, client.address);
  });

  await t.test('IPv6', async (t) => {
    await lab.script([
      './dpip -6 addr add 2001:db8:b::1/64 dev dpdk0',
      `./dpip -6 addr add ${vip6}/128 dev dpdk0`,
      `./ipvsadm -A -t [${vip6}]:80 -s rr`,
      ...realServers.map(({ address6 }) => `./ipvsadm -a -t [${vip6}]:80 -r [${address6}] -g`),
    ]);
    await askTenTimes(t, lab, vip6, client.address6);
    t.match((await lab.service('tcp', vip6)).stats, { conns: 10, outPkts: 0 });
  });

  for (const [address, reals] of [
    [vip, realServers.map(({ address }) => address)],
    [vip6, realServers.map(({ address6 }) => `[${address6}]`)],
  ] as const)
    await t.test(`UDP to ${address}`, async (t) => {
      await lab.serveUdp(address, 5353);
      const service = `-u ${address.includes(':') ? `[${address}]` : address}:5353`;
      await lab.script([
        `./ipvsadm -A ${service} -s rr`,
        ...reals.map((real) => `./ipvsadm -a ${service} -r ${real} -g`),
      ]);
      const replies = await lab.client.udp(5353, 6, address);
      for (const [i, { echo, from }] of replies.entries()) {
        t.equal(echo, `datagram-${i}`);
        t.equal(from, `${address}:5353`);
      }
      t.same([...new Set(replies.map(({ server }) => server))].sort(), ['rs1', 'rs2']);
      t.match((await lab.service('udp', address)).stats, { conns: 6, inPkts: 6, outPkts: 0 });
    });
});
