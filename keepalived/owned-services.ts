// Which services were set up from the file, in a file of its own: the dataplane keeps services over restarts, so one that was taken out
// of keepalived.conf while nobody looked must still be known as ours.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { replaceFileSync, stateDirectory } from '../api/index.js';
import type { Log } from '../log/index.js';

const file = z.strictObject({ version: z.literal(1), services: z.array(z.string()) });

export const ownedPath = (name: string): string => join(stateDirectory(), `${name}.keepalived.json`);

export class OwnedServices {
  readonly #keys = new Set<string>();
  #written = '';

  constructor(
    readonly path: string,
    readonly log: Log,
  ) {
    try {
      const text = readFileSync(path, 'utf8');
      for (const key of file.parse(JSON.parse(text)).services) this.#keys.add(key);
      this.#written = text;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
        log.event('keepalived.owned_failed', { path, why: (error as Error).message });
    }
  }

  get keys(): ReadonlySet<string> {
    return this.#keys;
  }

  /** Before they are added, so that one that was killed in between still knows them. */
  claim(keys: Iterable<string>): void {
    for (const key of keys) this.#keys.add(key);
    this.#write();
  }

  /** After they are gone. */
  release(keys: Iterable<string>): void {
    for (const key of keys) this.#keys.delete(key);
    this.#write();
  }

  #write(): void {
    const text = `${JSON.stringify({ version: 1, services: [...this.#keys].sort() })}\n`;
    if (text === this.#written) return;
    try {
      replaceFileSync(this.path, text, 0o600);
      this.#written = text;
    } catch (error) {
      this.log.event('keepalived.owned_failed', { path: this.path, why: (error as Error).message });
    }
  }
}
