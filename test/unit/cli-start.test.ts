// What a command of each program loads before its answer: not the schemas, the help's library, the log or the generator, which take
// longer than all the rest, and nobody notices when an import brings them back.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { startMockNode } from '../support/mock-node.js';

const heavy =
  /node_modules\/(zod|yargs|pino|netlink)\/|\/dist\/(dataplane|native|kni|log)\/|\/dist\/quagga-conf\/index\./;

/** The files of the program's own process, as V8 lists them for coverage. */
async function loadedBy(program: string, argv: readonly string[], runDirectory: string, coverage: string) {
  const path = fileURLToPath(new URL(`../../../bin/${program}`, import.meta.url));
  // It may be refused, as the stand-in does not know a bridge's requests; by then everything is loaded.
  const child = spawn(process.execPath, [path, ...argv], {
    env: { ...process.env, NODE_OPTIONS: '', DPVS_RUN_DIR: runDirectory, NODE_V8_COVERAGE: coverage },
    stdio: 'ignore',
  });
  await once(child, 'close');
  return readdirSync(coverage).flatMap((file) => {
    const { result } = JSON.parse(readFileSync(join(coverage, file), 'utf8')) as { result: { url: string }[] };
    return result.map(({ url }) => url).filter((url) => url.startsWith('file:'));
  });
}

for (const [program, name, ...argv] of [
  ['ipvsadm', 'dpvs', '-ln'],
  ['dpip', 'dpvs', 'link', 'show'],
  ['dpvs-route', 'dpvs.route', 'status'],
  ['dpvs-keepalived', 'dpvs.keepalived', 'status', '--json'],
])
  t.test(`${program} ${argv.join(' ')}`, async (t) => {
    const mock = await startMockNode(() => [], name);
    t.teardown(() => mock.close());
    const loaded = await loadedBy(program, argv, mock.runDirectory, t.testdir());
    t.ok(
      loaded.some((url) => url.includes('/node_modules/zeromq/')),
      'it has sent a request',
    );
    t.same(
      loaded.filter((url) => heavy.test(url)),
      [],
    );
  });
