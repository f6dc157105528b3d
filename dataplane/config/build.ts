// Sections → DataplaneConfig: names become the typed result's, and what concerns several keys is checked.
import type { Report } from './diagnostic.js';
import type { ParsedFile } from './grammar/index.js';
import { buildPorts } from './ports.js';
import type { Setting } from './schema.js';
import type { DataplaneConfig } from './types.js';
import { assignQueues, buildWorkers } from './workers.js';

/** Meaningful only when the report has no errors. `cpus`: how many the machine has, for the default workers. */
export function buildConfig({ blocks }: ParsedFile, report: Report, cpus: number): DataplaneConfig {
  const { global_defs, dataplane_defs, netif_defs, worker_defs, neigh_defs, ipv4_defs, ipvs_defs, sa_pool } = blocks;
  const { bonding } = netif_defs.blocks;
  for (const bond of bonding) report.error(bond.name ?? bond.at!, 'bonding is not built yet');

  const devices = netif_defs.blocks.device;
  const bare = buildPorts(devices, report);
  const names = [...devices, ...bonding].flatMap(({ name }) => (name === null ? [] : [name.text]));
  const workers = buildWorkers(worker_defs.blocks.worker, names, report, cpus);
  const ports = report.errors.length > 0 ? bare : assignQueues(bare, devices, workers, report);

  const { keys: run } = dataplane_defs;
  const { keys: conn } = ipvs_defs.blocks.conn;
  const connections = run.conn_capacity.value ?? conn.conn_pool_size.value;
  const flows = run.flow_capacity.value ?? 2 * connections;
  if (flows < 2 * connections && run.flow_capacity.at !== null)
    report.error(run.flow_capacity.at, `a connection takes two flow entries`, `at least ${2 * connections}`);

  const { keys: tcp } = ipvs_defs.blocks.tcp.blocks.timeout;
  const { keys: udp } = ipvs_defs.blocks.udp.blocks.timeout;
  return {
    name: run.name.value,
    log: { level: global_defs.keys.log_level.value, file: global_defs.keys.log_file.value },
    memory: { huge: run.huge.value, megabytes: run.memory.value },
    polling: { mode: run.polling.value, idleSleepUs: run.idle_sleep_us.value },
    pools: {
      packets: netif_defs.keys.pktpool_size.value,
      packetCache: packetCache(netif_defs.keys.pktpool_cache, report),
      connections,
      flows,
    },
    stopLinger: run.stop_linger.value,
    kni: {
      enabled: global_defs.keys.kni.value,
      driver: run.kni_driver.value,
      keep: run.keep_kni.value,
      mirrorRoutes: run.mirror_routes.value,
    },
    ports,
    workers,
    neighbour: {
      unresolvedQueue: neigh_defs.keys.unres_queue_length.value,
      reachable: neigh_defs.keys.timeout.value,
    },
    ipv4: { forwarding: ipv4_defs.keys.forwarding.value, defaultTtl: ipv4_defs.keys.default_ttl.value },
    conn: {
      initTimeout: conn.conn_init_timeout.value,
      decrementTtl: conn.xmit_ttl.value,
      tcp: {
        none: tcp.none.value,
        established: tcp.established.value,
        synSent: tcp.syn_sent.value,
        synRecv: tcp.syn_recv.value,
        finWait: tcp.fin_wait.value,
        timeWait: tcp.time_wait.value,
        close: tcp.close.value,
        closeWait: tcp.close_wait.value,
        lastAck: tcp.last_ack.value,
        listen: tcp.listen.value,
        synack: tcp.synack.value,
      },
      udp: { oneway: udp.oneway.value, normal: udp.normal.value },
      tcpDefenceDrop: ipvs_defs.blocks.tcp.keys.defence_tcp_drop.value,
      udpDefenceDrop: ipvs_defs.blocks.udp.keys.defence_udp_drop.value,
    },
    saPool: { hashSize: sa_pool.keys.pool_hash_size.value },
  };
}

/** RTE_MEMPOOL_CACHE_MAX_SIZE: DPDK refuses a pool with more, although the reference's range goes to 8192. */
const mostCached = 512;

function packetCache({ value, at }: Setting<number>, report: Report): number {
  if (value > mostCached && at !== null)
    report.warn(at, `DPDK caches at most ${mostCached} buffers: that many are used`);
  return Math.min(value, mostCached);
}
