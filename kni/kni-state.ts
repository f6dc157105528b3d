// One kernel-visible interface: what it should be, what the kernel says it is, and the step from one to the other.
import type { Log } from '../log/index.js';
import { isKernelError, KernelError } from './kernel-error.js';
import type { KernelLink } from './kernel-objects.js';
import type { KniAddressEvent, KniEvents, KniPort } from './kni-manager.js';
import type { KernelGroup } from './multicast-groups.js';
import type { LinkChange, Rtnetlink } from './rtnetlink.js';

type Address = Pick<KniAddressEvent, 'address' | 'prefixLength' | 'family'>;

const keyOf = (address: Address): string => `${address.address}/${address.prefixLength}`;

export class KniState {
  port: KniPort;
  readonly #kernel: Rtnetlink;
  readonly #events: KniEvents;
  readonly #log: Log | null;
  readonly #addresses = new Map<string, Address>();
  #groups: readonly KernelGroup[] = [];
  #carrier: boolean | null = null;
  /** ifindex of the interface that was set up; another one under the same name is a new interface. */
  #index = 0;
  #lastStep: Promise<void> = Promise.resolve();

  constructor(port: KniPort, kernel: Rtnetlink, events: KniEvents, log: Log | null) {
    this.port = port;
    this.#kernel = kernel;
    this.#events = events;
    this.#log = log;
  }

  get addresses(): string[] {
    return [...this.#addresses.keys()];
  }

  /**
   * The kernel's present view: puts MAC, MTU and carrier right where they differ. One step at a time.
   * @param reread also the addresses, because notifications were lost
   */
  refresh(link: KernelLink, reread = false): Promise<void> {
    return this.#inTurn(async () => {
      const isNew = link.index !== this.#index;
      this.#index = link.index;
      this.#events.onLink?.(this.port.name, link);
      const { mac, mtu, up } = this.port;
      const change: LinkChange = {
        ...(link.mac === mac.toLowerCase() ? {} : { mac }),
        ...(link.mtu === mtu ? {} : { mtu }),
        ...(isNew && up !== undefined && link.up !== up ? { up } : {}),
      };
      if (Object.keys(change).length > 0) {
        await this.#kernel.setLink(this.port.kniName, change);
        await this.#verify();
        if (!isNew) this.#log?.event('kni.corrected', { kni: this.port.kniName, ...change });
      }
      if (this.#carrier !== null && link.carrier !== this.#carrier) await this.#applyCarrier(this.#carrier);
      if (isNew) this.#log?.event('kni.created', { kni: this.port.kniName, mac, mtu });
      if (isNew || reread) await this.#readAddresses();
    });
  }

  setCarrier(carrier: boolean): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#carrier === carrier) return;
      this.#carrier = carrier;
      if (this.#index !== 0) await this.#applyCarrier(carrier);
    });
  }

  setMtu(mtu: number): Promise<void> {
    return this.#inTurn(async () => {
      this.port = { ...this.port, mtu };
      if (this.#index !== 0) await this.#kernel.setLink(this.port.kniName, { mtu });
    });
  }

  addressChanged(address: Address, change: 'added' | 'removed'): void {
    const key = keyOf(address);
    const known = this.#addresses.has(key);
    // The kernel repeats an address when its flags or lifetime change.
    if (known === (change === 'added')) return;
    if (change === 'added') this.#addresses.set(key, address);
    else this.#addresses.delete(key);
    this.#events.onAddress?.({ port: this.port.name, kni: this.port.kniName, ...address, change });
  }

  groupsRead(groups: readonly KernelGroup[]): void {
    const sorted = [...groups].sort((a, b) => (a.mac < b.mac ? -1 : 1));
    const before = this.#groups;
    if (JSON.stringify(sorted) === JSON.stringify(before)) return;
    this.#groups = sorted;
    const without = (all: readonly KernelGroup[], others: readonly KernelGroup[]): string[] =>
      all.map(({ mac }) => mac).filter((mac) => !others.some((other) => other.mac === mac));
    const change = { joined: without(sorted, before), left: without(before, sorted) };
    if (change.joined.length + change.left.length > 0)
      this.#log?.event('kni.multicast', { kni: this.port.kniName, ...change });
    this.#events.onGroups?.(this.port.name, sorted);
  }

  removed(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#index === 0) return;
      this.#index = 0;
      for (const address of [...this.#addresses.values()]) this.addressChanged(address, 'removed');
      this.#log?.event('kni.removed', { kni: this.port.kniName });
      this.#events.onLink?.(this.port.name, null);
    });
  }

  async #verify(): Promise<void> {
    const { kniName, mac, mtu } = this.port;
    const link = await this.#kernel.linkByName(kniName);
    // Frames for the port's MAC would be dropped by the kernel as somebody else's; another MTU breaks OSPF's database exchange.
    if (link.mac !== mac.toLowerCase() || link.mtu !== mtu)
      throw new KernelError(`verify ${kniName}`, 'EIO', 5, `it has mac ${link.mac} mtu ${link.mtu} after setting them`);
  }

  async #applyCarrier(carrier: boolean): Promise<void> {
    try {
      await this.#kernel.setCarrier(this.port.kniName, carrier);
      this.#log?.event('kni.carrier', { kni: this.port.kniName, carrier });
    } catch (error) {
      // A device with a carrier of its own (virtio_user) tells the kernel itself.
      if (!isKernelError(error, 'EOPNOTSUPP')) throw error;
    }
  }

  async #readAddresses(): Promise<void> {
    const present = await this.#kernel.addresses(this.port.kniName);
    const keys = new Set(present.map(keyOf));
    for (const [key, address] of [...this.#addresses]) if (!keys.has(key)) this.addressChanged(address, 'removed');
    for (const { address, prefixLength, family } of present)
      this.addressChanged({ address, prefixLength, family }, 'added');
  }

  #inTurn(step: () => Promise<void>): Promise<void> {
    const run = this.#lastStep.then(step);
    this.#lastStep = run.catch(() => {});
    return run;
  }
}
