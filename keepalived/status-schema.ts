// The API of dpvs-keepalived: one method, with the schema of its result. Times are seconds or milliseconds as named.
import { z } from 'zod';

export const checkStatus = z.strictObject({
  kind: z.enum(['TCP_CHECK', 'HTTP_GET', 'SSL_GET', 'UDP_CHECK', 'MISC_CHECK']),
  /** What it asks: `192.168.100.2:80/path`, or the command. */
  target: z.string(),
  up: z.boolean(),
  /** It has had a result that counts; before, `up` is what it is taken for. */
  settled: z.boolean(),
  /** Failures in a row that are being tried again. */
  retries: z.int(),
  last: z.strictObject({ ok: z.boolean(), reason: z.string(), tookMs: z.number(), agoSeconds: z.number() }).nullable(),
});

export const serverStatus = z.strictObject({
  server: z.string(),
  alive: z.boolean(),
  /** When alive; a script may have set it. */
  weight: z.int(),
  inhibitOnFailure: z.boolean(),
  checks: z.array(checkStatus),
});

export const virtualServerStatus = z.strictObject({
  name: z.string(),
  /** `file:line`. */
  at: z.string(),
  services: z.array(
    z.strictObject({
      service: z.string(),
      /** Why the dataplane does not have it as the file says; null: it has. */
      refused: z.string().nullable(),
    }),
  ),
  quorum: z.strictObject({ up: z.boolean(), needed: z.int(), hysteresis: z.int(), aliveWeight: z.int() }),
  sorryServer: z.strictObject({ server: z.string(), active: z.boolean() }).nullable(),
  servers: z.array(serverStatus),
});

export const keepalivedStatus = z.strictObject({
  name: z.string(),
  pid: z.int(),
  startedAt: z.string(),
  file: z.string(),
  loadedAt: z.string(),
  /** Why the file as it is now is not what runs; null: it is. */
  reloadError: z.string().nullable(),
  /** Why the dataplane cannot be asked; null: it answers. */
  dataplaneError: z.string().nullable(),
  vrrp: z.strictObject({ state: z.enum(['none', 'running', 'starting']), pid: z.int().nullable(), instances: z.int() }),
  virtualServers: z.array(virtualServerStatus),
});

export const keepalivedMethods = {
  status: { params: z.strictObject({}), result: keepalivedStatus, mutates: false },
} as const;

export type KeepalivedStatus = z.infer<typeof keepalivedStatus>;
export type VirtualServerStatus = z.infer<typeof virtualServerStatus>;
export type CheckStatus = z.infer<typeof checkStatus>;
