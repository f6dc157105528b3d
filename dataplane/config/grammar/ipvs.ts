// Grammar of ipvs_defs: connections, UDP, TCP, SYN proxy.
import { block, init, run } from '../schema.js';
import { anything, flag, integer, onOff, words } from '../value-types.js';

/** A year, the reference's longest timeout. */
const seconds = integer({ min: 1, max: 31_535_999, unit: 's' });

const conn = block({
  note: 'Connections.',
  keys: {
    conn_pool_size: init(integer({ min: 65536, max: 2 ** 27 }), 2_097_152, 'Most connections.'),
    conn_pool_cache: init(
      integer({ min: 1, max: 8192 }),
      256,
      'Connections have no per-core cache here.',
      'no meaning',
    ),
    conn_init_timeout: run(seconds, 3, 'How long a connection lives after its first packet only.'),
    expire_quiescent_template: run(flag, false, 'Persistence templates of servers with weight 0 end.', 'not built'),
    fast_xmit_close: init(
      flag,
      false,
      'Next hops are shared and follow their neighbour: nothing gets stale.',
      'no meaning',
    ),
    xmit_ttl: run(flag, false, 'Decrement the TTL of service traffic, of direct routing too.'),
    redirect: init(onOff, false, 'Any worker finds any connection: nothing needs redirecting.', 'no meaning'),
    conn_expire: init(anything, [], 'Tutorial-era key.', 'obsolete'),
  },
});

const udpTimeout = block({
  note: 'Idle time after which a connection ends, by state.',
  keys: {
    oneway: run(seconds, 300, 'No reply yet.'),
    normal: run(seconds, 300, 'Both directions seen.'),
    last: run(seconds, 3, 'Sentinel of the reference.', 'no meaning'),
  },
});

const udp = block({
  note: 'UDP.',
  keys: {
    defence_udp_drop: run(flag, false, 'Drop UDP to an address that has only TCP services.'),
    uoa_mode: run(words(['opp', 'ipo']), 'opp', "How the client's address is sent along.", 'not built'),
    uoa_max_trail: run(integer({ min: 0, max: 255 }), 3, 'In how many packets.', 'not built'),
  },
  blocks: { timeout: udpTimeout },
});

const tcpTimeout = block({
  note: 'Idle time after which a connection ends, by state.',
  keys: {
    none: run(seconds, 2, 'TCP_NONE.'),
    established: run(seconds, 90, 'TCP_EST; both ends get a RST then, with FullNAT.'),
    syn_sent: run(seconds, 3, 'SYN_SENT.'),
    syn_recv: run(seconds, 30, 'SYN_RECV.'),
    fin_wait: run(seconds, 7, 'FIN_WAIT.'),
    time_wait: run(seconds, 7, 'TIME_WAIT.'),
    close: run(seconds, 3, 'TCP_CLOSE.'),
    close_wait: run(seconds, 7, 'CLOSE_WAIT.'),
    last_ack: run(seconds, 7, 'LAST_ACK.'),
    listen: run(seconds, 120, 'LISTEN.'),
    synack: run(seconds, 30, 'SYNACK.'),
    last: run(seconds, 2, 'Sentinel of the reference.', 'no meaning'),
  },
});

const synackOptions = block({
  note: 'What the SYN-ACK offers.',
  keys: {
    mss: run(integer({ min: 1, max: 65535 }), 1452, 'MSS.', 'not built'),
    ttl: run(integer({ min: 1, max: 255 }), 63, 'TTL.', 'not built'),
    sack: run(flag, true, 'SACK permitted.', 'not built'),
    wscale: run(integer({ min: 0, max: 14 }), 0, 'Window scale.', 'not built'),
    timestamp: run(flag, false, 'Timestamps.', 'not built'),
  },
});

const connReuseState = block({
  note: 'States in which a new SYN takes the connection over.',
  keys: {
    close: run(flag, true, 'TCP_CLOSE.', 'not built'),
    time_wait: run(flag, true, 'TIME_WAIT.', 'not built'),
    fin_wait: run(flag, false, 'FIN_WAIT.', 'not built'),
    close_wait: run(flag, false, 'CLOSE_WAIT.', 'not built'),
    last_ack: run(flag, false, 'LAST_ACK.', 'not built'),
  },
});

const synproxy = block({
  note: 'The SYN proxy is not built yet.',
  ignored: 'not built',
  keys: {
    close_client_window: run(flag, false, "Keep the client's window closed until the server answers.", 'not built'),
    defer_rs_syn: run(flag, false, 'Wait for data before asking the server.', 'not built'),
    rs_syn_max_retry: run(integer({ min: 1, max: 99 }), 3, 'SYNs to the server.', 'not built'),
    ack_storm_thresh: run(integer({ min: 1, max: 999 }), 10, 'Duplicate ACKs that are a storm.', 'not built'),
    max_ack_saved: run(integer({ min: 1, max: 63 }), 3, 'Packets kept until the server answers.', 'not built'),
  },
  blocks: { synack_options: synackOptions, conn_reuse_state: connReuseState },
});

const tcp = block({
  note: 'TCP.',
  keys: {
    defence_tcp_drop: run(flag, false, 'Drop TCP to a port of a service address that no service has.'),
  },
  blocks: { timeout: tcpTimeout, synproxy },
});

export const ipvsDefs = block({ note: 'Load balancing.', blocks: { conn, udp, tcp } });
