// The lab's plan as data: who exists, which addresses everyone has. The tutorial's numbers wherever it has them.

/** One two-arm load-balancer node: WAN to the switch, LAN to the real servers. */
export interface NodePlan {
  readonly name: string;
  /** The interconnect /30: the switch's end and the node's, which lives on dpdk1.kni. */
  readonly switchAddress: string;
  readonly wanAddress: string;
  readonly wanPrefix: string;
  /** The switch's interface towards this node. */
  readonly switchInterface: string;
  readonly lips: readonly string[];
  /** "Just use LAN IP", says the tutorial. */
  readonly routerId: string;
}

export interface RealServerPlan {
  readonly name: string;
  readonly address: string;
}

export const vip = '123.1.2.3';
export const vport = 80;

export const client = { name: 'client', address: '10.0.0.48', gateway: '10.0.0.1', prefixLength: 24 } as const;
export const clientNetwork = '10.0.0.0/24';
export const lanNetwork = '192.168.100.0/24';
export const switchName = 'switch';
/** Holds the LAN's bridge and nothing else. */
export const lanName = 'lan';

export const nodes: readonly NodePlan[] = [
  {
    name: 'node1',
    switchAddress: '172.10.0.1',
    wanAddress: '172.10.0.2',
    wanPrefix: '172.10.0.0/30',
    switchInterface: 'to-node1',
    lips: ['192.168.100.200', '192.168.100.201'],
    routerId: '192.168.100.200',
  },
  {
    name: 'node2',
    switchAddress: '172.10.0.5',
    wanAddress: '172.10.0.6',
    wanPrefix: '172.10.0.4/30',
    switchInterface: 'to-node2',
    lips: ['192.168.100.210', '192.168.100.211'],
    routerId: '192.168.100.210',
  },
];

export const realServers: readonly RealServerPlan[] = [
  { name: 'rs1', address: '192.168.100.2' },
  { name: 'rs2', address: '192.168.100.3' },
];

/** Kernel names of a node's two ports; DPDK takes their frames, the kernel sees only the `.kni` beside them. */
export const wanPort = 'wan0';
export const lanPort = 'lan0';

/** OSPF timers both ends agree on; a node that dies by SIGKILL is missed after the dead interval. */
export const ospfTimers = { helloSeconds: 1, deadSeconds: 4 } as const;

export const members: readonly string[] = [
  client.name,
  switchName,
  ...nodes.map((node) => node.name),
  lanName,
  ...realServers.map((server) => server.name),
];
