// TCP options of the test codec: known bytes, malformed areas, round trips.
import fc from 'fast-check';
import t from 'tap';
import {
  decodeTcpOptions,
  describeTcpOption,
  encodeTcpOption,
  encodeTcpOptions,
  fromHex,
  type TcpOption,
  tcpOption,
  toHex,
} from '../support/packet/index.js';

const known: readonly [TcpOption, string][] = [
  [tcpOption.eol, '00'],
  [tcpOption.nop, '01'],
  [tcpOption.mss(1460), '020405b4'],
  [tcpOption.wscale(7), '030307'],
  [tcpOption.sackPermitted, '0402'],
  [tcpOption.sack([0x01020304, 0x05060708]), '050a0102030405060708'],
  [tcpOption.timestamp(0xdeadbeef, 1), '080adeadbeef00000001'],
  [tcpOption.toa('10.0.0.48', 37177), 'fe0891390a000030'],
  [tcpOption.toa('2001:db8::30', 80), 'fe14005020010db8000000000000000000000030'],
  [tcpOption.raw(77, 1, 2, 3), '4d05010203'],
];

for (const [option, hex] of known) {
  t.test(describeTcpOption(option), async (t) => {
    t.equal(toHex(Uint8Array.from(encodeTcpOption(option))), hex);
    t.same(decodeTcpOptions(fromHex(hex)), { options: [option], problems: [] });
  });
}

t.test('filled up with EOL, and nothing is read behind an EOL', async (t) => {
  t.equal(toHex(encodeTcpOptions([tcpOption.wscale(2)])), '03030200');
  t.equal(encodeTcpOptions([]).length, 0);
  t.same(decodeTcpOptions(fromHex('00 ff ff ff')), { options: [tcpOption.eol], problems: [] });
});

const malformed: readonly [string, string, RegExp][] = [
  ['a kind at the very end', '010101fe', /254 has no length/],
  ['length 0, which would loop for ever', '02000000', /2 has length 0/],
  ['length 1', 'fe010000', /254 has length 1/],
  ['longer than the header', '01010804', /8 runs over/],
];
for (const [what, hex, problem] of malformed) {
  t.test(what, async (t) => t.match(decodeTcpOptions(fromHex(hex)).problems, [problem]));
}

t.test('a known kind with a strange length is raw', async (t) => {
  t.same(decodeTcpOptions(fromHex('0203ff00')).options, [tcpOption.raw(2, 0xff), tcpOption.eol]);
  t.same(decodeTcpOptions(fromHex('fe0401020000')).options, [tcpOption.raw(254, 1, 2), tcpOption.eol]);
});

t.test('random areas are walked to an end, and what decodes well encodes to the same bytes', async (t) => {
  const seed = Number(process.env.SEED ?? 20240502);
  t.comment(`seed ${seed}`);
  const property = fc.property(fc.uint8Array({ maxLength: 40 }), (area) => {
    const { options, problems } = decodeTcpOptions(area);
    const again = Uint8Array.from(options.flatMap(encodeTcpOption));
    return problems.length > 0 || toHex(area).startsWith(toHex(again));
  });
  fc.assert(property, { seed, numRuns: 2000 });
  t.pass('2000 areas');
});
