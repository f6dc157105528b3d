// Grammar of global_defs, and of dataplane_defs, which the reference does not have.

import { block, init, run } from '../schema.js';
import type { ConfigLogLevel, DataplaneConfig } from '../types.js';
import { choice, integer, onOff, text, words } from '../value-types.js';

/** syslog's levels, as the reference names them, onto ours. */
const logLevel = choice<ConfigLogLevel>({
  EMERG: 'fatal',
  ALERT: 'fatal',
  CRIT: 'fatal',
  ERR: 'error',
  WARNING: 'warn',
  NOTICE: 'info',
  INFO: 'info',
  DEBUG: 'debug',
});

const path = text({ usage: 'PATH', allowed: 'an absolute path', pattern: /^\/\S+$/ });

export const globalDefs = block({
  note: 'Logging and what concerns the whole process.',
  keys: {
    log_level: run(logLevel, 'info', 'Least severe level that is logged.'),
    log_file: run(path, null, 'Where to log; standard error when not given. The file is reopened on SIGHUP.'),
    log_with_timestamp: run(onOff, false, 'Every line has a time anyway.', 'no meaning'),
    log_async_mode: init(onOff, false, 'Nothing is logged per packet, so there is nothing to decouple.', 'no meaning'),
    log_async_pool_size: init(integer({ min: 1023, max: 2 ** 31 }), 16383, 'See log_async_mode.', 'no meaning'),
    pdump: init(onOff, false, 'Capture by dpdk-pdump.', 'not built'),
    kni: init(
      onOff,
      true,
      'Kernel-visible interfaces for all ports; off: whatever is meant for the kernel is dropped.',
    ),
    lldp: run(onOff, false, 'Send and receive LLDP.', 'not built'),
  },
});

const polling = words(['adaptive', 'spin']);
const huge = words(['on', 'off', 'auto']);
const kniDriver = words(['tap', 'virtio_user']);

export const dataplaneDefs = block({
  note: 'Not in the reference: how this dataplane runs.',
  keys: {
    name: init(
      text({ usage: 'NAME', allowed: '1 to 32 of A-Z a-z 0-9 _ . -', pattern: /^[A-Za-z0-9_.-]{1,32}$/ }),
      null,
      "The node's name, which its sockets and its journal are called by. `--name` and DPVS_NAME come first; `dpvs` when nothing says.",
    ),
    huge: init<DataplaneConfig['memory']['huge']>(huge, 'auto', 'Hugepages; auto takes them when enough are reserved.'),
    memory: init<number | null>(
      integer({ min: 64, max: 1_048_576, unit: 'MB' }),
      null,
      'Memory of the DPDK environment in MB; when not given, what the pools need.',
    ),
    polling: init<DataplaneConfig['polling']['mode']>(
      polling,
      'adaptive',
      'adaptive: an idle worker sleeps; spin: it never does, for the lowest latency at the price of its whole CPU.',
    ),
    idle_sleep_us: init(integer({ min: 1, max: 100_000, unit: 'us' }), 100, 'Longest sleep of an idle worker.'),
    conn_capacity: init<number | null>(
      integer({ min: 1024, max: 2 ** 27 }),
      null,
      'Most connections; conn_pool_size of ipvs_defs/conn when not given.',
    ),
    flow_capacity: init<number | null>(
      integer({ min: 2048, max: 2 ** 28 }),
      null,
      'Most flow entries; twice the connections when not given, because a connection takes two.',
    ),
    kni_driver: init<DataplaneConfig['kni']['driver']>(
      kniDriver,
      'tap',
      'virtio_user is faster and needs /dev/vhost-net; tap needs /dev/net/tun.',
    ),
    stop_linger: init(
      integer({ min: 0, max: 60, unit: 's' }),
      3,
      'On SIGTERM, with a routing bridge: forward for at most so long, until the bridge has withdrawn the VIPs. A second SIGTERM ends it at once.',
    ),
    keep_kni: init(
      onOff,
      true,
      "Addresses, static routes and the state of the kni interfaces are kept and put back when dpvs starts again; not the routing daemons' routes, nor the bridge's VIPs.",
    ),
    mirror_routes: init(
      onOff,
      true,
      "The kernel's routes through the kni interfaces, learned by zebra or set by hand, are routes of the dataplane too; off: its addresses only.",
    ),
  },
});
