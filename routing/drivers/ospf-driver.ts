// What both forms of OSPFv2 share: ospfd's neighbours, interfaces and link-state database.
import type { Neighbour, Origination } from '../frr-output.js';
import type { Ospfd } from '../ospfd.js';
import type { ZebraClient } from '../zebra-output.js';
import type { Announcement, Change, Driver, RestartDriver, Retelling } from './driver.js';

export abstract class OspfDriver implements Driver {
  readonly protocol = 'ospf';
  readonly family = 'inet';
  readonly daemon = 'ospfd';
  readonly floodMs: number = 1_200;
  readonly zebraClient = 'ospf';
  abstract readonly form: string;
  abstract readonly followMs: number;
  abstract readonly spreadMs: number;
  abstract readonly drainMetric: number;
  abstract readonly preferenceMs: number;

  readonly restart: RestartDriver;

  constructor(protected readonly ospfd: Ospfd) {
    this.restart = {
      gracePeriod: async () => (await ospfd.config()).gracePeriod,
      quietSeconds: () => ospfd.youngestLsa(),
      prepare: () => ospfd.prepareRestart(),
      prepared: () => ospfd.graceLsa(),
    };
  }

  abstract obstacle(kni: string): Promise<string | null>;
  abstract retelling(client: ZebraClient): Promise<Retelling>;
  abstract permission(vips: readonly string[], kni: string, ours: readonly string[]): Promise<Change>;
  abstract prohibition(vips: readonly string[], kni: string): Promise<Change>;
  abstract worsening(vips: readonly string[], kni: string): Promise<Change>;
  abstract improvement(vips: readonly string[], kni: string): Promise<Change>;

  apply({ lines }: Change): Promise<void> {
    return this.ospfd.configure(lines);
  }

  neighbours(): Promise<Neighbour[]> {
    return this.ospfd.neighbours();
  }

  async runsOn(kni: string): Promise<boolean> {
    return (await this.ospfd.interface(kni))?.enabled ?? false;
  }

  originated(): Promise<ReadonlyMap<string, Origination>> {
    return this.ospfd.originated();
  }

  announcers(): Promise<ReadonlyMap<string, readonly Announcement[]>> {
    return this.ospfd.announcers();
  }

  acknowledged(): Promise<boolean> {
    return this.ospfd.acknowledged();
  }
}
