// The words of dpvs-keepalived, what it prints of a file and of what runs, and its exit codes.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { plain } from '../../cli/common/index.js';
import { formatStatus } from '../../cli/dpvs-keepalived/format.js';
import { dpvsKeepalived } from '../../cli/dpvs-keepalived/index.js';
import type { KeepalivedStatus } from '../../keepalived/index.js';
import { runCli } from '../support/cli.js';

const run = (...argv: string[]) => runCli('dpvs-keepalived: ', dpvsKeepalived, argv);

t.test('--check', async (t) => {
  const sample = 'conf/keepalived.conf.sample';
  t.match(await run('--check', '-f', sample), { code: 0, err: '', out: `${sample}: good (1 virtual server)\n` });
  t.match(await run('-t', '-f', sample, '--json'), { code: 0, out: /"good": true,\n {2}"found": \[\]/ });
  const file = join(t.testdir(), 'k.conf');
  writeFileSync(file, 'global_defs {\n  router_idd x\n}\n');
  const bad = await run('--check', '-f', file);
  t.match(bad, { code: 2, out: `${file}: one error\n` });
  t.equal(
    bad.err,
    [
      `${file}:2:3: error: unknown word "router_idd" in global_defs`,
      '  2 |   router_idd x',
      '    |   ^^^^^^^^^^',
      '  did you mean router_id?\n',
    ].join('\n'),
  );
  const { out } = await run('--check', '-f', file, '--json');
  t.match(JSON.parse(out), {
    good: false,
    found: [{ severity: 'error', file, line: 2, column: 3, word: 'router_idd', hint: 'did you mean router_id?' }],
  });
  t.match(await run('--check', '-f', '/nowhere'), { code: 2, err: /\/nowhere cannot be read \(ENOENT\)/ });
});

t.test('words that do not fit', async (t) => {
  process.env.DPVS_RUN_DIR = t.testdir();
  for (const [argv, message] of [
    [['start'], /unknown command 'start'/],
    [['--check', '--dry-run'], /--check or --dry-run, not both/],
    [['status', '-f', 'x'], /status takes --json and --name only/],
    [['--json'], /--json goes with/],
    [['--log-level', 'loud'], /invalid log level 'loud'/],
    [['-x'], /unknown option '-x'/],
  ] as const)
    t.match(await run(...argv), { code: 2, err: message }, argv.join(' '));
  t.match(await run('status'), { code: 3, err: /dpvs-keepalived unreachable: no socket at / });
  t.match(await run('--dry-run', '-f', 'conf/keepalived.conf.sample'), { code: 3, err: /dataplane unreachable/ });
  t.match(await run('--help'), { code: 0, out: /--dont-release-ipvs/ });
});

t.test('status for people', (t) => {
  const check = { kind: 'TCP_CHECK', target: '192.168.100.2:80', up: true, settled: true, retries: 0 } as const;
  const last = { ok: true, reason: 'connected', tookMs: 0.4, agoSeconds: 1.2 };
  const status: KeepalivedStatus = {
    ...{
      name: 'dpvs',
      pid: 7,
      startedAt: '',
      file: '/etc/k.conf',
      loadedAt: '',
      reloadError: null,
      dataplaneError: 'timeout',
    },
    vrrp: { state: 'running', pid: 8, instances: 1 },
    virtualServers: [
      {
        ...{ name: 'group web', at: '/etc/k.conf:9', sorryServer: { server: '10.1.0.9:80', active: true } },
        services: [
          { service: 'tcp 10.0.0.1:80', refused: null },
          { service: 'tcp 10.0.0.2:80', refused: 'no such device' },
        ],
        quorum: { up: false, needed: 3, hysteresis: 1, aliveWeight: 2 },
        servers: [
          { server: '192.168.100.2:80', alive: true, weight: 2, inhibitOnFailure: false, checks: [{ ...check, last }] },
          {
            ...{ server: '192.168.100.3:80', alive: false, weight: 2, inhibitOnFailure: true },
            checks: [{ ...check, up: false, retries: 0, last: { ...last, ok: false, reason: 'refused' } }],
          },
          {
            ...{ server: '192.168.100.4:80', alive: true, weight: 2, inhibitOnFailure: false },
            checks: [{ ...check, settled: false, last: null }],
          },
        ],
      },
    ],
  };
  t.same(formatStatus(status, plain), [
    '/etc/k.conf: 1 virtual server, 1 VRRP instance: stock keepalived runs (pid 8)',
    'dataplane: timeout',
    '',
    'group web: down, weight 2 of 3±1 needed',
    '  tcp 10.0.0.1:80',
    '  tcp 10.0.0.2:80 refused: no such device',
    '  sorry server 10.1.0.9:80 stands in',
    '  -> 192.168.100.2:80             up weight 2',
    '       TCP_CHECK 192.168.100.2:80  up, good: connected (0.4 ms, 1.2 s ago)',
    '  -> 192.168.100.3:80             down weight 0 (inhibited)',
    '       TCP_CHECK 192.168.100.2:80  down, bad: refused (0.4 ms, 1.2 s ago)',
    '  -> 192.168.100.4:80             up weight 2',
    '       TCP_CHECK 192.168.100.2:80  taken for up, not run yet',
  ]);
  t.end();
});
