// The book of wanted VIPs: histories with their reasons, penalties, what is logged how often, and drains that outlive the bridge.
import { join } from 'node:path';
import t, { type Test as AnyTest } from 'tap';
import { type Log, type LogFields, silentLog } from '../../log/index.js';
import { Journal, type JournalEntry } from '../../routing/journal.js';
import { mostVips } from '../../routing/limits.js';
import { defaultPolicy } from '../../routing/policy.js';
import { type Vip, VipBook } from '../../routing/vip-book.js';
import type { Reason, VipInput } from '../../routing/vip-state.js';

type Test = Pick<AnyTest, 'testdir'>;

const entry: JournalEntry = {
  ...{
    vip: '123.1.2.3',
    ports: [{ device: 'dpdk1', kni: 'dpdk1.kni' }],
    force: false,
    policy: defaultPolicy,
    wanted: true,
    drain: null,
  },
  owned: { routes: [], policy: false },
};
const noService: Reason = { at: 'service', code: 'no_service', detail: 'no service on 123.1.2.3' };
const byHand: Reason = { at: 'command', code: 'withdrawn', detail: 'dpvs-route withdraw' };
const stepFailed: Reason = { at: 'verify ospfd', code: 'not_verified', detail: 'no LSA' };

const well: VipInput = { kind: 'assessed', serve: null, begin: null, hear: null };
const broken: VipInput = { kind: 'assessed', serve: noService, begin: null, hear: null };
const announced: VipInput = { kind: 'announced', hear: null };

interface Logged {
  readonly name: string;
  readonly fields: LogFields;
}

function bookOf(t: Test, written: readonly JournalEntry[] = []): { book: VipBook; journal: Journal; log: Logged[] } {
  const journal = new Journal(join(t.testdir({}), 'n.route.json'));
  journal.write(written);
  const log: Logged[] = [];
  const listening: Log = { ...silentLog(), event: (name, fields = {}) => void log.push({ name, fields }) };
  return { book: new VipBook(journal, listening), journal, log };
}

function withVip(t: Test): { book: VipBook; journal: Journal; log: Logged[]; vip: Vip } {
  const opened = bookOf(t);
  const [vip] = opened.book.add([structuredClone(entry)]);
  return { ...opened, vip };
}

const endOfTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const move = (book: VipBook, vip: Vip, ...inputs: readonly VipInput[]): void => {
  for (const input of inputs) book.advance(vip, input);
};
const told = ({ history }: Vip): string[] => history.map(({ from, to, reason }) => `${from} ${to} ${reason.at}`);

t.test('each transition has its reason: in the history, in the log, and for whoever listens', async (t) => {
  const { book, vip, log } = withVip(t);
  const heard: string[] = [];
  book.onTransition = (about, { from, to, reason }) => heard.push(`${about.entry.vip} ${from} ${to} ${reason.at}`);
  move(
    book,
    vip,
    broken,
    well,
    { kind: 'failed', reason: stepFailed },
    announced,
    broken,
    { kind: 'released' },
    broken,
  );
  move(book, vip, well, announced, { kind: 'drifted', reason: stepFailed }, announced, { kind: 'drain' });
  move(book, vip, { kind: 'left' }, { kind: 'emptied', reason: { ...byHand, at: 'drain' } }, { kind: 'undrain' });
  t.same(told(vip), [
    'configured ready conditions',
    'ready announced verify',
    'announced withdrawn service',
    'withdrawn ready conditions',
    'ready announced verify',
    'announced ready verify ospfd',
    'ready announced verify',
    'announced draining command',
    'draining withdrawn drain',
    'withdrawn configured command',
  ]);
  t.same(
    heard,
    told(vip).map((line) => `123.1.2.3 ${line}`),
  );
  t.same(
    log
      .filter(({ name }) => /^vip\.(ready|announced|withdrawn|draining|configured)$/.test(name))
      .map(({ name }) => name),
    told(vip).map((line) => `vip.${line.split(' ')[1]}`),
  );
  t.match(log.find(({ name }) => name === 'vip.withdrawn')?.fields, {
    vip: '123.1.2.3',
    device: 'dpdk1',
    from: 'announced',
    ...noService,
  });
  t.equal(log.filter(({ name }) => name === 'vip.announce_failed').length, 1);
  t.equal(log.filter(({ name }) => name === 'vip.drifted').length, 1);
  for (const { at } of vip.history) t.equal(new Date(at).toISOString(), at);
});

t.test('the history keeps the last 16', async (t) => {
  const { book, vip } = withVip(t);
  for (let i = 0; i < 20; i++) {
    const reason = { ...noService, detail: String(i) };
    move(book, vip, well, announced, { kind: 'assessed', serve: reason, begin: null, hear: null });
  }
  t.equal(vip.history.length, 16);
  t.equal(vip.history.at(-1)?.reason.detail, '19', 'the newest is the last');
  t.same(told(vip).slice(0, 3), [
    'announced withdrawn service',
    'withdrawn ready conditions',
    'ready announced verify',
  ]);
  t.equal(vip.history[0].reason.detail, '14');
});

t.test('what goes without a condition that fails is told all the same', async (t) => {
  const { book, vip, log } = withVip(t);
  const heard: unknown[] = [];
  book.onTransition = (_vip, transition) => heard.push(transition);
  move(book, vip, well, announced);
  const state = vip.state;
  heard.length = 0;
  book.tell(vip, byHand);
  t.equal(vip.state, state, 'the state is not changed');
  t.match(heard, [{ from: 'announced', to: 'withdrawn', reason: byHand }]);
  t.match(vip.history.at(-1), { from: 'announced', to: 'withdrawn', reason: byHand });
  t.match(log.at(-1), { name: 'vip.withdrawn', fields: byHand });
  move(book, vip, broken);
  heard.length = 0;
  book.tell(vip, byHand);
  t.same(heard, [], 'it had gone before');
});

t.test('only what the node withdraws of itself is flapping', async (t) => {
  const { book, vip } = withVip(t);
  const thrice = (...inputs: readonly VipInput[]): number => {
    for (let i = 0; i < 3; i++) move(book, vip, ...inputs);
    return book.suppressedMs(vip);
  };
  t.equal(thrice(well, announced, { kind: 'drain' }, { kind: 'emptied', reason: byHand }, { kind: 'undrain' }), 0);
  move(book, vip, well, announced);
  for (let i = 0; i < 3; i++) book.tell(vip, byHand);
  t.equal(book.suppressedMs(vip), 0, 'withdrawn by hand');
  t.ok(thrice(well, announced, broken, broken, { kind: 'released' }) > 0, 'three withdrawals for cause');
  const { value } = vip.penalty;
  t.ok(value > 2_000 && value <= 3_000, `one penalty each, not one an assessment: ${value}`);
  book.forgive(vip);
  t.equal(book.suppressedMs(vip), 0, 'the operator forgives');
});

t.test('why it is kept is logged once a reason', async (t) => {
  const { book, vip, log } = withVip(t);
  const kept = (detail: string): Reason => ({ at: 'floor', code: 'kept', detail });
  const said = (): (string | undefined)[] =>
    log.filter(({ name }) => name === 'vip.kept').map(({ fields }) => String(fields.detail));
  move(book, vip, well, announced);
  for (const detail of ['1 other', '1 other', '0 others', '0 others', '1 other']) book.keep(vip, kept(detail));
  t.same(said(), ['1 other', '0 others', '1 other']);
  t.equal(vip.kept?.detail, '1 other');
  book.keep(vip, null);
  t.equal(vip.kept, null);
  book.keep(vip, kept('1 other'));
  t.equal(said().length, 4, 'it was well in between');
  move(book, vip, broken);
  t.equal(vip.kept, null, 'it has gone after all');
});

t.test('a drain survives the bridge, in whichever stage it is', async (t) => {
  const deadline = '2026-01-02T03:04:05.000Z';
  const drains: readonly JournalEntry['drain'][] = [null, { deadline, ended: false }, { deadline: null, ended: true }];
  const { book } = bookOf(
    t,
    drains.map((drain, i) => ({ ...entry, vip: `123.1.2.${i}`, drain })),
  );
  t.match(
    book.all.map(({ state }) => state),
    [
      { kind: 'configured', held: true },
      { kind: 'draining', stage: 'leaving' },
      { kind: 'withdrawn', held: true, parked: true, reason: { code: 'drained' } },
    ],
  );
});

t.test('the journal follows a drain to its end and back', async (t) => {
  const { book, journal, vip } = withVip(t);
  const written = (): JournalEntry['drain'] => journal.read()[0].drain;
  move(book, vip, well, announced);
  vip.entry.drain = { deadline: null, ended: false };
  book.save();
  move(book, vip, { kind: 'drain' }, { kind: 'left' });
  t.same(written(), { deadline: null, ended: false });
  move(book, vip, { kind: 'emptied', reason: byHand });
  await endOfTurn();
  t.same(written(), { deadline: null, ended: true });
  const again = new VipBook(journal, silentLog()).get('123.1.2.3')!;
  t.match(again.state, { kind: 'withdrawn', parked: true });
});

t.test('the book takes so many and no more, and changes of those', async (t) => {
  const many = Array.from({ length: mostVips }, (_unused, i) => ({ ...entry, vip: `10.0.${i >> 8}.${i & 255}` }));
  const { book, journal } = bookOf(t, many.slice(1));
  const [first, more] = [structuredClone(many[0]), { ...structuredClone(entry), vip: '10.9.9.9' }];
  const refusal = { code: 'no_room', message: /4095 VIPs and 2 more: one node announces at most 4096/ };
  await t.rejects(async () => book.want([first, more]), refusal);
  t.same([book.all.length, journal.read().length], [mostVips - 1, mostVips - 1], 'none of them');
  t.equal(book.want([first])[0].entry.vip, first.vip);
  t.same(book.want([{ ...structuredClone(many[7]), force: true }]), [], 'a known one');
  t.equal(book.get(many[7].vip)?.entry.force, true);
  await t.rejects(async () => book.want([more]), { code: 'no_room' });
  t.equal(journal.read().length, mostVips);
});

t.test('drains that end together are written down once', async (t) => {
  const drain = { deadline: null, ended: false };
  const entries = Array.from({ length: 300 }, (_unused, i) => ({ ...entry, vip: `10.0.${i >> 8}.${i & 255}`, drain }));
  const { book, journal } = bookOf(t, entries);
  let writes = 0;
  const write = journal.write.bind(journal);
  journal.write = (vips) => {
    writes++;
    write(vips);
  };
  for (const vip of book.all) move(book, vip, { kind: 'emptied', reason: byHand });
  await endOfTurn();
  t.equal(writes, 1);
  t.ok(journal.read().every(({ drain }) => drain?.ended === true));
  for (const vip of book.all) move(book, vip, { kind: 'undrain' });
  book.close();
  t.equal(writes, 2, 'the end of the bridge does not wait for a turn');
  await endOfTurn();
  t.equal(writes, 2, 'and it is the last');
});

t.test('adding and removing is written down', async (t) => {
  const { book, journal } = bookOf(t);
  const second = { ...structuredClone(entry), vip: '123.1.2.4' };
  const added = book.add([structuredClone(entry), second]);
  t.match(
    added.map(({ state }) => state),
    [
      { kind: 'configured', held: false },
      { kind: 'configured', held: false },
    ],
  );
  t.same(
    journal.read().map(({ vip }) => vip),
    ['123.1.2.3', '123.1.2.4'],
  );
  t.equal(book.get('123.1.2.4'), added[1]);
  book.remove([added[0]]);
  t.equal(book.get('123.1.2.3'), undefined);
  t.same(
    journal.read().map(({ vip }) => vip),
    ['123.1.2.4'],
  );
  added[1].entry.owned.routes = ['dpdk1'];
  book.save();
  t.same(journal.read()[0].owned.routes, ['dpdk1']);
});
