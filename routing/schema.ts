// The bridge's API: every method with the schema of its parameters and result, as api/schema.ts is for the dataplane.
import { z } from 'zod';
import { deviceName, ipv4Address } from '../api/index.js';
import { renderRequest } from './render-request.js';

export const step = z.strictObject({
  /** What was done or checked: service, port, kni, neighbour, route, ospfd, address, verify …, undo … */
  name: z.string(),
  outcome: z.enum(['holds', 'done', 'already', 'failed', 'skipped']),
  /** Milliseconds it took. */
  ms: z.number(),
  detail: z.string(),
});

export const report = z.strictObject({
  vip: ipv4Address,
  device: deviceName.nullable(),
  action: z.enum(['announce', 'withdraw']),
  /** false: refused or failed, and nothing of it stays. */
  done: z.boolean(),
  steps: z.array(step),
  /** Why not; a code of the error table. */
  error: z.strictObject({ code: z.string(), detail: z.string() }).nullable(),
});

export const vipStatus = z.strictObject({
  vip: ipv4Address,
  device: deviceName,
  force: z.boolean(),
  state: z.enum(['configured', 'ready', 'announced', 'withdrawn']),
  /** Seconds in this state. */
  forSeconds: z.number(),
  reason: z.strictObject({ at: z.string(), code: z.string(), detail: z.string() }).nullable(),
  /** Seconds until the next attempt; null when none is due. */
  retrySeconds: z.number().nullable(),
});

export const bridgeStatus = z.strictObject({
  name: z.string(),
  pid: z.int(),
  startedAt: z.string(),
  form: z.enum(['redistribute', 'network']),
  frrNamespace: z.string().nullable(),
  dataplane: z.strictObject({ reachable: z.boolean(), serving: z.boolean(), problems: z.array(z.string()) }),
  ospf: z.strictObject({
    /** Why ospfd cannot be asked; null when it answers. */
    trouble: z.string().nullable(),
    neighbours: z.array(
      z.strictObject({
        routerId: z.string(),
        address: z.string(),
        interface: z.string(),
        state: z.string(),
        full: z.boolean(),
      }),
    ),
  }),
  vips: z.array(vipStatus),
});

export const bridgeMethods = {
  announce: {
    params: z.strictObject({
      vip: ipv4Address,
      /** The only port with a Full neighbour, or the only one with a kni, when not given. */
      device: deviceName.optional(),
      /** Announce without a Full neighbour. */
      force: z.boolean().optional(),
      /** How long to wait for ospfd and a Full neighbour before refusing. */
      waitSeconds: z.number().min(0).max(300).optional(),
    }),
    result: report,
    // `mutates` would make the server handle them one after another; a withdraw must not wait for an announce that waits for a
    // neighbour. The bridge puts the changes themselves in order.
    mutates: false,
  },
  withdraw: { params: z.strictObject({ vip: ipv4Address }), result: report, mutates: false },
  status: { params: z.strictObject({}), result: bridgeStatus, mutates: false },
  'config.render': {
    params: renderRequest,
    result: z.strictObject({
      'zebra.conf': z.string(),
      'ospfd.conf': z.string(),
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
export type Report = z.infer<typeof report>;
export type VipStatus = z.infer<typeof vipStatus>;
export type BridgeStatus = z.infer<typeof bridgeStatus>;
