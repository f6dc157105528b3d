// kni/ against the kernel: what rtnetlink sets and reports must be what `ip -json` says. Runs itself again in a network namespace
// of its own, which goes with the process.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { isKernelError, type KernelEvent, KniManager, Rtnetlink } from '../../kni/index.js';
import { eventually } from '../../lab/index.js';
import { createLog } from '../../log/index.js';
import { openTap } from './tap-device.js';

const inside = process.env.DPVS_TEST_NETNS === '1';

function lacking(): string | false {
  if (process.getuid?.() !== 0) return 'needs root';
  if (spawnSync('ip', ['-V']).status !== 0) return 'needs iproute2';
  if (!existsSync('/dev/net/tun')) return 'needs /dev/net/tun';
  if (spawnSync('unshare', ['--net', 'true']).status !== 0) return 'needs the right to make a network namespace';
  return false;
}
const skip = lacking();

interface IpLink {
  ifname: string;
  ifindex: number;
  mtu: number;
  address: string;
  flags: string[];
}
const ip = (...args: string[]): string => execFileSync('ip', args, { encoding: 'utf8' });
const ipJson = <T>(...args: string[]): T => JSON.parse(ip('-json', ...args) || '[]') as T;
const ipLink = (name: string): IpLink => ipJson<IpLink[]>('link', 'show', 'dev', name)[0]!;
const ipAddresses = (name: string): string[] =>
  ipJson<{ addr_info: { local: string; prefixlen: number; family: string }[] }[]>('address', 'show', 'dev', name)
    .flatMap((link) => link.addr_info)
    .filter(({ family }) => family === 'inet')
    .map(({ local, prefixlen }) => `${local}/${prefixlen}`)
    .sort();
const mac = (n: number): string => `02:00:00:00:00:${n.toString(16).padStart(2, '0')}`;

if (!inside) {
  if (skip !== false) t.plan(0, skip);
  else {
    const file = fileURLToPath(import.meta.url);
    await t.spawn('unshare', ['--net', process.execPath, file], {
      env: { ...process.env, DPVS_TEST_NETNS: '1' },
      name: 'in a network namespace of its own',
    });
  }
} else {
  t.test('links are read and set', async (t) => {
    const kernel = new Rtnetlink();
    const tap = openTap('dpdk1.kni');
    t.teardown(() => {
      kernel.close();
      tap.close();
    });
    const same = async () => {
      const { index, name, mac, mtu, up, carrier } = await kernel.linkByName('dpdk1.kni');
      const witness = ipLink('dpdk1.kni');
      t.same(
        { index, name, mac, mtu, up },
        {
          index: witness.ifindex,
          name: 'dpdk1.kni',
          mac: witness.address,
          mtu: witness.mtu,
          up: witness.flags.includes('UP'),
        },
      );
      // ip tells the carrier of an interface that is up only.
      if (up) t.equal(carrier, !witness.flags.includes('NO-CARRIER'), 'carrier');
      return { up, mtu, mac, carrier };
    };
    t.match(await same(), { up: false, mtu: 1500 });
    await kernel.setLink('dpdk1.kni', { mtu: 1400, mac: mac(1) });
    t.match(await same(), { up: false, mtu: 1400, mac: mac(1) });
    await kernel.setLink('dpdk1.kni', { up: true });
    t.match(await same(), { up: true, carrier: true, mtu: 1400 });
    await kernel.setLink('dpdk1.kni', { mac: mac(2) });
    t.match(await same(), { up: true, mac: mac(2) }, 'a MAC change while up');
    await kernel.setCarrier('dpdk1.kni', false);
    await eventually(
      'ip sees no carrier',
      () => ipLink('dpdk1.kni').flags,
      (flags) => flags.includes('NO-CARRIER'),
    );
    t.match(await same(), { up: true, carrier: false });
    await kernel.setCarrier('dpdk1.kni', true);
    await eventually(
      'ip sees the carrier',
      () => ipLink('dpdk1.kni').flags,
      (flags) => flags.includes('LOWER_UP'),
    );
    t.match(await same(), { carrier: true });
    await kernel.setLink('dpdk1.kni', { up: false });
    t.match(await same(), { up: false });
    t.same(
      (await kernel.links()).map(({ name }) => name).sort(),
      ipJson<IpLink[]>('link', 'show')
        .map(({ ifname }) => ifname)
        .sort(),
    );
  });

  t.test('addresses and routes are added, listed and deleted', async (t) => {
    const kernel = new Rtnetlink();
    const tap = openTap('dpdk1.kni');
    t.teardown(() => {
      kernel.close();
      tap.close();
    });
    await kernel.setLink('dpdk1.kni', { up: true });
    const listed = async () =>
      (await kernel.addresses('dpdk1.kni'))
        .filter(({ family }) => family === 'inet')
        .map(({ address, prefixLength }) => `${address}/${prefixLength}`)
        .sort();
    await kernel.addAddress('dpdk1.kni', '172.10.0.2/30');
    await kernel.addAddress('dpdk1.kni', '123.1.2.3/32');
    t.same(ipAddresses('dpdk1.kni'), ['123.1.2.3/32', '172.10.0.2/30']);
    t.same(await listed(), ipAddresses('dpdk1.kni'));
    await kernel.addAddress('dpdk1.kni', '2001:db8::1:0:0:2/64');
    t.ok((await kernel.addresses()).some(({ address }) => address === '2001:db8::1:0:0:2'));
    t.match(ip('-6', 'address', 'show', 'dev', 'dpdk1.kni'), '2001:db8::1:0:0:2/64');
    await kernel.addAddress('dpdk1.kni', '2001:db8::5/128', { nodad: true });
    t.match(ip('-6', 'address', 'show', 'dev', 'dpdk1.kni'), /2001:db8::5\/128 scope global nodad/);
    t.notMatch(ip('-6', 'address', 'show', 'dev', 'dpdk1.kni', 'tentative'), '2001:db8::5', 'usable at once');

    await kernel.addRoute({ destination: 'default', gateway: '172.10.0.1', device: 'dpdk1.kni' });
    await kernel.addRoute({ destination: '10.9.0.0/16', device: 'dpdk1.kni', metric: 7 });
    ip(
      'route',
      'add',
      '10.8.0.0/16',
      'nexthop',
      'via',
      '172.10.0.1',
      'dev',
      'dpdk1.kni',
      'weight',
      '3',
      'nexthop',
      'dev',
      'dpdk1.kni',
    );
    interface IpRoute {
      dst: string;
      gateway?: string;
      dev?: string;
      metric?: number;
    }
    const witness = ipJson<IpRoute[]>('route', 'show');
    const routes = (await kernel.routes()).filter(({ family }) => family === 'inet');
    t.same(
      routes.map(({ destination }) => destination.replace('0.0.0.0/0', 'default')).sort(),
      witness.map(({ dst }) => dst).sort(),
    );
    const route = (destination: string) => routes.find((candidate) => candidate.destination === destination)!;
    t.match(route('0.0.0.0/0'), { nextHops: [{ gateway: '172.10.0.1', device: 'dpdk1.kni' }], protocol: 'static' });
    t.equal(witness.find(({ dst }) => dst === 'default')!.gateway, '172.10.0.1');
    t.match(route('10.9.0.0/16'), { metric: 7, nextHops: [{ gateway: null, device: 'dpdk1.kni' }], scope: 'link' });
    t.equal(witness.find(({ dst }) => dst === '10.9.0.0/16')!.metric, 7);
    t.same(route('10.8.0.0/16').nextHops, [
      { gateway: '172.10.0.1', device: 'dpdk1.kni', weight: 3 },
      { gateway: null, device: 'dpdk1.kni', weight: 1 },
    ]);
    await kernel.deleteRoute({ destination: 'default', gateway: '172.10.0.1', device: 'dpdk1.kni' });
    t.notMatch(ip('route', 'show'), 'default');
    await kernel.deleteAddress('dpdk1.kni', '123.1.2.3/32');
    t.same(ipAddresses('dpdk1.kni'), ['172.10.0.2/30']);
  });

  t.test('routes say their next hops: of the other family, and by next-hop objects', async (t) => {
    const told: unknown[] = [];
    const kernel = new Rtnetlink((unreadable) => told.push(unreadable));
    const tap = openTap('dpdk1.kni');
    t.teardown(() => {
      kernel.close();
      tap.close();
    });
    await kernel.setLink('dpdk1.kni', { up: true });
    await kernel.addAddress('dpdk1.kni', '172.10.0.2/30');
    const seen: string[] = [];
    const via = (route: { destination: string; nextHops: readonly { gateway: string | null }[] }): string =>
      `${route.destination} ${route.nextHops.map(({ gateway }) => gateway).join(' ')}`;
    const watch = await kernel.watch((event) => {
      if (event.kind === 'route') seen.push(`${event.change} ${via(event.route)}`);
    });
    ip('route', 'add', '10.8.0.0/16', 'via', 'inet6', 'fe80::1', 'dev', 'dpdk1.kni');
    ip('nexthop', 'add', 'id', '7', 'via', 'fe80::2', 'dev', 'dpdk1.kni');
    ip('route', 'add', '10.9.0.0/16', 'nhid', '7');
    await kernel.addRoute({ destination: '0.0.0.0/0', gateway: 'fe80::3', device: 'dpdk1.kni' });
    await kernel.addRoute({ destination: '10.7.0.0/16', gateway: '172.10.0.1', device: 'dpdk1.kni' });
    const wanted = ['0.0.0.0/0 fe80::3', '10.7.0.0/16 172.10.0.1', '10.8.0.0/16 fe80::1', '10.9.0.0/16 fe80::2'];
    const listed = (await kernel.routes()).filter(({ family, protocol }) => family === 'inet' && protocol !== 'kernel');
    t.same(listed.map(via).sort(), wanted);
    t.match(ip('route', 'show', 'default'), 'default via inet6 fe80::3 dev dpdk1.kni');
    await kernel.deleteRoute({ destination: '0.0.0.0/0', gateway: 'fe80::3', device: 'dpdk1.kni' });
    await eventually(
      'the watch has seen all of it',
      () =>
        seen
          .filter((line) => !line.includes('172.10.0.0'))
          .sort()
          .join(', '),
      (lines) => wanted.every((line) => lines.includes(`added ${line}`)) && lines.includes('removed 0.0.0.0/0 fe80::3'),
    );
    t.same(told, [], 'nothing was left out');

    // The kernel writes the number of the object only.
    writeFileSync('/proc/sys/net/ipv4/nexthop_compat_mode', '0');
    ip('nexthop', 'add', 'id', '8', 'via', '172.10.0.1', 'dev', 'dpdk1.kni');
    ip('nexthop', 'add', 'id', '9', 'group', '7/8,4');
    ip('route', 'add', '10.6.0.0/16', 'nhid', '9');
    ip('-6', 'route', 'add', '2001:db8:6::/48', 'nhid', '7');
    const wordless = (await kernel.routes()).filter(({ destination }) => /^(10\.[69]|2001:db8:6)/.test(destination));
    t.same(wordless.map(via).sort(), [
      '10.6.0.0/16 fe80::2 172.10.0.1',
      '10.9.0.0/16 fe80::2',
      '2001:db8:6::/48 fe80::2',
    ]);
    const [group] = wordless.filter(({ destination }) => destination === '10.6.0.0/16');
    t.match(group.nextHops, [{ device: 'dpdk1.kni', weight: 1 }, { weight: 4 }]);
    watch.close();
  });

  t.test('what the kernel refuses has its errno and says what was asked', async (t) => {
    const kernel = new Rtnetlink();
    const tap = openTap('dpdk1.kni');
    t.teardown(() => {
      kernel.close();
      tap.close();
    });
    ip('link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'v1');
    const refusal = async (work: Promise<unknown>): Promise<string> => {
      try {
        await work;
      } catch (error) {
        if (isKernelError(error)) return `${error.code} | ${error.message}`;
        throw error;
      }
      return 'done';
    };
    t.match(await refusal(kernel.linkByName('absent')), /^ENODEV \| look up link absent: ENODEV \(no such device\)/);
    t.match(await refusal(kernel.setLink('dpdk1.kni', { mtu: 10 })), /^EINVAL \| set link dpdk1.kni mtu 10/);
    t.match(await refusal(kernel.setCarrier('v0', false)), /^(EOPNOTSUPP|ENOTSUP) /);
    t.equal(await refusal(kernel.addAddress('dpdk1.kni', '10.0.0.1/32')), 'done');
    t.match(
      await refusal(kernel.addAddress('dpdk1.kni', '10.0.0.1/32')),
      /^EEXIST \| add address 10.0.0.1\/32 to dpdk1.kni/,
    );
    t.match(await refusal(kernel.deleteAddress('dpdk1.kni', '10.0.0.2/32')), /^EADDRNOTAVAIL /);
    t.match(
      await refusal(kernel.addRoute({ destination: 'default', gateway: '1.2.3.4', device: 'dpdk1.kni' })),
      /^(ENETUNREACH|ENETDOWN) \| add route 0.0.0.0\/0 via 1.2.3.4 dev dpdk1.kni/,
    );
    t.match(await refusal(kernel.deleteRoute({ destination: '9.9.9.9/32', device: 'dpdk1.kni' })), /^ESRCH /);
    // Many at once: the kernel runs one dump a socket at a time.
    const all = await Promise.all(Array.from({ length: 20 }, () => kernel.links()));
    t.ok(
      all.every((links) => links.length === 4),
      'twenty dumps at once',
    );
    kernel.close();
    t.match(await refusal(kernel.links()), /^EBADF /);
    ip('link', 'delete', 'v0');
  });

  t.test('a watch reports changes of others, and that it lost some', async (t) => {
    const kernel = new Rtnetlink();
    t.teardown(() => kernel.close());
    const seen: KernelEvent[] = [];
    await kernel.watch((event) => seen.push(event));
    const tap = openTap('t0');
    ip('link', 'set', 't0', 'up');
    ip('address', 'add', '10.1.0.1/24', 'dev', 't0');
    ip('route', 'add', '10.2.0.0/16', 'via', '10.1.0.2');
    ip('route', 'delete', '10.2.0.0/16');
    ip('address', 'delete', '10.1.0.1/24', 'dev', 't0');
    tap.close();
    await eventually(
      'the removal is seen',
      () => seen,
      (events) =>
        events.some((event) => event.kind === 'link' && event.change === 'removed' && event.link.name === 't0'),
    );
    const words = seen.map((event) =>
      event.kind === 'link'
        ? `link ${event.change} ${event.link.name} ${event.link.up ? 'up' : 'down'}`
        : event.kind === 'address'
          ? `address ${event.change} ${event.address.address}/${event.address.prefixLength} ${event.address.device}`
          : event.kind === 'route'
            ? `route ${event.change} ${event.route.destination} ${event.route.nextHops[0]?.gateway} ${event.route.nextHops[0]?.device}`
            : event.kind,
    );
    const wanted = [
      'link set t0 down',
      'link set t0 up',
      'address added 10.1.0.1/24 t0',
      'route added 10.2.0.0/16 10.1.0.2 t0',
      'route removed 10.2.0.0/16 10.1.0.2 t0',
      'address removed 10.1.0.1/24 t0',
      'link removed t0 down',
    ];
    t.same(
      words.filter((line) => wanted.includes(line)).filter((line, i, all) => all.indexOf(line) === i),
      wanted,
      'in order',
    );

    // While this thread is busy in execFileSync the queue overflows; what does not fit is dropped by the kernel.
    const codes: string[] = [];
    const small = await kernel.watch((event) => void (event.kind === 'resync' && codes.push(event.code)), {
      receiveBuffer: 2048,
    });
    const batch = Array.from({ length: 400 }, (_unused, i) => `address add 10.3.${i >> 8}.${i & 255}/32 dev lo`);
    execFileSync('ip', ['-batch', '-'], { input: `${batch.join('\n')}\n` });
    await eventually(
      'the loss is reported',
      () => codes,
      (list) => list.includes('ENOBUFS'),
    );
    t.equal((await kernel.addresses('lo')).filter(({ address }) => address.startsWith('10.3.')).length, 400);
    small.close();
  });

  t.test('the kni manager keeps the interface equal to its port', async (t) => {
    const log: string[] = [];
    const manager = new KniManager({
      onAddress: ({ port, kni, address, prefixLength, family, change }) =>
        family === 'inet' && log.push(`${change} ${address}/${prefixLength} ${port} ${kni}`),
      onLink: (port, link) => link === null && log.push(`gone ${port}`),
    });
    t.teardown(() => manager.close());
    let tap = openTap('dpdk1.kni');
    ip('address', 'add', '172.10.0.2/30', 'dev', 'dpdk1.kni');
    const link = await manager.attach({
      name: 'dpdk1',
      kniName: 'dpdk1.kni',
      mac: mac(9).toUpperCase(),
      mtu: 1400,
      up: true,
    });
    t.match(link, { mac: mac(9), mtu: 1400, up: true });
    t.match(ipLink('dpdk1.kni'), { address: mac(9), mtu: 1400 });
    t.same(log, ['added 172.10.0.2/30 dpdk1 dpdk1.kni'], 'what was there before');
    ip('address', 'add', '123.1.2.3/32', 'dev', 'dpdk1.kni');
    await eventually(
      'the new address',
      () => log.length,
      (n) => n === 2,
    );
    t.same(
      manager
        .addresses('dpdk1')
        .filter((a) => !a.includes(':'))
        .sort(),
      ipAddresses('dpdk1.kni'),
    );

    ip('link', 'set', 'dpdk1.kni', 'mtu', '1300', 'address', mac(8));
    await eventually(
      'put right',
      () => ipLink('dpdk1.kni'),
      ({ mtu, address }) => mtu === 1400 && address === mac(9),
    );

    await manager.setCarrier('dpdk1', false);
    await eventually(
      'no carrier',
      () => ipLink('dpdk1.kni').flags,
      (flags) => flags.includes('NO-CARRIER'),
    );
    tap.close();
    await eventually(
      'gone',
      () => log,
      (lines) => lines.includes('gone dpdk1'),
    );
    t.same(log.slice(2, -1).sort(), ['removed 123.1.2.3/32 dpdk1 dpdk1.kni', 'removed 172.10.0.2/30 dpdk1 dpdk1.kni']);
    tap = openTap('dpdk1.kni');
    await eventually(
      'set up again, carrier included',
      () => ipLink('dpdk1.kni'),
      ({ mtu, address, flags }) => mtu === 1400 && address === mac(9) && flags.includes('NO-CARRIER'),
    );
    await manager.setCarrier('dpdk1', true);
    await eventually(
      'carrier',
      () => ipLink('dpdk1.kni').flags,
      (flags) => flags.includes('LOWER_UP'),
    );
    tap.close();
    await t.rejects(
      manager.attach({ name: 'dpdk2', kniName: 'dpdk2.kni', mac: mac(3), mtu: 1500 }),
      { code: 'ENODEV' },
      'a TAP that does not appear',
    );
  });

  t.test('a port that can follow its kni', async (t) => {
    const asked: string[] = [];
    const lines: string[] = [];
    const log = createLog({ stream: { write: (line: string) => void lines.push(line) } });
    const corrected = (): string[] => lines.filter((line) => line.includes('"kni.corrected"'));
    let gate: Promise<unknown> = Promise.resolve();
    const manager: KniManager = new KniManager(
      {
        onOwn: async (port, own) => {
          asked.push(JSON.stringify(own));
          await gate;
          if (own.mtu === 1250) throw new Error('1250 is no MTU of mine');
          if (own.mtu !== 1260) await manager.set(port, own);
        },
      },
      log,
    );
    t.teardown(() => manager.close());
    const tap = openTap('dpdk1.kni');
    t.teardown(() => tap.close());
    await manager.attach({ name: 'dpdk1', kniName: 'dpdk1.kni', mac: mac(9), mtu: 1400, up: true });
    const has = (what: string, mtu: number, address: string): Promise<unknown> =>
      eventually(
        what,
        () => ipLink('dpdk1.kni'),
        (link) => link.mtu === mtu && link.address === address,
      );
    const followed = (times: number): Promise<unknown> =>
      eventually(
        `followed ${times} times`,
        () => lines.filter((line) => line.includes('"kni.followed"')).length,
        (n) => n === times,
      );

    ip('link', 'set', 'dpdk1.kni', 'mtu', '1300', 'address', mac(8));
    await followed(1);
    t.same(asked.splice(0), [JSON.stringify({ mac: mac(8), mtu: 1300 })], 'asked once, for both');
    t.match(ipLink('dpdk1.kni'), { mtu: 1300, address: mac(8) });

    let open = (): void => undefined;
    gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    ip('link', 'set', 'dpdk1.kni', 'mtu', '1310');
    await eventually(
      'asked',
      () => asked.length,
      (n) => n === 1,
    );
    ip('link', 'set', 'dpdk1.kni', 'mtu', '1320');
    ip('link', 'set', 'dpdk1.kni', 'address', mac(7));
    open();
    await followed(3);
    t.same(asked.splice(0), [JSON.stringify({ mtu: 1310 }), JSON.stringify({ mac: mac(7), mtu: 1320 })]);
    t.match(ipLink('dpdk1.kni'), { mtu: 1320, address: mac(7) }, 'what was set last stands');

    await manager.set('dpdk1', { mtu: 1500 });
    t.match(ipLink('dpdk1.kni'), { mtu: 1500, address: mac(7) }, 'the other way');
    t.same(asked, [], 'which is no wish of the kernel');
    await t.rejects(manager.set('dpdk1', { mtu: 10 }), { code: 'EINVAL' });
    t.equal(corrected().length, 0);

    ip('link', 'set', 'dpdk1.kni', 'mtu', '1250');
    await eventually(
      'refused',
      () => corrected().length,
      (n) => n === 1,
    );
    await has('put right', 1500, mac(7));
    t.match(corrected()[0], /"mtu":1500.*1250 is no MTU of mine/);
    ip('link', 'set', 'dpdk1.kni', 'mtu', '1260');
    await eventually(
      'not followed without a word',
      () => corrected().length,
      (n) => n === 2,
    );
    await has('put right too', 1500, mac(7));
  });
}
