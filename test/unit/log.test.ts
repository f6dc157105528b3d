// The log: JSON lines with stable event names, levels at run time, repeated conditions summed up.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import {
  createLog,
  type EventName,
  eventGroups,
  eventTable,
  logLevels,
  RepeatedCondition,
  silentLog,
} from '../../log/index.js';

interface Line {
  readonly level: string;
  readonly event: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

function capture(level: (typeof logLevels)[number] = 'info') {
  const lines: Line[] = [];
  const stream = { write: (text: string) => void lines.push(JSON.parse(text) as Line) };
  return { lines, log: createLog({ stream, level, name: 'node1' }) };
}

t.test('a line carries event, level, node, time and the fields', (t) => {
  const { lines, log } = capture();
  log.event('port.up', { port: 'dpdk0', speedMbps: 10_000 });
  log.event('port.down', { port: 'dpdk0' }, 'dpdk0 lost its link');
  t.match(lines[0], { level: 'info', event: 'port.up', node: 'node1', port: 'dpdk0', speedMbps: 10_000 });
  t.equal(lines[0]?.msg, eventTable['port.up'].description);
  t.match(lines[1], { level: 'warn', event: 'port.down', msg: 'dpdk0 lost its link' });
  t.ok(Math.abs(Date.parse(String(lines[0]?.time)) - Date.now()) < 60_000, 'the time is an ISO time of now');
  t.end();
});

t.test('a SIGHUP of a process that logs to standard error ends nothing', (t) => {
  t.doesNotThrow(() => createLog({ pretty: false }).reopen());
  t.end();
});

t.test('the level changes at run time, for parts of the log too', (t) => {
  const { lines, log } = capture('warn');
  const part = log.with({ part: 'kni' });
  part.event('port.up');
  t.equal(lines.length, 0);
  t.equal(part.enabled('info'), false);
  log.level = 'debug';
  part.event('kni.multicast', { joined: 1 });
  t.match(lines, [{ event: 'kni.multicast', part: 'kni', joined: 1 }]);
  t.equal(log.level, 'debug');
  t.equal(part.enabled('trace'), false);
  t.end();
});

t.test('an error under `error` keeps its stack', (t) => {
  const { lines, log } = capture();
  log.event('api.defect', { error: new TypeError('x is undefined') });
  t.match(lines[0]?.error, { type: 'TypeError', message: 'x is undefined', stack: /log\.test/ });
  t.end();
});

t.test('a file is appended to, and opened anew after logrotate', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'dpvs-log-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 'sub', 'dpvs.log');
  const log = createLog({ file });
  log.event('node.starting');
  renameSync(file, `${file}.1`);
  log.reopen();
  log.event('node.started');
  log.flush();
  t.match(readFileSync(`${file}.1`, 'utf8'), /node\.starting/);
  t.match(JSON.parse(readFileSync(file, 'utf8')), { event: 'node.started' });
  t.end();
});

t.test('a full disk ends nothing that logs, and what fits is there', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'dpvs-log-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 'dpvs.log');
  const program = `
    import { createLog } from ${JSON.stringify(new URL('../../log/index.js', import.meta.url).href)};
    const log = createLog({ file: ${JSON.stringify(file)} });
    for (let i = 0; i < 8_000; i++) log.event('bridge.started', { i });
    log.flush();
    process.stdout.write('went on');`;
  // 8 blocks of 512 bytes a file: what is beyond is refused (EFBIG).
  const command = `unset NODE_OPTIONS; ulimit -f 8; exec ${process.execPath} --input-type=module -e "$PROGRAM"`;
  const { stdout } = spawnSync('sh', ['-c', command], {
    encoding: 'utf8',
    timeout: 60_000,
    env: { ...process.env, PROGRAM: program },
  });
  t.equal(stdout, 'went on');
  t.match(readFileSync(file, 'utf8'), /"event":"bridge.started"/);
  t.end();
});

t.test('pretty lines name the event and need no JSON', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'dpvs-log-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 'pretty.log');
  createLog({ file, pretty: true }).event('port.up', { port: 'dpdk1' });
  const text = readFileSync(file, 'utf8');
  t.match(text, /INFO.*port\.up +a port has link/);
  t.match(text, /port: "dpdk1"/);
  t.end();
});

t.test('the event table is complete: group.event names, levels pino knows, a sentence each', (t) => {
  let count = 0;
  for (const [group, events] of Object.entries(eventGroups))
    for (const [event, { level, description }] of Object.entries(events)) {
      count++;
      const name = `${group}.${event}` as EventName;
      t.match(name, /^[a-z]+\.[a-z_]+$/);
      t.same(eventTable[name], { level, description });
      t.ok((logLevels as readonly string[]).includes(level), name);
      t.match(description, /^\S.*[^.]$/, `${name} is described`);
    }
  t.equal(Object.keys(eventTable).length, count);
  t.end();
});

t.test('a repeated condition is one line at once and one an interval', (t) => {
  const { lines, log } = capture();
  let now = 1000;
  const condition = new RepeatedCondition(log, 'conn.no_port', { everySeconds: 10, now: () => now });
  condition.hit({ laddr: '192.168.100.200' });
  t.match(lines, [{ event: 'conn.no_port', laddr: '192.168.100.200' }]);
  for (let i = 0; i < 500; i++) condition.hit({ laddr: '192.168.100.201' });
  t.equal(lines.length, 1, 'nothing more within the interval');
  now += 12_000;
  condition.hit({ laddr: '192.168.100.202' }, 3);
  t.equal(lines.length, 2);
  t.match(lines[1], { repeated: 503, seconds: 12, total: 504, laddr: '192.168.100.202' });
  now += 1000;
  condition.hit();
  t.equal(lines.length, 2, 'the interval begins again with the summary');
  condition.flush();
  t.match(lines[2], { repeated: 1, total: 505 });
  now += 60_000;
  condition.hit({}, 7);
  t.match(lines[3], { count: 7 });
  t.equal(condition.total, 512);
  t.end();
});

t.test('the summary comes by itself when the condition stops', async (t) => {
  const { lines, log } = capture();
  const condition = new RepeatedCondition(log, 'upcall.dropped', { everySeconds: 0.02 });
  condition.hit();
  condition.hit();
  condition.hit();
  while (lines.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  t.match(lines[1], { event: 'upcall.dropped', repeated: 2 });
  t.equal(condition.total, 3);
});

t.test('a silent log takes everything', (t) => {
  const log = silentLog();
  log.event('node.failed', { error: new Error('x') });
  log.flush();
  log.reopen();
  t.equal(log.level, 'info');
  t.end();
});
