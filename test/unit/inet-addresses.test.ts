// IPv4 and MAC addresses as numbers, against node:net, string arithmetic and published examples.
import { isIPv4 } from 'node:net';
import fc from 'fast-check';
import t from 'tap';
import {
  broadcastOf,
  formatIpv4,
  formatMac,
  formatPrefix,
  ipv4,
  isGroupMac,
  isLoopbackIpv4,
  isMulticastIpv4,
  MAC_BROADCAST,
  type Mac,
  macHigh16,
  macLow32,
  multicastMac,
  networkOfIpv4,
  parseIpv4,
  parseMac,
  parsePrefix,
  prefixContains,
  prefixMask,
  readMac,
  tryParseIpv4,
  tryParseMac,
  writeMac,
} from '../../dataplane/inet/index.js';
import { holds, testSeed } from '../support/property.js';

const seed = testSeed(t);
const u32 = fc.oneof(fc.nat(0xffffffff), fc.constantFrom(0, 1, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff));
const bits = (n: number): string => n.toString(2).padStart(32, '0');

t.test('IPv4 text', async (t) => {
  const roundTrip = fc.property(fc.array(fc.nat(255), { minLength: 4, maxLength: 4 }), (octets) => {
    const value = octets.reduce((sum, octet) => sum * 256 + octet, 0);
    return parseIpv4(octets.join('.')) === value && formatIpv4(ipv4(value)) === octets.join('.');
  });
  holds(t, 'text and back', roundTrip, { seed });
  const likeNode = fc.property(fc.stringMatching(/^[0-9. x]{0,4}\.\d{1,3}\.\d{1,3}\.[0-9. ]{0,4}$/), (text) => {
    return (tryParseIpv4(text) !== undefined) === isIPv4(text);
  });
  holds(t, 'accepts what node:net accepts', likeNode, { seed, numRuns: 1000 });
  for (const wrong of ['', '1.2.3', '1.2.3.4.5', '256.0.0.1', '01.2.3.4', '1.2.3.4 ', '1.2.3.-4', '0x1.2.3.4', '::1']) {
    t.equal(tryParseIpv4(wrong), undefined, wrong);
    t.throws(() => parseIpv4(wrong), { code: 'invalid_parameter' }, wrong);
  }
});

t.test('prefixes, by comparing binary digits', async (t) => {
  const property = fc.property(u32, u32, fc.nat(32), (a, b, length) => {
    const network = bits(a).slice(0, length);
    return (
      bits(prefixMask(length)) === '1'.repeat(length).padEnd(32, '0') &&
      bits(networkOfIpv4(ipv4(a), length)) === network.padEnd(32, '0') &&
      bits(broadcastOf(ipv4(a), length)) === network.padEnd(32, '1') &&
      prefixContains(ipv4(a), length, ipv4(b)) === bits(b).startsWith(network)
    );
  });
  holds(t, 'mask, network, broadcast, containment', property, { seed, numRuns: 1000 });
  t.same(parsePrefix('172.10.0.2/30'), { prefix: 0xac0a0002, length: 30 });
  t.same(parsePrefix('123.1.2.3'), { prefix: 0x7b010203, length: 32 });
  t.same(parsePrefix('0.0.0.0/0'), { prefix: 0, length: 0 });
  t.equal(formatPrefix(parseIpv4('192.168.100.0'), 24), '192.168.100.0/24');
  for (const wrong of [
    '1.2.3.4/33',
    '1.2.3.4/',
    '1.2.3.4/-1',
    '1.2.3.4/8/8',
    '1.2.3/8',
    '/8',
    '1.2.3.4/a',
    '1.2.3.4/ 8',
  ]) {
    t.throws(() => parsePrefix(wrong), { code: 'invalid_parameter' }, wrong);
  }
});

t.test('kinds of IPv4 addresses at their borders', async (t) => {
  const kinds = (text: string): string =>
    `${isMulticastIpv4(parseIpv4(text)) ? 'm' : '-'}${isLoopbackIpv4(parseIpv4(text)) ? 'l' : '-'}`;
  const expected = {
    '223.255.255.255': '--',
    '224.0.0.0': 'm-',
    '224.0.0.5': 'm-',
    '239.255.255.255': 'm-',
    '240.0.0.0': '--',
    '126.255.255.255': '--',
    '127.0.0.0': '-l',
    '127.255.255.255': '-l',
    '128.0.0.0': '--',
  };
  for (const [text, kind] of Object.entries(expected)) t.equal(kinds(text), kind, text);
});

t.test('MAC addresses', async (t) => {
  const octets = fc.array(fc.nat(255), { minLength: 6, maxLength: 6 });
  const property = fc.property(octets, fc.nat(10), (six, offset) => {
    const text = six.map((octet) => octet.toString(16).padStart(2, '0')).join(':');
    const mac = parseMac(text.toUpperCase());
    const frame = new Uint8Array(20).fill(0xee);
    writeMac(mac, frame, offset);
    const written = [...frame.subarray(offset, offset + 6)];
    const around = [...frame].filter((_, i) => i < offset || i >= offset + 6);
    return (
      formatMac(mac) === text &&
      written.join() === six.join() &&
      around.every((octet) => octet === 0xee) &&
      readMac(frame, offset) === mac &&
      macHigh16(mac) === six[0]! * 256 + six[1]! &&
      macLow32(mac) === Number.parseInt(text.replaceAll(':', '').slice(4), 16) &&
      isGroupMac(mac) === (six[0]! % 2 === 1)
    );
  });
  holds(t, 'text, octets, words', property, { seed, numRuns: 500 });
  t.equal(formatMac(MAC_BROADCAST), 'ff:ff:ff:ff:ff:ff');
  t.equal(formatMac(0 as Mac), '00:00:00:00:00:00');
  for (const wrong of [
    '',
    '0:1:2:3:4:5',
    '00:11:22:33:44',
    '00:11:22:33:44:55:66',
    '00-11-22-33-44-55',
    '00:11:22:33:44:5g',
  ]) {
    t.equal(tryParseMac(wrong), undefined, wrong);
    t.throws(() => parseMac(wrong), { code: 'invalid_parameter' }, wrong);
  }
});

t.test('multicast MACs (RFC 1112)', async (t) => {
  t.equal(formatMac(multicastMac(parseIpv4('224.0.0.5'))), '01:00:5e:00:00:05', 'AllSPFRouters');
  t.equal(formatMac(multicastMac(parseIpv4('224.0.0.18'))), '01:00:5e:00:00:12', 'VRRP');
  t.equal(formatMac(multicastMac(parseIpv4('239.255.255.255'))), '01:00:5e:7f:ff:ff', 'the 24th bit is lost');
});
