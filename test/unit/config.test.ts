// dpvs.conf: the keys of the reference with their defaults and ranges, located errors, samples, manual.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import {
  configManual,
  type DataplaneConfig,
  defaultConfig,
  loadConfig,
  parseConfig,
} from '../../dataplane/config/index.js';

const parse = (text: string) => parseConfig(text, 'dpvs.conf', { cpus: 4 });
const port = 'netif_defs {\n device dpdk0 {\n }\n}\n';

/** Each diagnostic as `line:column severity message`. */
function complaints(text: string): string[] {
  const { errors, warnings } = parse(text);
  return [...errors, ...warnings].map(({ at, severity, message }) => `${at.line}:${at.column} ${severity} ${message}`);
}

// From section 3 of the reference's fact sheet, typed by hand: block path, key, default (null: none to compare), range.
const integers: [string, string, number | null, number, number][] = [
  ['global_defs', 'log_async_pool_size', 16383, 1023, 2147483648],
  ['netif_defs', 'pktpool_size', 65535, 1023, 134217728],
  ['netif_defs', 'pktpool_cache', 256, 32, 8192],
  ['netif_defs/device dpdk0/rx', 'queue_number', 16, 0, 16],
  ['netif_defs/device dpdk0/rx', 'descriptor_number', 256, 16, 8192],
  ['netif_defs/device dpdk0/tx', 'queue_number', 16, 0, 16],
  ['netif_defs/device dpdk0/tx', 'descriptor_number', 512, 16, 8192],
  ['timer_defs', 'schedule_interval', 10, 1, 10000000],
  ['neigh_defs', 'unres_queue_length', 128, 16, 8192],
  ['neigh_defs', 'timeout', 60, 1, 3600],
  ['ipset_defs', 'ipset_hash_pool_size', 131072, 65536, 524288],
  ['ipv4_defs', 'default_ttl', 64, 0, 255],
  ['ipv4_defs/fragment', 'bucket_number', 4096, 32, 65536],
  ['ipv4_defs/fragment', 'bucket_entries', 16, 1, 256],
  ['ipv4_defs/fragment', 'max_entries', 4096, 32, 65536],
  ['ipv4_defs/fragment', 'ttl', 1, 1, 255],
  ['ipv6_defs/route6', 'recycle_time', 10, 1, 36000],
  ['ipv6_defs/route6/lpm', 'lpm6_max_rules', 1024, 16, 65536],
  ['ipv6_defs/route6/lpm', 'lpm6_num_tbl8s', null, 256, 1048576],
  ['ipv6_defs/route6/lpm', 'rt6_hash_bucket', 256, 16, 65536],
  ['ctrl_defs/lcore_msg', 'ring_size', 4096, 256, 524288],
  ['ctrl_defs/lcore_msg', 'sync_msg_timeout_us', 2000, 1, 2147483648],
  ['ipvs_defs/conn', 'conn_pool_size', 2097152, 65536, 134217728],
  ['ipvs_defs/conn', 'conn_pool_cache', 256, 1, 8192],
  ['ipvs_defs/conn', 'conn_init_timeout', 3, 1, 31535999],
  ['ipvs_defs/udp', 'uoa_max_trail', 3, 0, 255],
  ['ipvs_defs/udp/timeout', 'oneway', 300, 1, 31535999],
  ['ipvs_defs/udp/timeout', 'normal', 300, 1, 31535999],
  ['ipvs_defs/udp/timeout', 'last', 3, 1, 31535999],
  ...(
    [
      ['none', 2],
      ['established', 90],
      ['syn_sent', 3],
      ['syn_recv', 30],
      ['fin_wait', 7],
      ['time_wait', 7],
      ['close', 3],
      ['close_wait', 7],
      ['last_ack', 7],
      ['listen', 120],
      ['synack', 30],
      ['last', 2],
    ] as const
  ).map(([key, preset]): [string, string, number, number, number] => [
    'ipvs_defs/tcp/timeout',
    key,
    preset,
    1,
    31535999,
  ]),
  ['ipvs_defs/tcp/synproxy/synack_options', 'mss', 1452, 1, 65535],
  ['ipvs_defs/tcp/synproxy/synack_options', 'ttl', 63, 1, 255],
  ['ipvs_defs/tcp/synproxy/synack_options', 'wscale', 0, 0, 14],
  ['ipvs_defs/tcp/synproxy', 'rs_syn_max_retry', 3, 1, 99],
  ['ipvs_defs/tcp/synproxy', 'ack_storm_thresh', 10, 1, 999],
  ['ipvs_defs/tcp/synproxy', 'max_ack_saved', 3, 1, 63],
  ['sa_pool', 'pool_hash_size', 16, 1, 128],
];

const others: [string, string, string, string?][] = [
  ['global_defs', 'log_level', 'EMERG ALERT CRIT ERR WARNING NOTICE INFO DEBUG', 'INFO'],
  ['global_defs', 'log_file', '/var/log/dpvs.log'],
  ['global_defs', 'log_with_timestamp', 'on off', 'off'],
  ['global_defs', 'log_async_mode', 'on off', 'off'],
  ['global_defs', 'pdump', 'on off', 'off'],
  ['global_defs', 'kni', 'on off', 'on'],
  ['global_defs', 'lldp', 'on off', 'off'],
  ['netif_defs', 'fdir_mode', 'perfect signature', 'perfect'],
  ['netif_defs/device dpdk0/rx', 'rss', 'all ip tcp udp sctp ether port tunnel tcp|udp', 'all'],
  ['netif_defs/device dpdk0/tx', 'mbuf_fast_free', 'on off', 'on'],
  ['netif_defs/device dpdk0', 'kni_name', 'wan.kni'],
  ['ipv4_defs', 'forwarding', 'on off', 'off'],
  ['ipv6_defs', 'disable', 'on off', 'off'],
  ['ipv6_defs', 'forwarding', 'on off', 'off'],
  ['ipv6_defs', 'addr_gen_mode', 'eui64 none stable-privacy random', 'eui64'],
  ['ipv6_defs', 'stable_secret', '"" 0123456789abcdef0123456789ABCDEF'],
  ['ipv6_defs/route6', 'method', 'hlist lpm', 'hlist'],
  ['ctrl_defs/lcore_msg', 'priority_level', 'low norm high ign', 'low'],
  ['ipvs_defs/conn', 'redirect', 'on off', 'off'],
  ['ipvs_defs/udp', 'uoa_mode', 'opp ipo', 'opp'],
  ['sa_pool', 'flow_enable', 'on off', 'on'],
];

const flags: [string, string][] = [
  ['netif_defs/device dpdk0', 'promisc_mode'],
  ['netif_defs/device dpdk0', 'allmulticast'],
  ['worker_defs/worker cpu1', 'icmp_redirect_core'],
  ['ipvs_defs/conn', 'expire_quiescent_template'],
  ['ipvs_defs/conn', 'fast_xmit_close'],
  ['ipvs_defs/conn', 'xmit_ttl'],
  ['ipvs_defs/udp', 'defence_udp_drop'],
  ['ipvs_defs/tcp', 'defence_tcp_drop'],
  ['ipvs_defs/tcp/synproxy', 'close_client_window'],
  ['ipvs_defs/tcp/synproxy', 'defer_rs_syn'],
  ['ipvs_defs/tcp/synproxy/synack_options', 'sack'],
  ['ipvs_defs/tcp/synproxy/synack_options', 'timestamp'],
  ...['close', 'time_wait', 'fin_wait', 'close_wait', 'last_ack'].map((key): [string, string] => [
    'ipvs_defs/tcp/synproxy/conn_reuse_state',
    key,
  ]),
];

/** A file that has nothing but the one line, inside its blocks. */
function fileWith(path: string, line: string): string {
  const blocks = path.split('/');
  const open = blocks.map((block) => `${block} {\n`).join('');
  const workers = path.startsWith('worker_defs')
    ? 'type slave\ncpu_id 1\nport dpdk0 {\nrx_queue_ids 0\ntx_queue_ids 0\n}\n'
    : '';
  const close = '}\n'.repeat(blocks.length);
  const master = path.startsWith('worker_defs') ? 'worker_defs {\nworker cpu0 {\ntype master\ncpu_id 0\n}\n}\n' : '';
  return `${path.startsWith('netif_defs/device') ? '' : port}${master}${open}${workers}${line}\n${close}`;
}

const manual = configManual();
/** The manual's row of a key, as cells; it is where defaults can be read without knowing the code. */
function manualRow(path: string, key: string): string[] {
  const title = path
    .replace('device dpdk0', 'device NAME')
    .replace('worker cpu1', 'worker NAME')
    .replaceAll('/', ' / ');
  const section = manual.split(/^#+ /m).find((part) => part.split('\n')[0] === title) ?? '';
  const row = section.split('\n').find((line) => new RegExp(`^\\| \`${key}[ \`]`).test(line)) ?? '';
  return row.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll('`', ''));
}

t.test('integers: default, both ends accepted, beyond them refused with the place', (t) => {
  for (const [path, key, preset, min, max] of integers) {
    const name = `${path}/${key}`;
    if (preset !== null) t.equal(manualRow(path, key)[2], String(preset), `${name} default`);
    t.match(manualRow(path, key)[3], new RegExp(`^${min} to ${max}\\b`), `${name} range in the manual`);
    for (const value of [min, max]) {
      // 0 queues are within the range, and then too few for the worker: another message.
      const { errors } = parse(fileWith(path, `${key} ${value}`));
      t.same(
        errors.filter(({ message }) => !/workers have/.test(message)),
        [],
        `${name} ${value}`,
      );
    }
    const wrong = [...(min > 0 ? [min - 1] : []), max + 1, -1, 'x', '1.5', '0x10', ''];
    for (const value of wrong) {
      const text = fileWith(path, `  ${key} ${value}`);
      const { errors } = parse(text);
      t.equal(errors.length, 1, `${name} ${value}`);
      const at = errors[0]!.at;
      t.equal(
        text.split('\n')[at.line - 1]!.slice(at.column - 1, at.column - 1 + at.length),
        value === '' ? key : String(value),
      );
    }
  }
  t.end();
});

t.test('words: each accepted, others refused', (t) => {
  for (const [path, key, values, preset] of others) {
    const name = `${path}/${key}`;
    if (preset !== undefined) t.equal(manualRow(path, key)[2], preset, `${name} default`);
    for (const value of values.split(' '))
      t.same(parse(fileWith(path, `${key} ${value}`)).errors, [], `${name} ${value}`);
    t.equal(parse(fileWith(path, `${key} "no such"`)).errors.length, 1, `${name} refuses another word`);
    t.equal(parse(fileWith(path, key)).errors.length, 1, `${name} needs a value`);
  }
  for (const [path, key] of flags) {
    for (const value of ['', 'on', 'off'])
      t.same(parse(fileWith(path, `${key} ${value}`)).errors, [], `${path}/${key} ${value}`);
    t.equal(parse(fileWith(path, `${key} 7`)).errors.length, 1, `${path}/${key} 7`);
  }
  t.end();
});

t.test('values arrive in the typed result', (t) => {
  const text = `
    global_defs { log_level ERR
      log_file /tmp/x.log
      kni off }
    dataplane_defs { name n1
      huge off
      memory 256
      polling spin
      idle_sleep_us 7
      conn_capacity 2048
      flow_capacity 5000
      kni_driver virtio_user
      mirror_routes off
      keep_kni off
      stop_linger 9 }
    netif_defs { <init> pktpool_size <init> 8191
      pktpool_cache 64
      device dpdk1 { hardware "net_af_xdp0,iface=wan0"
        kni_name wan.kni
        mtu 9000
        promisc_mode
        allmulticast
        rx { queue_number 2
          descriptor_number 1024
          rss tcp|ip }
        tx { mbuf_fast_free off } }
      device lan { hardware 06:00.1 } }
    worker_defs {
      worker m { type master
        cpu_id 3 }
      worker a { cpu_id 1
        port dpdk1 { rx_queue_ids 0
          tx_queue_ids 0 }
        port lan { rx_queue_ids 0
          tx_queue_ids 1 } }
      worker b { cpu_id 2
        port dpdk1 { rx_queue_ids 1
          tx_queue_ids 1 }
        port lan { tx_queue_ids 0 } } }
    neigh_defs { unres_queue_length 64
      timeout 30 }
    ipv4_defs { forwarding on
      default_ttl 32 }
    ipvs_defs { conn { conn_init_timeout 9
        xmit_ttl }
      udp { defence_udp_drop
        timeout { oneway 11
          normal 12 } }
      tcp { defence_tcp_drop
        timeout { none 21
          established 22
          syn_sent 23
          syn_recv 24
          fin_wait 25
          time_wait 26
          close 27
          close_wait 28
          last_ack 29
          listen 31
          synack 32 } } }
    sa_pool { pool_hash_size 4 }`;
  const { config, errors, warnings } = parse(text);
  t.same([errors, warnings], [[], []]);
  const wanted: DataplaneConfig = {
    name: 'n1',
    log: { level: 'error', file: '/tmp/x.log' },
    memory: { huge: 'off', megabytes: 256 },
    polling: { mode: 'spin', idleSleepUs: 7 },
    pools: { packets: 8191, packetCache: 64, connections: 2048, flows: 5000 },
    stopLinger: 9,
    kni: { enabled: false, driver: 'virtio_user', keep: false, mirrorRoutes: false },
    ports: [
      {
        name: 'dpdk1',
        hardware: { kind: 'vdev', spec: 'net_af_xdp0,iface=wan0' },
        kniName: 'wan.kni',
        mtu: 9000,
        promisc: true,
        allmulticast: true,
        rx: { queues: 2, descriptors: 1024, rss: ['tcp', 'ip'] },
        tx: { queues: 2, descriptors: 512, mbufFastFree: false },
      },
      {
        name: 'lan',
        hardware: { kind: 'pci', address: '0000:06:00.1' },
        kniName: 'lan.kni',
        mtu: 1500,
        promisc: false,
        allmulticast: false,
        rx: { queues: 1, descriptors: 256, rss: ['all'] },
        tx: { queues: 2, descriptors: 512, mbufFastFree: true },
      },
    ],
    workers: [
      { name: 'm', role: 'master', cpu: 3, queues: [] },
      {
        name: 'a',
        role: 'slave',
        cpu: 1,
        queues: [
          { port: 'dpdk1', rx: [0], tx: [0] },
          { port: 'lan', rx: [0], tx: [1] },
        ],
      },
      {
        name: 'b',
        role: 'slave',
        cpu: 2,
        queues: [
          { port: 'dpdk1', rx: [1], tx: [1] },
          { port: 'lan', rx: [], tx: [0] },
        ],
      },
    ],
    neighbour: { unresolvedQueue: 64, reachable: 30 },
    ipv4: { forwarding: true, defaultTtl: 32 },
    conn: {
      initTimeout: 9,
      decrementTtl: true,
      tcp: {
        none: 21,
        established: 22,
        synSent: 23,
        synRecv: 24,
        finWait: 25,
        timeWait: 26,
        close: 27,
        closeWait: 28,
        lastAck: 29,
        listen: 31,
        synack: 32,
      },
      udp: { oneway: 11, normal: 12 },
      tcpDefenceDrop: true,
      udpDefenceDrop: true,
    },
    saPool: { hashSize: 4 },
  };
  t.same(config, wanted);
  t.end();
});

t.test('defaults, and workers when there are none', (t) => {
  const preset = defaultConfig();
  t.same(preset.conn.tcp, {
    none: 2,
    established: 90,
    synSent: 3,
    synRecv: 30,
    finWait: 7,
    timeWait: 7,
    close: 3,
    closeWait: 7,
    lastAck: 7,
    listen: 120,
    synack: 30,
  });
  t.match(preset, {
    ports: [],
    workers: [],
    pools: { connections: 2097152, flows: 4194304 },
    conn: { initTimeout: 3 },
  });
  const { config } = parse(port);
  t.match(config, {
    ports: [{ name: 'dpdk0', hardware: { kind: 'index', index: 0 }, kniName: 'dpdk0.kni', rx: { queues: 1 } }],
    workers: [
      { role: 'master', cpu: 0 },
      { role: 'slave', cpu: 1, queues: [{ port: 'dpdk0', rx: [0], tx: [0] }] },
    ],
  });
  t.equal(parseConfig(port, 'x', { cpus: 1 }).config?.workers[1]?.cpu, 0, 'one CPU is shared');
  t.equal(parse(`${port}ipvs_defs { conn { conn_pool_size 65536\n} }`).config?.pools.flows, 131072);
  t.end();
});

const worker = (name: string, type: string, cpu: number, more = '') =>
  `worker ${name} {\ntype ${type}\ncpu_id ${cpu}\n${more}}\n`;
const queues = (rx: string, tx: string) => `port dpdk0 {\nrx_queue_ids ${rx}\ntx_queue_ids ${tx}\n}\n`;
const workers = (...all: string[]) => `${port}worker_defs {\n${all.join('')}}\n`;

t.test('structure and cross-checks: place and message', (t) => {
  const cases: [string, string, (string | RegExp)[]][] = [
    ['nothing', '', ['1:1 error no port is configured']],
    ['stray brace', `${port}}\n`, ['5:1 error this } closes nothing']],
    ['open block', `${port}global_defs {\n kni on\n`, ['5:1 error this block is not closed: a } is missing']],
    ['brace without a name', `${port}{ kni on }\n`, ['5:1 error this { has no block name before it']],
    [
      'forgotten brace',
      'netif_defs {\n device dpdk0 {\n }\nglobal_defs {\n kni maybe\n}\n',
      [
        '4:1 error a } is missing before global_defs: netif_defs of line 1 is still open',
        '5:6 error kni wants on or off, not "maybe"',
      ],
    ],
    ['a block as a key', `${port}global_defs\n`, ['5:1 error global_defs is a block']],
    ['a key as a block', `${port}global_defs { kni { } }`, ['5:15 error kni is a key with a value, not a block']],
    [
      'unknown key',
      `${port}global_defs { log_levl INFO }`,
      [/5:15 warning unknown key log_levl: .*did you mean log_level\?/],
    ],
    [
      'unknown block',
      `${port}foo_defs { a { b c } } global_defs { kni on }`,
      ['5:1 warning unknown block foo_defs: it is skipped'],
    ],
    [
      'object words',
      `${port}constructor { }\nglobal_defs { __proto__ 1\n toString { } }`,
      [/unknown block/, /unknown key/, /unknown block/],
    ],
    ['key twice', `${port}global_defs { kni on\n kni off }`, ['6:2 warning kni replaces that of line 5']],
    ['section twice', `${port}global_defs { kni off }\nglobal_defs { log_level ERR }`, []],
    ['two values', `${port}global_defs { kni on log_level INFO }`, [/5:22 error kni has one value/]],
    [
      'comment not closed',
      `${port}global_defs { <init kni on }`,
      [/5:1 error this block is not closed/, /5:15 error .* must end with >/],
    ],
    [
      'quote not closed',
      `${port}global_defs { log_file "/x }`,
      [/5:1 error/, /5:15 error log_file needs a value/, /5:24 error a quoted word must end/],
    ],
    ['nameless device', 'netif_defs { device { } device dpdk1 { } }', ['1:14 error device needs a name']],
    [
      'device twice',
      'netif_defs {\ndevice dpdk0 { }\ndevice dpdk0 { } }',
      ['3:8 error device dpdk0 is already there in line 2'],
    ],
    ['two names', 'netif_defs { device dpdk0 dpdk1 { } }', ['1:27 error a word too many before {']],
    ['device without hardware', 'netif_defs { device lan { } }', [/1:21 error lan needs hardware/]],
    [
      'hardware twice',
      'netif_defs {\ndevice a { hardware 0000:06:00.0 }\ndevice b { hardware 06:00.0 } }',
      ['3:21 error this hardware is already used in line 2'],
    ],
    [
      'vdev twice',
      'netif_defs {\ndevice a { hardware net_tap0,iface=x }\ndevice b { hardware net_tap0,iface=y } }',
      ['3:21 error this hardware is already used in line 2'],
    ],
    [
      'kni twice',
      'netif_defs {\ndevice dpdk0 { kni_name k }\ndevice dpdk1 { kni_name k } }',
      ['3:25 error this kernel interface is already used in line 2'],
    ],
    [
      'long kni',
      'netif_defs { device dpdk01234567890 { hardware net_null0 } }',
      [/1:21 error dpdk01234567890.kni is too long/],
    ],
    [
      'bad port name',
      'netif_defs { device 0dpdk { hardware net_null0 } }',
      [/1:21 error a port cannot be called "0dpdk"/],
    ],
    [
      'bonding',
      `${port}netif_defs { bonding bond0 { mode 4\nslave dpdk0\nslave dpdk1 } }`,
      ['5:22 error bonding is not built yet'],
    ],
    [
      'flow table too small',
      `${port}dataplane_defs { conn_capacity 2000\n flow_capacity 3000 }`,
      [/6:16 error a connection takes two/],
    ],
    [
      'pool rounding',
      'netif_defs { pktpool_size 70000\n device dpdk0 { rx { descriptor_number 1000 } } }',
      [/1:27 warning .* 131071 is used/, /2:40 warning .* 1024 is used/],
    ],
    ['cache', 'netif_defs { pktpool_cache 1024\n device dpdk0 { } }', [/1:28 warning DPDK caches at most 512/]],
    ['no master', workers(worker('a', 'slave', 1, queues('0', '0'))), ['6:1 error no worker has type master']],
    ['no slave', workers(worker('a', 'master', 0)), ['6:1 error no worker has type slave']],
    [
      'two masters',
      workers(worker('a', 'master', 0), worker('b', 'master', 1), worker('c', 'slave', 2, queues('0', '0'))),
      ['11:6 error line 7 has the master already; there is one'],
    ],
    [
      'cpu twice',
      workers(worker('a', 'master', 0), worker('b', 'slave', 0, queues('0', '0'))),
      ['12:8 error CPU 0 is already taken in line 8'],
    ],
    [
      'no cpu',
      workers(worker('a', 'master', 0), 'worker b {\n}\n'),
      [/6:1 error no worker has type slave/, /10:8 error worker b needs a cpu_id/],
    ],
    [
      'worker of a port that is not there',
      workers(worker('a', 'master', 0), worker('b', 'slave', 1, 'port dpdk9 {\n}\n')),
      [/13:6 error there is no device dpdk9/],
    ],
    [
      'queue gap',
      workers(worker('a', 'master', 0), worker('b', 'slave', 1, queues('0 2', '0'))),
      [/error rx queue 1 of dpdk0 has no worker/],
    ],
    [
      'queue of two',
      workers(
        worker('a', 'master', 0),
        worker('b', 'slave', 1, queues('0', '0')),
        worker('c', 'slave', 2, queues('1', '0')),
      ),
      [/error tx queue 0 of dpdk0 has two workers/],
    ],
    [
      'queue number twice',
      workers(worker('a', 'master', 0), worker('b', 'slave', 1, queues('0 0', '0'))),
      [/14:16 error rx_queue_ids has 0 twice/],
    ],
    [
      'worker that cannot send',
      workers(worker('a', 'master', 0), worker('b', 'slave', 1, queues('0', '0')), worker('c', 'slave', 2)),
      [/error worker c has no tx queue on dpdk0/],
    ],
    [
      'more queues than allowed',
      workers(worker('a', 'master', 0), worker('b', 'slave', 1, queues('0 1', '0'))).replace(
        'dpdk0 {',
        'dpdk0 { rx { queue_number 1 }',
      ),
      [/2:35 error the workers have 2 rx queues of dpdk0, more than 1/],
    ],
    [
      'kni worker and queues of the master',
      workers(
        worker('a', 'master', 0, queues('0', '0')),
        worker('b', 'slave', 1, queues('0', '0')),
        worker('k', 'kni', 2),
      ),
      [/warning the master polls no queues/, /warning a worker of type kni is ignored/],
    ],
    [
      'not built',
      `${port}global_defs { lldp on }\nipv6_defs { forwarding on }`,
      [/5:15 warning lldp is ignored, not built yet/, /6:13 warning forwarding is ignored/],
    ],
    ['the default of what is not built', `${port}global_defs { lldp off\n pdump off }`, []],
    [
      'no meaning',
      `${port}timer_defs { schedule_interval 500 }`,
      [/5:14 warning schedule_interval is ignored, it has no meaning here/],
    ],
    [
      'tutorial-era keys',
      'ctrl_defs { ipc_msg { unix_domain /var/run/dpvs_ctrl } }\nnetif_defs { device dpdk0 { fdir { mode perfect\npballoc 64k\nstatus matched } } }\nipvs_defs { conn { conn_expire 9 } }',
      [
        /1:13 warning ipc_msg is ignored/,
        /2:29 warning fdir is ignored/,
        /5:20 warning conn_expire is ignored, obsolete/,
      ],
    ],
    [
      'all errors at once',
      'global_defs { kni maybe\nlog_level LOUD\n}\nneigh_defs { timeout 0 }',
      [/1:19/, /2:11/, /4:22/],
    ],
  ];
  for (const [name, text, wanted] of cases) {
    const got = complaints(text);
    t.equal(got.length, wanted.length, `${name}: ${JSON.stringify(got)}`);
    for (const [i, want] of wanted.entries())
      if (typeof want === 'string') t.equal(got[i], want, name);
      else t.match(got[i] ?? '', want, name);
  }
  t.end();
});

t.test('an error is shown with its line, a caret under the word, and what is allowed', (t) => {
  const text = 'netif_defs {\n\tdevice dpdk0 {\n\t\tmtu <init> 9500 # too much\n\t}\n}\n';
  const { errors, config, render } = parseConfig(text, '/etc/dpvs.conf');
  t.equal(config, null);
  t.equal(
    render(errors[0]!),
    [
      '/etc/dpvs.conf:3:14: error: mtu 9500 is out of range',
      '  3 | \t\tmtu <init> 9500 # too much',
      '    | \t\t           ^^^^',
      '  allowed: 68 to 9000',
    ].join('\n'),
  );
  const file = join(t.testdir(), 'dpvs.conf');
  writeFileSync(file, `${text}\r\nneigh_defs { timeout x }\r\n`);
  t.throws(() => loadConfig(file), {
    code: 'config',
    exitCode: 2,
    detail: new RegExp(`^2 errors in ${file}\\n${file}:3:14: .*${file}:7:22: error: timeout wants a whole number`, 's'),
  });
  t.throws(() => loadConfig('/nonexistent/dpvs.conf'), { code: 'config', detail: /ENOENT/ });
  t.end();
});

t.test('the samples', (t) => {
  const samples = readdirSync('conf').filter((name) => /^dpvs\..*sample$/.test(name));
  t.ok(samples.length >= 3, 'are there');
  for (const name of samples) {
    const { errors, warnings, render } = parse(readFileSync(join('conf', name), 'utf8'));
    if (name.includes('bond')) {
      t.match(errors, [{ message: 'bonding is not built yet' }], name);
      t.equal(errors.length, 1);
    } else t.same(errors.map(render), [], name);
    t.same(warnings.map(render), [], name);
  }
  t.match(loadConfig('conf/dpvs.conf.sample').config.ports, [{ name: 'dpdk0' }, { name: 'dpdk1' }]);
  t.end();
});

t.test('the manual is current', (t) => {
  t.equal(readFileSync('docs/dpvs.conf.md', 'utf8'), configManual(), 'else run dist/scripts/config-manual.js');
  t.end();
});
