// Building and taking apart of the test codec: known frames byte by byte, faults on request, round trips, descriptions.
import fc from 'fast-check';
import t from 'tap';
import { describe, dissect, formatIp6, packet, parseIp6, tcpOption, toHex } from '../support/packet/index.js';

const src = '02:00:00:00:00:01';
const dst = '02:00:00:00:00:02';
const client = '10.0.0.48';
const vip = '10.0.0.100';
const eth = packet().eth({ src, dst });
const syn = eth
  .ip4({ src: client, dst: vip, id: 7, df: true })
  .tcp({ sport: 37177, dport: 80, seq: 1, flags: 'S', options: [tcpOption.mss(1460)] });

t.test('a SYN, byte by byte', async (t) => {
  const [l2, ip, tcp] = [syn.build().subarray(0, 14), syn.build().subarray(14, 34), syn.build().subarray(34)];
  t.equal(toHex(l2), '0200000000020200000000010800');
  // 4500+002c+0007+4000+4006+0a00+0030+0a00+0064 = d9cd
  t.equal(toHex(ip), '4500002c0007400040062632 0a000030 0a000064'.replaceAll(' ', ''));
  // pseudo 1494+0006+0018 = 14b2; +9139+0050+0001+6002+ffff+0204+05b4 = 0df7 with two carries
  t.equal(toHex(tcp), '91390050 00000001 00000000 6002ffff f2080000 020405b4'.replaceAll(' ', ''));
});

t.test('a SYN, taken apart', async (t) => {
  const d = dissect(syn.build());
  t.same(d.problems, []);
  t.match(d.eth, { src, dst, type: 0x0800 });
  t.match(d.ip4, { src: client, dst: vip, ttl: 64, id: 7, df: true, mf: false, protocol: 6, totalLength: 44 });
  t.match(d.tcp, { sport: 37177, dport: 80, seq: 1, flags: 'S', headerLength: 24, options: [tcpOption.mss(1460)] });
  t.equal(d.payload.length, 0);
});

t.test('ARP, VLAN and padding', async (t) => {
  const request = packet()
    .eth({ src, dst: 'ff:ff:ff:ff:ff:ff' })
    .vlan({ id: 100, priority: 3 })
    .arp({ op: 'request', senderMac: src, senderIp: client, targetIp: vip })
    .pad();
  const d = dissect(request.build());
  t.equal(d.bytes.length, 60);
  t.equal(toHex(d.bytes.subarray(12, 26)), '81006064 0806 0001 0800 0604 0001'.replaceAll(' ', ''));
  t.match(d.arp, { op: 'request', senderMac: src, senderIp: client, targetMac: '00:00:00:00:00:00', targetIp: vip });
  t.match(d.vlans, [{ tpid: 0x8100, id: 100, priority: 3 }]);
  t.equal(d.trailer.length, 60 - 18 - 28);
  t.match(describe(request.build()), /vlan 100 ARP who-has 10\.0\.0\.100 tell 10\.0\.0\.48$/);
});

t.test('padding is not payload', async (t) => {
  const d = dissect(eth.ip4({ src: client, dst: vip }).udp({ sport: 1, dport: 2 }).payload('hi').pad().build());
  t.equal(new TextDecoder().decode(d.payload), 'hi');
  t.equal(d.trailer.length, 60 - 14 - 20 - 8 - 2);
  t.same(d.problems, []);
});

const ip = { src: client, dst: vip };
const ports = { sport: 1000, dport: 80 };
const faults: readonly [string, Uint8Array, RegExp][] = [
  ['a frame without a header', syn.truncate(13).build(), /^eth: 13 bytes/],
  ['an IP header cut short', syn.truncate(33).build(), /^ip4: 19 bytes/],
  [
    'version 5',
    eth
      .ip4({ ...ip, version: 5 })
      .udp(ports)
      .build(),
    /^ip4: version 5/,
  ],
  [
    'ihl 4',
    eth
      .ip4({ ...ip, ihl: 4 })
      .udp(ports)
      .build(),
    /^ip4: header length 16/,
  ],
  [
    'ihl beyond the packet',
    eth
      .ip4({ ...ip, ihl: 15 })
      .udp(ports)
      .build(),
    /^ip4: header length 60/,
  ],
  [
    'total length too large',
    eth
      .ip4({ ...ip, totalLength: 99 })
      .udp(ports)
      .build(),
    /^ip4: total length 99 over 28/,
  ],
  [
    'total length too small',
    eth
      .ip4({ ...ip, totalLength: 19 })
      .udp(ports)
      .build(),
    /^ip4: total length 19 below/,
  ],
  [
    'a bad IP checksum',
    eth
      .ip4({ ...ip, checksum: 'bad' })
      .udp(ports)
      .build(),
    /^ip4: checksum 0x/,
  ],
  [
    'a bad TCP checksum',
    eth
      .ip4(ip)
      .tcp({ ...ports, checksum: 'bad' })
      .build(),
    /^tcp: checksum 0x/,
  ],
  [
    'data offset 4',
    eth
      .ip4(ip)
      .tcp({ ...ports, dataOffset: 4 })
      .build(),
    /^tcp: data offset 4/,
  ],
  [
    'data offset beyond',
    eth
      .ip4(ip)
      .tcp({ ...ports, dataOffset: 6 })
      .build(),
    /^tcp: header 24 over 20/,
  ],
  [
    'UDP length 7',
    eth
      .ip4(ip)
      .udp({ ...ports, length: 7 })
      .build(),
    /^udp: length 7/,
  ],
  [
    'UDP length too large',
    eth
      .ip4(ip)
      .udp({ ...ports, length: 9 })
      .build(),
    /^udp: length 9 over 8/,
  ],
  ['a bad ICMP checksum', eth.ip4(ip).icmp({ type: 8, checksum: 'bad' }).build(), /^icmp: checksum 0x/],
];
for (const [what, bytes, problem] of faults) {
  t.test(`${what} is found, and nothing else`, async (t) => {
    const { problems } = dissect(bytes);
    t.match(problems[0], problem);
    t.ok(
      problems.length === 1 || problems.slice(1).every((other) => /checksum|over|bytes/.test(other)),
      problems.join('; '),
    );
  });
}

t.test('an ICMP error quotes a packet cut to 28 bytes', async (t) => {
  const quote = packet().ip4({ src: vip, dst: client, ttl: 1 }).tcp({ sport: 80, dport: 37177, seq: 5 }).payload(100);
  const frame = eth.ip4(ip).icmp({ type: 3, code: 4, mtu: 1400 }).payload(quote.build().slice(0, 28)).build();
  const d = dissect(frame);
  t.same(d.problems, []);
  t.match(d.icmp, { type: 3, code: 4, seq: 1400 });
  t.match(d.quoted?.ip4, { src: vip, dst: client, totalLength: 140 });
  t.equal(d.quoted?.tcp, undefined, 'eight bytes are not a TCP header');
  t.equal(d.quoted?.payload.length, 8);
  t.match(describe(frame), /ICMP type 3 code 4 .* about <IP 10\.0\.0\.100 > 10\.0\.0\.48: protocol 6/);
});

t.test('IPv6, its text form and ICMPv6', async (t) => {
  for (const text of ['::', '::1', '2001:db8::1:0:0:1', 'fe80::a', '1:2:3:4:5:6:7:8', 'ff02::1:ff00:0'])
    t.equal(formatIp6(parseIp6(text)), text);
  t.throws(() => parseIp6('1:2'));
  const echo = eth.ip6({ src: 'fe80::1', dst: 'fe80::2' }).icmp6({ type: 128, id: 1, seq: 2 }).payload('x');
  t.same(dissect(echo.build()).problems, []);
  t.match(dissect(echo.build()).icmp6, { type: 128, id: 1, seq: 2 });
});

t.test('a description says what and what is wrong', async (t) => {
  t.equal(
    describe(syn.build()),
    `${src} > ${dst} IP 10.0.0.48.37177 > 10.0.0.100.80: Flags [S], seq 1, win 65535, options [mss 1460], length 0 (ttl 64, id 7, DF)`,
  );
  t.match(
    describe(
      eth
        .ip4({ ...ip, ttl: 0 })
        .udp({ ...ports, checksum: 'bad' })
        .build(),
    ),
    /UDP.*ttl 0.* !! udp: checksum/,
  );
});

t.test('whatever is built right is taken apart without problems', async (t) => {
  const port = fc.integer({ min: 0, max: 65535 });
  const word = fc.integer({ min: 0, max: 0xffffffff });
  const byte = fc.integer({ min: 0, max: 255 });
  const address = fc.tuple(byte, byte, byte, byte).map((octets) => octets.join('.'));
  const property = fc.property(
    fc.record({ src: address, dst: address, ttl: byte, tos: byte, id: port, df: fc.boolean() }),
    fc.record({ sport: port, dport: port, seq: word, ack: word, window: port }),
    fc.uint8Array({ maxLength: 64 }),
    (ip4, l4, data) => {
      const tcp = dissect(eth.ip4(ip4).tcp(l4).payload(data).build());
      const udp = dissect(eth.ip4(ip4).udp({ sport: l4.sport, dport: l4.dport }).payload(data).build());
      const fields = <T extends object>(whole: T | undefined, like: object) =>
        Object.keys(like).every((key) => whole?.[key as keyof T] === like[key as keyof typeof like]);
      return (
        tcp.problems.length + udp.problems.length === 0 &&
        fields(tcp.ip4, ip4) &&
        fields(tcp.tcp, l4) &&
        toHex(tcp.payload) === toHex(data) &&
        toHex(udp.payload) === toHex(data)
      );
    },
  );
  const seed = Number(process.env.SEED ?? 20240503);
  t.comment(`seed ${seed}`);
  fc.assert(property, { seed, numRuns: 500 });
  t.pass('500 packets');
});
