// The ports as the slow path knows them: names, native slots, and the MAC and MTU that are in force.
import { DpvsError } from '../../api/errors.js';
import { portOwn } from '../../native/index.js';
import { type Mac, readMac } from '../inet/index.js';

export interface PortSlot {
  readonly name: string;
  /** Slot in the native port table. */
  readonly index: number;
}

export interface SlowPathPort extends PortSlot {
  readonly mac: Mac;
  readonly mtu: number;
}

export class Ports {
  readonly #byName = new Map<string, SlowPathPort>();
  readonly #byIndex: (SlowPathPort | undefined)[] = [];

  constructor(slots: readonly PortSlot[]) {
    for (const slot of slots) this.#read(slot);
  }

  /** Looks again, after the control thread has set a port. */
  reread(name: string): { mac: boolean; mtu: boolean } {
    const before = this.byName(name);
    const { mac, mtu } = this.#read(before);
    return { mac: mac !== before.mac, mtu: mtu !== before.mtu };
  }

  /** @throws {DpvsError} no_device */
  byName(name: string): SlowPathPort {
    const port = this.#byName.get(name);
    if (port === undefined) throw new DpvsError('no_device', name, 'device');
    return port;
  }

  byIndex(index: number): SlowPathPort | undefined {
    return this.#byIndex[index];
  }

  list(): SlowPathPort[] {
    return [...this.#byName.values()];
  }

  #read({ name, index }: PortSlot): SlowPathPort {
    const own = portOwn(index);
    if (own === undefined) throw new DpvsError('no_device', name, 'device');
    const port = { name, index, mac: readMac(own.mac, 0), mtu: own.mtu };
    this.#byName.set(name, port);
    this.#byIndex[index] = port;
    return port;
  }
}
