// The daemons' files of a scene that speaks OSPFv3 or BGP, as an administrator would write them: for the node with the bridge, for the
// switch, and for a second node without a bridge that announces whatever addresses it has.
export type Protocol = 'ospf' | 'ospf6' | 'bgp';
type Files = Readonly<Record<'ospf6' | 'bgp', Readonly<Record<string, string>>>>;

export const runOptions = { ospf6: ['--ospf6'], bgp: ['--protocol', 'bgp'] } as const;
export const secondAddress = '172.31.8.2';

const text = (...lines: string[]): string => `${lines.join('\n')}\n`;

const ospf6Link = (name: string, ...more: string[]): string[] => [
  `interface ${name}`,
  ' ipv6 ospf6 area 0.0.0.0',
  ' ipv6 ospf6 network point-to-point',
  ' ipv6 ospf6 hello-interval 1',
  ' ipv6 ospf6 dead-interval 4',
  ...more,
];

const bgpPeer = (address: string, asn: number): string[] => [
  ` neighbor ${address} remote-as ${asn}`,
  ` neighbor ${address} timers 1 3`,
  ` neighbor ${address} timers connect 1`,
];

const bgpHead = (asn: number, routerId: string): string[] => [
  `router bgp ${asn}`,
  ` bgp router-id ${routerId}`,
  ' no bgp ebgp-requires-policy',
];

const zebra = 'ipv6 forwarding\n';

export const nodeFiles: Files = {
  ospf6: {
    'zebra.conf': zebra,
    'ospf6d.conf': text(...ospf6Link('dpdk1.kni'), 'router ospf6', ' ospf6 router-id 10.0.0.2'),
  },
  bgp: {
    'zebra.conf': zebra,
    'bgpd.conf': text(
      ...bgpHead(65001, '10.0.0.2'),
      ...bgpPeer('172.31.7.1', 65000),
      ' address-family ipv6 unicast',
      '  neighbor 172.31.7.1 activate',
    ),
  },
};

export const switchFiles: Files = {
  ospf6: {
    'zebra.conf': zebra,
    'ospf6d.conf': text(
      ...ospf6Link('to-node'),
      ...ospf6Link('to-second'),
      'router ospf6',
      ' ospf6 router-id 10.0.0.1',
    ),
  },
  bgp: {
    'zebra.conf': zebra,
    'bgpd.conf': text(
      ...bgpHead(65000, '10.0.0.1'),
      ' bgp bestpath as-path multipath-relax',
      ...bgpPeer('172.31.7.2', 65001),
      ...bgpPeer(secondAddress, 65002),
      ' address-family ipv4 unicast',
      '  maximum-paths 16',
      ' exit-address-family',
      ' address-family ipv6 unicast',
      '  neighbor 172.31.7.2 activate',
    ),
  },
};

export const secondFiles: Files = {
  ospf6: {
    'zebra.conf': zebra,
    'ospf6d.conf': text(
      'ipv6 prefix-list LINK seq 1 deny ::/0 ge 128',
      'ipv6 prefix-list LINK seq 2 permit any',
      'ipv6 prefix-list VIPS permit 2001:db8::/32 ge 128',
      'route-map VIPS permit 10',
      ' match ipv6 address prefix-list VIPS',
      ...ospf6Link('to-switch', ' ipv6 ospf6 advertise prefix-list LINK'),
      'router ospf6',
      ' ospf6 router-id 10.0.0.3',
      ' redistribute connected metric 20 metric-type 1 route-map VIPS',
    ),
  },
  bgp: {
    'zebra.conf': zebra,
    'bgpd.conf': text(
      'ip prefix-list VIPS permit 123.0.0.0/8 ge 32',
      'route-map VIPS permit 10',
      ' match ip address prefix-list VIPS',
      // As `network` has it; a route of another origin is no equal one.
      ' set origin igp',
      ...bgpHead(65002, '10.0.0.3'),
      ...bgpPeer('172.31.8.1', 65000),
      ' address-family ipv4 unicast',
      '  redistribute connected route-map VIPS',
    ),
  },
};
