// Grammar of netif_defs: packet pool, ports, bonding.

import { block, init, namedBlock } from '../schema.js';
import type { RssField } from '../types.js';
import { anything, flag, integer, onOff, text, wordSet, words } from '../value-types.js';

const device = text({ usage: 'DEV', allowed: 'the name of a device block', pattern: /^[A-Za-z]\S*$/ });

/** The kernel's IFNAMSIZ less the terminating NUL. The reference's 32 bytes would be cut off or refused by the kernel. */
const kniName = text({ usage: 'NAME', allowed: '1 to 15 characters, without / and :', pattern: /^[^\s/:]{1,15}$/ });

const rss = wordSet(['all', 'ip', 'tcp', 'udp', 'sctp', 'ether', 'port', 'tunnel']);
const queueNumber = integer({ min: 0, max: 16 });
const descriptors = integer({ min: 16, max: 8192, round: 'power of two' });

const rx = block({
  note: 'Receiving.',
  keys: {
    queue_number: init(queueNumber, 16, 'Most receive queues. As many are set up as workers poll.'),
    descriptor_number: init(descriptors, 256, 'Descriptors of a receive queue.'),
    rss: init<readonly RssField[]>(rss, ['all'], 'What the port spreads packets over its queues by.'),
  },
});

const tx = block({
  note: 'Sending.',
  keys: {
    queue_number: init(queueNumber, 16, 'Most transmit queues. As many are set up as workers have.'),
    descriptor_number: init(descriptors, 512, 'Descriptors of a transmit queue.'),
    mbuf_fast_free: init(onOff, true, 'Let the driver free whole bursts; off for ports of different NUMA nodes.'),
  },
});

const fdir = block({
  note: "The NIC's flow director: any worker may get any packet here, so none is programmed.",
  ignored: 'obsolete',
  keys: Object.fromEntries(
    ['mode', 'pballoc', 'status'].map((name) => [name, init(anything, [], 'Tutorial-era key.', 'obsolete')]),
  ),
});

const port = namedBlock('NAME', {
  note: 'A port, by the name the commands know it by. `dpdkN` without `hardware` is the N-th port DPDK finds.',
  keys: {
    hardware: init(
      text({
        usage: 'PCI|VDEV',
        allowed: 'a PCI address (0000:06:00.0) or a DPDK device string (net_af_xdp0,iface=wan0)',
        pattern: /^(([0-9a-f]{4}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]|[a-z][a-z0-9_]*(,\S+)?)$/i,
      }),
      null,
      'Not in the reference: the PCI address or the DPDK device string the port is made from.',
    ),
    kni_name: init(kniName, null, 'Name of the kernel-visible interface; `<port>.kni` when not given.'),
    mtu: init(
      integer({ min: 68, max: 9000 }),
      1500,
      'Largest IP packet. Must equal that of the switch: OSPF compares it. Packet buffers are made for the largest of all ports; up to that `dpip link set` changes it.',
    ),
    promisc_mode: init(flag, false, 'Receive frames for any MAC address.'),
    allmulticast: init(
      flag,
      false,
      'Receive all multicast. Without it: the groups joined on the kernel-visible interface, if the driver can filter, else all of them.',
    ),
  },
  blocks: { rx, tx, fdir },
});

const bonding = namedBlock('NAME', {
  note: 'A bond of ports. Understood, but not built yet: a file that has one is refused.',
  keys: {
    mode: init(integer({ min: 0, max: 6 }), 0, '0 round robin, 4 LACP.'),
    slave: { ...init(anything, [], 'A port of the bond; may stand several times.'), repeats: true },
    primary: init(device, null, "The port whose queues and MAC address are the bond's."),
    numa_node: init(integer({ min: 0, max: 7 }), 0, 'NUMA node of its memory.'),
    kni_name: init(kniName, null, 'Name of the kernel-visible interface; `<bond>.kni` when not given.'),
    options: init(anything, [], '`dedicated_queues=on|off`.'),
  },
});

export const netifDefs = block({
  note: 'Ports and the packets in flight.',
  keys: {
    pktpool_size: init(
      integer({ min: 1023, max: 134_217_728, round: 'power of two less one' }),
      65535,
      'Packet buffers in the pool.',
    ),
    pktpool_cache: init(
      integer({ min: 32, max: 8192, round: 'power of two' }),
      256,
      'Packet buffers each worker keeps at hand. DPDK takes at most 512.',
    ),
    fdir_mode: init(words(['perfect', 'signature']), 'perfect', 'No NIC filters are programmed.', 'no meaning'),
  },
  blocks: { device: port, bonding },
});
