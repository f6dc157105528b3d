// The bridge's API: every method with the schema of its parameters and result, as api/schema.ts is for the dataplane.
import { z } from 'zod';
import { deviceName, ipAddress } from '../api/index.js';
import { mostPorts, mostVips } from './limits.js';
import { policy, policyChange } from './policy.js';
import { renderRequest } from './render-request.js';

const vips = z.array(ipAddress).min(1).max(mostVips);
/** `all`: every VIP that this bridge knows. */
const knownVips = z.union([z.literal('all'), vips]);

/** As `--dev` takes them: `dpdk1`, or `dpdk1,dpdk2`. */
const ports = z
  .string()
  .refine(
    (text) => z.array(deviceName).max(mostPorts).safeParse(text.split(',')).success,
    'ports, as dpdk1 or dpdk1,dpdk2',
  );

export const step = z.strictObject({
  /** What was done or checked: service, port, kni, neighbour, route, ospfd, address, verify …, undo … */
  name: z.string(),
  outcome: z.enum(['holds', 'done', 'already', 'failed', 'skipped', 'would']),
  /** Milliseconds it took. */
  ms: z.number(),
  detail: z.string(),
});

export const flows = z.strictObject({
  /** Connections in the dataplane's table, in whatever state. */
  live: z.number(),
  newPerSecond: z.number(),
});

export const report = z.strictObject({
  action: z.enum(['announce', 'withdraw', 'drain', 'undrain', 'graceful-restart']),
  vips: z.array(ipAddress),
  /** null: none, or VIPs that are not on the same. */
  device: ports.nullable(),
  /** Nothing was changed, and nothing will be: the steps say what would be. */
  dryRun: z.boolean(),
  /** false: refused or failed, and nothing of it stays. */
  done: z.boolean(),
  steps: z.array(step),
  /** Of a drain: what is under way on these VIPs now. */
  flows: flows.nullable(),
  /** Of a graceful restart: seconds within which the daemon has to be back. */
  graceSeconds: z.number().nullable(),
  /** Of a drain: flows of now that last beyond its deadline, even without another packet; null: unknown. */
  cutFlows: z.number().nullable(),
  /** Why not; a code of the error table. */
  error: z.strictObject({ code: z.string(), detail: z.string() }).nullable(),
});

const reason = z.strictObject({ at: z.string(), code: z.string(), detail: z.string() });
const stateName = z.enum(['configured', 'ready', 'announced', 'draining', 'withdrawn']);

export const vipStatus = z.strictObject({
  vip: ipAddress,
  device: ports,
  /** Each of them, and why nobody reaches it there; null: somebody does. */
  ports: z.array(z.strictObject({ device: deviceName, carries: z.boolean(), reason: reason.nullable() })),
  force: z.boolean(),
  policy,
  state: stateName,
  /** Something of it is, or may be, set up: an address, an entry of the routing daemon. */
  held: z.boolean(),
  /** Seconds in this state. */
  forSeconds: z.number(),
  reason: reason.nullable(),
  /** Why it stays announced although its real servers or ports, or the end of a drain, say that it should go. */
  kept: reason.nullable(),
  /** Of a drain: `leaving` the best set, or `emptying`. */
  stage: z.enum(['leaving', 'emptying']).nullable(),
  /** Seconds until the drain cuts what is left; null: no drain, or no deadline. */
  deadlineSeconds: z.number().nullable(),
  /** Seconds until the next attempt; null when none is due. */
  retrySeconds: z.number().nullable(),
  flows: flows.nullable(),
  /** Milliseconds of the last announcement and withdrawal, until the routing daemon's database proved them. */
  took: z.strictObject({ announce: z.number().nullable(), withdraw: z.number().nullable() }),
});

export const neighbourStatus = z.strictObject({
  routerId: z.string(),
  address: z.string(),
  interface: z.string(),
  state: z.string(),
  full: z.boolean(),
});

export const routingStatus = z.strictObject({
  protocol: z.enum(['ospf', 'ospf6', 'bgp']),
  form: z.string(),
  family: z.enum(['inet', 'inet6']),
  daemon: z.string(),
  /** Why the daemon cannot be asked; null when it answers. */
  trouble: z.string().nullable(),
  /** Why what comes and goes on an interface does not reach the daemon through zebra; null: it does. */
  zebra: z.string().nullable(),
  neighbours: z.array(neighbourStatus),
  /** A planned restart: `prepared`, while the daemon is `away`, while it finds its neighbours again (`returning`). */
  gracefulRestart: z
    .strictObject({
      phase: z.enum(['prepared', 'away', 'returning']),
      /** Until the neighbours drop the routes. */
      secondsLeft: z.number(),
    })
    .nullable(),
});

export const bridgeStatus = z.strictObject({
  name: z.string(),
  pid: z.int(),
  startedAt: z.string(),
  frrNamespace: z.string().nullable(),
  /** Why what the bridge is to announce cannot be written down; null: it is. */
  journal: z.strictObject({ trouble: z.string().nullable() }),
  dataplane: z.strictObject({ reachable: z.boolean(), serving: z.boolean(), problems: z.array(z.string()) }),
  routing: z.array(routingStatus),
  vips: z.array(vipStatus),
  /** Announced here, and not known to the bridge. */
  strays: z.array(z.strictObject({ vip: ipAddress, device: ports })),
});

export const vipDetail = vipStatus.extend({
  conditions: z.array(z.strictObject({ name: z.string(), holds: z.boolean(), code: z.string(), detail: z.string() })),
  /** Everyone who announces it in the area, this node included; null: unknown. */
  announcers: z.array(z.strictObject({ router: z.string(), metric: z.number(), self: z.boolean() })).nullable(),
  /** The last transitions, oldest first. */
  history: z.array(z.strictObject({ at: z.string(), from: stateName, to: stateName, reason })),
});

const dryRun = z.boolean().optional();

export const bridgeMethods = {
  announce: {
    params: z.strictObject({
      vips,
      /** The only port with a Full neighbour, or the only one with a kni, when not given. */
      device: ports.optional(),
      /** Announce without a Full neighbour. */
      force: z.boolean().optional(),
      /** How long to wait for the daemon and a Full neighbour before refusing. */
      waitSeconds: z.number().min(0).max(300).optional(),
      policy: policyChange.optional(),
      dryRun,
    }),
    result: report,
    // `mutates` would make the server handle them one after another; a withdraw must not wait for an announce that waits for a
    // neighbour. The bridge puts the changes themselves in order.
    mutates: false,
  },
  withdraw: { params: z.strictObject({ vips: knownVips, dryRun }), result: report, mutates: false },
  drain: {
    params: z.strictObject({
      vips: knownVips,
      /** Until the flows that are left are cut; null: never. */
      deadlineSeconds: z.number().min(0).max(86_400).nullable(),
      /** Also where no other node announces them. */
      force: z.boolean().optional(),
      dryRun,
    }),
    result: report,
    mutates: false,
  },
  undrain: { params: z.strictObject({ vips: knownVips, dryRun }), result: report, mutates: false },
  'graceful-restart': {
    params: z.strictObject({
      /** How long to wait for a quiet moment before refusing. */
      waitSeconds: z.number().min(0).max(300).optional(),
      dryRun,
    }),
    result: report,
    mutates: false,
  },
  status: { params: z.strictObject({}), result: bridgeStatus, mutates: false },
  /** Everything about some VIPs, or about all. */
  show: {
    params: z.strictObject({ vips: knownVips }),
    result: bridgeStatus.extend({ vips: z.array(vipDetail) }),
    mutates: false,
  },
  'config.render': {
    params: renderRequest,
    result: z.strictObject({
      'zebra.conf': z.string(),
      'ospfd.conf': z.string().optional(),
      'bgpd.conf': z.string().optional(),
      'bfdd.conf': z.string().optional(),
      'ospf6d.conf': z.string().optional(),
      'switch.conf': z.string().optional(),
    }),
    mutates: false,
  },
} as const;

export type BridgeMethod = keyof typeof bridgeMethods;
export type BridgeParams<M extends BridgeMethod> = z.infer<(typeof bridgeMethods)[M]['params']>;
export type BridgeResult<M extends BridgeMethod> = z.infer<(typeof bridgeMethods)[M]['result']>;
export type Step = z.infer<typeof step>;
export type Flows = z.infer<typeof flows>;
export type Report = z.infer<typeof report>;
export type VipStatus = z.infer<typeof vipStatus>;
export type VipDetail = z.infer<typeof vipDetail>;
export type RoutingStatus = z.infer<typeof routingStatus>;
export type BridgeStatus = z.infer<typeof bridgeStatus>;
