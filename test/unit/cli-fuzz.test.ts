// Any words at all give a request that the schema accepts, or a refusal: never another exception.
import fc from 'fast-check';
import t from 'tap';
import { methods } from '../../api/index.js';
import { DpvsError } from '../../cli/common/index.js';
import { parseLine as parseDpip } from '../../cli/dpip/index.js';
import { parseLine as parseIpvsadm, readScript } from '../../cli/ipvsadm/index.js';

const seed = Date.now() % 0x7fffffff;
const budgetMs = 700;

const values = fc.constantFrom(
  ...[
    '10.0.0.1',
    '10.0.0.1/24',
    '10.0.0.1:80',
    '[2001:db8::1]:443',
    '2001:db8::1/64',
    'fe80::1%eth0',
    '[',
    ']:',
    ':',
    '::',
    '/',
  ],
  ...[
    'default',
    'dpdk0',
    'cpu0',
    'cpu99999',
    'http',
    '0',
    '1',
    '-1',
    '65535',
    '65536',
    '4294967296',
    '1e9',
    '0x10',
    'NaN',
    '',
  ],
  ...[
    'on',
    'off',
    'up',
    'forever',
    'rr',
    'mh',
    'a0:36:9f:9d:61:f4',
    'debug',
    'inet6',
    'node1',
    '*',
    '\0',
    '\n',
    '—',
    'a'.repeat(200),
  ],
  // Names that every JavaScript object has.
  ...['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf'],
);
const dpipWords = fc.constantFrom(
  ...['addr', 'route', 'neigh', 'link', 'maddr', 'vlan', 'status', 'counters', 'save', 'log', 'slowpath', 'help'],
  ...['add', 'del', 'set', 'show', 'list', 'change', 'flush', 'replace', 'restart'],
  ...[
    'dev',
    'scope',
    'via',
    'src',
    'mtu',
    'metric',
    'local',
    'sapool',
    'valid_lft',
    'prefered_lft',
    'preferred_lft',
    'broadcast',
  ],
  ...['lladdr', 'promisc', 'allmulticast', 'forward2kni', 'tc-egress', 'host', 'kni_host', 'global', 'status'],
  ...[
    '-4',
    '-6',
    '-f',
    '-s',
    '-sv',
    '-v',
    '-i',
    '-i1',
    '-c',
    '-C',
    '-F',
    '-a',
    '-h',
    '-V',
    '--',
    '-',
    '--json',
    '--name',
    '--name=x',
    '--st',
    '--=',
    '--color=1',
  ],
);
const ipvsadmWords = fc.constantFrom(
  ...'AEDCLlRSZadePQGUVBOYWhv'.split('').map((letter) => `-${letter}`),
  ...'tuq1fHspMrgibJmwxycnXozk2jF6'.split('').map((letter) => `-${letter}`),
  ...[
    '-ln',
    '-lnc',
    '-Ln',
    '-lncX',
    '-At10.0.0.1:80',
    '-w5',
    '-w=5',
    '--add-laddr',
    '--del-laddr',
    '--get-laddr',
    '--set',
    '--stats',
    '--rate',
  ],
  ...[
    '--exact',
    '--sort',
    '--nosort',
    '--timeout',
    '--daemon',
    '--cpu',
    '--thresholds',
    '--conn-timeout',
    '--json',
    '--name',
    '--',
    '--add',
    '--t',
  ],
);

const line = (words: fc.Arbitrary<string>): fc.Arbitrary<string[]> =>
  fc.array(
    fc.oneof({ weight: 6, arbitrary: words }, { weight: 4, arbitrary: values }, { weight: 1, arbitrary: fc.string() }),
    {
      maxLength: 12,
    },
  );

const limits = {
  seed,
  interruptAfterTimeLimit: budgetMs,
  markInterruptAsFailure: false,
  numRuns: 1_000_000,
  endOnFailure: true,
};

/** How often something was understood: a fuzz that never gets through tests little. */
let understood = 0;

function check(parse: () => readonly { method: string; params: unknown }[]): void {
  let calls: readonly { method: string; params: unknown }[];
  try {
    calls = parse();
  } catch (error) {
    if (!(error instanceof DpvsError)) throw error;
    if (error.code !== 'usage' && error.code !== 'not_support') throw new Error(`code ${error.code}`);
    if (error.message === '' || /[\n\0]/.test(error.message))
      throw new Error(`message ${JSON.stringify(error.message)}`);
    return;
  }
  understood++;
  for (const { method, params } of calls)
    methods[method as keyof typeof methods].params.parse(JSON.parse(JSON.stringify(params)));
}

t.before(() => t.comment(`seed ${seed}`));

t.test('dpip', async (t) => {
  understood = 0;
  fc.assert(
    fc.property(line(dpipWords), (argv) =>
      check(() => {
        const { action } = parseDpip(argv);
        if (action.do === 'change') return [action.call];
        return action.do === 'show' && 'params' in action.view
          ? [{ method: `${action.view.view}.list`, params: action.view.params }]
          : [];
      }),
    ),
    limits,
  );
  t.ok(understood > 0, `${understood} lines understood`);
});

t.test('ipvsadm', async (t) => {
  understood = 0;
  fc.assert(
    fc.property(line(ipvsadmWords), (argv) =>
      check(() => {
        const { action } = parseIpvsadm(argv);
        return action.do === 'change' ? [action.call] : [];
      }),
    ),
    limits,
  );
  t.ok(understood > 0, `${understood} lines understood`);
});

t.test('scripts of ipvsadm --restore', async (t) => {
  understood = 0;
  const text = fc
    .array(line(ipvsadmWords), { maxLength: 4 })
    .map((lines) => lines.map((words) => words.join(' ')).join('\n'));
  fc.assert(
    fc.property(fc.oneof(text, fc.string()), (script) => check(() => readScript(script).map(({ call }) => call))),
    limits,
  );
  t.ok(understood > 0, `${understood} scripts understood`);
});
