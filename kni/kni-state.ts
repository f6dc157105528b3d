// One kernel-visible interface: what it should be, what the kernel says it is, and the step from one to the other.
import type { Log } from '../log/index.js';
import { isKernelError, KernelError } from './kernel-error.js';
import type { KernelLink } from './kernel-objects.js';
import type { KniAddressEvent, KniEvents, KniOwn, KniPort } from './kni-manager.js';
import type { KernelGroup } from './multicast-groups.js';
import type { LinkChange, Rtnetlink } from './rtnetlink.js';

type Address = Pick<KniAddressEvent, 'address' | 'prefixLength' | 'family'>;

const keyOf = (address: Address): string => `${address.address}/${address.prefixLength}`;

/** What the interface has and the port has not; null when they are equal. */
function difference(link: KniPair, port: KniPair): KniOwn | null {
  const own = {
    ...(link.mac === port.mac.toLowerCase() ? {} : { mac: link.mac }),
    ...(link.mtu === port.mtu ? {} : { mtu: link.mtu }),
  };
  return Object.keys(own).length === 0 ? null : own;
}

type KniPair = Required<KniOwn>;

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
  /** What the interface was given and the port is asked to follow. */
  #wanted: KniOwn | null = null;
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
   * The kernel's present view. A new interface gets MAC and MTU of the port; to one that was given others the port may follow.
   * @param reread also the addresses, because notifications were lost
   */
  refresh(link: KernelLink, reread = false): Promise<void> {
    return this.#inTurn(async () => {
      const isNew = link.index !== this.#index;
      this.#index = link.index;
      this.#events.onLink?.(this.port.name, link);
      const { mac, mtu, up } = this.port;
      if (isNew) await this.#equal(link, up === undefined || link.up === up ? {} : { up });
      else if (difference(link, this.port) !== null) await this.#notice();
      if (this.#carrier !== null && link.carrier !== this.#carrier) await this.#applyCarrier(this.#carrier);
      if (isNew) this.#log?.event('kni.created', { kni: this.port.kniName, mac, mtu });
      if (isNew || reread) await this.#readAddresses();
    });
  }

  /** The port has them from now on. @throws {KernelError} what the kernel refused; the interface is as it was then */
  set(own: KniOwn): Promise<void> {
    return this.#inTurn(async () => {
      const before = this.port;
      const { mac = before.mac, mtu = before.mtu } = own;
      this.port = { ...before, mac: mac.toLowerCase(), mtu };
      if (this.#index === 0) return;
      try {
        const link = await this.#kernel.linkByName(before.kniName);
        await this.#equal(this.#toSet(own, link));
      } catch (error) {
        // It gets them when it is there again.
        if (isKernelError(error, 'ENODEV')) return;
        this.port = before;
        throw error;
      }
    });
  }

  setCarrier(carrier: boolean): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#carrier === carrier) return;
      this.#carrier = carrier;
      if (this.#index !== 0) await this.#applyCarrier(carrier);
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

  /** Makes the interface what the port is. */
  async #equal(link: Pick<KernelLink, 'mac' | 'mtu'>, more: LinkChange = {}): Promise<KniOwn | null> {
    const { kniName, mac, mtu } = this.port;
    const wrong = difference(link, this.port);
    if (wrong === null && Object.keys(more).length === 0) return null;
    const right = {
      ...(wrong?.mac === undefined ? {} : { mac }),
      ...(wrong?.mtu === undefined ? {} : { mtu }),
    };
    await this.#kernel.setLink(kniName, { ...right, ...more });
    const now = await this.#kernel.linkByName(kniName);
    // Frames for the port's MAC would be dropped by the kernel as somebody else's; another MTU breaks OSPF's database exchange.
    if (
      difference(
        { mac: right.mac === undefined ? mac : now.mac, mtu: right.mtu === undefined ? mtu : now.mtu },
        this.port,
      ) !== null
    )
      throw new KernelError(`verify ${kniName}`, 'EIO', 5, `it has mac ${now.mac} mtu ${now.mtu} after setting them`);
    return right;
  }

  /** The interface has another MTU or MAC than the port: who can follow is asked, once at a time. */
  async #notice(): Promise<void> {
    if (this.#wanted !== null) return; // it is looked at again afterwards
    // The notification may be older than what was set here since.
    const wanted = difference(await this.#kernel.linkByName(this.port.kniName), this.port);
    if (wanted === null) return;
    const { onOwn } = this.#events;
    if (onOwn === undefined) return this.#correct(wanted, 'the port keeps its own');
    this.#wanted = wanted;
    const answered = (reason: string | null): Promise<void> => this.#inTurn(() => this.#answered(wanted, reason));
    // Not within this turn: who follows takes a turn to set it.
    void onOwn
      .call(this.#events, this.port.name, wanted)
      .then(
        () => answered(null),
        (error: unknown) => answered(error instanceof Error ? error.message : String(error)),
      )
      .catch((error: unknown) => {
        if (!isKernelError(error, 'ENODEV'))
          this.#log?.event('kni.failed', { kni: this.port.kniName, reason: String(error) });
      });
  }

  async #answered(wanted: KniOwn, reason: string | null): Promise<void> {
    this.#wanted = null;
    if (this.#index === 0) return;
    if (reason !== null) return this.#correct(wanted, reason);
    if (difference({ ...this.port, ...wanted }, this.port) !== null)
      return this.#correct(wanted, 'the port did not follow');
    this.#log?.event('kni.followed', { port: this.port.name, kni: this.port.kniName, ...wanted });
    return this.#notice();
  }

  async #correct(wanted: KniOwn, reason: string): Promise<void> {
    const { kniName, mac, mtu } = this.port;
    await this.#equal(await this.#kernel.linkByName(kniName));
    const right = { ...(wanted.mac === undefined ? {} : { mac }), ...(wanted.mtu === undefined ? {} : { mtu }) };
    this.#log?.event('kni.corrected', { kni: kniName, ...right, reason });
  }

  /**
   * The interface as far as it is to be looked at: what the port was not given is left to the next notification, and so is what the
   * kernel was seen to want and the port gets; the kernel has that, or something newer.
   */
  #toSet(own: KniOwn, link: KniPair): KniPair {
    const { mac, mtu } = this.port;
    return {
      mac: own.mac === undefined || mac === this.#wanted?.mac ? mac : link.mac,
      mtu: own.mtu === undefined || mtu === this.#wanted?.mtu ? mtu : link.mtu,
    };
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
