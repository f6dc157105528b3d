// The ports as the slow path knows them: names, native slots, MACs.
import { DpvsError } from '../../api/errors.js';
import type { Mac } from '../inet/index.js';

export interface SlowPathPort {
  readonly name: string;
  /** Slot in the native port table. */
  readonly index: number;
  readonly mac: Mac;
  readonly mtu: number;
}

export class Ports {
  readonly #byName = new Map<string, SlowPathPort>();
  readonly #byIndex: (SlowPathPort | undefined)[] = [];

  constructor(ports: readonly SlowPathPort[]) {
    for (const port of ports) {
      this.#byName.set(port.name, port);
      this.#byIndex[port.index] = port;
    }
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
}
