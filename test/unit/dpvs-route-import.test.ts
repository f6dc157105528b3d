// dpvs-route config --import: its report, its JSON without keys, its files, and what it refuses.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { dpvsRoute } from '../../cli/dpvs-route/index.js';
import { runCli } from '../support/cli.js';

const dpvsRouteRun = (line: string) =>
  runCli('dpvs-route: ', (words, context) => dpvsRoute(words, context), line.split(' '));

t.test('config --import', { skip: process.platform !== 'linux' }, async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'dpvs-route-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  const quagga = join(directory, 'quagga');
  mkdirSync(quagga);
  writeFileSync(join(quagga, 'zebra.conf'), 'hostname lb\npassword s3cret\nlog file /var/log/quagga/zebra.log\n');
  writeFileSync(
    join(quagga, 'ospfd.conf'),
    'log stdout\npassword s3cret\ninterface dpdk1.kni\n ip ospf authentication message-digest\n' +
      ' ip ospf message-digest-key 3 md5 s3cret\n ip ospf message-digest-key 4 md5 s3cret\nrouter ospf\n' +
      ' ospf router-id 192.168.100.200\n network 172.10.0.0/30 area 0\n network 123.1.2.3/32 area 0\n',
  );
  const text = await dpvsRouteRun(`config --import ${quagga}`);
  t.equal(text.code, 0, text.err);
  t.match(text.out, /quagga, network form, router id 192\.168\.100\.200/);
  t.match(text.out, /dpdk1\.kni 172\.10\.0\.0\/30 broadcast, cost 10, hello 10, dead 40, md5 key 3/);
  t.match(text.out, /VIP 123\.1\.2\.3 by network \(ospfd\.conf:10\)/);
  t.match(text.out, /ospfd\.conf:6: interface dpdk1\.kni \/ ip ospf message-digest-key 4 md5 …/);
  t.match(text.out, /risk: dpdk1\.kni: a node that dies goes on getting traffic for 40 s/);
  t.match(text.out, /\n {2}dpvs-route announce 123\.1\.2\.3\n$/);
  const json = await dpvsRouteRun(`config --import ${quagga} --json`);
  t.match(JSON.parse(json.out), {
    model: { password: '…', vips: ['123.1.2.3'] },
    kept: [{ where: 'ospfd.conf:1', line: 'log stdout' }],
  });
  t.notMatch(text.out + json.out, 's3cret');

  const out = join(directory, 'out');
  const files = await dpvsRouteRun(
    `config --import ${join(quagga, 'zebra.conf')} --import ${join(quagga, 'ospfd.conf')} --out ${out}`,
  );
  t.equal(files.code, 0, files.err);
  t.same(readdirSync(out).sort(), ['ospfd.conf', 'zebra.conf']);
  const written = readFileSync(join(out, 'ospfd.conf'), 'utf8');
  t.match(written, /message-digest-key 3 md5 s3cret[\s\S]*kept as it was[\s\S]*message-digest-key 4 md5 s3cret/);
  t.match(written, / passive-interface dpdk1\.kni 123\.1\.2\.3\n/, 'the VIP sends no hellos');

  for (const [words, what] of [
    [`config --import ${join(directory, 'none')}`, /no such file/i],
    [`config --import ${out}/..`, /none of zebra\.conf/],
    [`config --import ${join(quagga, 'zebra.conf')}`, /neither `router ospf` nor `router bgp`/],
    [`config --import ${quagga} --out ${quagga}`, /was not generated/],
  ] as const) {
    const refused = await dpvsRouteRun(words);
    t.equal(refused.code, 1, words);
    t.match(refused.err, what);
  }
});

t.test('config --protocol bgp, graceful restart and OSPFv3 keys', { skip: process.platform !== 'linux' }, async (t) => {
  const given = 'config --interface dpdk1.kni --network 172.10.0.0/30 --router-id 192.168.100.200 --hostname n1';
  const bgp = JSON.parse(
    (await dpvsRouteRun(`${given} --protocol bgp --as 65001 --peer-as 65100 --peer 172.10.0.1 --json`)).out,
  );
  t.same(Object.keys(bgp), ['zebra.conf', 'bgpd.conf']);
  t.match(bgp['bgpd.conf'], /neighbor 172\.10\.0\.1 remote-as 65100/);
  const other = await dpvsRouteRun(`${given} --protocol bgp --as 65001 --peer-as 65100 --peer 172.10.0.2 --for switch`);
  t.match(other.out, /router bgp 65100[\s\S]*neighbor 172\.10\.0\.1 remote-as 65001[\s\S]*maximum-paths 16/, other.err);
  t.match((await dpvsRouteRun(given)).out, /graceful-restart grace-period 60/);
  t.notMatch((await dpvsRouteRun(`${given} --graceful-restart off`)).out, /graceful/);
  t.match((await dpvsRouteRun(`${given} --for switch`)).out, /graceful-restart helper enable/);
  t.match(
    (await dpvsRouteRun(`${given} --ospf6 --auth6 3:hmac-sha-256:k3y`)).out,
    /key-id 3 hash-algo hmac-sha-256 key k3y/,
  );
  for (const wrong of [
    '--protocol bgp',
    '--protocol bgp --as 0 --peer-as 1',
    '--auth6 3:rot13:k3y',
    '--graceful-restart x',
    '--protocol rip',
  ]) {
    const { code, err } = await dpvsRouteRun(`${given} ${wrong}`);
    t.equal(code, 2, wrong);
    t.notMatch(err, 'k3y');
  }
});
