// The test codec's checksums, against published examples, sums done by hand, and the formula "modulo 65535".
import fc from 'fast-check';
import t from 'tap';
import { dissect, fromHex, internetChecksum, isChecksumValid, onesSum, packet, u16 } from '../support/packet/index.js';

const client = '10.0.0.48';
const vip = '10.0.0.100';
/** A datagram of ports 0x1111 and 0x2222: its words without payload and checksum sum to 0x47e2 + length, twice. */
const datagram = (payload: Uint8Array, checksum?: 'none' | 'bad') =>
  packet().ip4({ src: client, dst: vip }).udp({ sport: 0x1111, dport: 0x2222, checksum }).payload(payload).build();
const udpChecksum = (payload: string): number => u16(datagram(fromHex(payload)), 26);

t.test('published examples', async (t) => {
  t.equal(onesSum(fromHex('0001 f203 f4f5 f6f7')), 0xddf2, 'RFC 1071 section 3');
  t.equal(internetChecksum(fromHex('0001 f203 f4f5 f6f7')), 0x220d);
  const header = fromHex('4500 0073 0000 4000 4011 b861 c0a8 0001 c0a8 00c7');
  t.ok(isChecksumValid(header), 'a captured IPv4 header');
  t.equal(internetChecksum(Uint8Array.from(header).fill(0, 10, 12)), 0xb861);
});

t.test('sums by hand', async (t) => {
  // 0a00+0030+0a00+0064 = 1494, +0011 = 14a5, +1111+2222 = 47d8; each case adds its length twice and its payload.
  t.equal(udpChecksum('4142'), 0x76d1, '47d8+000a+000a+4142 = 892e');
  t.equal(udpChecksum('414243'), 0x33cf, 'odd length: 47d8+000b+000b+4142+4300 = cc30');
  t.equal(udpChecksum(''), 0xb817, '47d8+0008+0008 = 47e8');
});

t.test('wrap-arounds', async (t) => {
  t.equal(udpChecksum('b813'), 0xffff, 'the sum is ffff, its complement 0 is sent as ffff (RFC 768)');
  t.equal(udpChecksum('b814'), 0xfffe, 'the sum is 10000, the carry comes round: 0001');
  t.equal(udpChecksum('b812'), 0x0001, 'the sum is fffe');
  t.equal(internetChecksum(fromHex('ffff 0000')), 0, 'TCP and IP keep a computed zero');
  t.equal(onesSum(fromHex('ffff ffff ffff')), 0xffff, 'minus zero stays minus zero');
  t.equal(onesSum(new Uint8Array(64 * 1024).fill(0xff)), 0xffff, 'no overflow at the largest packet');
});

t.test('UDP checksum 0 means none', async (t) => {
  const none = datagram(fromHex('4142'), 'none');
  t.equal(u16(none, 26), 0);
  t.same(dissect(none, { from: 'ip' }).problems, []);
  t.match(dissect(datagram(fromHex('4142'), 'bad'), { from: 'ip' }).problems, [
    /^udp: checksum 0x2384, should be 0x76d1/,
  ]);
  const v6 = packet().ip6({ src: '2001:db8::1', dst: '2001:db8::2' }).udp({ sport: 1, dport: 2, checksum: 'none' });
  t.match(dissect(v6.build(), { from: 'ip' }).problems, [/no checksum over IPv6/], 'RFC 8200 section 8.1');
});

t.test('a checksum of minus zero is what a receiver accepts for a computed zero', async (t) => {
  const segment = packet().ip4({ src: client, dst: vip }).tcp({ sport: 1, dport: 2, seq: 0, ack: 0 });
  const zero = segment.payload(fromHex('0000')).build();
  // Adding the checksum itself to the sum completes it to minus zero.
  const frame = segment.payload(zero.slice(36, 38)).build();
  t.equal(u16(frame, 36), 0);
  t.same(dissect(frame, { from: 'ip' }).problems, []);
  frame.set([0xff, 0xff], 36);
  t.same(dissect(frame, { from: 'ip' }).problems, []);
});

t.test('any bytes: the sum is the number they spell modulo 65535', async (t) => {
  const even = fc.uint8Array({ minLength: 2, maxLength: 128 }).map((bytes) => bytes.subarray(0, bytes.length & ~1));
  const property = fc.property(even, (bytes) => {
    // 2^16 = 1 modulo 65535, so the whole string as one number leaves the same remainder as the sum of its words.
    const remainder = Number(BigInt(`0x${Buffer.from(bytes).toString('hex')}`) % 65535n);
    const sum = onesSum(bytes);
    return sum % 65535 === remainder && (sum === 0) === bytes.every((byte) => byte === 0);
  });
  const seed = Number(process.env.SEED ?? 20240501);
  t.comment(`seed ${seed}`);
  fc.assert(property, { seed, numRuns: 500 });
  t.pass('500 byte strings');
});
