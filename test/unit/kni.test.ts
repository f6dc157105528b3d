// kni/ without a kernel: addresses as text and bytes, and the reading of /proc/net/netlink.
import fc from 'fast-check';
import t from 'tap';
import { addressBytes, addressText, macBytes, macText, parsePrefix } from '../../kni/address-bytes.js';
import { KernelError } from '../../kni/kernel-error.js';
import { findSocket } from '../../kni/overrun.js';

const seed = Number(process.env.DPVS_TEST_SEED ?? Date.now() % 2 ** 31);

t.test('IPv6 text is what the URL standard writes, which follows RFC 5952', async (t) => {
  t.comment(`seed ${seed}`);
  // Zeros are made likely, so that runs of them occur.
  const group = fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, fc.integer({ min: 0, max: 0xffff }));
  fc.assert(
    fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (groups) => {
      const long = groups.map((value) => value.toString(16)).join(':');
      const canonical = new URL(`http://[${long}]/`).hostname.slice(1, -1);
      const bytes = addressBytes(long);
      return addressText(bytes) === canonical && addressBytes(canonical).equals(bytes);
    }),
    { seed },
  );
  t.equal(addressText(addressBytes('::ffff:192.0.2.1')), '::ffff:c000:201');
  t.equal(addressText(addressBytes('123.1.2.3')), '123.1.2.3');
  t.same([...addressBytes('123.1.2.3')], [123, 1, 2, 3]);
});

t.test('prefixes and MAC addresses', async (t) => {
  t.same(parsePrefix('10.0.0.0/8'), { family: 'inet', address: '10.0.0.0', length: 8 });
  t.same(parsePrefix('2001:db8::1'), { family: 'inet6', address: '2001:db8::1', length: 128 });
  for (const bad of ['10.0.0.0/33', '10.0.0/8', '10.0.0.0/', '10.0.0.0/8/8', '::/129', 'default', ''])
    t.throws(() => parsePrefix(bad), TypeError, bad);
  t.equal(macText(macBytes('0A:bb:0c:00:ff:01')), '0a:bb:0c:00:ff:01');
  for (const bad of ['0a:bb:0c:00:ff', '0a:bb:0c:00:ff:1', '0abb0c00ff01', ''])
    t.throws(() => macBytes(bad), TypeError, bad);
});

t.test('a socket is found by its port among the others, also a port above 2^31', async (t) => {
  const text = `sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode
0000000000000000 0   1          00000551 0        0        0     2        7        11
0000000000000000 4   77         00000000 0        0        0     2        0        12
0000000000000000 0   77         00000000 0        0        0     2        3        13
0000000000000000 0   4290772993 00000000 0        0        0     2        5        14
`;
  t.same(findSocket(text, 77), { inode: '13', drops: 3 });
  t.same(findSocket(text, 4290772993 | 0), { inode: '14', drops: 5 });
  t.equal(findSocket(text, 78), null);
});

t.test('a kernel error says what was asked, the symbol and the words', async (t) => {
  const error = KernelError.fromErrno('add address 10.0.0.1/32 to lo', 17);
  t.match(error, { code: 'EEXIST', errno: 17, message: 'add address 10.0.0.1/32 to lo: EEXIST (file already exists)' });
});
