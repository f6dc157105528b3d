// What dpvs-keepalived asks of the dataplane: judged by the dataplane's own desired state, compared with what the file says after each step.
import t, { type Test } from 'tap';
import { type ChangeRequest, type DataplaneApi, DpvsError, type LaddrInfo, type ServiceInfo } from '../../api/index.js';
import { DesiredState } from '../../dataplane/control/index.js';
import { Applier } from '../../keepalived/applier.js';
import type { CheckEngine, CheckView } from '../../keepalived/check-engine.js';
import { Keeper, OwnedServices, parseKeepalived, planChanges } from '../../keepalived/index.js';
import type { Script } from '../../keepalived/model.js';
import { Notifier } from '../../keepalived/notifier.js';
import { silentLog } from '../../log/index.js';
import { sampleServer, sampleService } from '../support/samples.js';

/** A dataplane without packets. */
class Node implements DataplaneApi {
  state = new DesiredState([{ name: 'dpdk0', mtu: 1500 }]);
  batches: string[][] = [];
  trouble: DpvsError | null = null;

  async call(method: string, params: unknown): Promise<never> {
    if (this.trouble !== null) throw this.trouble;
    return this.#answer(method, params) as never;
  }

  #answer(method: string, params: unknown): unknown {
    if (method === 'service.list') return this.#services();
    if (method === 'laddr.list') return this.#laddrs();
    if (method !== 'batch') throw new Error(method);
    const { requests } = params as { requests: ChangeRequest[] };
    this.state.commit(this.state.planBatch(requests));
    this.batches.push(requests.map((request) => request.method));
    return {};
  }

  #services(): ServiceInfo[] {
    return this.state.services().map(({ service, scheduler, connTimeout, servers }) => ({
      ...sampleService({}),
      ...{ service, scheduler, connTimeout },
      servers: servers.map(({ server, forwarding, weight, upperThreshold, lowerThreshold }) => ({
        ...sampleServer({}),
        ...{ ...server, forwarding, weight, upperThreshold, lowerThreshold },
      })),
    }));
  }

  /** Those of VIPs: dpvs-keepalived knows no others. */
  get #ofVips() {
    return this.state
      .services()
      .flatMap(({ service, ...state }) =>
        service.protocol === 'tcp' || service.protocol === 'udp' ? [{ ...state, service }] : [],
      );
  }

  #laddrs(): LaddrInfo[] {
    return this.#ofVips.map(({ service, laddrs }) => ({
      service,
      localAddresses: laddrs.map(({ address, device }) => ({ address, device, conflicts: 0, conns: 0 })),
    }));
  }

  /** `80 rr [200 201] 2:100 3:0`, a service each. */
  get text(): string {
    return this.#ofVips
      .map(({ service, scheduler, servers, laddrs }) =>
        [
          ...[
            `${service.address}:${service.port}`,
            scheduler,
            `[${laddrs.map(({ address }) => address.split('.')[3]).join(' ')}]`,
          ],
          ...servers.map(({ server, weight }) => `${server.address.split('.')[3]}:${weight}`),
        ].join(' '),
      )
      .join('; ');
  }

  get changes(): string {
    return this.batches
      .splice(0)
      .map((batch) => batch.join(' '))
      .join('; ');
  }
}

interface Scene {
  readonly node: Node;
  readonly keeper: Keeper;
  readonly applier: Applier;
  readonly scripts: string[];
  /** The file as it is now, and everything that follows from it done. */
  load(text: string): Promise<void>;
  /** Servers whose checks fail: the last part of their address. */
  sick(...hosts: string[]): Promise<void>;
}

function sceneOf(t: Test, node = new Node(), path = `${t.testdir()}/owned.json`): Scene {
  const log = silentLog();
  let sick: string[] = [];
  const views = new Map<string, CheckView>();
  const engine = {
    set: (checks: readonly CheckView['check'][]) => {
      for (const check of checks)
        if (!views.has(check.id))
          views.set(check.id, { check, state: { up: true, settled: true, retries: 0 }, last: null });
    },
    view: (id: string) => views.get(id),
  } as unknown as CheckEngine;
  const scripts: string[] = [];
  const run = async ({ command }: Script) => {
    scripts.push(command);
    return { code: 0, signal: null, timedOut: false, said: '' };
  };
  const applier: Applier = new Applier({
    ...{ api: node, owned: new OwnedServices(path, log), log, retryMs: 5 },
    desired: () => keeper.desired,
  });
  const keeper = new Keeper({ log, engine, applier, notifier: new Notifier(log, run) });
  t.teardown(() => applier.stop());
  return {
    ...{ node, keeper, applier, scripts },
    async load(text) {
      const { config, diagnostics } = parseKeepalived('f', { read: () => text, list: () => [] });
      if (config === null) throw new Error(JSON.stringify(diagnostics));
      keeper.set(config);
      await applier.idle();
    },
    async sick(...hosts) {
      sick = hosts;
      for (const [id, view] of views) {
        const up = !sick.some((host) => id.includes(` 192.168.100.${host}:`));
        const changed: CheckView = {
          ...view,
          state: { ...view.state, up },
          last: { ok: up, reason: '', at: 0, tookMs: 0 },
        };
        views.set(id, changed);
        keeper.heard(changed, null);
      }
      await applier.idle();
    },
  };
}

const server = (host: number, keys = ''): string =>
  `real_server 192.168.100.${host} 80 {\n weight 100\n ${keys}\n TCP_CHECK {\n }\n }`;
const lips = 'local_address_group lips {\n 192.168.100.200-201 dpdk0\n}\n';
const web = (keys: string, ...servers: string[]): string =>
  `${lips}virtual_server 10.0.0.1 80 {\n lb_algo rr\n lb_kind FNAT\n protocol TCP\n laddr_group_name lips\n ${keys}\n ${servers.join('\n')}\n}\n`;

t.test('a file is set up as one batch, and again without any', async (t) => {
  const { node, load, applier } = sceneOf(t);
  await load(web('', server(2), server(3)));
  t.equal(node.text, '10.0.0.1:80 rr [200 201] 2:100 3:100');
  t.equal(node.changes, 'service.add laddr.add laddr.add server.add server.add');
  await load(web('', server(2), server(3)));
  applier.dataplaneChanged();
  await applier.idle();
  t.equal(node.changes, '', 'also when it is read from the node');
});

t.test('servers go and come with their checks', async (t) => {
  const { node, load, sick, scripts } = sceneOf(t);
  const scripted = 'notify_up "up 2"\n notify_down "down 2"';
  await load(
    web('quorum_up "quorum up"\n quorum_down "quorum down"', server(2, scripted), server(3, 'inhibit_on_failure')),
  );
  await sick('2', '3');
  t.equal(node.text, '10.0.0.1:80 rr [200 201] 3:0');
  await sick('3');
  t.equal(node.text, '10.0.0.1:80 rr [200 201] 3:0 2:100');
  await sick();
  t.equal(node.text, '10.0.0.1:80 rr [200 201] 3:100 2:100');
  t.same(scripts, ['quorum up', 'down 2', 'quorum down', 'up 2', 'quorum up']);
});

t.test('a reload is a difference: what stayed is not touched, not even what was set by hand', async (t) => {
  const { node, load, sick, scripts } = sceneOf(t);
  await load(web('', server(2), server(3, 'notify_down "down 3"')));
  await sick('2');
  node.state.apply('server.edit', {
    service: { protocol: 'tcp', address: '10.0.0.1', port: 80 },
    server: { address: '192.168.100.3', port: 80 },
    ...{ forwarding: 'FullNat', weight: 7 },
  });
  node.changes;
  await load(web('delay_loop 5', server(2), server(3, 'notify_down "down 3"'), server(4)));
  t.equal(node.changes, 'server.add', 'other times are no other check: server 2 is still out');
  t.equal(node.text, '10.0.0.1:80 rr [200 201] 3:7 4:100');
  await load(web('', server(2), server(4)).replace('lb_algo rr', 'lb_algo wrr').replace('200-201', '201-202'));
  t.equal(node.changes, 'service.edit laddr.add laddr.del server.del');
  t.equal(node.text, '10.0.0.1:80 wrr [201 202] 4:100');
  t.same(scripts, ['down 3'], 'what the file does not have any more is down');
  await load('');
  t.equal(node.text, '');
  t.equal(node.changes, 'service.del');
});

t.test('direct routing: said to the dataplane as it is, at the port of the service', async (t) => {
  const { node, load } = sceneOf(t);
  const direct = web('', server(2).replace(' 80 {', ' {')).replace('lb_kind FNAT', 'lb_kind DR');
  await load(direct.replace('laddr_group_name lips', ''));
  const [service] = node.state.services();
  t.match(service?.servers, [{ server: { address: '192.168.100.2', port: 80 }, forwarding: 'Route', weight: 100 }]);
  t.same(service?.laddrs, []);
});

t.test('what is refused leaves out its service only, until the file is another', async (t) => {
  const { node, load, applier } = sceneOf(t);
  const other = web('', server(9)).replace(lips, '').replace('10.0.0.1', '10.0.0.9');
  await load(web('', server(2)).replaceAll('dpdk0', 'dpdk7') + other.replace('laddr_group_name lips', ''));
  t.equal(node.text, '10.0.0.9:80 rr [] 9:100');
  t.match(
    applier.refused.get('tcp 10.0.0.1:80'),
    /^add laddr 192\.168\.100\.200 dpdk7 to tcp 10\.0\.0\.1:80: no such device: dpdk7/,
  );
  await load(web('', server(2)) + other.replace('laddr_group_name lips', ''));
  t.equal(node.text, '10.0.0.9:80 rr [] 9:100; 10.0.0.1:80 rr [200 201] 2:100');
  t.equal(applier.refused.size, 0);
});

t.test('a change that is refused stops nothing else of a service that is there: dead servers go', async (t) => {
  const { node, load, sick, applier } = sceneOf(t);
  await load(web('', server(2), server(3)));
  await load(web('', server(2), server(3), server(4, 'lvs_method NAT')));
  t.match(applier.refused.get('tcp 10.0.0.1:80'), /^add server 192\.168\.100\.4:80 to tcp 10\.0\.0\.1:80/);
  await sick('2');
  t.equal(node.text, '10.0.0.1:80 rr [200 201] 3:100');
  await sick();
  t.equal(node.text, '10.0.0.1:80 rr [200 201] 3:100 2:100');
  await load(web('', server(2)).replace('200-201 dpdk0', '205 dpdk7'));
  t.equal(node.text, '10.0.0.1:80 rr [200 201] 2:100', 'the old local addresses stay while the new one is refused');
});

t.test('a local address that two services have moves to another port', async (t) => {
  const node = new Node();
  node.state = new DesiredState([
    { name: 'dpdk0', mtu: 1500 },
    { name: 'dpdk1', mtu: 1500 },
  ]);
  const { load, applier } = sceneOf(t, node);
  const two = web('', server(2)) + web('', server(3)).replace(lips, '').replace('10.0.0.1', '10.0.0.2');
  await load(two);
  await load(two.replace('dpdk0', 'dpdk1'));
  t.same([...applier.refused], []);
  t.same(
    node.state.services().flatMap(({ laddrs }) => laddrs.map(({ device }) => device)),
    ['dpdk1', 'dpdk1', 'dpdk1', 'dpdk1'],
  );
});

t.test('a dataplane that does not answer is asked again; one that somebody changed is read again', async (t) => {
  const { node, load, sick, applier } = sceneOf(t);
  node.trouble = new DpvsError('unreachable');
  await load(web('', server(2), server(3)));
  t.equal(node.text, '');
  node.trouble = null;
  while (node.text === '') await new Promise((resolve) => setTimeout(resolve, 2));
  t.equal(node.text, '10.0.0.1:80 rr [200 201] 2:100 3:100');
  await applier.idle();
  node.state.apply('service.flush', {});
  await sick('3');
  t.equal(node.text, '10.0.0.1:80 rr [200 201] 2:100', 'the flushed service is there again, as it should be now');
  t.equal(applier.refused.size, 0);
});

t.test('services of an earlier file are known after a kill; those of others are left alone', async (t) => {
  const path = `${t.testdir()}/owned.json`;
  const node = new Node();
  node.state.apply('service.add', { service: { protocol: 'tcp', address: '10.9.9.9', port: 80 }, scheduler: 'rr' });
  await sceneOf(t, node, path).load(web('', server(2)));
  const next = sceneOf(t, node, path);
  await next.load(web('', server(2)).replace('10.0.0.1', '10.0.0.2'));
  t.equal(node.text, '10.9.9.9:80 rr []; 10.0.0.2:80 rr [200 201] 2:100');
});

t.test('--dry-run says what a start would change', async (t) => {
  process.env.DPVS_STATE_DIR = t.testdir();
  const { node, load } = sceneOf(t);
  const plan = async (text: string): Promise<string[]> => {
    const { config } = parseKeepalived('f', { read: () => text, list: () => [] });
    if (config === null) throw new Error(text);
    return (await planChanges('x', config, node, null)).map((change) => change.text);
  };
  t.same(await plan(web('', server(2))), [
    'add service tcp 10.0.0.1:80 rr',
    'add laddr 192.168.100.200 dpdk0 to tcp 10.0.0.1:80',
    'add laddr 192.168.100.201 dpdk0 to tcp 10.0.0.1:80',
    'add server 192.168.100.2:80 to tcp 10.0.0.1:80: weight 100',
  ]);
  await load(web('', server(2)));
  t.same(await plan(web('establish_timeout 30', server(3)).replace('lb_algo rr', 'lb_algo wlc')), [
    'edit service tcp 10.0.0.1:80: scheduler rr → wlc conn-timeout default → 30',
    'add server 192.168.100.3:80 to tcp 10.0.0.1:80: weight 100',
    'delete server 192.168.100.2:80 of tcp 10.0.0.1:80',
  ]);
  t.same(await plan(web('alpha\n inhibit_on_failure', server(2))), [
    'edit server 192.168.100.2:80 of tcp 10.0.0.1:80: weight 100 → 0',
  ]);
});
