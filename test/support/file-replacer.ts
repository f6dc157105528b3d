// A process of its own for the test of replaced files: replaces one, in one of the ways that programs do, and says what came of it.
import { replaceFile, replaceFileSync } from '../../api/index.js';
import { writeKept } from '../../dataplane/node/kni-memory-file.js';
import { Journal, type JournalEntry } from '../../routing/journal.js';
import { defaultPolicy } from '../../routing/policy.js';

const [way = '', path = '', count = ''] = process.argv.slice(2);
const of = <T>(make: (i: number) => T): T[] => Array.from({ length: Number(count) }, (_unused, i) => make(i));
const address = (i: number): string => `10.0.${i >> 8}.${i & 255}`;

const entry = (i: number): JournalEntry => ({
  ...{
    vip: address(i),
    ports: [{ device: 'dpdk1', kni: 'dpdk1.kni' }],
    force: false,
    policy: defaultPolicy,
    drain: null,
    wanted: true,
  },
  owned: { routes: [], policy: false },
});
const ways: Record<string, () => void | Promise<void>> = {
  sync: () => replaceFileSync(path, of(address).join('\n'), 0o600),
  async: () => replaceFile(path, of(address).join('\n'), 0o600),
  journal: () => new Journal(path).write(of(entry)),
  kept: () => writeKept(path, [{ name: 'dpdk1.kni', up: true, addresses: of(address), routes: [] }]),
};
try {
  await ways[way]();
  process.stdout.write('written');
} catch (error) {
  process.stdout.write((error as Error).message);
}
