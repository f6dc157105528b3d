// A batch through judge, journal's place and slow path: whole or refused whole, and packets go by it.
import type { ChangeRequest } from '../../api/index.js';
import { TcpFlow } from '../support/tcp-flow.js';
import { packetTest, packetTestWith, serverKey, tcpService } from '../support/two-arm.js';

const service = (i: number) => ({ protocol: 'tcp', address: `10.9.${i >> 8}.${i & 255}`, port: 80 }) as const;

packetTest('a thousand services with their servers, addresses and routes', async (t, { harness }) => {
  const services: ChangeRequest[] = Array.from({ length: 1000 }, (_, i) => service(i)).flatMap((key) => [
    { method: 'service.add', params: { service: key, scheduler: 'rr' } },
    { method: 'server.add', params: { service: key, server: serverKey(0), forwarding: 'FullNat' } },
    { method: 'laddr.add', params: { service: key, address: '192.168.100.230', device: 'dpdk0' } },
    {
      method: 'route.add',
      params: { destination: `${key.address}/32`, device: 'dpdk1', scope: 'kni_host' },
    },
  ]);
  const before = (await harness.configure('service.list', {})).length;
  await harness.configure('batch', { requests: services });
  t.equal((await harness.configure('service.list', {})).length, before + 1000);
  t.match(await harness.configure('laddr.list', { service: service(999) }), [
    { localAddresses: [{ address: '192.168.100.230' }] },
  ]);
  await t.rejects(
    async () =>
      harness.configure('batch', { requests: [{ method: 'service.flush', params: {} }, services[1], services[0]] }),
    {
      code: 'no_service',
      field: 'requests.1.params.service',
      detail: /^requests\.1 \(server\.add\): TCP 10\.9\.0\.0:80/,
    },
  );
  t.equal((await harness.configure('service.list', {})).length, before + 1000, 'nothing of it was done');
});

packetTest('connections go by what a batch left', async (t, scene) => {
  const { harness } = scene;
  const moved: ChangeRequest = {
    method: 'server.edit',
    params: { service: tcpService, server: serverKey(0), forwarding: 'FullNat', weight: 0 },
  };
  await t.rejects(
    async () =>
      harness.configure('batch', {
        requests: [moved, moved, { method: 'link.set', params: { name: 'dpdk7', up: true } }],
      }),
    {
      code: 'no_device',
      field: 'requests.2.params.name',
    },
  );
  const flow = new TcpFlow(scene, { sport: 20_000 });
  await flow.establish();
  t.pass('the refused batch took the server out of nothing');
});

packetTestWith(
  'a slow path that dies in the middle of a batch loses none of it',
  { realServers: 1 },
  async (t, { harness }) => {
    harness.crashOnNextChange?.();
    await harness.configure('batch', {
      requests: [0, 1, 2].map((i): ChangeRequest => ({ method: 'service.add', params: { service: service(i) } })),
    });
    t.equal(
      (await harness.configure('service.list', {})).filter(
        ({ service }) => 'address' in service && service.address.startsWith('10.9.'),
      ).length,
      3,
    );
  },
);
