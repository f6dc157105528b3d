// SIGTERM of a real dpvs: it tells, goes on serving until the bridge has withdrawn, and ends at once when nobody is to be waited for.
import t from 'tap';
import { Subscriber } from 'zeromq';
import { DataplaneClient } from '../../api/index.js';
import { inOwnNamespace, SingleNode } from './single-node.js';

interface NodeEvent {
  readonly state?: string;
  readonly serving?: boolean;
}

if (await inOwnNamespace(t, import.meta.url)) {
  const node = new SingleNode('stop_linger 30');
  t.teardown(async () => {
    if (!t.passing()) t.comment(node.log);
    await node.end('SIGKILL');
    node.remove();
  });
  process.env.DPVS_RUN_DIR = node.env.DPVS_RUN_DIR;

  const run = async (): Promise<{ client: DataplaneClient; pid: number; running: () => boolean }> => {
    await node.start();
    const client = new DataplaneClient(node.name);
    const { pid } = await client.call('node.status', {});
    let ended = false;
    void node.ended().then(() => {
      ended = true;
    });
    return { client, pid, running: () => !ended };
  };

  await t.test('with a bridge: told, still serving, gone when released', async (t) => {
    const { client, pid, running } = await run();
    const subscriber = new Subscriber();
    subscriber.connect(`ipc://${node.env.DPVS_RUN_DIR}/${node.name}.events.sock`);
    subscriber.subscribe('node');
    t.ok((await client.call('node.attach', { role: 'bridge' })).leaseMs > 3000);
    // A subscription travels too: until an event comes through, make one.
    await client.call('slowpath.restart', {});
    const heard: NodeEvent[] = [];
    const stopping = (async () => {
      for await (const [, body] of subscriber) {
        heard.push(JSON.parse(String(body)) as NodeEvent);
        const told = heard.findIndex(({ state }) => state === 'stopping');
        if (told >= 0 && heard.slice(told).some(({ serving }) => serving === false)) return;
      }
    })();
    process.kill(pid, 'SIGTERM');
    await stopping;
    const told = heard.findIndex(({ state }) => state === 'stopping');
    t.match(heard[told], { topic: 'node', state: 'stopping', withinMs: 30_000 });
    t.ok(
      heard.slice(told).some(({ serving }) => serving === false),
      'and that it does not serve',
    );
    t.match(await client.call('node.status', {}), { serving: false, problems: [/^dpvs is stopping/] });
    await client.call('route.add', { destination: '123.1.2.3/32', device: 'dpdk1', scope: 'kni_host' });
    await client.call('route.del', { destination: '123.1.2.3/32', device: 'dpdk1' });
    t.ok(running(), 'it goes on');
    await client.call('node.released', {});
    await node.ended();
    t.match(node.log, /node\.released/);
    subscriber.close();
    client.close();
  });

  await t.test('told twice it ends at once', async (t) => {
    const { client, pid } = await run();
    await client.call('node.attach', { role: 'bridge' });
    process.kill(pid, 'SIGTERM');
    await client.call('node.status', {});
    process.kill(pid, 'SIGTERM');
    await node.ended();
    t.match(node.log, /told again to stop/);
    client.close();
  });

  await t.test('without a bridge it ends at once', async (t) => {
    const { client, pid } = await run();
    client.close();
    process.kill(pid, 'SIGTERM');
    await node.ended();
    t.notMatch(node.log.slice(node.log.lastIndexOf('node.starting')), /node\.(not_)?released/);
  });
}
