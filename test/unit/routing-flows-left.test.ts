// How many flows a drain's deadline would cut, from the classes that the dataplane counts.
import t from 'tap';
import { type DataplaneApi, DpvsError, methods } from '../../api/index.js';
import { cutByDeadline, lastingBeyond } from '../../routing/flows-left.js';
import { mostVips } from '../../routing/limits.js';

const expires = [
  { below: 1, flows: 1 },
  { below: 10, flows: 2 },
  { below: 60, flows: 4 },
  { below: 600, flows: 8 },
  { below: null, flows: 16 },
];

t.test('a class is counted whole when the deadline falls into it', async (t) => {
  for (const [seconds, wanted] of [
    [0, 31],
    [1, 30],
    [9, 30],
    [10, 28],
    [59, 28],
    [60, 24],
    [600, 16],
    [86_400, 16],
  ] as const)
    t.equal(lastingBeyond(expires, seconds), wanted, `${seconds} s`);
});

t.test('asked of the dataplane once, for however many', async (t) => {
  const asked: unknown[] = [];
  const dataplane = (answer: () => unknown): DataplaneApi => ({
    call: async (method, params) => {
      asked.push([method, params]);
      return answer() as never;
    },
  });
  t.equal(
    await cutByDeadline(
      dataplane(() => ({ expires })),
      ['1.2.3.4', '1.2.3.5'],
      60,
    ),
    24,
  );
  t.same(asked, [['conn.summary', { addresses: ['1.2.3.4', '1.2.3.5'] }]]);
  const refusing = dataplane(() => {
    throw new DpvsError('slow_path_down');
  });
  t.equal(
    await cutByDeadline(
      dataplane(() => ({ expires })),
      ['1.2.3.4'],
      null,
    ),
    0,
    'without a deadline nothing is cut',
  );
  t.equal(await cutByDeadline(refusing, [], 60), 0, 'no VIP, no flow');
  const many = Array.from({ length: mostVips }, (_, i) => `10.0.${i >> 8}.${i & 255}`);
  t.equal(
    await cutByDeadline(
      dataplane(() => ({ expires })),
      many,
      60,
    ),
    24,
  );
  t.same(asked.at(-1), ['conn.summary', { addresses: many }]);
  t.ok(methods['conn.summary'].params.safeParse({ addresses: many }).success, 'all that one command may name');
  t.equal(await cutByDeadline(refusing, ['1.2.3.4'], 60), null, 'a drain goes on without the number');
  const broken = dataplane(() => {
    throw new TypeError('x');
  });
  await t.rejects(cutByDeadline(broken, ['1.2.3.4'], 60), TypeError);
});
