// dpvs-toa's pure parts: mount table, cgroup paths, kernel checks, bpftool's JSON, trust prefixes as keys of the BPF trie.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import t from 'tap';
import {
  counterMeanings,
  failureText,
  fileSystemOf,
  isOldKernel,
  missingOptions,
  ownCgroup,
  parseCgroup,
  parseCounters,
  parseKeys,
  parseMounts,
  parseProgram,
  parseTree,
  prefixKey,
  prefixText,
  reachableMounts,
  statusText,
  ToaError,
} from '../../toa/index.js';
import { parseIp } from '../support/packet/index.js';

const hybrid = `proc /proc proc rw,relatime 0 0
tmpfs /sys/fs/cgroup tmpfs rw,relatime,mode=755 0 0
cgroup /sys/fs/cgroup/cpu cgroup rw,relatime,cpu 0 0
cgroup2 /sys/fs/cgroup/unified cgroup2 rw,relatime 0 0
/dev/sda1 /mnt/a\\040b\\011c\\134d ext4 rw 0 0
`;
const unified =
  'sysfs /sys sysfs rw 0 0\ncgroup2 /sys/fs/cgroup cgroup2 rw,nsdelegate 0 0\nbpf /sys/fs/bpf bpf rw 0 0\n';

t.test('mount table', async (t) => {
  t.same(parseMounts(hybrid)[3], { source: 'cgroup2', directory: '/sys/fs/cgroup/unified', type: 'cgroup2' });
  t.equal(parseMounts(hybrid)[4].directory, '/mnt/a b\tc\\d');
  t.same(parseMounts(''), []);
  t.same(reachableMounts(parseMounts(hybrid), 'cgroup2'), ['/sys/fs/cgroup/unified']);
  t.same(reachableMounts(parseMounts(unified), 'cgroup2'), ['/sys/fs/cgroup']);
  t.same(reachableMounts(parseMounts(hybrid), 'bpf'), []);
  const hidden = parseMounts(`${unified}lab /sys sysfs rw 0 0\n`);
  t.same(reachableMounts(hidden, 'cgroup2'), [], 'a later mount on /sys hides what was below');
  t.same(reachableMounts(parseMounts(`${unified}x /sysother tmpfs rw 0 0\n`), 'cgroup2'), ['/sys/fs/cgroup']);
});

t.test('the file system of a path', async (t) => {
  const mounts = parseMounts(`/dev/sda1 / ext4 rw 0 0\n${unified}`);
  t.equal(fileSystemOf(mounts, '/sys/fs/bpf'), 'bpf');
  t.equal(fileSystemOf(mounts, '/sys/fs/bpf/dpvs-toa'), 'bpf');
  t.equal(fileSystemOf(mounts, '/sys/fs/bpfother'), 'sysfs');
  t.equal(fileSystemOf(mounts, '/run'), 'ext4');
  t.equal(fileSystemOf([...mounts, ...parseMounts('t /sys/fs/bpf tmpfs rw 0 0')], '/sys/fs/bpf/x'), 'tmpfs');
  t.equal(fileSystemOf([], '/run'), undefined);
});

t.test('the own cgroup', async (t) => {
  t.equal(ownCgroup('9:name=systemd:/a\n1:cpu:/b\n0::/system.slice/nginx.service\n'), '/system.slice/nginx.service');
  t.equal(ownCgroup('0::/\n'), '/');
  t.equal(ownCgroup('9:name=systemd:/a\n'), '/', 'no cgroup2 yet');
  t.equal(ownCgroup('0::/../../user.slice\n'), '/', 'above the root of the cgroup namespace');
});

t.test('kernel', async (t) => {
  for (const old of ['5.9.16', '4.19.0-21-amd64', '3.10.0-1160.el7.x86_64', '']) t.ok(isOldKernel(old), old);
  for (const fit of ['5.10.0-28-amd64', '5.14.0-70.el9', '6.1.0', '10.0.1']) t.notOk(isOldKernel(fit), fit);
  const all = 'CONFIG_BPF_SYSCALL=y\nCONFIG_INET=y\nCONFIG_CGROUP_BPF=y\n';
  t.same(missingOptions(all), []);
  t.same(missingOptions(all.replace('CONFIG_CGROUP_BPF=y', '# CONFIG_CGROUP_BPF is not set')), ['CONFIG_CGROUP_BPF']);
  t.same(missingOptions('').length, 3);
});

t.test("bpftool's JSON", async (t) => {
  const attached = { id: 7, attach_type: 'cgroup_sock_ops', attach_flags: 'multi', name: 'dpvs_toa_ops' };
  t.same(parseCgroup(''), [], 'no programs: no text at all');
  t.same(parseCgroup('[]\n'), []);
  t.match(parseCgroup(JSON.stringify([attached, { id: 8, attach_type: 'cgroup_device' }])), [
    { id: 7, name: 'dpvs_toa_ops' },
    { id: 8, name: '' },
  ]);
  t.match(parseTree(JSON.stringify([{ cgroup: '/x', programs: [attached] }])), [
    { cgroup: '/x', programs: [{ id: 7 }] },
  ]);
  t.match(parseProgram('{"id":1,"type":"sock_ops","name":"a","tag":"00ff","map_ids":[3,4]}'), { map_ids: [3, 4] });
  t.same(parseProgram('{"id":1,"tag":"00ff"}'), { id: 1, name: '', tag: '00ff', map_ids: [] });
  t.same(parseKeys('[{"key":["0x00","0xff"],"value":["0x01"]}]'), [Uint8Array.of(0, 255)]);
  for (const wrong of ['{', '{"error":"x"}', '[{"id":"7"}]', 'null'])
    t.throws(() => parseCgroup(wrong), { code: 'bpftool_output' }, wrong);
  t.throws(() => parseKeys('[{"key":["zz"]}]'), { code: 'bpftool_output' });
});

t.test('counters are summed over the processors', async (t) => {
  const entry = (value: object, cpu: number) => ({ cpu, value });
  const dump = (...values: object[]) => JSON.stringify([{ key: [], formatted: { key: 0, values: values.map(entry) } }]);
  t.same(parseCounters(dump({ options: 3, shown: 1 }, { options: 4, shown: 0 })), { options: 7, shown: 1 });
  t.throws(() => parseCounters('[]'), { code: 'bpftool_output' });
  t.throws(() => parseCounters('[{"key":[],"values":[]}]'), { code: 'bpftool_output' }, 'without BTF');
});

t.test('the counters shown are those of the C struct', async (t) => {
  const source = readFileSync(fileURLToPath(new URL('../../../toa/bpf/toa.bpf.c', import.meta.url)), 'utf8');
  const body = /struct counters \{([^}]*)\}/.exec(source)?.[1] ?? '';
  t.same([...body.matchAll(/__u64 (\w+);/g)].map(([, name]) => name).sort(), Object.keys(counterMeanings).sort());
});

t.test('what bpftool says about a failure', async (t) => {
  t.equal(failureText('{"error":"no such cgroup"}\n', ''), 'no such cgroup');
  t.equal(failureText('', 'one\n\ntwo\n'), 'one\ntwo');
  const long = failureText('', Array.from({ length: 50 }, (_, i) => `line ${i}`).join('\n'));
  t.ok(long.endsWith('line 49') && long.split('\n').length === 12, 'the end of a long one');
});

t.test('trust prefixes', async (t) => {
  const hex = (text: string) => Buffer.from(prefixKey(text)).toString('hex').slice(8);
  t.equal(hex('10.1.2.3'), '00000000000000000000ffff0a010203');
  t.equal(hex('10.1.2.3/9'), '00000000000000000000ffff0a000000', 'bits beyond the length are cleared');
  t.equal(hex('2001:db8::1:203.0.113.77'), '20010db80000000000000001cb00714d');
  t.equal(prefixKey('10.0.0.0/8').length, 20);
  for (const text of ['10.0.0.0/8', '192.0.2.1/32', '0.0.0.0/0', '2001:db8::/32', '::1/128', 'any'])
    t.equal(prefixText(prefixKey(text)), text);
  t.equal(prefixText(prefixKey('::/0')), 'any');
  t.equal(prefixText(prefixKey('192.0.2.1')), '192.0.2.1/32');
  for (const wrong of [
    '',
    '10.0.0',
    '10.0.0.0/33',
    '::/129',
    '10.0.0.0/8/8',
    '10.0.0.0/',
    '10.0.0.0/-1',
    'fe80::1%eth0',
    'x',
  ])
    t.throws(() => prefixKey(wrong), { code: 'bad_prefix' }, wrong);
});

t.test('a key is the prefix, bit for bit', async (t) => {
  const matches = (key: Uint8Array, peer: Uint8Array) => {
    const length = new DataView(key.buffer).getUint32(0, true);
    const bits = (bytes: Uint8Array) => [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
    return bits(key.subarray(4)).slice(0, length) === bits(peer).slice(0, length);
  };
  const mapped = (ipv4: string) => Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, ...parseIp(ipv4));
  const octets = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255));
  const seed = Date.now() & 0x7fffffff;
  t.comment(`seed ${seed}`);
  fc.assert(
    fc.property(octets, octets, fc.nat(32), (network, peer, length) => {
      const asNumber = (address: number[]) => address.reduce((sum, octet) => sum * 256 + octet, 0);
      const size = 2 ** (32 - length);
      const inside = Math.floor(asNumber(network) / size) === Math.floor(asNumber(peer) / size);
      return matches(prefixKey(`${network.join('.')}/${length}`), mapped(peer.join('.'))) === inside;
    }),
    { seed, numRuns: 500 },
  );
  fc.assert(
    fc.property(fc.ipV6(), fc.nat(128), (address, length) => {
      const text = prefixText(prefixKey(`${address}/${length}`));
      return (
        prefixText(prefixKey(text)) === text && Buffer.compare(prefixKey(text), prefixKey(`${address}/${length}`)) === 0
      );
    }),
    { seed, numRuns: 500 },
  );
  t.pass('1000 prefixes');
});

t.test('status as text', async (t) => {
  t.equal(statusText([]), 'not attached to any cgroup');
  const counters = { ...counterMeanings } as unknown as Record<keyof typeof counterMeanings, number>;
  for (const name of Object.keys(counters) as (keyof typeof counters)[]) counters[name] = 0;
  const programs = [{ name: 'dpvs_toa_ops', id: 9 }];
  const text = statusText([{ cgroup: '/cg', complete: false, programs, trust: [], sockets: 3, counters }]);
  t.match(text, /^cgroup \/cg +INCOMPLETE/);
  t.match(text, /dpvs_toa_ops \(id 9\)/);
  t.match(text, /trust: nobody/);
  t.match(text, /^ +3 {2}sockets open/m);
});

t.test('exit codes: 2 for usage, else 1', async (t) => {
  t.equal(new ToaError('usage').exit, 2);
  t.equal(new ToaError('bad_prefix', 'x').exit, 2);
  t.equal(new ToaError('not_root').exit, 1);
  t.equal(new ToaError('no_cgroup', '/x').message, 'no such cgroup: /x');
});
