// How the connections of some VIPs stand: for a drain that must say how many flows a deadline would cut. Counts over the records.
import { loadLibrary, usage } from '../../native/index.js';
import type { ServiceTable } from '../ipvs/index.js';
import { ConnFlag, type ConnView, TCP_ESTABLISHED } from './conn-view.js';
import { vipKeyOf } from './service-key.js';

/** Upper ends of the histograms' classes, in seconds; what is longer is in one class more. */
export const SUMMARY_SECONDS = [1, 10, 60, 300, 900] as const;
/** Records a turn: a few milliseconds when all are the VIPs', so that new connections do not wait for a count. */
const CHUNK = 16_384;
const TCP = 6;

/** Part of the table, or the sum of parts. */
export interface ConnTally {
  established: number;
  /** TCP that opens or closes. */
  other: number;
  udp: number;
  /** By time since the last packet; one class more than SUMMARY_SECONDS. */
  readonly idle: number[];
  /** By time until it ends if no packet comes any more. */
  readonly left: number[];
  /** Milliseconds: the longest of `left`. */
  longestMs: number;
}

export interface ConnSummaryPart extends ConnTally {
  readonly nextCursor: number | null;
}

export interface SummaryParts {
  readonly services: ServiceTable;
  readonly conns: ConnView;
}

export function emptyTally(): ConnTally {
  const classes = (): number[] => new Array<number>(SUMMARY_SECONDS.length + 1).fill(0);
  return { established: 0, other: 0, udp: 0, idle: classes(), left: classes(), longestMs: 0 };
}

export function addTally(sum: ConnTally, part: ConnTally): void {
  sum.established += part.established;
  sum.other += part.other;
  sum.udp += part.udp;
  part.idle.forEach((flows, i) => {
    sum.idle[i] += flows;
  });
  part.left.forEach((flows, i) => {
    sum.left[i] += flows;
  });
  sum.longestMs = Math.max(sum.longestMs, part.longestMs);
}

/** From `cursor` on, as many records as one turn may look at. */
export function connSummary(
  { services, conns }: SummaryParts,
  addresses: ReadonlySet<string>,
  cursor = 1,
): ConnSummaryPart {
  const { highestConnection } = usage();
  const isOurs = destsOf(services, addresses);
  const now = loadLibrary().dp_clock_ms() as number;
  const tally = emptyTally();
  const end = Math.min(highestConnection, cursor + CHUNK - 1);
  // Most records are others': they are passed over by two plain loads.
  const { connSize, flags, dest } = conns.at;
  const { bytes, words } = conns.records;
  for (let conn = cursor; conn <= end; conn++) {
    const at = conn * connSize;
    if ((bytes[at + flags] & ConnFlag.used) === 0 || isOurs[words[at / 4 + dest]] === 0) continue;
    // Signed, as the sweep: below zero when an lcore stamped it just now.
    const idle = Math.max(0, (now - conns.word(conn, 'lastSeen')) | 0);
    const left = Math.max(0, conns.timeoutMs(conn) - idle);
    if (conns.byte(conn, 'proto') !== TCP) tally.udp++;
    else if (conns.byte(conn, 'state') === TCP_ESTABLISHED) tally.established++;
    else tally.other++;
    tally.idle[classOf(idle)]++;
    tally.left[classOf(left)]++;
    if (left > tally.longestMs) tally.longestMs = left;
  }
  return { ...tally, nextCursor: end < highestConnection ? end + 1 : null };
}

function classOf(ms: number): number {
  let at = 0;
  while (at < SUMMARY_SECONDS.length && ms >= SUMMARY_SECONDS[at] * 1000) at++;
  return at;
}

/** 1 for each real server's slot, retired ones too, that is or was of a service of one of the VIPs. */
function destsOf(services: ServiceTable, addresses: ReadonlySet<string>): Uint8Array {
  const { capacity } = services.dests;
  const ours = new Uint8Array(capacity);
  const known = new Map<object, boolean>();
  for (let dest = 0; dest < capacity; dest++) {
    const service = services.serviceOf(dest);
    if (service === undefined) continue;
    let matches = known.get(service);
    if (matches === undefined) {
      matches = addresses.has(vipKeyOf(service)?.address ?? '');
      known.set(service, matches);
    }
    if (matches) ours[dest] = 1;
  }
  return ours;
}
