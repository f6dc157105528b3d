// kill -9 of a real dpvs and a new start: addresses, static routes and the state of its kni interfaces are as they were left.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { eventually } from '../../lab/index.js';
import { inOwnNamespace, ip, SingleNode } from './single-node.js';

interface KernelRouteLine {
  readonly dst: string;
  readonly gateway?: string;
  readonly protocol: string;
  readonly metric?: number;
}

if (await inOwnNamespace(t, import.meta.url)) {
  const node = new SingleNode();
  t.teardown(async () => {
    if (!t.passing()) t.comment(node.log);
    await node.end('SIGKILL');
    node.remove();
  });
  const wan = 'dpdk1.kni';
  const state = (file: string): string => join(node.directory, 'state', `${node.name}.${file}`);
  const addresses = (): string[] => {
    const [link] = JSON.parse(ip(`-j -4 addr show dev ${wan}`)) as {
      addr_info: { local: string; prefixlen: number }[];
    }[];
    return link.addr_info.map(({ local, prefixlen }) => `${local}/${prefixlen}`).sort();
  };
  /** By another road than the program's: what iproute2 says. */
  const routes = (): string[] =>
    (JSON.parse(ip(`-j -4 route show dev ${wan}`)) as KernelRouteLine[])
      .filter(({ protocol }) => protocol !== 'kernel')
      .map(({ dst, gateway, metric }) => [dst, gateway, metric].filter((part) => part !== undefined).join(' '))
      .sort();
  const isUp = (kni: string): boolean => {
    const [{ flags }] = JSON.parse(ip(`-j link show dev ${kni}`)) as { flags: string[] }[];
    return flags.includes('UP');
  };
  const kept = (...words: string[]): Promise<unknown> =>
    eventually(
      `the file has ${words.join(', ')}`,
      () => readFileSync(state('kni.json'), 'utf8'),
      (text) => words.every((word) => (word.startsWith('!') ? !text.includes(word.slice(1)) : text.includes(word))),
      { timeoutMs: 10_000, everyMs: 50 },
    );

  await t.test('restarts of dpvs lose nothing of it', async (t) => {
    await node.start();
    // As the routing bridge's journal names a VIP; this address is its own business.
    writeFileSync(state('route.json'), JSON.stringify({ version: 1, vips: [{ vip: '123.1.2.3', kni: wan }] }));
    for (const line of [
      `addr add 172.10.0.2/30 dev ${wan}`,
      `addr add 198.51.100.7/32 dev ${wan}`,
      `addr add 123.1.2.3/32 dev ${wan}`,
      `route add default via 172.10.0.1 dev ${wan}`,
      `route add 10.7.0.0/16 dev ${wan} metric 7 proto static`,
      `route add 10.8.0.0/16 via 172.10.0.1 dev ${wan} proto ospf`,
      'link set dpdk0.kni down',
    ])
      ip(line);
    await kept(
      '172.10.0.2/30',
      '198.51.100.7/32',
      '0.0.0.0/0',
      '10.7.0.0/16',
      '"up": false',
      '!123.1.2.3',
      '!10.8.0.0',
    );
    await node.end('SIGKILL');

    await node.start();
    await eventually(
      'the WAN side has its routes',
      () => routes(),
      (seen) => seen.join() === ['10.7.0.0/16 7', 'default 172.10.0.1'].join(),
      { timeoutMs: 10_000, everyMs: 50 },
    );
    t.same(addresses(), ['172.10.0.2/30', '198.51.100.7/32'], 'its addresses, without the VIP');
    t.equal(isUp(wan), true);
    t.equal(isUp('dpdk0.kni'), false, 'what was set down stays down');
    t.match(node.log, /kni\.restored/);

    // What was taken away stays away, also over an orderly end, which writes what is not written yet.
    ip(`addr del 198.51.100.7/32 dev ${wan}`);
    ip(`route del 10.7.0.0/16 dev ${wan}`);
    await kept('!198.51.100.7', '!10.7.0.0');
    ip(`addr add 198.51.100.8/32 dev ${wan}`);
    await node.end('SIGTERM');
    t.match(readFileSync(state('kni.json'), 'utf8'), /198\.51\.100\.8\/32/);
    await node.start();
    t.same(addresses(), ['172.10.0.2/30', '198.51.100.8/32']);
  });
}
