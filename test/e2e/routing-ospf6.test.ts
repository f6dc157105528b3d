// OSPFv3 for IPv6 VIPs: the bridge with real zebra and ospf6d at both ends and a mock of the dataplane.
import t from 'tap';
import { announcing, lacking } from './routing/announcing.js';

t.setTimeout(180_000);
t.test('OSPFv3', { skip: await lacking('ospf6d') }, async (t) => {
  await announcing(t, {
    protocol: 'ospf6',
    daemon: 'ospf6d',
    vip: '2001:db8:1::3',
    other: '2001:db8:1::4',
    kernelProtocol: 'ospf',
    drained: /ipv6 prefix-list DPVS-DRAIN6 seq \d+ permit 2001:db8:1::3\/128/,
    tellsAnnouncers: true,
  });
});
