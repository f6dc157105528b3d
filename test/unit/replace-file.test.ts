// Files that are replaced: the new text whole, or the old one and an error, also where the disk takes a part of a write and no more.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { replaceFile, replaceFileSync } from '../../api/index.js';

const script = fileURLToPath(new URL('../support/file-replacer.js', import.meta.url));

/** @param blocks of 512 bytes that a file of the process may have; what is beyond is cut off, and refused (EFBIG) from then on */
function replace(way: string, path: string, count: number, blocks: number | 'unlimited'): string {
  const command = `unset NODE_OPTIONS; ulimit -f ${blocks}; exec ${process.execPath} ${script} ${way} ${path} ${count}`;
  return spawnSync('sh', ['-c', command], { encoding: 'utf8' }).stdout;
}

t.test('a disk that takes a part: an error, the old file, and nothing beside it', async (t) => {
  const directory = t.testdir({});
  for (const way of ['sync', 'async', 'journal', 'kept']) {
    const path = join(directory, way);
    t.equal(replace(way, path, 2, 'unlimited'), 'written', way);
    const before = readFileSync(path, 'utf8');
    t.match(replace(way, path, 1000, 8), /EFBIG/, `${way} says so`);
    t.equal(readFileSync(path, 'utf8'), before, `${way} keeps what was there`);
    t.notOk(existsSync(`${path}.new`), `${way} gives the room back`);
    t.equal(replace(way, path, 1000, 'unlimited'), 'written', way);
    t.ok(statSync(path).size > 8 * 512 && readFileSync(path, 'utf8').includes('10.0.3.231'), `${way}: whole`);
  }
});

t.test('mode and contents; a directory that is not there', async (t) => {
  const path = join(t.testdir({}), 'file');
  writeFileSync(path, 'old');
  chmodSync(path, 0o644);
  replaceFileSync(path, 'new', 0o600);
  t.same([readFileSync(path, 'utf8'), statSync(path).mode & 0o777], ['new', 0o600]);
  await replaceFile(path, 'newer', 0o640);
  t.same([readFileSync(path, 'utf8'), statSync(path).mode & 0o777], ['newer', 0o640]);
  const nowhere = join(t.testdirName, 'none', 'file');
  t.throws(() => replaceFileSync(nowhere, '', 0o600), { code: 'ENOENT' });
  await t.rejects(replaceFile(nowhere, '', 0o600), { code: 'ENOENT' });
});
