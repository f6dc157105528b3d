// Keeps the multicast filter of one port equal to what is wanted of it; where the driver has none, lets the port receive all multicast.
import type { GroupsInfo } from '../../api/index.js';
import type { KernelGroup } from '../../kni/index.js';
import type { Log } from '../../log/index.js';
import { loadLibrary, portInfo } from '../../native/index.js';
import type { RunningPort } from './bring-up.js';
import { MAX_GROUPS, needsAll, type WantedGroup, wantedGroups } from './multicast-plan.js';

/** What the driver can be told. Errors are negative. */
export interface GroupDriver {
  setGroups(macs: readonly string[]): number;
  setAllmulticast(on: boolean): number;
  receivesAll(): { readonly allmulticast: boolean; readonly promisc: boolean };
}

export interface MulticastFilterOptions {
  readonly name: string;
  readonly kni: string | null;
  /** Made by DPDK of nothing that filters (ring, memif, …), if the driver has neither switch. */
  readonly virtual: boolean;
  /** dpvs.conf or dpip want all multicast in any case. */
  readonly asked: () => boolean;
  /** The port's addresses in the dataplane. */
  readonly addresses: () => readonly string[];
  readonly driver: GroupDriver;
  readonly log: Log;
}

const ENOTSUP = 95;
const ENOSPC = 28;

export class MulticastFilter {
  readonly options: MulticastFilterOptions;
  /** null: not known yet, so all multicast stays as the port was started. */
  #kernel: readonly KernelGroup[] | null;
  #wanted: readonly WantedGroup[] = [];
  /** What the driver was last told, and its answer. */
  #told: string | undefined;
  #answer = 0;
  #refused = false;

  constructor(options: MulticastFilterOptions) {
    this.options = options;
    this.#kernel = options.kni === null ? [] : null;
  }

  kernelGroups(groups: readonly KernelGroup[]): void {
    this.#kernel = groups;
    this.look();
  }

  /** The step from what is to what should be. The filter comes before all multicast goes, so that no hello is missed. */
  look(): void {
    if (this.#kernel === null) return;
    const { asked, addresses, driver } = this.options;
    this.#wanted = wantedGroups(this.#kernel, addresses());
    this.#program();
    const all = needsAll(asked(), this.#wanted.length, this.#answer === 0);
    if (driver.receivesAll().allmulticast === all || (all && this.#refused)) return;
    const rc = driver.setAllmulticast(all);
    if (all) this.#tell(rc);
  }

  info(): Omit<GroupsInfo, 'index'> {
    const { name: device, kni } = this.options;
    const synced = this.#answer === 0;
    const link = this.#wanted
      .slice(0, MAX_GROUPS)
      .map(({ sources, ...group }) => ({ ...group, sources: [...sources], synced }));
    return { device, kni, reception: this.#reception(), link, leftOut: Math.max(0, this.#wanted.length - MAX_GROUPS) };
  }

  #reception(): GroupsInfo['reception'] {
    const { driver, virtual } = this.options;
    const { allmulticast, promisc } = driver.receivesAll();
    if (allmulticast || promisc) return 'all';
    if (this.#answer === 0 || this.#wanted.length === 0) return 'groups';
    return virtual ? 'unfiltered' : 'refused';
  }

  #program(): void {
    const macs = this.#wanted.map(({ mac }) => mac);
    const told = macs.join();
    // What has no filter today has none tomorrow.
    if (told === this.#told || this.#answer === -ENOTSUP) return;
    this.#told = told;
    this.#answer = macs.length > MAX_GROUPS ? -ENOSPC : this.options.driver.setGroups(macs);
  }

  #tell(rc: number): void {
    const { name: port, log, virtual } = this.options;
    if (rc === 0) {
      this.#refused = false;
      if (this.#answer !== 0)
        log.event('port.multicast_all', { port, groups: this.#wanted.length, filter: this.#answer });
      return;
    }
    this.#refused = true;
    if (!virtual) log.event('port.multicast_refused', { port, filter: this.#answer, allmulticast: rc });
  }
}

/** The driver of a running port. */
export const nativeGroups = ({ index }: RunningPort): GroupDriver => ({
  setGroups: (macs) => {
    const bytes = Uint8Array.from(macs.flatMap((mac) => mac.split(':').map((octet) => Number.parseInt(octet, 16))));
    return loadLibrary().dp_port_groups(index, bytes, macs.length) as number;
  },
  setAllmulticast: (on) => loadLibrary().dp_port_set(index, -1, Number(on), -1, -1) as number,
  receivesAll: () => portInfo(index) ?? { allmulticast: false, promisc: false },
});
