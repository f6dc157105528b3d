// What is kept of the kernel's side of each kni over a restart, in a file that is written whole and renamed into place.
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { deviceName, ipAddress, prefix, replaceFile } from '../../api/index.js';

/** A bound on what the kernel can make the node keep: interfaces are addressed by hand or by a script. */
export const MOST_ADDRESSES = 1024;
export const MOST_ROUTES = 4096;

const route = z.strictObject({
  destination: prefix,
  gateway: ipAddress.nullable(),
  metric: z.int().min(0),
  source: ipAddress.nullable(),
});
const kni = z.strictObject({
  name: deviceName,
  up: z.boolean(),
  /** `a.b.c.d/len`. */
  addresses: z.array(prefix).max(MOST_ADDRESSES),
  routes: z.array(route).max(MOST_ROUTES),
});
const file = z.strictObject({ version: z.literal(1), knis: z.array(kni) });

export type KeptRoute = z.infer<typeof route>;
export type KeptKni = z.infer<typeof kni>;

/** Empty without a file. @throws {Error} what is wrong with it */
export function readKept(path: string): KeptKni[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  return file.parse(JSON.parse(text)).knis;
}

/** On disk when it resolves. */
export const writeKept = (path: string, knis: readonly KeptKni[]): Promise<void> =>
  replaceFile(path, `${JSON.stringify({ version: 1, knis }, null, 2)}\n`, 0o600);

/**
 * Every address that the routing bridge's journal names, in whatever place: its VIPs. The bridge puts them on the kni and takes
 * them away, and a VIP that comes back without it would be announced by nobody's decision.
 */
export function bridgeAddresses(path: string): Set<string> {
  const found = new Set<string>();
  const walk = (value: unknown): void => {
    if (typeof value === 'string') {
      const address = value.replace(/\/\d+$/, '');
      if (ipAddress.safeParse(address).success) found.add(address);
    } else if (typeof value === 'object' && value !== null)
      for (const [key, inner] of Object.entries(value)) {
        walk(key);
        walk(inner);
      }
  };
  try {
    walk(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    // No journal, or one that the bridge itself will complain about: then it has no VIP that it knows of.
  }
  return found;
}
