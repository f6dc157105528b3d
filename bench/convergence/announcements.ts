// Announcing and withdrawing: from the command to what the switch does, and to what a client sees.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type DpvsNode, eventually, type Lab, must, plan } from '../../lab/index.js';
import type { Row } from './row.js';
import { hopsBecome, settled } from './settled.js';

type Progress = (line: string) => void;

/** Services on addresses of a network of their own, all with the lab's real servers. */
async function provision(node: DpvsNode, vips: readonly string[]): Promise<void> {
  const rules = vips.flatMap((vip) => [
    `-A -t ${vip}:80 -s rr`,
    ...plan.realServers.map(({ address }) => `-a -t ${vip}:80 -r ${address}:80 -b -w 1`),
    `--add-laddr -z ${node.plan.lips[0]} -t ${vip}:80 -F dpdk0`,
  ]);
  const file = join(node.directory, 'services.rules');
  writeFileSync(file, `${rules.join('\n')}\n`);
  await must(['sh', '-c', `ipvsadm -R < ${file}`], { namespace: node.namespace, env: node.env, timeoutMs: 60_000 });
}

const addresses = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => `123.2.${Math.floor(i / 250)}.${(i % 250) + 1}`);

export async function announcements(lab: Lab, progress: Progress): Promise<Row[]> {
  const rows: Row[] = [];
  const [node] = lab.nodes;
  const vips = addresses(10);
  await provision(node, vips);

  progress('announce → reachable from the client');
  const announced: number[] = [];
  for (const vip of vips.slice(0, 5)) {
    const start = performance.now();
    const done = node.announce(vip);
    await eventually(
      `${vip} answers the client`,
      async () => (await lab.client.curl(`http://${vip}/`, 300).catch(() => null))?.status,
      (status) => status === 200,
      { timeoutMs: 30_000, everyMs: 5 },
    );
    announced.push(performance.now() - start);
    await done;
  }
  rows.push({ event: 'announce → a client is answered', tookMs: announced, outage: null, aim: '' });

  for (const vip of vips.slice(5)) await node.announce(vip);
  await sleep(7_000);
  progress('withdraw → off the switch, one after the other');
  const withdrawn: number[] = [];
  for (const vip of vips) {
    const start = performance.now();
    const done = node.withdraw(vip);
    await hopsBecome(lab, vip, []);
    withdrawn.push(performance.now() - start);
    await done;
  }
  rows.push({
    event: 'withdraw → off the switch, the first of ten',
    tookMs: withdrawn.slice(0, 1),
    outage: null,
    aim: '',
  });
  rows.push({
    event: 'withdraw → off the switch, the tenth of ten',
    tookMs: withdrawn.slice(-1),
    outage: null,
    aim: '',
  });

  progress('all real servers at weight 0 → off the switch');
  await settled(lab);
  const service = `${plan.vip}:${plan.vport}`;
  const weight = (value: number) =>
    must(
      [
        'sh',
        '-ec',
        plan.realServers.map(({ address }) => `ipvsadm -e -t ${service} -r ${address}:80 -b -w ${value}`).join('\n'),
      ],
      { namespace: node.namespace, env: node.env },
    );
  const others = lab.nodes.slice(1).map(({ name }) => name);
  const start = performance.now();
  const stream = await lab.client.stream(20, 800);
  await weight(0);
  await hopsBecome(lab, plan.vip, others);
  const took = performance.now() - start;
  await stream.stop();
  rows.push({ event: 'real servers all down (weight 0) → off the switch', tookMs: [took], outage: null, aim: '' });
  await weight(1);
  await settled(lab);

  progress('all real servers killed, noticed by what clients get → off the switch');
  const check = (...words: string[]) =>
    Promise.all(
      lab.nodes.map(({ namespace, env }) =>
        must(['ipvsadm', '-E', '-t', service, '-s', 'rr', ...words], { namespace, env }),
      ),
    );
  await check('--dest-check', 'default');
  const asking = await lab.client.stream(20, 800);
  const killed = performance.now();
  await Promise.all(lab.realServers.map((server) => server.stop()));
  await hopsBecome(lab, plan.vip, []);
  rows.push({
    event: 'real servers all killed (`--dest-check`, 50 connections a second) → off the switch',
    tookMs: [performance.now() - killed],
    outage: null,
    aim: '',
  });
  await asking.stop();
  await Promise.all(lab.realServers.map((server) => server.start()));
  await check();
  await settled(lab);
  return rows;
}

const keptForMs = 15_000;

export async function manyVips(lab: Lab, progress: Progress): Promise<Row[]> {
  const [node] = lab.nodes;
  const vips = addresses(1000);
  progress('provisioning a thousand services');
  await provision(node, vips);
  await sleep(7_000);
  const list = join(node.directory, 'vips.txt');
  writeFileSync(list, `${vips.join('\n')}\n`);
  const onSwitch = async (): Promise<number> =>
    (await must(['ip', 'route', 'show', 'proto', 'ospf'], { namespace: lab.switch.namespace })).match(/^123\.2\./gm)
      ?.length ?? 0;
  const all = (wanted: number): Promise<number> =>
    eventually(`${wanted} VIPs on the switch`, onSwitch, (seen) => seen === wanted, {
      timeoutMs: 120_000,
      everyMs: 50,
    });
  progress('announcing them');
  const rows: Row[] = [];
  const start = performance.now();
  const done = node.cliOrThrow('dpvs-route', ['announce', '--file', list]);
  await all(1000);
  rows.push({
    event: '1 000 VIPs announced → on the switch',
    tookMs: [performance.now() - start],
    outage: null,
    aim: '5 s',
  });
  await done;
  progress('the bridge is killed and started again');
  const watched = performance.now();
  let fewest = await onSwitch();
  await node.kill('bridge', 'SIGKILL');
  await node.startBridge();
  while (performance.now() - watched < keptForMs) fewest = Math.min(fewest, await onSwitch());
  rows.push({
    event: `1 000 VIPs, the bridge killed and started anew: the fewest on the switch within ${keptForMs / 1000} s: ${fewest}`,
    tookMs: [],
    outage: null,
    aim: 'kept',
  });
  progress('the node is stopped in good order and started again');
  const stopping = performance.now();
  await node.stop();
  await all(0);
  rows.push({
    event: '1 000 VIPs: the node is stopped → off the switch',
    tookMs: [performance.now() - stopping],
    outage: null,
    aim: '',
  });
  const restart = performance.now();
  await node.restart();
  await all(1000);
  rows.push({
    event: '1 000 VIPs: the node is started → on the switch',
    tookMs: [performance.now() - restart],
    outage: null,
    aim: '',
  });
  return rows;
}
