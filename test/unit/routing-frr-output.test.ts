// What FRR 8.4.4 printed, captured from running daemons, read by the bridge's parsers.
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { covers } from '../../routing/drivers/covers.js';
import {
  parseExternals,
  parseGraceLsa,
  parseInterface,
  parseNeighbours,
  parseRunningConfig,
  parseStubs,
  parseYoungest,
} from '../../routing/frr-output.js';
import { explainFailure, Vtysh, VtyshError } from '../../routing/vtysh.js';

const sample = (name: string): string =>
  readFileSync(new URL(`../../../test/unit/golden/frr/${name}`, import.meta.url), 'utf8');
const json = (name: string): unknown => JSON.parse(sample(name));

t.test('neighbours', async (t) => {
  const common = { routerId: '1.1.1.1', address: '172.31.9.1', interface: 'dpdk1.kni', full: true };
  t.same(parseNeighbours(json('neighbours-broadcast.json')), [{ ...common, state: 'Full/Backup', unacknowledged: 0 }]);
  t.same(parseNeighbours(json('neighbours-point-to-point.json')), [{ ...common, state: 'Full/-', unacknowledged: 1 }]);
  const early = sample('neighbours-broadcast.json').replaceAll('Full\\/Backup', 'ExStart\\/Backup');
  t.match(parseNeighbours(JSON.parse(early)), [{ full: false, state: 'ExStart/Backup' }]);
  // Before FRR had `nbrState`.
  const old = sample('neighbours-broadcast.json').replace(/^ *"nbrState".*\n/m, '');
  t.match(parseNeighbours(JSON.parse(old)), [{ full: true, state: 'Full/Backup' }]);
});

t.test('interfaces', async (t) => {
  t.same(parseInterface(json('interface-broadcast.json'), 'dpdk1.kni'), {
    enabled: true,
    pointToPoint: false,
    area: '0.0.0.0',
  });
  t.match(parseInterface(json('interface-point-to-point.json'), 'dpdk1.kni'), { enabled: true, pointToPoint: true });
  t.equal(parseInterface(json('interface-broadcast.json'), 'dpdk0.kni'), null);
  t.equal(parseInterface({ noSuchIface: true }, 'dpdk1.kni'), null);
});

t.test('what it originates', async (t) => {
  t.same(
    [...parseExternals(json('externals.json'))],
    [
      ['123.1.2.3', 'live'],
      ['123.1.2.4', 'flushing'],
    ],
    'an LSA at MaxAge is on its way out',
  );
  t.same([...parseStubs(json('router.json'))], ['123.1.2.3'], 'host stubs only, no transit network');
});

t.test('anything else is nothing, and no exception', async (t) => {
  for (const odd of [
    {},
    null,
    [],
    7,
    'x',
    { neighbors: 1 },
    { neighbors: { '1.1.1.1': [null, 3] } },
    { interfaces: [] },
  ]) {
    t.ok(Array.isArray(parseNeighbours(odd)));
    t.equal(parseInterface(odd, 'x'), null);
    t.equal(parseExternals(odd).size, 0);
    t.equal(parseStubs(odd).size, 0);
  }
});

t.test('the running configuration', async (t) => {
  const config = parseRunningConfig(sample('running-config.txt'));
  t.equal(config.routerOspf, true);
  t.same(config.redistribute, { routeMap: 'DPVS-ANNOUNCE', metric: 20 });
  t.equal(config.ownMetric, false, 'a file of an older generator');
  t.same([...config.routeMaps], ['DPVS-ANNOUNCE']);
  t.equal(config.prefixList, true);
  t.same([...config.permitted], ['123.1.2.3', '123.1.2.4']);
  t.same(config.networks, [
    { prefix: '123.1.2.3/32', area: '0.0.0.0' },
    { prefix: '172.31.9.0/30', area: '0.0.0.0' },
  ]);
  t.same([...config.passive], ['dpdk1.kni 123.1.2.3']);

  const bare = parseRunningConfig(
    '!\nrouter ospf\n redistribute connected\nexit\n!\nroute-map OTHER permit 10\nexit\n',
  );
  t.match(bare, { routerOspf: true, redistribute: { routeMap: null }, prefixList: false });
  t.equal(bare.routeMaps.size + bare.permitted.size + bare.networks.length, 0);
  t.equal(parseRunningConfig('').redistribute, undefined);
  const foreign = parseRunningConfig('route-map MINE permit 5\n match ip address prefix-list DPVS-VIPS\nexit\n');
  t.equal(config.gracePeriod, null);
  const grace = ' graceful-restart grace-period 90\n';
  t.equal(parseRunningConfig(`router ospf\n capability opaque\n${grace}`).gracePeriod, 90);
  t.equal(
    parseRunningConfig(`router ospf\n${grace}`).gracePeriod,
    null,
    'ospfd refuses to prepare without opaque LSAs',
  );
  t.same([...foreign.routeMaps], ['MINE'], "an administrator's own route-map may ask our prefix-list");
});

t.test('a graceful restart: the grace-LSA and the youngest LSA', async (t) => {
  const own = { 'Link-Local Opaque-LSA': { '0.0.0.0': { '3.0.0.0': { lsaAge: 2, opaqueType: 'Grace-LSA' } } } };
  t.ok(parseGraceLsa(own));
  own['Link-Local Opaque-LSA']['0.0.0.0']['3.0.0.0'].lsaAge = 3600;
  t.notOk(parseGraceLsa(own), 'flushed');
  for (const nothing of [null, {}, [], { 'Link-Local Opaque-LSA': { '0.0.0.0': {} } }]) t.notOk(parseGraceLsa(nothing));
  const routers = { routerLinkStates: { areas: { '0.0.0.0': [{ lsaAge: 40 }, { lsaAge: 7 }] } } };
  t.equal(parseYoungest({ asExternalLinkStates: [{ lsaAge: 12 }] }, routers), 7);
  t.equal(parseYoungest({ asExternalLinkStates: [{ lsaAge: 1 }] }, routers), 1);
  t.equal(parseYoungest({}, null), Number.POSITIVE_INFINITY);
});

t.test('a prefix covers an address', async (t) => {
  t.ok(covers('123.1.2.3/32', '123.1.2.3'));
  t.ok(covers('123.0.0.0/8', '123.255.255.255'));
  t.ok(covers('0.0.0.0/0', '255.255.255.255'));
  t.notOk(covers('123.1.2.3/32', '123.1.2.4'));
  t.notOk(covers('128.0.0.0/1', '127.255.255.255'));
  t.notOk(covers('nonsense', '1.1.1.1'));
});

t.test('why vtysh failed', async (t) => {
  const noise = "% Can't open configuration file /etc/frr/node1/vtysh.conf due to 'No such file or directory'.\n";
  const down = explainFailure('ospfd', {
    exitCode: 1,
    stdout: '',
    stderr: `${noise}Exiting: failed to connect to any daemons.\n`,
  });
  t.match(down, { kind: 'down', message: 'ospfd: it does not run' });
  // ospfd killed while it was asked (FRR 8.4.4).
  const lost = explainFailure('ospfd', {
    exitCode: 1,
    stdout: '',
    stderr: `${noise}vtysh: error reading from ospfd: Connection reset by peer (104)Warning: closing connection to ospfd because of an I/O error!\n`,
  });
  t.match(lost, { kind: 'silent', message: /Connection reset by peer/ });
  const refused = explainFailure('ospfd', { exitCode: 1, stdout: '% Unknown command: network x\n', stderr: noise });
  t.match(refused, { kind: 'refused', message: 'ospfd: % Unknown command: network x' });
  t.match(explainFailure('zebra', { exitCode: 2, stdout: '', stderr: noise }), {
    message: 'zebra: vtysh ended with 2',
  });
});

t.test('vtysh itself', async (t) => {
  const absent = new Vtysh({ program: '/nonexistent/vtysh' });
  await t.rejects(
    absent.run('ospfd', ['show version']),
    new VtyshError('ospfd', 'absent', '/nonexistent/vtysh cannot be run (ENOENT)'),
  );
  // Programs that stand in for it: they show what it is called with, and that it is bounded in time.
  const echo = new Vtysh({ program: 'echo', namespace: 'node1' });
  t.equal(await echo.run('ospfd', ['a; b', '$HOME']), '-N node1 -d ospfd -c a; b -c $HOME\n', 'no shell reads it');
  await t.rejects(echo.json('ospfd', 'show x'), { kind: 'refused', message: /no JSON from "show x"/ });
  const quiet = new Vtysh({ program: 'true' });
  t.same(await quiet.json('ospfd', 'show x'), {});
  t.same(await quiet.jsons('ospfd', 'show x', 'show y'), [{}, {}]);
  const script = join(t.testdir({ stuck: '#!/bin/sh\nexec sleep 60\n' }), 'stuck');
  chmodSync(script, 0o755);
  const stuck = new Vtysh({ program: script, timeoutMs: 50 });
  await t.rejects(stuck.run('ospfd', ['show x']), new VtyshError('ospfd', 'silent', 'no answer within 0.05 s'));
});

t.test('several commands, one vtysh', async (t) => {
  const directory = t.testdir();
  /** Answers each command by itself, and all of them as one vtysh would; notes how often it is started. */
  const standIn = (answers: Readonly<Record<string, string>>): Vtysh => {
    const program = join(directory, 'vtysh');
    const cases = Object.entries(answers).map(
      ([command, text]) => `'show ${command} json') printf '%s\\n' '${text}' ;;`,
    );
    writeFileSync(
      program,
      `#!/bin/sh\necho x >>${directory}/started\nfor word; do case "$word" in\n${cases.join('\n')}\nesac; done\n`,
    );
    chmodSync(program, 0o755);
    writeFileSync(join(directory, 'started'), '');
    return new Vtysh({ program });
  };
  const started = (): number => readFileSync(join(directory, 'started'), 'utf8').length / 2;
  const both = (vtysh: Vtysh): Promise<unknown[]> => vtysh.jsons('ospfd', 'show a', 'show b');

  // A brace and a quotation mark within a string are not the object's.
  const spoken = { a: String.raw`{ "x": "}{ \"", "y": [ { } ] }`, b: '{}' };
  t.same(await both(standIn(spoken)), [{ x: '}{ "', y: [{}] }, {}]);
  t.equal(started(), 1);
  t.same(await both(standIn({ a: '', b: '{ "z": 1 }' })), [{}, { z: 1 }], 'one of them says nothing');
  t.equal(started(), 3, 'each is asked by itself');
  const off = '% OSPF is not enabled in vrf default';
  t.same(await both(standIn({ a: off, b: off })), [{}, {}]);
  await t.rejects(both(standIn({ a: '{ "x": ', b: '{}' })), { kind: 'refused', message: /no JSON from "show a"/ });
});
