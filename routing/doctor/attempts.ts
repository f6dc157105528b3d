// Collectors that fail: what they were to tell is empty, and the checks that need it say why they have not looked.

/** `kernel`: links, addresses and routes over rtnetlink. `daemons`: what zebra and the routing daemons answer (not that they do not: that is a fact). */
export type Source = 'kernel' | 'daemons';

/** The first reason of each that failed. */
export type Failed = Readonly<Partial<Record<Source, string>>>;

export class Attempts {
  readonly #failed: Partial<Record<Source, string>> = {};

  get failed(): Failed {
    return this.#failed;
  }

  /** @param otherwise what stands for it when it fails */
  async ask<T>(source: Source, collect: () => Promise<T>, otherwise: T): Promise<T> {
    try {
      return await collect();
    } catch (error) {
      this.#failed[source] ??= error instanceof Error ? error.message : String(error);
      return otherwise;
    }
  }
}
