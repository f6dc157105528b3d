// The parts of the lab that need neither root nor namespaces: outages, waiting, telling processes apart, the picture.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { parseConfig } from '../../dataplane/config/index.js';
import { help, parseCommandLine } from '../../lab/command-line.js';
import { dpvsConf } from '../../lab/dpvs-conf.js';
import {
  eventually,
  failureKinds,
  Hopeless,
  identify,
  isAlive,
  type LabError,
  outage,
  plan,
  RunState,
  type Sample,
  sendSignal,
} from '../../lab/index.js';
import { picture } from '../../lab/picture.js';

const sample = (at: number, ok: boolean, ms = 5): Sample => ({ at, ms, ok, by: ok ? 'rs1' : 'timeout', port: 40000 });

t.test('an outage lasts from the kill to the last request that failed', (t) => {
  const samples = [
    sample(900, false), // before: not of this outage
    sample(1000, true),
    sample(1100, false, 500),
    sample(1200, true),
    sample(1300, false, 500),
    sample(1400, true),
  ];
  t.same(outage(samples, 1000), { requests: 5, failed: 2, durationMs: 300, longestSilenceMs: 200 });
  t.same(outage(samples, 1400), { requests: 1, failed: 0, durationMs: 0, longestSilenceMs: 5 });
  t.same(outage([], 0), { requests: 0, failed: 0, durationMs: 0, longestSilenceMs: 0 });
  // Lines come in the order of their ends; the reading must not depend on it.
  t.same(outage(samples.toReversed(), 1000), outage(samples, 1000));
  t.end();
});

t.test('eventually returns the sight that was wanted', async (t) => {
  let looks = 0;
  const seen = await eventually(
    'three looks',
    () => ++looks,
    (n) => n === 3,
    { everyMs: 1 },
  );
  t.equal(seen, 3);
});

t.test('eventually gives up with what it saw last', async (t) => {
  const fails = (look: () => unknown): Promise<LabError> =>
    eventually('the thing', look, () => false, { timeoutMs: 20, everyMs: 5 }).then(
      () => t.fail('it came') as never,
      (error: LabError) => error,
    );
  t.match(
    (await fails(() => ({ state: 'Init' }))).message,
    /^the thing: not within 0\.0 s; last seen: \{ state: 'Init' \}/,
  );
  t.match((await fails(() => 'text as it is')).message, /last seen: text as it is$/);
  const thrown = await fails(() => {
    throw new Error('no socket');
  });
  t.match(thrown.message, /last seen: no socket$/);

  let looks = 0;
  const hopeless = await fails(() => {
    looks++;
    throw new Hopeless('it ended');
  });
  t.equal(hopeless.message, 'the thing: it ended');
  t.equal(looks, 1, 'no second look at what cannot come');
});

t.test('a process is told from another by its start time', async (t) => {
  const me = identify(process.pid)!;
  t.ok(isAlive(me));
  t.notOk(isAlive({ ...me, startTime: String(Number(me.startTime) + 1) }), 'same PID, another start');
  t.notOk(sendSignal({ ...me, startTime: '0' }, 'SIGKILL'), 'and is not killed in its place');
  // A name with spaces and parentheses must not shift the fields of /proc/PID/stat.
  const child = spawn(process.execPath, [
    '-e',
    "process.title = 'a) b (c'; console.log('up'); setInterval(() => {}, 1000)",
  ]);
  await once(child.stdout, 'data');
  const ref = identify(child.pid!)!;
  t.match(ref.startTime, /^\d+$/);
  t.ok(Number(ref.startTime) >= Number(me.startTime));
  t.ok(sendSignal(ref, 'SIGKILL'));
  await once(child, 'exit');
  t.notOk(isAlive(ref));
  t.notOk(sendSignal(ref, 'SIGKILL'));
});

t.test('the state of a run is found again by its prefix', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'lab-state-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  process.env.DPVS_LAB_DIR = directory;
  const one = RunState.create({ driver: 'af_xdp' });
  const two = RunState.create({});
  t.match(one.prefix, /^dl[0-9a-f]{4}$/);
  t.not(one.prefix, two.prefix);
  one.add('namespaces', one.namespace('node1'));
  one.add('namespaces', one.namespace('node1'));
  const again = RunState.load(one.prefix);
  t.same(again.record.namespaces, [`${one.prefix}-node1`], 'once');
  t.same(again.record.options, { driver: 'af_xdp' });
  t.notOk(again.abandoned, 'we are alive');
  again.setOwner({ pid: process.pid, startTime: '0' });
  t.ok(RunState.load(one.prefix).abandoned, 'its owner is not us');
  again.setOwner(null);
  t.ok(RunState.load(one.prefix).kept);
  again.record.bootId = 'another boot';
  again.save();
  t.ok(RunState.load(one.prefix).abandoned, 'nothing survives a reboot');
  t.same(
    RunState.all()
      .map(({ prefix }) => prefix)
      .sort(),
    [one.prefix, two.prefix].sort(),
  );
  two.forget();
  t.throws(() => RunState.load(two.prefix), { message: `no lab ${two.prefix}` });
  t.throws(() => RunState.load('../../etc'), { message: /not a lab's prefix/ });
  t.end();
});

t.test('the plan has the tutorial’s addresses, and goes on where it ends', (t) => {
  const { nodes, nodePlans, maxNodeCount } = plan;
  t.same(
    nodes.map(({ wanAddress, lips }) => [wanAddress, ...lips]),
    [
      ['172.10.0.2', '192.168.100.200', '192.168.100.201'],
      ['172.10.0.6', '192.168.100.210', '192.168.100.211'],
    ],
  );
  const all = nodePlans(maxNodeCount);
  t.same(all[2], {
    name: 'node3',
    switchAddress: '172.10.0.9',
    wanAddress: '172.10.0.10',
    wanPrefix: '172.10.0.8/30',
    switchInterface: 'to-node3',
    lips: ['192.168.100.220', '192.168.100.221'],
    routerId: '192.168.100.220',
  });
  for (const field of ['name', 'switchAddress', 'wanAddress', 'wanPrefix', 'routerId'] as const)
    t.equal(new Set(all.map((each) => each[field])).size, maxNodeCount, `${field} of its own`);
  for (const count of [0, maxNodeCount + 1, 1.5]) t.throws(() => nodePlans(count), /1 to 4 nodes/);
  t.end();
});

t.test('the picture shows every address of the plan, in 80 columns', (t) => {
  const { nodePlans, realServers, client, vip, lanNetwork } = plan;
  for (const count of [1, 2, 3, 4]) {
    const nodes = nodePlans(count);
    const text = picture(nodes);
    for (const { name, switchAddress, wanAddress, lips } of nodes)
      for (const word of [name, switchAddress, `${wanAddress}/30`, lips[0]!]) t.match(text, word);
    for (const { name, address } of realServers) t.match(text, `${name} ${address}`);
    for (const word of [client.address, vip, lanNetwork]) t.match(text, word);
    const widths = text.split('\n').map((line) => [...line].length);
    t.ok(Math.max(...widths) <= 80, `${count} nodes: ${Math.max(...widths)} columns`);
  }
  t.end();
});

t.test('the words of `npm run lab --`', (t) => {
  const parsed = (text: string) => parseCommandLine(text.split(' ').filter(Boolean));
  t.same(parsed(''), { command: { name: 'help' }, prefix: undefined });
  t.same(parsed('up'), { command: { name: 'up', another: false, options: {} }, prefix: undefined });
  t.same(parsed('up --nodes 3 --bfd --new --empty --driver af_packet --network broadcast').command, {
    name: 'up',
    another: true,
    options: { nodeCount: 3, bfd: true, startNodes: false, driver: 'af_packet', ospfNetwork: 'broadcast' },
  });
  t.same(parsed('--prefix dl0000 fail node2 link'), {
    command: { name: 'fail', node: 'node2', kind: 'link' },
    prefix: 'dl0000',
  });
  t.same(parsed('heal node1 node2').command, { name: 'heal', nodes: ['node1', 'node2'] });
  t.same(parsed('heal').command, { name: 'heal', nodes: [] });
  t.same(parsed('down --all').command, { name: 'down', all: true });
  t.same(parsed('exec node1 dpip link show --help').command, {
    name: 'exec',
    member: 'node1',
    argv: ['dpip', 'link', 'show', '--help'],
  });
  for (const text of ['--help', 'fail --help', 'up --nodes 3 -h']) t.same(parsed(text).command, { name: 'help' }, text);
  for (const kind of Object.keys(failureKinds)) {
    t.match(parsed(`fail node1 ${kind}`).command, { kind });
    t.match(help, new RegExp(`^ +${kind} `, 'm'), `${kind} is in the help`);
  }
  const wrong: [string, RegExp][] = [
    ['fail', /which node/],
    ['fail node1', /which kind\? One of power link ospfd zebra bridge dpvs slowpath/],
    ['fail node1 fire', /fail node1 fire: the kinds are power/],
    ['fail node1 link power', /one at a time/],
    ['up --nodes', /--nodes needs a value/],
    ['up --nodes 0', /--nodes 0: 1 to 4/],
    ['up --nodes 5', /1 to 4/],
    ['up --nodes 2x', /1 to 4/],
    ['up --driver igb', /--driver igb: af_xdp or af_packet/],
    ['up three', /up three/],
    ['down everything', /down everything/],
    ['status now', /status now/],
    ['exec', /exec: where/],
    ['--prefix', /--prefix needs a value/],
    ['mend', /mend/],
  ];
  for (const [text, message] of wrong) t.throws(() => parsed(text), message, text);
  t.end();
});

t.test("the nodes' dpvs.conf is valid, without a warning", (t) => {
  for (const driver of ['af_xdp', 'af_packet'] as const) {
    const text = dpvsConf({ driver, workerCpu: 1, controlCpu: 0 });
    const { config, warnings, errors } = parseConfig(text, 'lab.conf', { cpus: 2 });
    t.same(errors, []);
    t.same(warnings, []);
    t.same(
      config?.ports.map(({ name, hardware, kniName }) => [name, hardware, kniName]),
      [
        ['dpdk0', { kind: 'vdev', spec: `net_${driver}0,iface=lan0` }, 'dpdk0.kni'],
        ['dpdk1', { kind: 'vdev', spec: `net_${driver}1,iface=wan0` }, 'dpdk1.kni'],
      ],
    );
  }
  t.end();
});
