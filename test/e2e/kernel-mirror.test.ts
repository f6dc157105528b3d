// The kernel's addresses and routes on the kni interfaces, followed by a real dpvs: added, removed, after a restart of its slow path
// and after kill -9.
import { writeFileSync } from 'node:fs';
import t from 'tap';
import type { RouteInfo } from '../../api/index.js';
import { eventually } from '../../lab/index.js';
import { inOwnNamespace, ip, SingleNode } from './single-node.js';

const wan = 'dpdk1.kni';

class MirrorNode extends SingleNode {
  /** As the command line shows them. */
  routes(): string[] {
    return inWords(JSON.parse(this.dpip('route', 'show', '--json')) as RouteInfo[]);
  }

  /** Within a second, several on a busy machine. */
  become(what: string, wanted: readonly string[]): Promise<unknown> {
    const sorted = [...wanted].sort();
    return eventually(
      what,
      async () => inWords(await this.api.dataplane('route.list', { family: 'inet' })),
      (seen) => seen.join() === sorted.join(),
      { timeoutMs: 1500, everyMs: 20 },
    );
  }
}

/** In words as short as they can be: destination, the gateway if any, device, scope. */
const inWords = (routes: readonly RouteInfo[]): string[] =>
  routes
    .map(({ destination, gateway, device, scope }) =>
      [destination, ...(gateway === '0.0.0.0' ? [] : [gateway]), device, scope].join(' '),
    )
    .sort();

if (await inOwnNamespace(t, import.meta.url)) {
  // What the kernel has is this test's to say.
  const node = new MirrorNode('keep_kni off');
  t.teardown(async () => {
    if (!t.passing()) t.comment(node.log);
    await node.end('SIGKILL');
    node.remove();
  });
  const own = ['172.10.0.2/32 dpdk1 kni_host', '172.10.0.0/30 dpdk1 link'];
  const learned = ['0.0.0.0/0 172.10.0.1 dpdk1 global', '10.9.0.0/16 172.10.0.1 dpdk1 global'];
  const configureKernel = (): void => {
    ip(`link set ${wan} up`);
    ip(`addr add 172.10.0.2/30 dev ${wan}`);
    ip(`route add default via 172.10.0.1 dev ${wan}`);
    ip(`route add 10.9.0.0/16 via 172.10.0.1 dev ${wan} proto zebra metric 20`);
  };

  await t.test('addresses and routes come and go with the kernel’s', async (t) => {
    await node.start();
    t.same(node.routes(), []);
    configureKernel();
    await node.become('all of it', [...own, ...learned]);
    ip(`addr add 123.1.2.3/32 dev ${wan}`);
    await node.become('a VIP', [...own, ...learned, '123.1.2.3/32 dpdk1 kni_host']);
    ip(`addr del 123.1.2.3/32 dev ${wan}`);
    ip(`route del 10.9.0.0/16 dev ${wan}`);
    await node.become('VIP and route gone', [...own, learned[0]!]);
    ip(
      `route add 10.9.0.0/16 proto zebra metric 20 nexthop via 172.10.0.1 dev ${wan} nexthop via 172.10.0.1 dev ${wan}`,
    );
    ip(`route change 10.9.0.0/16 proto zebra metric 20 nexthop via 172.10.0.1 dev ${wan}`);
    await node.become('a route that was changed', [...own, ...learned]);
    // IPv4 routes of a link that goes down go without a word from the kernel.
    ip(`link set ${wan} down`);
    await node.become('without the link only its address', [own[0]!]);
    ip(`link set ${wan} up`);
    ip(`route add default via 172.10.0.1 dev ${wan}`);
    ip(`route add 10.9.0.0/16 via 172.10.0.1 dev ${wan} proto zebra metric 20`);
    await node.become('all of it again', [...own, ...learned]);
    t.pass('each within a second');
  });

  await t.test('next hops on both ports are one route', async (t) => {
    ip('addr add 172.20.0.2/30 dev dpdk0.kni');
    ip(
      `route add 10.8.0.0/16 nexthop via 172.10.0.1 dev ${wan} weight 1 nexthop via 172.20.0.1 dev dpdk0.kni weight 2`,
    );
    const lan = ['172.20.0.2/32 dpdk0 kni_host', '172.20.0.0/30 dpdk0 link'];
    const group = ['10.8.0.0/16 172.10.0.1 dpdk1 global', '10.8.0.0/16 172.20.0.1 dpdk0 global'];
    await node.become('a line for each way', [...own, ...learned, ...lan, ...group]);
    ip('addr del 172.20.0.2/30 dev dpdk0.kni');
    await node.become('the way that is left', [...own, ...learned, ...kernelGroup()]);
    ip('route flush 10.8.0.0/16');
    await node.become('as before', [...own, ...learned]);
    t.pass('each within a second');
  });

  await t.test('next-hop objects, as zebra makes them', async (t) => {
    ip('addr add 172.20.0.2/30 dev dpdk0.kni');
    const lan = ['172.20.0.2/32 dpdk0 kni_host', '172.20.0.0/30 dpdk0 link'];
    const base = [...own, ...learned, ...lan];
    const [first, second] = ['10.7.0.0/16 172.10.0.1 dpdk1 global', '10.7.0.0/16 172.20.0.1 dpdk0 global'];
    ip(`nexthop add id 11 via 172.10.0.1 dev ${wan} proto zebra`);
    ip('nexthop add id 12 via 172.20.0.1 dev dpdk0.kni proto zebra');
    ip('nexthop add id 13 group 11/12 proto zebra');
    ip('route add 10.7.0.0/16 nhid 13 proto zebra metric 20');
    await node.become('a group', [...base, first, second]);
    // The route is not touched, and the kernel says nothing of it.
    ip('nexthop del id 12');
    await node.become('a member less', [...base, first]);
    ip('nexthop del id 11');
    await node.become('and none', base);
    // Now the kernel names the object and nothing else.
    ip(`nexthop add id 11 via 172.10.0.1 dev ${wan}`);
    writeFileSync('/proc/sys/net/ipv4/nexthop_compat_mode', '0');
    ip('route add 10.7.0.0/16 nhid 11 proto zebra metric 20');
    await node.become('an object without more words', [...base, first]);
    writeFileSync('/proc/sys/net/ipv4/nexthop_compat_mode', '1');
    ip('nexthop del id 11');
    await node.become('gone with it', base);
    ip('addr del 172.20.0.2/30 dev dpdk0.kni');
    await node.become('as before', [...own, ...learned]);
    t.pass('each within a second');
  });

  await t.test('a next hop of the other family is nothing here, and hinders nothing', async (t) => {
    ip(`route add 10.6.0.0/16 via inet6 fe80::1 dev ${wan}`);
    ip('route add 10.7.0.0/16 via 172.10.0.1');
    await node.become('the other one', [...own, ...learned, '10.7.0.0/16 172.10.0.1 dpdk1 global']);
    ip('route del 10.7.0.0/16');
    ip('route del 10.6.0.0/16');
    await node.become('as before', [...own, ...learned]);
    t.pass('each within a second');
  });

  await t.test('by hand on top, and taken back', async (t) => {
    const byHand = ['172.10.0.2/32', 'dev', 'dpdk1', 'scope', 'kni_host'];
    node.dpip('route', 'add', ...byHand);
    t.same(node.routes(), [...own, ...learned].sort(), 'one line');
    node.dpip('route', 'del', ...byHand);
    t.same(node.routes(), [...own, ...learned].sort(), 'the kernel still has it');
  });

  await t.test('a restart of the slow path', async (t) => {
    node.dpip('slowpath', 'restart');
    t.same(node.routes(), [...own, ...learned].sort());
    ip(`addr add 123.1.2.3/32 dev ${wan}`);
    await node.become('and it follows on', [...own, ...learned, '123.1.2.3/32 dpdk1 kni_host']);
  });

  await t.test('kill -9: the kernel’s side went with it, and comes back with the kernel’s', async (t) => {
    await node.end('SIGKILL');
    await node.start();
    t.same(node.routes(), [], 'nothing of it was in the journal');
    configureKernel();
    await node.become('all of it', [...own, ...learned]);
    await node.end('SIGTERM');
  });
}

/** What the kernel has left of the two ways, in this test's words. */
function kernelGroup(): string[] {
  return ip('-4 route show 10.8.0.0/16').includes('172.10.0.1') ? ['10.8.0.0/16 172.10.0.1 dpdk1 global'] : [];
}
