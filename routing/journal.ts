// What the bridge is to announce, and what it added to do so, in a file that survives it. Written whole and renamed into place.
import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { DpvsError, deviceName, ipAddress, replaceFileSync, stateDirectory } from '../api/index.js';
import { mostPorts } from './limits.js';
import { defaultPolicy, policy } from './policy.js';

const port = z.strictObject({
  device: deviceName,
  /** The device's kernel-visible interface, so that a VIP can be taken off it while the dataplane does not answer. */
  kni: deviceName,
});
const common = {
  vip: ipAddress,
  force: z.boolean(),
  policy: policy.default(defaultPolicy),
  /** false: withdrawn for good, which is not proved yet. */
  wanted: z.boolean().default(true),
  /** A drain that was asked for; null: none. */
  drain: z
    .strictObject({
      /** ISO time after which the flows that are left are cut; null: never. */
      deadline: z.iso.datetime().nullable(),
      /** It is withdrawn, and stays so. */
      ended: z.boolean(),
      /** Also where nobody else is left to serve it. */
      force: z.boolean().optional(),
    })
    .nullable()
    .default(null),
};
const entry = z.strictObject({
  ...common,
  ports: z.array(port).min(1).max(mostPorts),
  /** Set before the thing is added, so that a bridge that was killed in between still knows it as its own. */
  owned: z.strictObject({
    /** The kni_host routes in the dataplane: the devices that they are on. */
    routes: z.array(deviceName),
    /** The entry in the routing daemon's configuration. */
    policy: z.boolean(),
  }),
});
/** As it was written when a VIP had one port. */
const entry1 = z
  .strictObject({
    ...common,
    ...port.shape,
    owned: z.strictObject({ route: z.boolean(), policy: z.boolean() }),
  })
  .transform(({ device, kni, owned: { route, policy }, ...rest }) => ({
    ...rest,
    ports: [{ device, kni }],
    owned: { routes: route ? [device] : [], policy },
  }));
/** A VIP that was withdrawn for good while nobody was told: a daemon that was away may find it in the area as its own. */
const departed = z.strictObject({
  vip: ipAddress,
  kni: deviceName,
  /** It was put back on the kni, to be taken off again. */
  curing: z.boolean(),
});
const others = {
  departed: z.array(departed).default([]),
  /** ISO time until which the neighbours keep the routes of a daemon that is restarted on purpose; null: there is none. */
  restartUntil: z.iso.datetime().nullable().default(null),
};
const file = z.discriminatedUnion('version', [
  z.strictObject({ version: z.literal(2), vips: z.array(entry), ...others }),
  z.strictObject({ version: z.literal(1), vips: z.array(entry1), ...others }),
]);
export type JournalEntry = z.output<typeof entry>;
export type Departed = z.output<typeof departed>;

export const journalPath = (name: string): string => join(stateDirectory(), `${name}.route.json`);

export class Journal {
  /** As last read; written together with the VIPs. */
  departed: Departed[] = [];
  restartUntil: string | null = null;

  constructor(readonly path: string) {}

  /** @throws {DpvsError} journal: the file is there and not readable as a journal, with what to do */
  read(): JournalEntry[] {
    let text: string;
    try {
      text = readFileSync(this.path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw new DpvsError('journal', `${this.path}: ${(error as Error).message}`);
    }
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch (error) {
      throw this.#damaged(text.trim() === '' ? 'it is empty' : (error as Error).message);
    }
    const parsed = file.safeParse(json);
    if (parsed.success) {
      const { vips, departed, restartUntil } = parsed.data;
      Object.assign(this, { departed, restartUntil });
      return vips;
    }
    const issue = parsed.error.issues[0];
    throw this.#damaged(`${issue?.path.join('.')}: ${issue?.message}`);
  }

  /** As the dataplane says it of its own. */
  #damaged(why: string): DpvsError {
    const { path } = this;
    return new DpvsError(
      'journal',
      `${path}: ${why}\n  to start without it: mv ${path} ${path}.damaged; dpvs-route status then names the VIPs that are announced here, which announce takes over and withdraw takes back. What was withdrawn or drained at the time is to be announced anew`,
    );
  }

  /** On disk when it returns. @throws {DpvsError} journal: it is not, and the file is as it was */
  write(vips: readonly JournalEntry[]): void {
    const { departed, restartUntil } = this;
    const rest = { ...(departed.length > 0 ? { departed } : {}), ...(restartUntil === null ? {} : { restartUntil }) };
    const text = `${JSON.stringify({ version: 2, vips, ...rest }, null, 2)}\n`;
    try {
      mkdirSync(dirname(this.path), { recursive: true, mode: 0o700 });
      replaceFileSync(this.path, text, 0o600);
    } catch (error) {
      throw new DpvsError('journal', `${this.path}: ${(error as Error).message}`);
    }
  }
}
