// What the bridge needs of a routing protocol: one implementation a daemon and form. A driver changes the running daemon only, and of
// that only what carries our names; it holds no state of its own.
import type { AddressFamily } from '../address.js';
import type { Neighbour, Origination } from '../frr-output.js';
import type { ZebraClient } from '../zebra-output.js';

export type Protocol = 'ospf' | 'ospf6' | 'bgp';

/** One router's announcement of a host route, as this node's database has it. */
export interface Announcement {
  /** Router id. */
  readonly router: string;
  /** The lower the better; of one protocol only. */
  readonly metric: number;
  readonly self: boolean;
}

/** A change of the daemon's configuration that has not been made yet. */
export interface Change {
  /** As one would type them after `configure terminal`; none: everything is there. */
  readonly lines: readonly string[];
  /** The VIPs that are concerned by them. */
  readonly vips: readonly string[];
  /** Of a permission: those of `vips` that the daemon was allowed to announce already, so that their addresses need not come anew. */
  readonly allowedBefore?: readonly string[];
}

export const noChange: Change = { lines: [], vips: [] };

/** What a planned restart of the daemon takes, where its routes stay meanwhile. */
export interface RestartDriver {
  /** Seconds that are configured; null: none are. @throws {VtyshError}, as all of these */
  gracePeriod(): Promise<number | null>;
  /** Seconds since the last change that the database shows, of any router. */
  quietSeconds(): Promise<number>;
  /** Asks the neighbours to keep the routes; only the restart ends it. */
  prepare(): Promise<void>;
  /** Whether the daemon has asked them. */
  prepared(): Promise<boolean>;
}

/** What a daemon does not do by itself after zebra was started anew. */
export interface Retelling {
  /** None: nothing is lacking, or nothing helps. */
  readonly lines: readonly string[];
  /** Why what comes and goes on an interface does not reach the daemon until then; null: it does. */
  readonly deaf: string | null;
}

export interface Driver {
  readonly protocol: Protocol;
  /** `redistribute`, `network`. */
  readonly form: string;
  readonly family: AddressFamily;
  /** Who is asked, as `vtysh -d` names it. */
  readonly daemon: string;
  /** What zebra calls it. */
  readonly zebraClient: 'ospf' | 'ospf6' | 'bgp';
  /** How long the daemon may take to follow a change, milliseconds. */
  readonly followMs: number;
  /** A withdrawal is in every database of the area by then, milliseconds. */
  readonly spreadMs: number;
  /** What the neighbours have acknowledged is in every database by then, and may change again (MinLSArrival), milliseconds. */
  readonly floodMs: number;
  /** Who announces with this metric, or more, drains: it is no one to leave a VIP to. */
  readonly drainMetric: number;
  /** How long it may take to follow a change of preference. */
  readonly preferenceMs: number;
  /** @throws {VtyshError}, as all of these */
  neighbours(): Promise<Neighbour[]>;
  /** Whether it speaks on the interface. */
  runsOn(kni: string): Promise<boolean>;
  /** Why nothing can be announced on this interface, with what to do; null if it can. */
  obstacle(kni: string): Promise<string | null>;
  /**
   * What lets the daemon announce the VIPs as soon as their addresses are on `kni`.
   * @param ours those of which it has lines of ours already, for another interface perhaps
   */
  permission(vips: readonly string[], kni: string, ours: readonly string[]): Promise<Change>;
  /** What takes back permission and worsening; nothing for what is not there. */
  prohibition(vips: readonly string[], kni: string): Promise<Change>;
  /**
   * What is about `kni` alone, of VIPs that leave it and stay on other interfaces; absent: nothing ever is. To be made when the addresses
   * are off it.
   */
  departure?(vips: readonly string[], kni: string): Promise<Change>;
  /** What announces them worse than any other node does. @throws {DpvsError} where that cannot be done */
  worsening(vips: readonly string[], kni: string): Promise<Change>;
  /** What takes the worsening back. */
  improvement(vips: readonly string[], kni: string): Promise<Change>;
  /**
   * What makes it ask its policy again at once; absent, or no lines: an address that it knows, and was not allowed to announce, has to come
   * anew after a permission.
   */
  hastening?(): Promise<Change>;
  /** What makes the daemon and zebra tell each other everything again; absent: it is not known to help. */
  retelling?(client: ZebraClient): Promise<Retelling>;
  apply(change: Change): Promise<void>;
  /** The host routes it announces now, in its own database. */
  originated(): Promise<ReadonlyMap<string, Origination>>;
  /** Who announces which host route in the area, this node included; null: the protocol does not tell. */
  announcers(): Promise<ReadonlyMap<string, readonly Announcement[]> | null>;
  /** Absent: every restart of the daemon takes the VIPs away. */
  readonly restart?: RestartDriver;
  /** Whether every neighbour has acknowledged what was sent; null: the protocol does not tell. */
  acknowledged(): Promise<boolean | null>;
}

/** A metric of type 2 is worse than any of type 1 (RFC 2328 section 16.4 (6)): it is counted from here on. */
export const typeTwo = 2 ** 24;

/** The other nodes that announce it and do not drain it. */
export const othersOf = (
  announcements: readonly Announcement[],
  { drainMetric }: Pick<Driver, 'drainMetric'>,
): Announcement[] => announcements.filter(({ self, metric }) => !self && metric % typeTwo < drainMetric);

/** Whether others announce it better than this node; `only`: nobody else does who does not drain. */
export function standing(
  announcements: readonly Announcement[],
  driver: Pick<Driver, 'drainMetric'>,
): 'best' | 'worse' | 'only' | 'absent' {
  const own = announcements.find(({ self }) => self);
  const others = othersOf(announcements, driver);
  if (own === undefined) return 'absent';
  if (others.length === 0) return 'only';
  return own.metric > Math.min(...others.map(({ metric }) => metric)) ? 'worse' : 'best';
}

/**
 * One change on each interface in turn, so that the next is asked for what the one before has left to do.
 * @returns all of it. @throws as the driver does; what was applied before stays
 */
export async function applyOnEach(
  driver: Pick<Driver, 'apply'>,
  knis: readonly string[],
  changeOn: (kni: string) => Promise<Change>,
): Promise<Change> {
  const changes: Change[] = [];
  for (const kni of knis) {
    const change = await changeOn(kni);
    await driver.apply(change);
    changes.push(change);
  }
  return merged(changes);
}

/** @param each of other interfaces */
export function merged(each: readonly Change[]): Change {
  const vips = [...new Set(each.flatMap((change) => change.vips))];
  // A daemon that could not announce it on one of them has not seen all of it.
  const allowedBefore = vips.filter((vip) =>
    each.every((change) => !change.vips.includes(vip) || change.allowedBefore?.includes(vip) === true),
  );
  return { lines: each.flatMap(({ lines }) => lines), vips, allowedBefore };
}
