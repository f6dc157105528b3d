// Reads all routes of the kernel's main table whenever they may have changed. Read whole and not followed one by one: the kernel does
// not tell of every route that goes (IPv4 routes of a link that went down, those of a next-hop object that was removed).
import type { KernelRoute } from './kernel-routes.js';
import type { Rtnetlink } from './rtnetlink.js';

/** Changes come in crowds: all of a crowd is one reading. */
const settleMs = 20;
/** For what nobody told us of. */
const anywayMs = 10_000;

export class RouteReader {
  readonly #kernel: Rtnetlink;
  readonly #onRoutes: (routes: readonly KernelRoute[]) => void;
  readonly #onError: (error: unknown) => void;
  readonly #anyway: NodeJS.Timeout;
  #timer: NodeJS.Timeout | null = null;
  #reading = false;
  #again = false;
  #closed = false;

  constructor(
    kernel: Rtnetlink,
    onRoutes: (routes: readonly KernelRoute[]) => void,
    onError: (error: unknown) => void,
  ) {
    this.#kernel = kernel;
    this.#onRoutes = onRoutes;
    this.#onError = onError;
    this.#anyway = setInterval(() => this.changed(), anywayMs);
    this.#anyway.unref();
  }

  /** Something may have changed. A change during a reading leads to another one. */
  changed(): void {
    if (this.#closed) return;
    if (this.#reading) this.#again = true;
    else this.#timer ??= setTimeout(() => void this.#read(), settleMs);
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#anyway);
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  async #read(): Promise<void> {
    this.#timer = null;
    this.#reading = true;
    try {
      const routes = await this.#kernel.routes();
      if (!this.#closed) this.#onRoutes(routes);
    } catch (error) {
      // The next change, or the clock, tries again.
      if (!this.#closed) this.#onError(error);
    }
    this.#reading = false;
    if (!this.#again) return;
    this.#again = false;
    this.changed();
  }
}
