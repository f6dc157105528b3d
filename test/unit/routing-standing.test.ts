// Who may be left a VIP: other announcers that do not drain it themselves.
import t from 'tap';
import { type Announcement, othersOf, standing } from '../../routing/drivers/driver.js';

const driver = { drainMetric: 1_000 };
const own = (metric: number): Announcement => ({ router: 'me', metric, self: true });
const other = (router: string, metric: number): Announcement => ({ router, metric, self: false });

t.test('where this node stands among them', async (t) => {
  const cases: [string, Announcement[], ReturnType<typeof standing>][] = [
    ['it does not announce it', [other('a', 20)], 'absent'],
    ['nobody else does', [own(20)], 'only'],
    ['as good as the best', [own(20), other('a', 20), other('b', 30)], 'best'],
    ['better', [own(10), other('a', 20)], 'best'],
    ['worse', [own(1_000), other('a', 20), other('b', 30)], 'worse'],
    ['the other one drains', [own(20), other('a', 1_000)], 'only'],
    ['both drain, a third does not', [own(1_000), other('a', 1_000), other('b', 20)], 'worse'],
    ['another of type 2, which is worse', [own(20), other('a', 2 ** 24 + 20)], 'best'],
    ['one of type 2 that drains', [own(20), other('a', 2 ** 24 + 1_000)], 'only'],
    ['all drain', [own(1_000), other('a', 1_020)], 'only'],
  ];
  for (const [what, announcements, wanted] of cases) t.equal(standing(announcements, driver), wanted, what);
});

t.test('those that drain are not counted', async (t) => {
  const all = [own(20), other('a', 999), other('b', 1_000)];
  t.same(
    othersOf(all, driver).map(({ router }) => router),
    ['a'],
  );
});
