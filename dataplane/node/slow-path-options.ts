// What dpvs.conf says to the slow path.
import type { DataplaneConfig } from '../config/index.js';
import type { SlowPathOptions } from '../slowpath/index.js';
import type { RunningPort } from './bring-up.js';

export function slowPathOptions(config: DataplaneConfig, ports: readonly RunningPort[], seed: number): SlowPathOptions {
  const { tcp, udp, initTimeout } = config.conn;
  return {
    ports: ports.map((p) => ({ name: p.config.name, index: p.index })),
    timeouts: {
      tcp: [
        tcp.none,
        tcp.established,
        tcp.synSent,
        tcp.synRecv,
        tcp.finWait,
        tcp.timeWait,
        tcp.close,
        tcp.closeWait,
        tcp.lastAck,
        tcp.listen,
        tcp.synack,
      ],
      udp: [initTimeout, udp.oneway, udp.normal],
    },
    neighbour: { reachableMs: config.neighbour.reachable * 1000, queueLength: config.neighbour.unresolvedQueue },
    sapoolBuckets: config.saPool.hashSize,
    defaultTtl: config.ipv4.defaultTtl,
    forwarding: config.ipv4.forwarding,
    decrementTtl: config.conn.decrementTtl,
    tcpDefence: config.conn.tcpDefenceDrop,
    udpDefence: config.conn.udpDefenceDrop,
    seed,
  };
}
