// A zebra that was started anew: what is read of it, what ospfd is told, once a connection, and what is said meanwhile.
import t from 'tap';
import { silentLog } from '../../log/index.js';
import { retellingOf, routesAgain } from '../../routing/drivers/retelling.js';
import { parseRunningConfig } from '../../routing/frr-output.js';
import { VtyshError } from '../../routing/vtysh.js';
import { parseZebraClients, type ZebraClient } from '../../routing/zebra-output.js';
import { ZebraWatch } from '../../routing/zebra-watch.js';

/** As FRR 8.4.4 prints it, shortened. */
const client = (name: string, time: string, routes: number, redistributed: number): string =>
  [
    `Client: ${name}`,
    '------------------------ ',
    'FD: 27 ',
    `Connect Time: ${time} `,
    'Not registered for Nexthop Updates',
    'Last Sent Cmd: ZEBRA_INTERFACE_ADDRESS_ADD ',
    'Type        Add         Update      Del ',
    '================================================== ',
    `IPv4        ${routes}           0           0           `,
    'IPv6        0           0           0           ',
    `Redist:v4   ${redistributed}           0           0           `,
    'Redist:v6   0           0           0           ',
    'Intf Addr   8           0           0           ',
    'Errors: 0',
    '',
  ].join('\n');

const config = (...lines: string[]) =>
  parseRunningConfig(
    [
      'router ospf',
      ...lines.map((line) => ` ${line}`),
      'exit',
      'route-map DPVS-ANNOUNCE permit 10',
      ' set metric 20',
    ].join('\n'),
  );
const ours = 'redistribute connected metric 20 metric-type 1 route-map DPVS-ANNOUNCE';
const renewed = ours.replace('metric 20', 'metric 21');
const none: ZebraClient = { seconds: 9, routes: 0, redistributed: 0 };

t.test('show zebra client', async (t) => {
  const seen = parseZebraClients(`${client('ospf', '00:01:08', 2, 7)}\n${client('bgp', '01d02h03m', 0, 0)}`);
  t.same(
    [...seen],
    [
      ['ospf', { seconds: 68, routes: 2, redistributed: 7 }],
      ['bgp', { seconds: 86_400, routes: 0, redistributed: 0 }],
    ],
  );
  t.same([...parseZebraClients('')], []);
});

t.test('the LSAs are renewed before they are flushed, and the node stays a border router', async (t) => {
  const { lines, deaf } = retellingOf(config(ours), none);
  const mine = lines.filter((line) => line.includes('redistribute'));
  t.same(mine, [
    'redistribute rip route-map DPVS-ANNOUNCE',
    ...[renewed, 'no redistribute connected', renewed],
    'no redistribute rip',
  ]);
  t.match(deaf, /started anew/);
  t.same(lines.slice(-4), ['router ospf', 'maximum-paths 2', 'no maximum-paths', 'exit']);
  const beside = retellingOf(config(ours, 'redistribute static'), none).lines;
  t.notMatch(beside.join('\n'), 'redistribute rip');
});

t.test('what zebra has is not told again', async (t) => {
  t.same(retellingOf(config(ours), { ...none, routes: 1, redistributed: 1 }), { lines: [], deaf: null });
  t.same(retellingOf(config(), { ...none, routes: 1 }), { lines: [], deaf: null }, 'nothing to redistribute');
  t.same(routesAgain(config('maximum-paths 2')).slice(1, 3), ['maximum-paths 3', 'maximum-paths 2']);
  t.same(routesAgain(parseRunningConfig('')), [], 'no router ospf');
  const byHand = retellingOf(config('redistribute connected route-map MINE'), none);
  t.notMatch(byHand.lines.join('\n'), 'redistribute');
  t.match(byHand.deaf, /restart ospfd/);
});

t.test('the watch', async (t) => {
  let zebra: string | VtyshError = '';
  const applied: string[][] = [];
  let failure: VtyshError | null = null;
  const vtysh = {
    run: async () => {
      if (typeof zebra === 'string') return zebra;
      throw zebra;
    },
  };
  const driver = {
    ...({ daemon: 'ospfd', zebraClient: 'ospf' } as const),
    retelling: async (seen: ZebraClient) => retellingOf(config(ours), seen),
    apply: async ({ lines }: { readonly lines: readonly string[] }) => {
      if (failure !== null) throw failure;
      applied.push([...lines]);
    },
  };
  let may = true;
  let renewals = 0;
  const changes = {
    exclusive: <T>(work: () => Promise<T>) => work(),
    mayChange: () => may,
    changedAll: () => {
      renewals++;
    },
  };
  const watch = new ZebraWatch({ vtysh, drivers: [driver], log: silentLog() });
  const look = async (now: typeof zebra): Promise<string | null> => {
    zebra = now;
    await watch.look(changes);
    return watch.trouble('ospfd');
  };
  t.equal(await look(client('ospf', '00:01:00', 3, 5)), null);
  t.match(
    await look(new VtyshError('zebra', 'down', 'it does not run')),
    /does not run; ospfd does not hear of addresses/,
  );
  t.match(await look(client('bgp', '00:01:00', 3, 5)), /ospfd is not connected/);
  t.match(await look(client('ospf', '00:00:01', 0, 0)), /not connected/, 'it may not have said everything yet');
  may = false;
  t.match(await look(client('ospf', '00:00:04', 0, 0)), /about to be told/, 'a graceful restart is under way');
  may = true;
  failure = new VtyshError('ospfd', 'silent', 'no answer');
  t.match(await look(client('ospf', '00:00:04', 0, 0)), /about to be told/);
  failure = null;
  t.equal(await look(client('ospf', '00:00:04', 0, 0)), null);
  t.equal(await look(client('ospf', '00:00:05', 0, 0)), null);
  t.same([applied.length, renewals], [1, 1], 'once a connection');
});
