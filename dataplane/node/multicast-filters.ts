// The multicast filters of all ports: brought into line when a group, an address or a setting changes, and looked after each second.
import type { GroupsInfo } from '../../api/index.js';
import type { KernelGroup } from '../../kni/index.js';
import type { Log } from '../../log/index.js';
import type { DesiredState } from '../control/index.js';
import type { RunningPort } from './bring-up.js';
import { MulticastFilter, nativeGroups } from './multicast-filter.js';

const INTERVAL_MS = 1_000;

export class MulticastFilters {
  readonly #filters: readonly MulticastFilter[];
  readonly #timer: NodeJS.Timeout;

  constructor(ports: readonly RunningPort[], desired: DesiredState, log: Log) {
    this.#filters = ports.map((port) => {
      const { name, kniName, allmulticast, hardware } = port.config;
      return new MulticastFilter({
        name,
        kni: port.kniIndex === null ? null : kniName,
        virtual: hardware.kind === 'vdev',
        asked: () => desired.links().find((link) => link.name === name)?.allmulticast ?? allmulticast,
        addresses: () =>
          desired
            .addresses()
            .filter(({ device }) => device === name)
            .map(({ address }) => address),
        driver: nativeGroups(port),
        log,
      });
    });
    this.#timer = setInterval(() => this.look(), INTERVAL_MS);
    this.#timer.unref();
  }

  kernelGroups(port: string, groups: readonly KernelGroup[]): void {
    this.#filters.find(({ options }) => options.name === port)?.kernelGroups(groups);
  }

  look(): void {
    for (const filter of this.#filters) filter.look();
  }

  list(): GroupsInfo[] {
    return this.#filters.map((filter, i) => ({ index: i + 1, ...filter.info() }));
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
