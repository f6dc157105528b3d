// The bridge's journal across versions of itself: what an older bridge wrote, what a newer one adds, and what is refused, by its field.
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { Journal, type JournalEntry } from '../../routing/journal.js';
import { defaultPolicy } from '../../routing/policy.js';

/** As the first version wrote it: without policy and drain. */
const old = {
  vip: '123.1.2.3',
  ...{ device: 'dpdk1', kni: 'dpdk1.kni' },
  force: true,
  owned: { route: true, policy: true },
};
const ports = [{ device: 'dpdk1', kni: 'dpdk1.kni' }];
const whole: JournalEntry = {
  ...{ vip: '123.1.2.3', ports, force: true, owned: { routes: ['dpdk1'], policy: true } },
  ...{ policy: defaultPolicy, wanted: true, drain: null },
};

t.test('the file of an older bridge is read with defaults', async (t) => {
  const path = join(t.testdir({}), 'n.route.json');
  writeFileSync(path, JSON.stringify({ version: 1, vips: [old, { ...old, vip: '2001:db8::1' }] }));
  t.same(new Journal(path).read(), [whole, { ...whole, vip: '2001:db8::1' }]);
  const journal = new Journal(path);
  const [first, second] = journal.read();
  t.same([journal.departed, journal.restartUntil], [[], null]);
  t.not(first.owned, second.owned, 'each has its own');
  writeFileSync(path, JSON.stringify({ version: 1, vips: [{ ...old, owned: { route: false, policy: false } }] }));
  t.same(journal.read(), [{ ...whole, owned: { routes: [], policy: false } }]);
});

t.test('policies and drains come back as they were written', async (t) => {
  const journal = new Journal(join(t.testdir({}), 'n.route.json'));
  const entries: JournalEntry[] = [
    { ...whole, policy: { quorum: 5, hysteresis: 2, services: 'all', floor: 64 } },
    { ...whole, vip: '123.1.2.4', drain: { deadline: '2026-01-02T03:04:05.678Z', ended: false } },
    { ...whole, vip: '123.1.2.5', drain: { deadline: null, ended: true } },
    { ...whole, vip: '123.1.2.6', ports: [...ports, { device: 'dpdk2', kni: 'dpdk2.kni' }] },
  ];
  journal.write(entries);
  t.same(journal.read(), entries);
  t.equal(statSync(journal.path).mode & 0o777, 0o600);
  journal.write(entries.slice(0, 1));
  t.same(journal.read(), entries.slice(0, 1), 'written whole, not appended');

  const departed = [{ vip: '123.1.2.9', kni: 'dpdk1.kni', curing: true }];
  Object.assign(journal, { departed, restartUntil: '2026-01-02T03:04:05.678Z' });
  journal.write(entries);
  const again = new Journal(journal.path);
  t.same(again.read(), entries);
  t.same(
    [again.departed, again.restartUntil],
    [departed, '2026-01-02T03:04:05.678Z'],
    'and what stands beside the VIPs',
  );
});

t.test('what cannot be meant is refused, with the field', async (t) => {
  const path = join(t.testdir({}), 'n.route.json');
  const journal = new Journal(path);
  const refused: [change: object, field: RegExp][] = [
    [{ policy: { ...defaultPolicy, quorum: 0 } }, /vips\.1\.policy\.quorum: /],
    [{ policy: { ...defaultPolicy, floor: 65 } }, /vips\.1\.policy\.floor: /],
    [{ policy: { ...defaultPolicy, services: 'some' } }, /vips\.1\.policy\.services: /],
    [{ policy: { quorum: 1 } }, /vips\.1\.policy\.hysteresis: /],
    [{ policy: { ...defaultPolicy, more: 1 } }, /vips\.1\.policy: .*more/],
    [{ policy: null }, /vips\.1\.policy: /],
    [{ drain: { deadline: 'tomorrow', ended: false } }, /vips\.1\.drain\.deadline: /],
    [{ drain: { deadline: null } }, /vips\.1\.drain\.ended: /],
    [{ drain: { ended: true } }, /vips\.1\.drain\.deadline: /],
    [{ state: 'announced' }, /vips\.1: .*state/],
  ];
  const refuses = async (version: number, before: object, change: object, message: RegExp): Promise<void> => {
    writeFileSync(path, JSON.stringify({ version, vips: [before, { ...before, ...change }] }));
    await t.rejects(async () => journal.read(), { code: 'journal', message }, JSON.stringify(change));
  };
  for (const [change, message] of refused) {
    await refuses(1, old, change, message);
    await refuses(2, whole, change, message);
  }
  await refuses(1, old, { owned: { route: true } }, /vips\.1\.owned\.policy: /);
  await refuses(1, old, { device: '1' }, /vips\.1\.device: /);
  await refuses(1, old, { ports }, /vips\.1: .*ports/);
  await refuses(2, whole, { owned: { routes: [] } }, /vips\.1\.owned\.policy: /);
  await refuses(2, whole, { ports: [] }, /vips\.1\.ports: /);
  await refuses(2, whole, { ports: [{ device: '1', kni: 'a' }] }, /vips\.1\.ports\.0\.device: /);
  await refuses(2, whole, { device: 'dpdk1' }, /vips\.1: .*device/);
  await refuses(3, whole, {}, /version/);
  for (const [text, why] of [
    ['', /n\.route\.json: it is empty\n {2}to start without it: mv \S+n\.route\.json \S+n\.route\.json\.damaged;/],
    ['{"version": 2, "vips": [', /n\.route\.json: .*JSON.*\n {2}to start without it: mv /],
  ] as const) {
    writeFileSync(path, text);
    await t.rejects(async () => journal.read(), { code: 'journal', message: why }, text);
  }
  await t.rejects(async () => new Journal(t.testdirName).read(), { code: 'journal', message: /EISDIR/ });
});
