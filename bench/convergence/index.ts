// `npm run bench:routing`: how fast announcements come and go, and what failures cost, on a three-node lab; one table, --write puts it into
// docs/operations.md.
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { Lab } from '../../lab/index.js';
import { announcements, manyVips } from './announcements.js';
import { failures, sudden } from './failures.js';
import { type Row, tableOf } from './row.js';
import { settled } from './settled.js';

const progress = (line: string): void => void process.stderr.write(`${line}\n`);

async function measured(name: string, options: Parameters<typeof Lab.up>[0], work: (lab: Lab) => Promise<Row[]>) {
  progress(name);
  const lab = await Lab.up({ nodeCount: 3, ...options });
  try {
    await settled(lab);
    return await work(lab);
  } finally {
    await lab.down();
  }
}

// npm run bench:routing -- [events] [network] [many]: only those.
const words = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const asked = (word: string): boolean => words.length === 0 || words.includes(word);

const rows: Row[] = [];
if (asked('events'))
  rows.push(
    ...(await measured('announcing and withdrawing, and what is planned', { bfd: true }, async (lab) => [
      ...(await announcements(lab, progress)),
      ...(await failures(lab, progress)),
    ])),
  );
if (asked('network'))
  rows.push(
    ...(await measured('the same failures, VIPs as stub links', { bfd: true, form: 'network' }, async (lab) =>
      (await failures(lab, progress, sudden)).map((row) => ({ ...row, event: `${row.event}, \`--form network\`` })),
    )),
  );
if (asked('many'))
  rows.push(
    ...(await measured('a thousand VIPs', { nodeCount: 1, vipRange: '123.2.0.0/16' }, (lab) =>
      manyVips(lab, progress),
    )),
  );

const text = [
  `${cpus()[0]?.model ?? 'unknown CPU'}, ${cpus().length} CPUs, three nodes and the switch on one machine, BFD 3 x 300 ms`,
  '',
  ...tableOf(rows),
].join('\n');
console.log(text);
if (process.argv.includes('--write')) {
  const page = new URL('../../../docs/operations.md', import.meta.url);
  const [head, , tail] = readFileSync(page, 'utf8').split(/<!-- (?:begin|end) figures -->/);
  writeFileSync(page, `${head}<!-- begin figures -->\n${text}\n<!-- end figures -->${tail}`);
}
process.exit(0);
