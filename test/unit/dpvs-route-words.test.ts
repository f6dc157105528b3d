// dpvs-route's words: its help pages against its tables, and any words at all: a request that the schema accepts, or a refusal.
import fc from 'fast-check';
import t from 'tap';
import { DpvsError } from '../../cli/common/index.js';
import { byCommand, type CommandName, common } from '../../cli/dpvs-route/options.js';
import { runDpvsRoute } from '../support/dpvs-route.js';
import { testSeed } from '../support/property.js';

const commands = Object.keys(byCommand) as CommandName[];

t.test('config speaks of IPv6 VIPs as run does', async (t) => {
  const flat = async (command: string) => (await runDpvsRoute([command, '--help'])).out.replaceAll(/\s+/g, ' ');
  t.match(await flat('run'), '--ospf6 IPv6 VIPs by ospf6d');
  t.match(await flat('config'), 'by which the bridge announces IPv6 VIPs when it is `dpvs-route run --ospf6`');
});

t.test('the page of a command has every option of it, with its letter, its value and its help', async (t) => {
  for (const command of commands) {
    const { out, code } = await runDpvsRoute([command, '--help']);
    t.equal(code, 0);
    t.match(out, new RegExp(`^dpvs-route ${command}`), command);
    const flat = out.replaceAll(/\s+/g, ' ');
    for (const { long = [], short = '', value, optional, help } of [...byCommand[command], ...common]) {
      t.ok(
        long.every((name) => new RegExp(`--${name}[ ,]`).test(flat)),
        `${command} --${long.join(', --')}`,
      );
      for (const letter of short) t.ok(new RegExp(`-${letter}, --`).test(flat), `${command} -${letter}`);
      t.ok(
        flat.includes(
          `${value === undefined ? '' : optional === true ? `[${value}]: ` : `${value}: `}${help}`.replaceAll(
            /\s+/g,
            ' ',
          ),
        ),
        `${command}: ${help}`,
      );
    }
    t.match(flat, /Examples: dpvs-route/);
    for (const example of flat.matchAll(/dpvs-route ([a-z-]+)/g))
      t.ok(
        commands.some((name) => name === example[1]),
        example[0],
      );
  }
});

t.test('the page of the program has every command, and the same page by three ways', async (t) => {
  const { out } = await runDpvsRoute(['--help']);
  for (const command of commands) t.match(out, new RegExp(`^ +dpvs-route ${command}\\b`, 'm'), command);
  t.equal((await runDpvsRoute(['help'])).out, out);
  for (const command of commands) {
    const page = (await runDpvsRoute([command, '-h'])).out;
    t.equal((await runDpvsRoute(['help', command])).out, page);
    t.equal((await runDpvsRoute(['--help', command])).out, page);
  }
  t.equal((await runDpvsRoute(['help', 'nothing'])).code, 2);
});

// Only what talks to the bridge: the others look at the machine.
const talking = commands.filter((name) => !['config', 'doctor', 'run'].includes(name));
const word = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...talking, 'help') },
  {
    weight: 6,
    arbitrary: fc.constantFrom(
      ...talking.flatMap((name) =>
        byCommand[name].flatMap(({ long = [], short = '' }) => [`--${long[0]}`, `-${short}`]),
      ),
      ...[
        '--json',
        '--name',
        '--name=n2',
        '--deadline=never',
        '--services=all',
        '--floor=2',
        '-F',
        '-n',
        '-a',
        '-i1',
        '-c1',
        '--',
      ],
    ),
  },
  {
    weight: 8,
    arbitrary: fc.constantFrom(
      ...[
        '1.2.3.4',
        '1.2.3.4/32',
        '1.2.3.4/31',
        '2001:db8::1',
        '[2001:db8::1]/128',
        'fe80::1%eth0',
        '::',
        '::ffff:1.2.3.4',
      ],
      ...['never', 'any', 'all', '0', '1', '-1', '65536', '1e9', '0x10', '1.5', 'NaN', '', '-', '/', '[]', ']['],
      ...['dpdk1', '\0', '\n', '—', '__proto__', 'constructor', 'toString', 'x'.repeat(200)],
    ),
  },
  { weight: 1, arbitrary: fc.string() },
);

const anyLine = fc.array(word, { maxLength: 9 });
/** Nearly right, so that the words get as far as a request. */
const nearLine = fc
  .tuple(
    fc.constantFrom(...talking),
    fc.constantFrom('1.2.3.4', '--all', '--file=-', '--json'),
    fc.array(word, { maxLength: 2 }),
  )
  .map(([command, about, more]) => [command, about, ...more]);

/** Stands for any answer: what was asked is what counts. */
const stop = new DpvsError('busy', 'asked');

t.test('any words', async (t) => {
  let understood = 0;
  const seen = new Set<string>();
  const property = fc.asyncProperty(fc.oneof(anyLine, nearLine), async (argv) => {
    const { code, out, err, asked } = await runDpvsRoute(argv, { answers: [stop], input: '1.2.3.4 # one\n5.6.7.8' });
    if (asked.length > 0) {
      understood++;
      seen.add(asked[0][0]);
      if (code !== 1) throw new Error(`asked, and exit code ${code}`);
    } else if (code === 0 ? out === '' : code !== 2 || err === '') throw new Error(`exit code ${code}: ${err}`);
    if (/[\0]/.test(err)) throw new Error(`unprintable: ${JSON.stringify(err)}`);
  });
  const details = await fc.check(property, { seed: testSeed(t), numRuns: 4_000, interruptAfterTimeLimit: 4_000 });
  t.equal(details.failed ? fc.defaultReportMessage(details) : undefined, undefined);
  t.ok(understood > 100, `${understood} lines understood`);
  t.same([...seen].sort(), ['announce', 'drain', 'graceful-restart', 'show', 'status', 'undrain', 'withdraw']);
});
