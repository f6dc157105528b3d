// A restarted slow path takes over the connections that went on without it: ports, counts and next hops are found in the records.
import { loadLibrary, memory, usage } from '../../native/index.js';
import type { Ip } from '../inet/index.js';
import type { SaPoolTable, ServiceTable } from '../ipvs/index.js';
import { ConnFlag, type ConnView } from './conn-view.js';
import type { NextHops } from './next-hops.js';

export interface AdoptParts {
  readonly conns: ConnView;
  readonly services: ServiceTable;
  readonly sapools: SaPoolTable;
  readonly nextHops: NextHops;
}

/** To be called after the configuration was replayed and the next hops were adopted. Returns how many were kept and ended. */
export function adoptConnections(parts: AdoptParts): { kept: number; ended: number } {
  const { conns } = parts;
  const orphans: number[] = [];
  let kept = 0;
  const { highestConnection } = usage();
  for (let conn = 1; conn <= highestConnection; conn++) {
    if ((conns.byte(conn, 'flags') & ConnFlag.used) === 0) continue;
    if (adoptOne(parts, conn)) kept++;
    else orphans.push(conn);
  }
  remove(orphans);
  parts.nextHops.adopted();
  return { kept, ended: orphans.length };
}

function adoptOne(parts: AdoptParts, conn: number): boolean {
  const { conns, services, nextHops } = parts;
  const hopIn = conns.nextHop(conns.word(conn, 'flowIn'));
  const hopOut = conns.nextHop(conns.word(conn, 'flowOut'));
  if (!nextHops.isKnown(hopIn) || !(conns.isOneWay(conn) || nextHops.isKnown(hopOut))) return false;
  const dest = conns.word(conn, 'dest');
  if (services.dests.stateOf(dest) === 'free') return false;
  if (conns.half(conn, 'localPort') !== 0 && !adoptLocalPort(parts, conn)) return false;
  services.dests.opened(dest);
  nextHops.hold(hopIn);
  nextHops.hold(hopOut);
  return true;
}

function adoptLocalPort({ conns, services, sapools }: AdoptParts, conn: number): boolean {
  const lip = conns.lip(conn);
  const bucket = conns.half(conn, 'localBucket');
  const port = conns.half(conn, 'localPort');
  const bound = services.serviceOf(conns.word(conn, 'dest'))?.laddrs.adopt(lip, bucket, port) ?? false;
  return bound || reserveUnbound(sapools, lip, bucket, port);
}

/** The local address was taken from the service, its pool lives on until the last port is back. */
function reserveUnbound(sapools: SaPoolTable, lip: Ip, bucket: number, port: number): boolean {
  const pool = sapools.open(lip);
  const reserved = pool.reserve(bucket, port);
  sapools.close(lip);
  return reserved;
}

function remove(orphans: readonly number[]): void {
  const batch = new Uint32Array(memory('sweep'));
  for (let at = 0; at < orphans.length; at += batch.length) {
    const part = orphans.slice(at, at + batch.length);
    batch.set(part);
    loadLibrary().dp_conn_remove(part.length);
  }
}
