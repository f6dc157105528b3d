// Random files: whatever the text, the parser answers with located diagnostics; what is written with the grammar is read back.
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { type BlockSpec, grammar, parseConfig } from '../../dataplane/config/index.js';

const seed = Number(process.env.DPVS_TEST_SEED ?? Math.floor(Math.random() * 0x7fffffff));
t.comment(`seed ${seed} (DPVS_TEST_SEED repeats it)`);

/** Every diagnostic points into the text, and can be shown. */
function mustAnswer(text: string): void {
  const { config, errors, warnings, render } = parseConfig(text, 'f', { cpus: 2 });
  if ((config === null) !== errors.length > 0) throw new Error('a config exactly when there are no errors');
  const lines = text.split('\n');
  for (const diagnostic of [...errors, ...warnings]) {
    const { line, column, length } = diagnostic.at;
    const source = lines[line - 1];
    if (source === undefined || column < 1 || column - 1 + length > Math.max(1, source.length))
      throw new Error(`${JSON.stringify(diagnostic)} points outside`);
    if (!render(diagnostic).startsWith(`f:${line}:${column}: ${diagnostic.severity}: `)) throw new Error('not shown');
  }
}

const check = <T>(t: Test, property: fc.IProperty<T>, numRuns: number): void => {
  const result = fc.check(property, { seed, numRuns });
  t.notOk(result.failed, fc.defaultReportMessage(result) ?? `${result.numRuns} texts`);
};

t.test('any text is answered', (t) => {
  const piece = fc.constantFrom(
    ...['{', '}', '\n', ' ', '\t', '#', '!', '<', '>', '"', '<init>', 'device', 'dpdk0', 'netif_defs', 'worker_defs'],
    ...['worker', 'cpu_id', 'port', 'rx_queue_ids', '0', '1', '99999999999999999999', 'type', 'master', 'constructor'],
    ...[
      '__proto__',
      'bonding',
      'hardware',
      'mtu',
      'ipvs_defs',
      'tcp',
      'timeout',
      'rss',
      'tcp|udp',
      'on',
      'off',
      '\r',
      'ü',
    ],
  );
  check(
    t,
    fc.property(fc.array(piece, { maxLength: 120 }), (pieces) => mustAnswer(pieces.join(''))),
    2000,
  );
  check(
    t,
    fc.property(fc.array(piece, { maxLength: 120 }), (pieces) => mustAnswer(pieces.join(' '))),
    2000,
  );
  check(t, fc.property(fc.string({ unit: 'binary', maxLength: 80 }), mustAnswer), 1000);
  t.end();
});

t.test('a damaged sample is answered', (t) => {
  const sample = readFileSync('conf/dpvs.conf.sample', 'utf8');
  const cut = fc.record({ at: fc.nat(sample.length), length: fc.nat(40), insert: fc.string({ maxLength: 5 }) });
  const damaged = fc.array(cut, { minLength: 1, maxLength: 4 }).map((cuts) => {
    let text = sample;
    for (const { at, length, insert } of cuts) text = text.slice(0, at) + insert + text.slice(at + length);
    return text;
  });
  check(t, fc.property(damaged, mustAnswer), 500);
  t.end();
});

interface Written {
  readonly path: string;
  readonly value: number;
  readonly text: string;
}

/** Every integer key of the grammar's unnamed blocks, found in the table by its allowed range. */
function integerKeys(spec: BlockSpec, path: readonly string[]): { path: string[]; min: number; max: number }[] {
  const here = Object.entries(spec.keys).flatMap(([key, { type }]) => {
    const range = type.usage === 'N' ? /^(\d+) to (\d+)( \w+)?$/.exec(type.allowed) : null;
    return range === null ? [] : [{ path: [...path, key], min: Number(range[1]), max: Number(range[2]) }];
  });
  const inner = Object.entries(spec.blocks).flatMap(([name, block]) =>
    block.named === null ? integerKeys(block, [...path, name]) : [],
  );
  return [...here, ...inner];
}

t.test('what is written is read, however it is laid out', (t) => {
  const keys = integerKeys(grammar, []);
  t.ok(keys.length > 40, `${keys.length} keys`);
  const blank = fc.constantFrom(' ', '\t', '  ', ' <init> ', ' <a { b> ');
  const end = fc.constantFrom('\n', ' # } comment {\n', '!x\n', '\r\n', '\n\n');
  const one = fc.constantFrom(...keys).chain(({ path, min, max }) =>
    fc.tuple(fc.integer({ min, max }), blank, end, end).map(([value, gap, eol, open]): Written => {
      const key = path.at(-1) ?? '';
      const blocks = path.slice(0, -1);
      const text = `${blocks.map((name) => `${name}${gap}{${open}`).join('')}${gap}${key}${gap}${value}${eol}${'}'.repeat(blocks.length)}\n`;
      return { path: path.join('/'), value, text };
    }),
  );
  const pairs: [string, (config: NonNullable<ReturnType<typeof parseConfig>['config']>) => number][] = [
    ['ipvs_defs/tcp/timeout/established', (config) => config.conn.tcp.established],
    ['ipvs_defs/tcp/timeout/last_ack', (config) => config.conn.tcp.lastAck],
    ['ipvs_defs/udp/timeout/oneway', (config) => config.conn.udp.oneway],
    ['ipvs_defs/conn/conn_init_timeout', (config) => config.conn.initTimeout],
    ['neigh_defs/timeout', (config) => config.neighbour.reachable],
    ['ipv4_defs/default_ttl', (config) => config.ipv4.defaultTtl],
    ['sa_pool/pool_hash_size', (config) => config.saPool.hashSize],
    ['dataplane_defs/idle_sleep_us', (config) => config.polling.idleSleepUs],
  ];
  check(
    t,
    fc.property(fc.array(one, { maxLength: 20 }), (written) => {
      const small = written.filter(({ path }) => !path.endsWith('_capacity'));
      const text = `netif_defs { device dpdk0 { } }\n${small.map((w) => w.text).join('')}`;
      const { config, errors, render } = parseConfig(text, 'f', { cpus: 2 });
      if (config === null) throw new Error(errors.map(render).join('\n'));
      for (const [path, get] of pairs) {
        const last = small.findLast((w) => w.path === path);
        if (last !== undefined && get(config) !== last.value)
          throw new Error(`${path}: ${get(config)}, not ${last.value}`);
      }
    }),
    500,
  );
  t.end();
});
