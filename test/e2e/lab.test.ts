// The lab without any of our programs in it: links, switch, OSPF, ECMP and nginx with kernel nodes as stand-ins. When
// this passes and the others fail, the fault is not the lab's.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import t from 'tap';
import {
  eventually,
  identify,
  isAlive,
  KernelNode,
  Lab,
  missing,
  openAround,
  plan,
  RunState,
  reap,
  run,
} from '../../lab/index.js';

const lacks = await missing();
const skip = lacks.length > 0 ? lacks.map(({ what }) => what).join('; ') : false;

t.test('two kernel nodes announce the VIP and share the flows', { skip }, async (t) => {
  const lab = await Lab.up({ startNodes: false, toa: false });
  t.teardown(() => lab.down());
  for (const node of plan.nodes) await new KernelNode(lab.state, node, lab.options.ospfNetwork).start();
  const full = await eventually(
    'both adjacencies are Full at the switch',
    () => lab.switch.fullNeighbours(),
    (seen) => seen.length === 2,
    { timeoutMs: 30_000 },
  );
  t.same(full.map(({ address }) => address).sort(), plan.nodes.map(({ wanAddress }) => wanAddress).sort());
  const hops = await eventually(
    'the switch has two next hops to the VIP',
    () => lab.switch.nextHops(plan.vip),
    (seen) => seen.length === 2,
  );
  t.same(hops, plan.nodes.map(({ wanAddress }) => wanAddress).sort());

  const by = new Map<string, number>();
  for (let i = 0; i < 40; i++) {
    const reply = await lab.client.curl();
    t.equal(reply.seenAddress, plan.client.address);
    t.equal(reply.seenPort, reply.localPort);
    by.set(reply.server, (by.get(reply.server) ?? 0) + 1);
  }
  // Forty flows, a fair coin each: all on one side has odds of 2 in 10^12.
  t.same([...by.keys()].sort(), ['node1', 'node2'], 'both nodes served');

  const stream = await lab.client.stream(20, 500);
  const { ref } = new KernelNode(lab.state, plan.nodes[0]!, lab.options.ospfNetwork).frr.daemon('ospfd');
  process.kill(ref.pid, 'SIGKILL');
  await eventually(
    'the dead node is missed',
    () => lab.switch.nextHops(plan.vip),
    (seen) => seen.length === 1,
    { timeoutMs: 10_000 },
  );
  const missedAt = Date.now();
  const samples = await stream.stop();
  t.ok(samples.length > 20, 'the stream streamed');
  t.same(
    samples.filter((sample) => !sample.ok && !openAround(sample, missedAt)),
    [],
    'the kernel stand-in goes on answering without ospfd',
  );
});

t.test('a lab whose owner was killed is removed, and nothing else', { skip }, async (t) => {
  const lab = await Lab.up({ startNodes: false, toa: false });
  t.teardown(() => lab.down());
  const other = await Lab.up({ startNodes: false, toa: false });
  t.not(other.prefix, lab.prefix);
  const daemons = other.state.record.processes.map((record) => identify(record.pid)!);
  t.equal(daemons.length, 4, 'zebra, ospfd, two nginx');
  // As if its owner had been killed: a PID that is alive but with another start time is somebody else.
  other.state.setOwner({ pid: process.pid, startTime: '1' });
  t.same(await reap(), [other.prefix]);
  t.notOk(daemons.some(isAlive), 'its processes are gone');
  const { stdout } = await run(['ip', 'netns', 'list']);
  t.notMatch(stdout, other.prefix);
  t.match(stdout, lab.prefix, 'the living one stays');
  t.ok(RunState.all().some(({ prefix }) => prefix === lab.prefix));
});

t.test('the warden removes a lab as soon as its owner is killed', { skip }, async (t) => {
  // The owner has to be another process: this one cannot be killed and look on.
  const door = new URL('../../lab/index.js', import.meta.url).href;
  const program = `import { Lab } from '${door}';
    const lab = await Lab.up({ startNodes: false, toa: false });
    process.stdout.write(lab.prefix);
    setInterval(() => {}, 1000);`;
  const owner = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [prefix] = (await once(owner.stdout.setEncoding('utf8'), 'data')) as [string];
  const daemons = RunState.load(prefix).record.processes;
  t.equal(daemons.length, 4);
  t.ok(daemons.every(isAlive));
  owner.kill('SIGKILL');
  await once(owner, 'exit');
  await eventually(
    'nothing of it is left',
    async () => ({
      known: RunState.all().some((state) => state.prefix === prefix),
      namespaces: (await run(['ip', 'netns', 'list'])).stdout.split('\n').filter((line) => line.startsWith(prefix)),
      alive: daemons.filter(isAlive),
    }),
    ({ known, namespaces, alive }) => !known && namespaces.length === 0 && alive.length === 0,
    { timeoutMs: 15_000 },
  );
  t.notOk(existsSync(`/var/run/frr/${prefix}-switch`));
});
