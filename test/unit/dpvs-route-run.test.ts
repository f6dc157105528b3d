// The bridge as a process, without a dataplane and without VIPs: its signals.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { eventually } from '../../lab/index.js';

t.test('SIGHUP reopens the log and ends nothing', async (t) => {
  // Not in the test's own directory: the path of a socket is short.
  const directory = mkdtempSync(join(tmpdir(), 'dpvs-route-'));
  const file = join(directory, 'bridge.log');
  const env = {
    ...process.env,
    NODE_OPTIONS: '',
    DPVS_RUN_DIR: join(directory, 'run'),
    DPVS_STATE_DIR: join(directory, 'state'),
  };
  const program = fileURLToPath(new URL('../../../bin/dpvs-route', import.meta.url));
  const bridge = spawn(process.execPath, [program, 'run', '--name', 'hup', '--log-file', file], { env });
  const ended = new Promise<string>((resolve) => {
    bridge.once('exit', (code, signal) => resolve(`${code} ${signal}`));
  });
  t.teardown(async () => {
    bridge.kill('SIGKILL');
    await ended;
    rmSync(directory, { recursive: true });
  });
  const said = (path: string): string => (existsSync(path) ? readFileSync(path, 'utf8') : '');
  const says = (path: string, event: string): Promise<string> =>
    eventually(
      `${path} says ${event}`,
      async () => said(path),
      (text) => text.includes(`"${event}"`),
      { timeoutMs: 30_000 },
    );
  await says(file, 'bridge.started');
  renameSync(file, `${file}.1`);
  bridge.kill('SIGHUP');
  await eventually(
    'a new log file',
    async () => existsSync(file),
    (there) => there,
    { timeoutMs: 10_000 },
  );
  bridge.kill('SIGTERM');
  t.equal(await ended, '0 null', 'by SIGTERM, in order');
  t.match(said(file), /"bridge\.stopped"/);
  t.notMatch(said(`${file}.1`), /"bridge\.stopped"/);
});
