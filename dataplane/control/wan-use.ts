// Which match services rewrite to an address of the node (SNAT's "real servers"): it must stay, and keep its sapool, as long as they do.
import type { ServerKey, ServiceKey } from '../../api/index.js';
import { serviceText } from './keys.js';

export class WanUse {
  /** Address → the services, by name. */
  readonly #users = new Map<string, Set<string>>();

  clone(): WanUse {
    const copy = new WanUse();
    for (const [address, users] of this.#users) copy.#users.set(address, new Set(users));
    return copy;
  }

  /** Of a server of any service; only match services use addresses of the node. */
  add(service: ServiceKey, { address }: ServerKey): void {
    if (service.protocol !== 'match') return;
    this.#users.set(address, (this.#users.get(address) ?? new Set()).add(serviceText(service)));
  }

  remove(service: ServiceKey, { address }: ServerKey): void {
    const users = this.#users.get(address);
    users?.delete(serviceText(service));
    if (users?.size === 0) this.#users.delete(address);
  }

  /** One of the services that use it, by name. */
  userOf(address: string): string | undefined {
    return this.#users.get(address)?.values().next().value;
  }
}
