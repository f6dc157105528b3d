// Namespaces and the links between them: veth pairs made in place, so the host's own namespace never sees them.
import { ipBatch, must } from './exec.js';
import { client, lanName, lanPort, membersWith, type NodePlan, realServers, switchName, wanPort } from './plan.js';
import type { RunState } from './run-state.js';

export interface Cable {
  readonly a: string;
  readonly aName: string;
  readonly b: string;
  readonly bName: string;
}

const cablesOf = (nodes: readonly NodePlan[]): readonly Cable[] => [
  { a: client.name, aName: 'eth0', b: switchName, bName: 'to-client' },
  ...nodes.map((node) => ({ a: node.name, aName: wanPort, b: switchName, bName: node.switchInterface })),
  ...nodes.map((node) => ({ a: node.name, aName: lanPort, b: lanName, bName: node.name })),
  ...realServers.map((server) => ({ a: server.name, aName: 'eth0', b: lanName, bName: server.name })),
];

export async function buildNetwork(state: RunState, nodes: readonly NodePlan[]): Promise<void> {
  for (const member of membersWith(nodes)) await addMember(state, member, member === switchName);
  await addCables(state, cablesOf(nodes));
  for (const node of nodes)
    await must(['sysctl', '-q', '-w', ...[wanPort, lanPort].flatMap(deafPort)], {
      namespace: state.namespace(node.name),
    });
  await addressEveryone(state, nodes);
}

/** A namespace. @param spreads it hands packets on, over all its equal-cost next hops */
export async function addMember(state: RunState, member: string, spreads: boolean): Promise<void> {
  const namespace = state.namespace(member);
  state.add('namespaces', namespace);
  await must(['ip', 'netns', 'add', namespace]);
  await must(['sysctl', '-q', '-w', ...quietSysctls, ...(spreads ? switchSysctls : [])], { namespace });
}

/** Both ends are down and have no address. */
export async function addCables(state: RunState, cables: readonly Cable[]): Promise<void> {
  await ipBatch(
    cables.map(
      ({ a, aName, b, bName }) =>
        `link add ${aName} netns ${state.namespace(a)} type veth peer name ${bName} netns ${state.namespace(b)}`,
    ),
  );
  for (const { a, aName, b, bName } of cables) {
    await plainFrames(state, a, aName);
    await plainFrames(state, b, bName);
  }
}

/**
 * The kernel must leave a DPDK port's frames alone. AF_XDP takes them away from it, AF_PACKET only copies them: the kernel,
 * which has the VIP on dpdk1.kni, would answer a SYN with a RST. No way back leads through the port itself, so the strict
 * reverse-path check drops everything that comes in there; ARP is answered by the dataplane or behind the kni.
 */
const deafPort = (port: string): string[] => [
  `net.ipv4.conf.${port}.rp_filter=1`,
  `net.ipv4.conf.${port}.arp_ignore=8`,
];

/** No IPv6 chatter among the frames the tests look at, and answers may leave by another port than questions came by. */
const quietSysctls = [
  'net.ipv6.conf.all.disable_ipv6=1',
  'net.ipv6.conf.default.disable_ipv6=1',
  'net.ipv4.conf.all.rp_filter=0',
  'net.ipv4.conf.default.rp_filter=0',
];
/**
 * An L3 switch: forwards, and spreads flows over equal-cost next hops by the 5-tuple. Policy 3 with exactly those five
 * fields and not policy 1: the latter trusts the hash that the packet brings along inside this machine, the client
 * socket's own, which Linux changes at every retransmission. A flow would then hop from node to node.
 */
const switchSysctls = [
  'net.ipv4.ip_forward=1',
  'net.ipv4.fib_multipath_hash_policy=3',
  'net.ipv4.fib_multipath_hash_fields=0x37',
];

/** Without this, a veth hands over frames with no checksum and larger than the MTU, which no wire would carry. */
async function plainFrames(state: RunState, member: string, name: string): Promise<void> {
  const features = ['rx', 'tx', 'sg', 'tso', 'gso', 'gro', 'rxvlan', 'txvlan'];
  await must(['ethtool', '-K', name, ...features.flatMap((feature) => [feature, 'off'])], {
    namespace: state.namespace(member),
  });
}

async function addressEveryone(state: RunState, nodes: readonly NodePlan[]): Promise<void> {
  const at = (member: string, lines: string[]) => ipBatch(lines, state.namespace(member));
  await at(client.name, [
    'link set lo up',
    'link set eth0 up',
    `address add ${client.address}/${client.prefixLength} dev eth0`,
    `route add default via ${client.gateway}`,
  ]);
  await at(switchName, [
    'link set lo up',
    'link set to-client up',
    `address add ${client.gateway}/${client.prefixLength} dev to-client`,
    ...nodes.flatMap((node) => [
      `link set ${node.switchInterface} up`,
      `address add ${node.switchAddress}/30 dev ${node.switchInterface}`,
    ]),
  ]);
  for (const node of nodes) await at(node.name, ['link set lo up', `link set ${wanPort} up`, `link set ${lanPort} up`]);
  const ports = [...nodes.map((node) => node.name), ...realServers.map((server) => server.name)];
  await at(lanName, [
    'link add br0 type bridge',
    ...ports.flatMap((port) => [`link set ${port} master br0`, `link set ${port} up`]),
    'link set br0 up',
  ]);
  for (const server of realServers)
    await at(server.name, ['link set lo up', 'link set eth0 up', `address add ${server.address}/24 dev eth0`]);
}
