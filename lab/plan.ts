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

export const defaultNodeCount = 2;
/** What the picture has room for, and what two CPUs still serve: every node is a dataplane with a worker of its own. */
export const maxNodeCount = 4;

/** Node 1 has 172.10.0.0/30 and the LIPs .200 and .201, node 2 the next /30 and .210 and .211, and so on. */
function nodePlan(ordinal: number): NodePlan {
  const interconnect = 4 * (ordinal - 1);
  const firstLip = 190 + 10 * ordinal;
  const name = `node${ordinal}`;
  return {
    name,
    switchAddress: `172.10.0.${interconnect + 1}`,
    wanAddress: `172.10.0.${interconnect + 2}`,
    wanPrefix: `172.10.0.${interconnect}/30`,
    switchInterface: `to-${name}`,
    lips: [`192.168.100.${firstLip}`, `192.168.100.${firstLip + 1}`],
    routerId: `192.168.100.${firstLip}`,
  };
}

export function nodePlans(count: number): readonly NodePlan[] {
  if (!Number.isInteger(count) || count < 1 || count > maxNodeCount)
    throw new RangeError(`a lab has 1 to ${maxNodeCount} nodes, not ${count}`);
  return Array.from({ length: count }, (_, i) => nodePlan(i + 1));
}

/** The nodes of a lab that was not asked for another number of them. */
export const nodes = nodePlans(defaultNodeCount);

export const realServers: readonly RealServerPlan[] = [
  { name: 'rs1', address: '192.168.100.2' },
  { name: 'rs2', address: '192.168.100.3' },
];

/** Kernel names of a node's two ports; DPDK takes their frames, the kernel sees only the `.kni` beside them. */
export const wanPort = 'wan0';
export const lanPort = 'lan0';

/** OSPF timers both ends agree on; a node that dies by SIGKILL is missed after the dead interval. */
export const ospfTimers = { helloSeconds: 1, deadSeconds: 4, graceSeconds: 60 } as const;

/** Everyone who has a namespace. */
export const membersWith = (nodePlans: readonly NodePlan[]): readonly string[] => [
  client.name,
  switchName,
  ...nodePlans.map((node) => node.name),
  lanName,
  ...realServers.map((server) => server.name),
];
