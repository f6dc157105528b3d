// The generated files on disk: a directory of another user is not trusted, keys are nobody else's, and all files are there or none.
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { DpvsError } from '../../cli/common/index.js';
import { writeFiles } from '../../cli/dpvs-route/config-files.js';

const mark = '! generated';
const options = (directory: string, secret = false) => ({ directory, mark, force: false, secret });
const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8);

t.test('a link where a temporary file might be is not followed', async (t) => {
  const directory = t.testdir({});
  const victim = join(t.testdir({ elsewhere: { shadow: 'root' } }), 'elsewhere', 'shadow');
  chmodSync(victim, 0o600);
  symlinkSync(victim, join(directory, 'ospfd.conf.new'));
  t.same(writeFiles({ 'ospfd.conf': `${mark}\n` }, options(directory)), [join(directory, 'ospfd.conf')]);
  t.equal(readFileSync(victim, 'utf8'), 'root');
  t.equal(mode(victim), '600');
  t.equal(readFileSync(join(directory, 'ospfd.conf'), 'utf8'), `${mark}\n`);
});

t.test('a link in the place of a file is replaced, not written through', async (t) => {
  const directory = t.testdir({ other: `${mark}\n` });
  symlinkSync(join(directory, 'other'), join(directory, 'ospfd.conf'));
  writeFiles({ 'ospfd.conf': `${mark}\nnew\n` }, options(directory));
  t.equal(readFileSync(join(directory, 'other'), 'utf8'), `${mark}\n`);
  t.equal(readFileSync(join(directory, 'ospfd.conf'), 'utf8'), `${mark}\nnew\n`);
});

t.test('keys are readable by the owner and the group only, whatever was there before', async (t) => {
  const directory = t.testdir({});
  for (const name of ['ospfd.conf', 'ospfd.conf.new']) {
    writeFileSync(join(directory, name), `${mark}\n`);
    chmodSync(join(directory, name), 0o644);
  }
  const umask = process.umask(0o077);
  t.teardown(() => process.umask(umask));
  writeFiles({ 'ospfd.conf': `${mark}\nkey\n`, 'zebra.conf': `${mark}\n` }, options(directory, true));
  t.equal(mode(join(directory, 'ospfd.conf')), '640');
  writeFiles({ 'zebra.conf': `${mark}\n` }, options(directory));
  t.equal(mode(join(directory, 'zebra.conf')), '644', 'the umask is not asked: a daemon has to read it');
});

t.test('one that cannot be written: none is, and nothing is left behind', async (t) => {
  const directory = t.testdir({ 'zebra.conf': `${mark}\nbefore\n` });
  // As a disk that is full would have it: the first is written, the second is not.
  const files = { 'zebra.conf': `${mark}\nafter\n`, 'missing/ospfd.conf': `${mark}\n` };
  t.throws(() => writeFiles(files, options(directory)), DpvsError);
  t.equal(readFileSync(join(directory, 'zebra.conf'), 'utf8'), `${mark}\nbefore\n`);
  t.same(readdirSync(directory), ['zebra.conf']);
  t.notOk(existsSync(join(directory, 'missing')));
});

t.test("somebody's own file refuses all", async (t) => {
  const directory = t.testdir({ 'ospfd.conf': 'by hand\n' });
  t.throws(() => writeFiles({ 'zebra.conf': mark, 'ospfd.conf': mark }, options(directory)), DpvsError);
  t.same(readdirSync(directory), ['ospfd.conf']);
});
