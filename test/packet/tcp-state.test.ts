// The TCP state machine, edge by edge: every reachable state, every kind of packet, from both sides, against the reference's tables.

import type { Scene } from '../support/scene.js';
import { TcpFlow } from '../support/tcp-flow.js';
import { packetTest, tcpService } from '../support/two-arm.js';

/** Column order of the reference's tables (dpvs.md, section 6.2). */
const columns = ['NONE', 'ES', 'SS', 'SR', 'FW', 'TW', 'CL', 'CW', 'LA', 'LI', 'SA'] as const;
type Short = (typeof columns)[number];

const words: Record<Short, string> = {
  NONE: 'TCP_NONE',
  ES: 'TCP_EST',
  SS: 'SYN_SENT',
  SR: 'SYN_RECV',
  FW: 'FIN_WAIT',
  TW: 'TIME_WAIT',
  CL: 'TCP_CLOSE',
  CW: 'CLOSE_WAIT',
  LA: 'LAST_ACK',
  LI: 'LISTEN',
  SA: 'SYNACK',
};

const tables = {
  client: {
    syn: 'SR ES ES SR SR SR SR SR SR SR SR',
    fin: 'CL CW SS TW TW TW CL CW LA LI TW',
    ack: 'CL ES SS ES FW TW CL CW CL LI ES',
    rst: 'CL CL CL SR CL CL CL CL LA LI SR',
  },
  server: {
    syn: 'SS ES SS SR SS SS SS SS SS LI SR',
    fin: 'TW FW SS TW FW TW CL TW LA LI TW',
    ack: 'ES ES SS ES FW TW CL CW LA ES ES',
    rst: 'CL CL SS CL CL TW CL CL CL CL CL',
  },
} as const;
type Side = keyof typeof tables;
type Kind = keyof typeof tables.client;

const next = (from: Short, side: Side, kind: Kind): Short =>
  tables[side][kind].split(' ')[columns.indexOf(from)] as Short;

/** A server's SYN is a SYN-ACK; a client's FIN and the like carry an ACK, as on the wire. */
const flags: Record<Side, Record<Kind, string>> = {
  client: { syn: 'S', fin: 'FA', ack: 'A', rst: 'R' },
  server: { syn: 'SA', fin: 'FA', ack: 'A', rst: 'RA' },
};

type Step = readonly [Side, Kind];
/** How to get there from nothing; the first packet is always the client's SYN. */
const roads: Partial<Record<Short, readonly Step[]>> = {
  SR: [],
  ES: [
    ['server', 'syn'],
    ['client', 'ack'],
  ],
  CW: [
    ['server', 'syn'],
    ['client', 'ack'],
    ['client', 'fin'],
  ],
  FW: [
    ['server', 'syn'],
    ['client', 'ack'],
    ['server', 'fin'],
  ],
  TW: [
    ['server', 'syn'],
    ['client', 'ack'],
    ['client', 'fin'],
    ['server', 'fin'],
  ],
  CL: [['server', 'rst']],
  SS: [
    ['server', 'syn'],
    ['client', 'ack'],
    ['server', 'fin'],
    ['server', 'syn'],
  ],
};

async function walk(scene: Scene, sport: number, road: readonly Step[]): Promise<TcpFlow> {
  const flow = new TcpFlow(scene, { sport });
  await flow.syn();
  for (const [side, kind] of road) await send(flow, side, kind);
  return flow;
}

const send = (flow: TcpFlow, side: Side, kind: Kind) =>
  side === 'client' ? flow.fromClient({ flags: flags.client[kind] }) : flow.fromServer({ flags: flags.server[kind] });

for (const [name, road] of Object.entries(roads)) {
  const state = name as Short;
  packetTest(`from ${words[state]}`, async (t, scene) => {
    let sport = 20_000;
    t.equal(await (await walk(scene, sport++, road)).state(), words[state], 'the road leads there');
    for (const side of ['client', 'server'] as const) {
      for (const kind of ['syn', 'fin', 'ack', 'rst'] as const) {
        const flow = await walk(scene, sport++, road);
        await send(flow, side, kind);
        t.equal(await flow.state(), words[next(state, side, kind)], `${side}'s ${kind}`);
      }
    }
  });
}

packetTest('RST wins over SYN, SYN over FIN, FIN over ACK', async (t, scene) => {
  const flow = await walk(scene, 30_000, roads.ES ?? []);
  await flow.fromServer({ flags: 'FA' });
  t.equal(await flow.state(), 'FIN_WAIT', 'FIN+ACK is a FIN');
  const other = await walk(scene, 30_001, roads.ES ?? []);
  await other.fromServer({ flags: 'RA' });
  t.equal(await other.state(), 'TCP_CLOSE', 'RST+ACK is a RST');
});

packetTest('a whole life, closed by the client', async (t, scene) => {
  const flow = new TcpFlow(scene);
  const states: (string | undefined)[] = [];
  const note = async () => states.push(await flow.state());
  await flow.syn().then(note);
  await flow.synAck().then(note);
  await flow.fromClient({ flags: 'A' }).then(note);
  await flow.fromClient({ flags: 'PA', data: 'GET /' }).then(note);
  await flow.fromServer({ flags: 'PA', data: '200 OK' }).then(note);
  await flow.fromClient({ flags: 'FA' }).then(note);
  await flow.fromServer({ flags: 'A' }).then(note);
  await flow.fromServer({ flags: 'FA' }).then(note);
  await flow.fromClient({ flags: 'A' }).then(note);
  t.same(states, [
    ...['SYN_RECV', 'SYN_RECV', 'TCP_EST', 'TCP_EST', 'TCP_EST'],
    ...['CLOSE_WAIT', 'CLOSE_WAIT', 'TIME_WAIT', 'TIME_WAIT'],
  ]);
});

packetTest('active and inactive connections follow the state', async (t, scene) => {
  const server = async () => {
    const [service] = await scene.harness.configure('service.list', { service: tcpService });
    return [service.servers[0].activeConns, service.servers[0].inactiveConns];
  };
  const flow = new TcpFlow(scene);
  await flow.syn();
  t.same(await server(), [0, 1], 'half open');
  await flow.synAck();
  await flow.fromClient({ flags: 'A' });
  t.same(await server(), [1, 0], 'established');
  await flow.fromClient({ flags: 'FA' });
  t.same(await server(), [0, 1], 'closing');
  await scene.advance(60_000);
  t.same(await server(), [0, 0], 'gone');
});
