// Grammar of the smaller sections: timers, neighbours, ipset, IPv4, IPv6, messages between cores, source-address pools.
import { block, init, run } from '../schema.js';
import { anything, integer, onOff, text, words } from '../value-types.js';

export const timerDefs = block({
  note: 'Timers.',
  keys: {
    schedule_interval: run(
      integer({ min: 1, max: 10_000_000, unit: 'us' }),
      10,
      "Timers belong to the slow path here and cost a worker's loop nothing.",
      'no meaning',
    ),
  },
});

export const neighDefs = block({
  note: 'ARP.',
  keys: {
    unres_queue_length: init(integer({ min: 16, max: 8192 }), 128, 'Packets that wait for one unresolved neighbour.'),
    timeout: run(integer({ min: 1, max: 3600, unit: 's' }), 60, 'How long a neighbour stays REACHABLE without proof.'),
  },
});

export const ipsetDefs = block({
  note: 'IP sets are not built yet.',
  ignored: 'not built',
  keys: {
    ipset_hash_pool_size: init(integer({ min: 65536, max: 524_288 }), 131_072, 'Entries of all sets.', 'not built'),
  },
});

const fragment = block({
  note: 'Reassembly of fragments for local addresses is not built yet; fragments for kernel addresses go to the kernel.',
  ignored: 'not built',
  keys: {
    bucket_number: init(integer({ min: 32, max: 65536 }), 4096, 'Buckets.', 'not built'),
    bucket_entries: init(integer({ min: 1, max: 256 }), 16, 'Entries of a bucket.', 'not built'),
    max_entries: init(integer({ min: 32, max: 65536 }), 4096, 'Datagrams in reassembly.', 'not built'),
    ttl: init(integer({ min: 1, max: 255, unit: 's' }), 1, 'Longest wait for the rest.', 'not built'),
  },
});

export const ipv4Defs = block({
  note: 'IPv4.',
  keys: {
    forwarding: run(onOff, false, 'Route packets that are neither for this node nor of a service.'),
    default_ttl: init(integer({ min: 0, max: 255 }), 64, 'TTL of packets the node makes itself.'),
  },
  blocks: { fragment },
});

const lpm6 = block({
  note: 'See method.',
  keys: {
    lpm6_max_rules: init(integer({ min: 16, max: 65536 }), 1024, 'Routes.', 'not built'),
    lpm6_num_tbl8s: init(integer({ min: 256, max: 1_048_576 }), 65536, 'Tables.', 'not built'),
    rt6_hash_bucket: init(integer({ min: 16, max: 65536 }), 256, 'Buckets.', 'not built'),
  },
});

const route6 = block({
  note: 'IPv6 routes.',
  keys: {
    method: init(words(['hlist', 'lpm']), 'hlist', 'Kind of table.', 'not built'),
    recycle_time: init(
      integer({ min: 1, max: 36000, unit: 's' }),
      10,
      'How long removed routes are kept.',
      'not built',
    ),
  },
  blocks: { lpm: lpm6 },
});

const hex128 = text({ usage: 'HEX', allowed: '32 hexadecimal digits, or ""', pattern: /^([0-9a-f]{32})?$/i });

export const ipv6Defs = block({
  note: 'IPv6 services need no setting; nothing of IPv6 is routed.',
  ignored: 'not built',
  keys: {
    disable: run(onOff, false, 'Leave all IPv6 to the kernel.', 'not built'),
    forwarding: run(onOff, false, 'Route IPv6 packets.', 'not built'),
    addr_gen_mode: run(
      words(['eui64', 'none', 'stable-privacy', 'random']),
      'eui64',
      'How link-local addresses are made.',
      'not built',
    ),
    stable_secret: run(hex128, null, 'Secret of stable-privacy.', 'not built'),
  },
  blocks: { route6 },
});

const lcoreMsg = block({
  note: 'Tables are shared and have one writer: there are no messages between cores.',
  keys: {
    ring_size: init(integer({ min: 256, max: 524_288 }), 4096, 'Messages in a ring.', 'no meaning'),
    sync_msg_timeout_us: run(integer({ min: 1, max: 2 ** 31, unit: 'us' }), 2000, 'Longest wait.', 'no meaning'),
    priority_level: run(words(['low', 'norm', 'high', 'ign']), 'low', 'Priority of messages.', 'no meaning'),
  },
});

const ipcMsg = block({
  note: 'The control socket is /run/dpvs/<name>.sock.',
  ignored: 'obsolete',
  keys: { unix_domain: init(anything, [], 'Tutorial-era key.', 'obsolete') },
});

export const ctrlDefs = block({
  note: 'Messages between cores and from commands.',
  blocks: { lcore_msg: lcoreMsg, ipc_msg: ipcMsg },
});

export const saPool = block({
  note: 'Ports of local addresses.',
  keys: {
    pool_hash_size: init(
      integer({ min: 1, max: 128 }),
      16,
      'Real servers are spread over this many pools of an address, each with ports 1025 to 65535.',
    ),
    flow_enable: init(onOff, true, 'No NIC filters are needed: any worker may get any packet.', 'no meaning'),
  },
});
