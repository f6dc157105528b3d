// Applying configurations to daemons made of text: who is asked, what a refusal leaves, and how long neighbours are watched.
import t from 'tap';
import type { ConfigDaemon } from '../../quagga-conf/index.js';
import { missedAfterMs } from '../../routing/adjacencies.js';
import { applyConfig } from '../../routing/apply-config.js';
import { VtyshError } from '../../routing/vtysh.js';

/** A daemon that runs lines of one level, `cost N` being one that is replaced. */
class Daemons {
  readonly asked: string[] = [];
  /** Router ids that are Full, for each look; the last stays. */
  full: string[][] = [['10.0.0.1']];
  refuse: ConfigDaemon | null = null;

  constructor(readonly running: Partial<Record<ConfigDaemon, string[]>>) {}

  #lines(daemon: ConfigDaemon): string[] {
    const lines = this.running[daemon];
    if (lines === undefined) throw new VtyshError(daemon, 'down', 'it does not run or answer');
    return lines;
  }

  async run(daemon: ConfigDaemon): Promise<string> {
    return `${this.#lines(daemon).join('\n')}\n`;
  }

  async json(daemon: ConfigDaemon, command: string): Promise<unknown> {
    this.#lines(daemon);
    this.asked.push(daemon);
    const full = (this.full.length > 1 ? this.full.shift() : this.full[0]) ?? [];
    const entries = <T>(value: T) => Object.fromEntries(full.map((id) => [id, value]));
    if (command === 'show bgp neighbors')
      return entries({ bgpState: 'Established', addressFamilyInfo: { ipv4Unicast: {} } });
    if (command.includes('ipv6'))
      return Object.fromEntries(full.map((id) => [`${id}%kni`, { neighborState: 'Full', interface: 'kni' }]));
    return { neighbors: entries([{ nbrState: 'Full/-', ifaceName: 'kni:1' }]) };
  }

  async configure(daemon: ConfigDaemon, commands: readonly string[]): Promise<void> {
    const lines = this.#lines(daemon);
    let inside = '';
    for (const command of commands) {
      if (command === 'exit') inside = '';
      else if (command.startsWith('interface ')) inside = command;
      else {
        if (this.refuse === daemon && command.includes('cost')) throw new VtyshError(daemon, 'refused', '% no');
        const words = command.replace(/^no /, '').split(' ');
        const same = lines.findIndex((line) => line.trim().startsWith(words.slice(0, -1).join(' ')));
        if (same >= 0) lines.splice(same, 1);
        if (command.startsWith('no ')) continue;
        if (inside !== '' && !lines.includes(inside)) lines.push(inside);
        lines.splice(lines.indexOf(inside) + 1, 0, ` ${command}`);
      }
    }
  }
}

const ospf = (cost: number, dead = 4): string[] => [
  'interface k',
  ` ip ospf dead-interval ${dead}`,
  ` ip ospf cost ${cost}`,
];
const text = (lines: readonly string[]): string => `${lines.join('\n')}\n`;
const quietly = { force: false, dryRun: false };

t.test('only the daemons that are changed are asked for their neighbours', async (t) => {
  const daemons = new Daemons({ bgpd: ['router bgp 65001', ' neighbor 10.0.0.1 description old'] });
  const wanted = 'router bgp 65001\n neighbor 10.0.0.1 description old\n bgp log-neighbor-changes\n';
  daemons.configure = async () => {
    daemons.running.bgpd = wanted.trimEnd().split('\n');
  };
  const { lost, applied } = await applyConfig(daemons, [{ daemon: 'bgpd', wanted, previous: null }], quietly);
  t.same(lost, []);
  t.equal(applied[0]!.daemon, 'bgpd');
  t.same([...new Set(daemons.asked)], ['bgpd']);
});

t.test('a loss right after is seen in each protocol', async (t) => {
  for (const daemon of ['ospfd', 'ospf6d'] as const) {
    const lines = ospf(10);
    const daemons = new Daemons({ [daemon]: [...lines] });
    daemons.full = [['10.0.0.1'], []];
    const request = { daemon, wanted: text(ospf(20)), previous: text(lines) };
    t.same((await applyConfig(daemons, [request], quietly)).lost, [`${daemon} 10.0.0.1`]);
  }
});

t.test('a second daemon that refuses: the first is as before', async (t) => {
  const daemons = new Daemons({ ospfd: ospf(10), ospf6d: ospf(10) });
  daemons.refuse = 'ospf6d';
  const requests = (['ospfd', 'ospf6d'] as const).map((daemon) => ({
    daemon,
    wanted: text(ospf(20)),
    previous: text(ospf(10)),
  }));
  await t.rejects(applyConfig(daemons, requests, quietly), {
    code: 'routing_daemon',
    message: /ospf6d: % no; ospf6d is as before; ospfd is as before; no file was written/,
  });
  t.same(daemons.running.ospfd!.toSorted(), ospf(10).toSorted());
});

t.test('after a change that takes the adjacency down it is watched for the dead interval', async (t) => {
  const change = { daemon: 'ospfd', wanted: text(ospf(10, 1)), previous: text(ospf(10, 2)) } as const;
  const apply = async (full: string[][]) => {
    const daemons = new Daemons({ ospfd: ospf(10, 2) });
    daemons.full = full;
    const said: string[] = [];
    const progress = (line: string) => said.push(line);
    const report = await applyConfig(daemons, [change], { force: true, dryRun: false, progress });
    return { ...report, said };
  };
  const up = ['10.0.0.1'];
  const gone = await apply([up, up, up, []]);
  t.same(gone.lost, ['ospfd 10.0.0.1']);
  t.ok(gone.watchedSeconds >= 4, 'the longer interval and two seconds');
  t.same(gone.said, ['ospfd 10.0.0.1: watched for 4 s', 'ospfd 10.0.0.1 is lost']);
  const back = await apply([up, up, [], up]);
  t.same(back.lost, []);
  t.same(back.said.slice(1), ['ospfd 10.0.0.1 is lost', 'ospfd 10.0.0.1 is back']);
  t.ok(back.watchedSeconds < 4, 'by the new configuration: nothing more can come');
});

t.test('how long a neighbour takes to be missed', (t) => {
  t.equal(missedAfterMs('ospfd', ['interface a\n ip ospf dead-interval 4\n', 'interface a\n']), 42_000);
  t.equal(missedAfterMs('ospf6d', ['interface a\n ipv6 ospf6 dead-interval 8\n']), 10_000);
  t.equal(missedAfterMs('bgpd', ['router bgp 1\n neighbor 10.0.0.1 timers 1 3\n']), 5_000);
  t.equal(missedAfterMs('zebra', ['']), 0);
  t.end();
});
