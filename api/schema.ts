// The control API's definition: every method with the schema of its parameters and result. Types of both sides come from here.
import { isIP, isIPv4 } from 'node:net';
import { z } from 'zod';
import { longestBatch } from './batches.js';
import { canonicalIp } from './ip-text.js';

// ---- words -----------------------------------------------------------------------------------------------------------

/** IPv6 is put into RFC 5952's form. A zone ("fe80::1%eth0") names an interface of the kernel; here a device is a field of its own. */
export const ipAddress = z
  .string()
  .refine((s) => isIP(s) !== 0 && !s.includes('%'), 'not an IP address')
  .overwrite(canonicalIp);
export const ipv4Address = z.string().refine((s) => isIPv4(s), 'not an IPv4 address');
export const macAddress = z.string().regex(/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i, 'not a MAC address');
export const port = z.int().min(0).max(65535);
export const deviceName = z.string().regex(/^[A-Za-z][A-Za-z0-9_.-]{0,30}$/, 'not a device name');
export const scope = z.enum(['host', 'kni_host', 'link', 'global']);
export const lifetime = z.union([z.literal('forever'), z.int().min(0).max(0xffffffff)]);
/** `a.b.c.d/len` or `v6/len`, always with its length; the default route is `0.0.0.0/0` or `::/0`. */
export const prefix = z
  .string()
  .refine((s) => {
    const [address, length, ...rest] = s.split('/');
    const family = isIP(address ?? '');
    return (
      rest.length === 0 &&
      family !== 0 &&
      !s.includes('%') &&
      /^\d{1,3}$/.test(length ?? '') &&
      Number(length) <= (family === 4 ? 32 : 128)
    );
  }, 'not a prefix (address/length)')
  .overwrite((s) => s.replace(/^[^/]*/, canonicalIp));
export type Scope = z.infer<typeof scope>;

// ---- devices, addresses, routes, neighbours ----------------------------------------------------------------------------

export const addressSpec = z.strictObject({
  address: ipAddress,
  /** 32 (IPv4) or 128 when not given. */
  prefixLength: z.int().min(0).max(128).optional(),
  device: deviceName,
  scope: z.enum(['host', 'link', 'global']).optional(),
  broadcast: ipAddress.optional(),
  sapool: z.boolean().optional(),
  validLifetime: lifetime.optional(),
  preferredLifetime: lifetime.optional(),
});
export const addressInfo = z.strictObject({
  address: ipAddress,
  prefixLength: z.int(),
  device: deviceName,
  scope: z.enum(['host', 'link', 'global']),
  broadcast: ipAddress.nullable(),
  validLifetime: lifetime,
  preferredLifetime: lifetime,
  /** Ports of the address's source-address pool (TCP and UDP together as one count, as the reference shows); null without sapool. */
  sapool: z.strictObject({ used: z.int(), free: z.int(), miss: z.int() }).nullable(),
});

export const routeSpec = z.strictObject({
  destination: prefix,
  gateway: ipAddress.optional(),
  source: ipAddress.optional(),
  device: deviceName,
  /** link without a gateway, global with one, when not given. */
  scope: scope.optional(),
  mtu: z.int().min(68).max(9000).optional(),
  metric: z.int().min(0).max(0xffffffff).optional(),
});
export const routeInfo = z.strictObject({
  destination: prefix,
  gateway: ipAddress,
  source: ipAddress,
  device: deviceName,
  mtu: z.int(),
  tos: z.int(),
  scope,
  metric: z.int(),
  proto: z.literal('auto'),
  onlink: z.boolean(),
});

export const neighbourInfo = z.strictObject({
  address: ipAddress,
  /** null while unresolved. */
  mac: macAddress.nullable(),
  device: deviceName,
  state: z.enum(['NONE', 'SEND', 'REACHABLE', 'PROBE', 'DELAY', 'STATIC']),
  static: z.boolean(),
  core: z.int(),
});

export const linkStats = z.strictObject({
  ipackets: z.number(),
  opackets: z.number(),
  ibytes: z.number(),
  obytes: z.number(),
  ierrors: z.number(),
  oerrors: z.number(),
  imissed: z.number(),
  rxNombuf: z.number(),
});
export const linkInfo = z.strictObject({
  index: z.int(),
  name: deviceName,
  socket: z.int(),
  mtu: z.int(),
  rxQueues: z.int(),
  txQueues: z.int(),
  up: z.boolean(),
  speedMbps: z.number(),
  fullDuplex: z.boolean(),
  autoneg: z.boolean(),
  promisc: z.boolean(),
  allmulticast: z.boolean(),
  forward2kni: z.boolean(),
  mac: macAddress,
  /** The reference's words: OF_RX_IP_CSUM OF_TX_IP_CSUM OF_TX_TCP_CSUM OF_TX_UDP_CSUM … */
  offloads: z.array(z.string()),
  driver: z.string(),
  /** The PCI address or vdev string the port was made from. */
  hardware: z.string(),
  /** The kernel-visible interface of the port; null when kni is off. */
  kni: deviceName.nullable(),
  mbufAvail: z.int(),
  mbufInuse: z.int(),
  stats: linkStats,
});
export const groupsInfo = z.strictObject({
  index: z.int(),
  device: deviceName,
  kni: deviceName.nullable(),
  /**
   * What the port is told to receive. `unfiltered`: its driver has no filter, and makes the port of nothing that has one. `refused`: a
   * NIC whose driver can set neither; what arrives is up to it.
   */
  reception: z.enum(['groups', 'all', 'unfiltered', 'refused']),
  link: z.array(
    z.strictObject({
      mac: macAddress,
      users: z.int(),
      sources: z.array(z.enum(['kni', 'dataplane'])),
      /** The driver's filter has it. */
      synced: z.boolean(),
    }),
  ),
  /** Groups beyond the longest list: with them all multicast is received. */
  leftOut: z.int(),
});
export const cpuInfo = z.strictObject({
  id: z.int(),
  cpu: z.int(),
  socket: z.int(),
  role: z.enum(['control', 'data']),
  queues: z.array(z.strictObject({ device: deviceName, rx: z.array(z.int()), tx: z.array(z.int()) })),
  stats: z.strictObject({
    lcoreLoop: z.number(),
    pktburst: z.number(),
    zpktburst: z.number(),
    fpktburst: z.number(),
    z2hpktburst: z.number(),
    h2fpktburst: z.number(),
    dropped: z.number(),
    ipackets: z.number(),
    ibytes: z.number(),
    opackets: z.number(),
    obytes: z.number(),
  }),
});

// ---- services ------------------------------------------------------------------------------------------------------------

export const protocol = z.enum(['tcp', 'udp']);
export const scheduler = z.enum(['rr', 'wrr', 'wlc']);
export const forwarding = z.enum(['FullNat', 'Route', 'SNAT', 'Masq', 'Tunnel']);
/** A service of a virtual IP. */
export const vipKey = z.strictObject({ protocol, address: ipAddress, port: port });
/** Both ends included. As the reference's: addresses up to 0.0.0.0 are any, and so are ports up to 0. */
export const matchRange = z.strictObject({ from: ipAddress, to: ipAddress, fromPort: port, toPort: port });
/** Which packets from behind the node an SNAT service takes; what is absent is not looked at. */
export const match = z.strictObject({
  protocol: z.enum(['tcp', 'udp', 'icmp']),
  source: matchRange.optional(),
  destination: matchRange.optional(),
  /** The port a packet comes by, and the one its route leaves by. */
  inDevice: deviceName.optional(),
  outDevice: deviceName.optional(),
});
/** A service without a virtual IP: what it matches is its name. */
export const matchKey = z.strictObject({ protocol: z.literal('match'), match });
export const serviceKey = z.discriminatedUnion('protocol', [vipKey, matchKey]);
export const serverKey = z.strictObject({ address: ipAddress, port: port });
export type VipKey = z.infer<typeof vipKey>;
export type MatchKey = z.infer<typeof matchKey>;
export type ServiceMatch = z.infer<typeof match>;
export type MatchRange = z.infer<typeof matchRange>;
export type ServiceKey = z.infer<typeof serviceKey>;
export type ServerKey = z.infer<typeof serverKey>;

/** Totals since start or since the last zero. */
export const trafficStats = z.strictObject({
  conns: z.number(),
  inPkts: z.number(),
  outPkts: z.number(),
  inBytes: z.number(),
  outBytes: z.number(),
});
/** A second's worth, from the two most recent one-second samples. */
export const trafficRates = z.strictObject({
  cps: z.number(),
  inPps: z.number(),
  outPps: z.number(),
  inBps: z.number(),
  outBps: z.number(),
});

/** The passive health check of a service's real servers (dpvs.md 2.2): what new connections tell of them. Seconds. */
export const destCheck = z.strictObject({
  /** Failed attempts to connect within `wait` that inhibit a server. */
  down: z.int().min(1).max(255),
  /** Accepted ones that end its back-off. */
  up: z.int().min(1).max(255),
  wait: z.int().min(1).max(3600),
  /** The first inhibition, doubled each time up to the longest. */
  inhibitMin: z.int().min(1).max(86_400),
  inhibitMax: z.int().min(1).max(86_400),
});
export type DestCheck = z.infer<typeof destCheck>;

export const serviceSpec = z.strictObject({
  service: serviceKey,
  scheduler: scheduler.optional(),
  /** Idle timeout in seconds that overrides TCP established and UDP. */
  connTimeout: z.int().min(1).max(31535999).optional(),
  destCheck: destCheck.optional(),
});
export const serverSpec = z.strictObject({
  service: serviceKey,
  server: serverKey,
  forwarding: forwarding.optional(),
  weight: z.int().min(0).max(65535).optional(),
  /** 0 means no threshold. */
  upperThreshold: z.int().min(0).max(0xffffffff).optional(),
  lowerThreshold: z.int().min(0).max(0xffffffff).optional(),
});
export const serverInfo = z.strictObject({
  address: ipAddress,
  port: port,
  forwarding,
  weight: z.int(),
  upperThreshold: z.int(),
  lowerThreshold: z.int(),
  activeConns: z.int(),
  inactiveConns: z.int(),
  inhibited: z.boolean(),
  overload: z.boolean(),
  stats: trafficStats,
  rates: trafficRates,
});
export const serviceInfo = z.strictObject({
  service: serviceKey,
  scheduler,
  connTimeout: z.int().nullable(),
  /** Absent: off. */
  destCheck: destCheck.optional(),
  servers: z.array(serverInfo),
  localAddresses: z.int(),
  stats: trafficStats,
  rates: trafficRates,
});
export const serviceHealth = z.strictObject({
  service: vipKey,
  servers: z.int(),
  /** Those that get new connections: weight above zero, neither inhibited nor overloaded. */
  healthy: z.int(),
  /** Of the local addresses, as far as these real servers may use them; pools are shared by services. null: none needs one (DR). */
  localPorts: z.strictObject({ used: z.int(), free: z.int() }).nullable(),
  /** New connections of the last second. */
  cps: z.int(),
  activeConns: z.int(),
  inactiveConns: z.int(),
});
export const laddrSpec = z.strictObject({ service: vipKey, address: ipAddress, device: deviceName });
export const laddrInfo = z.strictObject({
  service: vipKey,
  localAddresses: z.array(
    z.strictObject({ address: ipAddress, device: deviceName, conflicts: z.int(), conns: z.int() }),
  ),
});

export const tcpState = z.enum([
  'TCP_NONE',
  'TCP_EST',
  'SYN_SENT',
  'SYN_RECV',
  'FIN_WAIT',
  'TIME_WAIT',
  'TCP_CLOSE',
  'CLOSE_WAIT',
  'LAST_ACK',
  'LISTEN',
  'SYNACK',
]);
export const endpoint = z.strictObject({ address: ipAddress, port: port });
export const connectionInfo = z.strictObject({
  lcore: z.int(),
  protocol: z.enum(['tcp', 'udp', 'icmp']),
  /** A TCP state, or ONEWAY / NORMAL for UDP and ICMP. */
  state: z.union([tcpState, z.enum(['ONEWAY', 'NORMAL'])]),
  /** Seconds of idleness left before it expires. */
  expires: z.int(),
  /**
   * Of SNAT, as the reference: the remote end, the WAN address, the remote end again, the host behind the node. Ports of ICMP: the
   * echo's identifier, and 2048 (type 8, code 0) for the remote end's.
   */
  client: endpoint,
  vip: endpoint,
  /** Of direct routing the client itself, as the real server sees it. */
  lip: endpoint,
  rip: endpoint,
});

/** Flows in classes of seconds: each is below its bound and not below that of the class before; null is without end. */
const flowClasses = z.array(z.strictObject({ below: z.int().nullable(), flows: z.int() }));
export const connSummary = z.strictObject({
  flows: z.int(),
  /** TCP that is established; TCP that opens or closes; UDP. Together all flows. */
  established: z.int(),
  other: z.int(),
  udp: z.int(),
  /** By seconds since their last packet. */
  idle: flowClasses,
  /** By seconds until they end if no packet comes any more. */
  expires: flowClasses,
  /** Seconds until the last of them has ended, if no packet comes any more; 0 without flows. */
  lastExpires: z.int(),
});

// ---- the node --------------------------------------------------------------------------------------------------------------

export const counter = z.strictObject({
  kind: z.enum(['drop', 'punt', 'event']),
  /** Stable snake_case word, the same in the log and the docs. */
  name: z.string(),
  /** One sentence: what was seen. */
  description: z.string(),
  value: z.number(),
});
export const nodeStatus = z.strictObject({
  name: z.string(),
  version: z.string(),
  pid: z.int(),
  startedAt: z.string(),
  /** true when new connections are scheduled: ports up, slow path answering. */
  serving: z.boolean(),
  /** It has been told to stop, and goes on forwarding until its VIPs are withdrawn. */
  stopping: z.boolean(),
  /** Why not, one sentence each with what to do; empty when serving. */
  problems: z.array(z.string()),
  /** Of each of the problems the port that has no link; null: it concerns the whole node. */
  problemPorts: z.array(deviceName.nullable()),
  slowPath: z.strictObject({
    state: z.enum(['running', 'restarting']),
    generation: z.int(),
    /** Milliseconds since the slow path last answered. */
    lastAnswerMs: z.number(),
  }),
  ports: z.array(z.strictObject({ name: deviceName, up: z.boolean(), kni: deviceName.nullable(), kniUp: z.boolean() })),
  services: z.int(),
  connections: z.strictObject({ used: z.int(), capacity: z.int() }),
  flows: z.strictObject({ used: z.int(), capacity: z.int() }),
  logLevel: z.string(),
});

const nothing = z.strictObject({});
const onService = z.strictObject({ service: serviceKey });
const onDevice = z.strictObject({ device: deviceName });

/** The elementary changes of the desired state: what goes to the journal, and what a batch is made of. */
export const changeMethods = {
  'addr.add': { params: addressSpec, result: nothing, mutates: true },
  'addr.set': { params: addressSpec, result: nothing, mutates: true },
  'addr.del': {
    params: addressSpec.pick({ address: true, prefixLength: true, device: true }),
    result: nothing,
    mutates: true,
  },
  'addr.flush': { params: onDevice, result: nothing, mutates: true },
  'route.add': { params: routeSpec, result: nothing, mutates: true },
  'route.del': { params: routeSpec, result: nothing, mutates: true },
  'route.flush': { params: onDevice, result: nothing, mutates: true },
  'neigh.add': {
    params: z.strictObject({ address: ipAddress, mac: macAddress, device: deviceName }),
    result: nothing,
    mutates: true,
  },
  'neigh.del': { params: z.strictObject({ address: ipAddress, device: deviceName }), result: nothing, mutates: true },
  'link.set': {
    params: z.strictObject({
      name: deviceName,
      promisc: z.boolean().optional(),
      allmulticast: z.boolean().optional(),
      forward2kni: z.boolean().optional(),
      up: z.boolean().optional(),
      /** Bytes of the largest IP packet; the port's kni gets the same. */
      mtu: z.int().min(68).max(9000).optional(),
      /** The port's kni gets the same. */
      mac: macAddress.optional(),
    }),
    result: nothing,
    mutates: true,
  },
  'service.add': { params: serviceSpec, result: nothing, mutates: true },
  'service.edit': { params: serviceSpec, result: nothing, mutates: true },
  'service.del': { params: onService, result: nothing, mutates: true },
  /** Removes every service, its servers and its local addresses. */
  'service.flush': { params: nothing, result: nothing, mutates: true },
  'server.add': { params: serverSpec, result: nothing, mutates: true },
  'server.edit': { params: serverSpec, result: nothing, mutates: true },
  'server.del': {
    params: z.strictObject({ service: serviceKey, server: serverKey }),
    result: nothing,
    mutates: true,
  },
  /** Adds the address to the device with a sapool (if it is not there) and binds it to the service: both or neither. */
  'laddr.add': { params: laddrSpec, result: nothing, mutates: true },
  /** Unbinds it; the device's address goes with its last service. */
  'laddr.del': { params: laddrSpec, result: nothing, mutates: true },
  /** Seconds; 0 leaves one as it is. */
  'timeout.set': {
    params: z.strictObject({
      tcp: z.int().min(0).max(31535999),
      tcpfin: z.int().min(0).max(31535999),
      udp: z.int().min(0).max(31535999),
    }),
    result: nothing,
    mutates: true,
  },
} as const;

export type ChangeMethod = keyof typeof changeMethods;
/** One change, its parameters bound to its method. */
export type ChangeRequest = {
  [M in ChangeMethod]: { readonly method: M; readonly params: z.infer<(typeof changeMethods)[M]['params']> };
}[ChangeMethod];

/** The union is made from the table; TypeScript cannot follow that, hence the one assertion. */
const changeRequest = z.discriminatedUnion(
  'method',
  Object.entries(changeMethods).map(([method, { params }]) =>
    z.strictObject({ method: z.literal(method), params }),
  ) as unknown as [z.ZodObject<{ method: z.ZodLiteral<string>; params: z.ZodType }>],
  { error: ({ code }) => (code === 'invalid_union' ? 'not the name of a change' : undefined) },
) as unknown as z.ZodType<ChangeRequest>;

/** name → parameters and result. Requests of methods marked `mutates` are carried out one after another. */
export const methods = {
  ...changeMethods,
  /** All of them or none, as one record of the journal. A refusal names the entry: `requests.17.params.destination`. */
  batch: {
    params: z.strictObject({ requests: z.array(changeRequest).min(1).max(longestBatch) }),
    result: nothing,
    mutates: true,
  },

  'addr.list': {
    params: z.strictObject({ device: deviceName.optional(), family: z.enum(['inet', 'inet6']).optional() }),
    result: z.array(addressInfo),
    mutates: false,
  },
  /** IPv4 without a family, as iproute2's: the kernel's IPv6 routes of every link are seldom asked for. */
  'route.list': {
    params: z.strictObject({ device: deviceName.optional(), family: z.enum(['inet', 'inet6']).optional() }),
    result: z.array(routeInfo),
    mutates: false,
  },
  /** Forgets what was learned; static entries stay. */
  'neigh.flush': { params: z.strictObject({ device: deviceName.optional() }), result: nothing, mutates: false },
  'neigh.list': {
    params: z.strictObject({ device: deviceName.optional() }),
    result: z.array(neighbourInfo),
    mutates: false,
  },
  'link.list': { params: z.strictObject({ name: deviceName.optional() }), result: z.array(linkInfo), mutates: false },
  /** Multicast groups, as MACs: joined by the kernel on the kni, or by the dataplane for its addresses. */
  'maddr.list': {
    params: z.strictObject({ device: deviceName.optional() }),
    result: z.array(groupsInfo),
    mutates: false,
  },
  'link.cpus': { params: nothing, result: z.array(cpuInfo), mutates: false },
  /** Of all services of virtual IPs; cheap enough for once a second. */
  'service.health': { params: nothing, result: z.array(serviceHealth), mutates: false },
  /** Sets the counters of one service, or of all, to zero. */
  'service.zero': { params: z.strictObject({ service: serviceKey.optional() }), result: nothing, mutates: false },
  'service.list': {
    params: z.strictObject({ service: serviceKey.optional() }),
    result: z.array(serviceInfo),
    mutates: false,
  },
  /** Match services have none. */
  'laddr.list': {
    params: z.strictObject({ service: vipKey.optional() }),
    result: z.array(laddrInfo),
    mutates: false,
  },
  'conn.list': {
    params: z.strictObject({
      service: serviceKey.optional(),
      /** Opaque position from the previous page; absent for the first. */
      cursor: z.int().min(0).optional(),
      limit: z.int().min(1).max(65536).optional(),
    }),
    result: z.strictObject({ connections: z.array(connectionInfo), nextCursor: z.int().nullable() }),
    mutates: false,
  },
  /** The live flows of so many VIPs, all their services together, in one sweep of the table: for a drain. */
  'conn.summary': {
    params: z.strictObject({ addresses: z.array(ipAddress).min(1).max(4096) }),
    result: connSummary,
    mutates: false,
  },
  'timeout.get': {
    params: nothing,
    result: z.strictObject({ tcp: z.int(), tcpfin: z.int(), udp: z.int() }),
    mutates: false,
  },
  'node.status': { params: nothing, result: nodeStatus, mutates: false },
  'node.counters': { params: nothing, result: z.array(counter), mutates: false },
  /** The routing bridge is there, for as long as the answer says: a node that is told to stop then waits for `node.released`. */
  'node.attach': {
    params: z.strictObject({ role: z.literal('bridge') }),
    result: z.strictObject({ leaseMs: z.int() }),
    mutates: false,
  },
  /** The bridge announces nothing any more: a node that stops need not wait for it. Ends the lease. */
  'node.released': { params: nothing, result: nothing, mutates: false },
  /** As SIGTERM. */
  'node.shutdown': { params: nothing, result: nothing, mutates: false },
  /** The whole desired state, as a list of mutating requests that recreate it. */
  'node.dump': {
    params: nothing,
    result: z.array(z.strictObject({ method: z.string(), params: z.unknown() })),
    mutates: false,
  },
  /** Kills the slow-path worker and starts a new one; established connections go on meanwhile. */
  'slowpath.restart': { params: nothing, result: z.strictObject({ downMs: z.number() }), mutates: false },
  'log.level': {
    params: z.strictObject({ level: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace']) }),
    result: nothing,
    mutates: false,
  },
} as const;

export type Method = keyof typeof methods;
export type Params<M extends Method> = z.infer<(typeof methods)[M]['params']>;
export type Result<M extends Method> = z.infer<(typeof methods)[M]['result']>;

export type AddressInfo = z.infer<typeof addressInfo>;
export type AddressSpec = z.infer<typeof addressSpec>;
export type RouteInfo = z.infer<typeof routeInfo>;
export type RouteSpec = z.infer<typeof routeSpec>;
export type NeighbourInfo = z.infer<typeof neighbourInfo>;
export type LinkInfo = z.infer<typeof linkInfo>;
export type GroupsInfo = z.infer<typeof groupsInfo>;
export type CpuInfo = z.infer<typeof cpuInfo>;
export type ServiceInfo = z.infer<typeof serviceInfo>;
export type ServerInfo = z.infer<typeof serverInfo>;
export type ServiceSpec = z.infer<typeof serviceSpec>;
export type ServiceHealth = z.infer<typeof serviceHealth>;
export type ConnSummary = z.infer<typeof connSummary>;
export type ServerSpec = z.infer<typeof serverSpec>;
export type LaddrInfo = z.infer<typeof laddrInfo>;
export type ConnectionInfo = z.infer<typeof connectionInfo>;
export type NodeStatus = z.infer<typeof nodeStatus>;
export type Counter = z.infer<typeof counter>;
export type Endpoint = z.infer<typeof endpoint>;
export type TrafficStats = z.infer<typeof trafficStats>;
export type TrafficRates = z.infer<typeof trafficRates>;

// ---- the wire ------------------------------------------------------------------------------------------------------------

/** One request: a single ZeroMQ frame of JSON. */
export const requestFrame = z.strictObject({ id: z.int(), method: z.string(), params: z.unknown() });
export const responseFrame = z.union([
  z.strictObject({ id: z.int(), ok: z.literal(true), result: z.unknown() }),
  z.strictObject({
    id: z.int(),
    ok: z.literal(false),
    error: z.strictObject({ code: z.string(), detail: z.string(), field: z.string() }),
  }),
]);
export type ResponseFrame = z.infer<typeof responseFrame>;

/** Events on the PUB socket: two frames, the topic and a JSON body with `topic`, `at` (ISO time) and the fields below. */
export const events = ['service', 'server', 'address', 'route', 'link', 'slowpath', 'node', 'announcement'] as const;
export type EventTopic = (typeof events)[number];
