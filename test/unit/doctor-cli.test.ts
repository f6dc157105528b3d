// `dpvs-route doctor` as a command: its words, its exit codes, and a machine where nothing runs.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { type Context, plain, runProgram } from '../../cli/common/index.js';
import { dpvsRoute } from '../../cli/dpvs-route/index.js';
import { listen } from '../../routing/doctor/capture.js';
import type { DoctorReport } from '../../routing/doctor/index.js';

async function runLine(line: string): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const context: Context = {
    terminal: {
      write: (text) => {
        out += text;
      },
      writeError: (text) => {
        err += text;
      },
      readInput: async () => '',
      paint: plain,
      paintError: plain,
      width: 100,
    },
    open: () => Promise.reject(new Error('not asked')),
  };
  const code = await runProgram('dpvs-route: ', dpvsRoute, line.split(' '), context);
  return { code, out, err };
}

t.test('usage errors are 2', async (t) => {
  for (const [line, pattern] of [
    ['doctor now', /unexpected word 'now'/],
    ['doctor --listen soon', /invalid number of seconds 'soon'/],
    ['doctor --dev 7', /invalid device name '7'/],
    ['doctor --frr-namespace a/b', /invalid FRR namespace 'a\/b'/],
  ] as const) {
    const { code, err, out } = await runLine(line);
    t.match({ code, err, out }, { code: 2, err: pattern, out: '' }, line);
  }
});

t.test('where nothing runs, it says so', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'dpvs-doctor-'));
  const before = { ...process.env };
  Object.assign(process.env, { DPVS_RUN_DIR: directory, DPVS_STATE_DIR: directory, DPVS_NAME: 'nobody' });
  t.teardown(() => {
    process.env = before;
    rmSync(directory, { recursive: true });
  });
  const { code, out, err } = await runLine('doctor --json --listen 0 --frr-namespace nobody-is-here');
  if (process.geteuid?.() !== 0) {
    t.match({ code, out, err }, { code: 3, out: '', err: /you must be root/ }, 'and does not guess');
    return;
  }
  const report = JSON.parse(out) as DoctorReport;
  t.equal(code, 1);
  t.equal(report.node, 'nobody');
  const errors = report.checks.flatMap(({ findings }) => findings).filter(({ severity }) => severity === 'error');
  t.same(errors.map(({ id }) => id).sort(), ['dataplane-down', 'ospfd-down', 'zebra-down']);
  t.equal(report.counts.error, errors.length);
  t.ok(
    report.checks.filter(({ outcome }) => outcome === 'skipped').every(({ reason }) => reason !== ''),
    'what was not looked at has a reason',
  );
});

t.test('without tcpdump nothing is heard, and it says why', async (t) => {
  const options = { seconds: 1, ownAddresses: new Set<string>(), program: 'no-such-tcpdump' };
  t.same(await listen('lo', options), { listened: false, why: 'there is no no-such-tcpdump here' });
});
