// `npm run bench`: measures the dataplane on this machine and prints one table; --write puts table and figure into docs/.
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { benchFastPath, type FastPathRow, freshContext, startBench } from './fast-path.js';
import { benchNewConnections, type NewConnectionsRow } from './new-connections.js';
import { fastPathSvg, flowsText, REFERENCE_NS } from './plot.js';

const round = (value: number): string => value.toFixed(value < 100 ? 1 : 0);

function fastPathTable(rows: readonly FastPathRow[]): string[] {
  return [
    '| flows | bare loop ns | FullNAT ns | above the loop ns | ratio to the loop | aim above | DPVS 1.10.2 ns | DPVS / here |',
    '|---|---|---|---|---|---|---|---|',
    ...rows.map((r) => {
      const aim = r.flows === 1 ? '60' : r.flows === 1_000_000 ? '120' : '';
      const reference = REFERENCE_NS[r.flows];
      const cells = [
        flowsText(r.flows),
        round(r.bareNs),
        round(r.fullNatNs),
        round(r.aboveNs),
        `${(r.fullNatNs / r.bareNs).toFixed(1)}x`,
      ];
      return `| ${[...cells, aim, reference, `${(reference / r.fullNatNs).toFixed(1)}x`].join(' | ')} |`;
    }),
  ];
}

function connectionsTable(rows: readonly NewConnectionsRow[]): string[] {
  return [
    '| new connections | scheduler | slow path ns each | all on one CPU ns each | new connections a second |',
    '|---|---|---|---|---|',
    ...rows.map(
      (r) =>
        `| ${r.protocol} | ${r.scheduler} | ${Math.round(r.slowPathNs)} | ${Math.round(r.allNs)} | ${Math.round(r.perSecond / 1000)} k |`,
    ),
  ];
}

function machine(huge: boolean): string {
  const cpuModel = cpus()[0]?.model ?? 'unknown CPU';
  return `${cpuModel}, ${cpus().length} CPUs, Node ${process.versions.node}, ${huge ? 'hugepages' : 'ordinary pages (tables on transparent hugepages where the kernel gives them)'}`;
}

const huge = /HugePages_Free:\s+(\d+)/.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1];
const useHuge = Number(huge ?? 0) >= 160;
startBench(useHuge);
process.stderr.write('fast path: 4 flow counts, bare loop and FullNAT in turn …\n');
const fast = benchFastPath();
freshContext();
process.stderr.write('new connections: tcp and udp, rr and wlc …\n');
const { rows: fresh, memory } = benchNewConnections();
const text = [
  machine(useHuge),
  '',
  ...fastPathTable(fast),
  '',
  ...connectionsTable(fresh),
  '',
  `Memory: ${Math.round(memory.bytesEach)} bytes a connection (resident growth over ${memory.connections} connections).`,
];
console.log(text.join('\n'));
if (process.argv.includes('--write')) {
  const page = new URL('../../docs/benchmarks.md', import.meta.url);
  const [head, , tail] = readFileSync(page, 'utf8').split(/<!-- (?:begin|end) figures -->/);
  const block = `<!-- begin figures -->\n${text.join('\n')}\n<!-- end figures -->`;
  writeFileSync(page, `${head}${block}${tail}`);
  writeFileSync(new URL('../../docs/fast-path.svg', import.meta.url), fastPathSvg(fast));
}
process.exit(0);
