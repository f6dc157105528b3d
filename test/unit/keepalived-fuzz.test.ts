// Random keepalived.conf: whatever the text, the answer is diagnostics with a place in it; what is written with the grammar is read back.
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { parseKeepalived, renderDiagnostic } from '../../keepalived/index.js';

const seed = Number(process.env.DPVS_TEST_SEED ?? Math.floor(Math.random() * 0x7fffffff));
t.comment(`seed ${seed} (DPVS_TEST_SEED repeats it)`);

const parse = (text: string) => parseKeepalived('f', { read: () => text, list: () => ['f', 'g'] });

/** Every diagnostic points into the text, and can be shown. */
function mustAnswer(text: string): void {
  const { config, diagnostics } = parse(text);
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  if ((config === null) !== errors.length > 0) throw new Error('a config exactly when there are no errors');
  const lines = text.split('\n');
  for (const diagnostic of diagnostics) {
    const { line, column, length, source } = diagnostic.at;
    const there = lines[line - 1]?.replace(/\r$/, '');
    if (there !== source || column < 1 || column - 1 + length > Math.max(1, source.length))
      throw new Error(`${JSON.stringify(diagnostic)} points outside`);
    if (!/^.+:\d+:\d+: (error|warning): ./.test(renderDiagnostic(diagnostic))) throw new Error('not shown');
  }
}

const check = <T>(t: Test, property: fc.IProperty<T>, numRuns: number): void => {
  const result = fc.check(property, { seed, numRuns });
  t.notOk(result.failed, fc.defaultReportMessage(result) ?? `${result.numRuns} texts`);
};

const sample = readFileSync('conf/keepalived.conf.sample', 'utf8');
const faults = readFileSync('test/unit/golden/keepalived/faults.conf', 'utf8');

t.test('any text is answered', (t) => {
  const piece = fc.constantFrom(
    ...[
      '{',
      '}',
      '\n',
      ' ',
      '\t',
      '#',
      '!',
      '"',
      "'",
      '\\',
      '\r',
      'include',
      'constructor',
      '__proto__',
      'ü',
      '$',
      '@',
    ],
    ...[...new Set(faults.match(/\S+/g))],
  );
  for (const glue of ['', ' ', '\n'])
    check(
      t,
      fc.property(fc.array(piece, { maxLength: 100 }), (pieces) => mustAnswer(pieces.join(glue))),
      200,
    );
  check(t, fc.property(fc.string({ unit: 'binary', maxLength: 80 }), mustAnswer), 250);
  t.end();
});

t.test('a damaged file is answered', (t) => {
  for (const whole of [sample, faults]) {
    const cut = fc.record({ at: fc.nat(whole.length), length: fc.nat(40), insert: fc.string({ maxLength: 5 }) });
    const damaged = fc.array(cut, { minLength: 1, maxLength: 4 }).map((cuts) => {
      let text = whole;
      for (const { at, length, insert } of cuts) text = text.slice(0, at) + insert + text.slice(at + length);
      return text;
    });
    check(t, fc.property(damaged, mustAnswer), 100);
  }
  t.end();
});

t.test('braces without end do not exhaust the stack', (t) => {
  for (const text of ['{'.repeat(5_000), 'a {'.repeat(5_000), '}'.repeat(5_000), 'a {\n'.repeat(5_000)])
    mustAnswer(text);
  t.pass();
  t.end();
});

t.test('what is written is read', (t) => {
  const octet = fc.integer({ min: 1, max: 254 });
  const server = fc.record({ host: octet, port: fc.integer({ min: 1, max: 65_535 }), weight: fc.nat(65_535) });
  const virtualServer = fc.record({
    host: octet,
    servers: fc.uniqueArray(server, { minLength: 1, maxLength: 5, selector: ({ host }) => host }),
    retry: fc.nat(20),
    delay: fc.integer({ min: 1, max: 86_400 }),
    blank: fc.constantFrom(' ', '\t', '   '),
    end: fc.constantFrom('\n', ' # } comment {\n', '!x\n', '\r\n', '\n\n'),
  });
  check(
    t,
    fc.property(fc.uniqueArray(virtualServer, { maxLength: 4, selector: ({ host }) => host }), (written) => {
      const text = written
        .map(({ host, servers, retry, delay, blank, end }) => {
          const real = servers.map(
            (each) =>
              `real_server 10.1.0.${each.host} ${each.port}${blank}{${end}weight${blank}${each.weight}${end}TCP_CHECK {${end}retry ${retry}${end}}${end}}${end}`,
          );
          const keys = ['lb_algo rr', 'lb_kind FNAT', 'protocol TCP', `delay_loop ${delay}`].join(end);
          return `virtual_server${blank}10.0.0.${host} 80 {${end}${keys}${end}${real.join('')}}${end}`;
        })
        .join('');
      const { config, diagnostics } = parse(text);
      if (config === null) throw new Error(diagnostics.map(renderDiagnostic).join('\n'));
      const read = config.virtualServers.map(({ services, realServers }) => ({
        host: services[0]?.address,
        servers: realServers.map(({ address, port, weight, checks }) => [
          ...[address, port, weight, checks[0]?.retry, checks[0]?.delayLoopMs],
        ]),
      }));
      const wanted = written.map(({ host, servers, retry, delay }) => ({
        host: `10.0.0.${host}`,
        servers: servers.map((each) => [`10.1.0.${each.host}`, each.port, each.weight, retry, delay * 1000]),
      }));
      if (JSON.stringify(read) !== JSON.stringify(wanted)) throw new Error(`${JSON.stringify(read)}\n${text}`);
    }),
    150,
  );
  t.end();
});
