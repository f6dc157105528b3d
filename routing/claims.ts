// Who may change a VIP now. A change takes seconds where the routing daemon is slow to follow, and is one change all the time; other VIPs
// do not wait for it.

export class Claims {
  readonly #held = new Map<string, Promise<void>>();

  /** Waits until nobody has one of them. Not within `exclusive`, which the holder may be waiting for. @returns gives them back */
  async take(vips: readonly string[]): Promise<() => void> {
    for (;;) {
      const others = vips.flatMap((vip) => this.#held.get(vip) ?? []);
      if (others.length === 0) break;
      await Promise.all(others);
    }
    return this.#hold(vips);
  }

  /** null: somebody has one of them. */
  takeNow(vips: readonly string[]): (() => void) | null {
    return vips.some((vip) => this.#held.has(vip)) ? null : this.#hold(vips);
  }

  has(vip: string): boolean {
    return this.#held.has(vip);
  }

  get none(): boolean {
    return this.#held.size === 0;
  }

  /** When nothing new is begun any more. */
  async allGivenBack(): Promise<void> {
    while (!this.none) await Promise.all(this.#held.values());
  }

  #hold(vips: readonly string[]): () => void {
    let free = (): void => {};
    const held = new Promise<void>((resolve) => {
      free = resolve;
    });
    for (const vip of vips) this.#held.set(vip, held);
    return () => {
      for (const vip of vips) if (this.#held.get(vip) === held) this.#held.delete(vip);
      free();
    };
  }
}
