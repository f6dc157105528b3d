// How a routing daemon is brought to announce a VIP whose address is on a kernel interface. One implementation a form.
import type { AnnounceForm } from '../quagga-conf/index.js';
import type { Origination } from './frr-output.js';

export interface Announcer {
  readonly form: AnnounceForm;
  /** How long the daemon may take to follow a change, milliseconds. */
  readonly followMs: number;
  /** Why nothing can be announced on this interface, with what to do; null if it can. */
  obstacle(kni: string): Promise<string | null>;
  /** Lets the daemon announce the VIPs as soon as their addresses are on `kni`. @returns those that needed a change */
  permit(vips: readonly string[], kni: string): Promise<string[]>;
  /** Takes back what `permit` changed; nothing happens for what is not there. */
  forbid(vips: readonly string[], kni: string): Promise<void>;
  /** The host routes it announces now, in its own database. */
  originated(): Promise<ReadonlyMap<string, Origination>>;
}
