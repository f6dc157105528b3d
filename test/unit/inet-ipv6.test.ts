// IPv6 addresses: text and back against node:net's own judgement and WHATWG URLs, prefixes by binary digits, special addresses.
import { isIPv6 } from 'node:net';
import fc from 'fast-check';
import t from 'tap';
import { canonicalIp } from '../../api/ip-text.js';
import {
  formatEndpoint,
  formatIp,
  formatIpv6,
  type Ip,
  ipHash,
  isLinkLocalIpv6,
  linkLocalOf,
  multicastMacOfIpv6,
  networkOf,
  notUnicast,
  parseIp,
  parseIpv6,
  parseMac,
  parsePrefix,
  prefixContains,
  readIpv6,
  readMapped,
  solicitedNode,
  tryParseIpv6,
  writeIpv6,
  writeMapped,
} from '../../dataplane/inet/index.js';
import * as codec from '../support/packet/index.js';
import { holds, testSeed } from '../support/property.js';

const seed = testSeed(t);
const group = fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, fc.nat(0xffff), fc.constant(0xd800));
const groups = fc.array(group, { minLength: 8, maxLength: 8 });
const text = (words: readonly number[]): string => words.map((word) => word.toString(16)).join(':');
/** The URL standard serializes hosts as RFC 5952 does. */
const serialized = (address: string): string => new URL(`http://[${address}]/`).hostname.slice(1, -1);
const bits = (ip: Ip): string =>
  [...codec.parseIp(formatIp(ip))].map((byte) => byte.toString(2).padStart(8, '0')).join('');

t.test('text and back', async (t) => {
  const property = fc.property(groups, (words) => {
    const long = text(words);
    const short = formatIpv6(parseIpv6(long));
    return short === serialized(long) && parseIpv6(short) === parseIpv6(long) && canonicalIp(long) === short;
  });
  holds(t, 'the standard form', property, { seed, numRuns: 2000 });
  const likeNode = fc.property(fc.stringMatching(/^[0-9a-fg:.%]{0,20}$/), (word) => {
    return (tryParseIpv6(word) !== undefined) === (isIPv6(word) && !word.includes('%'));
  });
  holds(t, 'accepts what node:net accepts, without zones', likeNode, { seed, numRuns: 3000 });
  for (const [given, wanted] of [
    ['::', '::'],
    ['1::', '1::'],
    ['::1', '::1'],
    ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['1:0:2:3:4:5:6:7', '1:0:2:3:4:5:6:7'],
    ['::ffff:192.0.2.1', '::ffff:c000:201'],
    ['64:ff9b::10.0.0.1', '64:ff9b::a00:1'],
  ] as const)
    t.equal(formatIpv6(parseIpv6(given)), wanted, given);
  t.throws(() => parseIpv6('10.0.0.1'), { code: 'invalid_parameter' });
  t.equal(formatEndpoint(parseIp('2001:db8::1'), 80), '[2001:db8::1]:80');
  t.equal(formatEndpoint(parseIp('10.0.0.1'), 80), '10.0.0.1:80');
  t.equal(canonicalIp('10.0.0.1'), '10.0.0.1');
});

t.test('prefixes, by comparing binary digits', async (t) => {
  const property = fc.property(groups, groups, fc.nat(128), (a, b, length) => {
    const [ip, other] = [parseIpv6(text(a)), parseIpv6(text(b))];
    const network = bits(ip).slice(0, length);
    return (
      bits(networkOf(ip, length)) === network.padEnd(128, '0') &&
      prefixContains(ip, length, other) === bits(other).startsWith(network)
    );
  });
  holds(t, 'network and containment', property, { seed, numRuns: 1000 });
  t.same(parsePrefix('2001:db8::/32'), { prefix: parseIpv6('2001:db8::'), length: 32 });
  t.same(parsePrefix('2001:db8::1'), { prefix: parseIpv6('2001:db8::1'), length: 128 });
  for (const wrong of ['::/129', '::/', '::/-1', '::/8/8', '/8', '10.0.0.0/33'])
    t.throws(() => parsePrefix(wrong), { code: 'invalid_parameter' }, wrong);
  t.notOk(prefixContains(parseIp('::'), 0, parseIp('0.0.0.0')), 'of one family only');
});

t.test('bytes and back', async (t) => {
  const view = new DataView(new ArrayBuffer(20));
  const property = fc.property(groups, (words) => {
    const ip = parseIpv6(text(words));
    writeIpv6(ip, view, 2);
    const bytes = new Uint8Array(view.buffer, 2, 16);
    return codec.formatIp6(bytes) === formatIpv6(ip) && readIpv6(view, 2) === ip;
  });
  holds(t, 'network order', property, { seed });
  for (const address of ['10.0.0.1', '255.255.255.255', '0.0.0.0', '2001:db8::1', 'fe80::ffff:1']) {
    writeMapped(parseIp(address), view, 4);
    t.equal(formatIp(readMapped(view, 4)), address, address);
  }
});

t.test('groups and MACs that follow from an address', async (t) => {
  const property = fc.property(groups, (words) => {
    const ip = parseIpv6(text(words));
    const node = solicitedNode(ip);
    const mac = multicastMacOfIpv6(node).toString(16).padStart(12, '0');
    return (
      formatIpv6(node) === codec.solicitedNode(formatIpv6(ip)) &&
      mac === codec.multicastMac(formatIpv6(node)).replaceAll(':', '')
    );
  });
  holds(t, 'solicited node', property, { seed });
  for (const mac of ['02:dd:00:00:00:01', '00:00:5e:00:53:ff', 'fe:ff:ff:ff:ff:ff'])
    t.equal(formatIpv6(linkLocalOf(parseMac(mac))), codec.linkLocal(mac), mac);
  t.ok(isLinkLocalIpv6(parseIpv6('febf::1')));
  t.notOk(isLinkLocalIpv6(parseIpv6('fec0::1')));
  for (const address of ['::', '::1', 'ff02::1', '::ffff:10.0.0.1']) t.ok(notUnicast(parseIp(address)), address);
  for (const address of ['2001:db8::1', 'fe80::1', '::2', 'fd00::1']) t.equal(notUnicast(parseIp(address)), null);
});

t.test('hashes of neighbouring addresses are spread', async (t) => {
  const seen = new Set(Array.from({ length: 4096 }, (_, i) => ipHash(parseIp(`2001:db8::${i.toString(16)}`)) & 0xfff));
  t.ok(seen.size > 2300, `${seen.size} of 4096 slots`);
});
