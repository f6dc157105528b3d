// Drains in the VIP's state machine: whole lives as tables, and what no sequence of inputs may lead to.
import fc from 'fast-check';
import t from 'tap';
import {
  advance,
  byHand,
  type Intent,
  initialState,
  isHeld,
  isUnheard,
  isUp,
  type Order,
  type Reason,
  type VipInput,
  type VipState,
} from '../../routing/vip-state.js';
import { holds, testSeed } from '../support/property.js';

const noService: Reason = { at: 'service', code: 'no_service', detail: 'none' };
const noNeighbour: Reason = { at: 'neighbour', code: 'no_adjacency', detail: 'none' };
const noDaemon: Reason = { at: 'daemon', code: 'routing_daemon', detail: 'silent' };
const stepFailed: Reason = { at: 'verify ospfd', code: 'not_verified', detail: 'no LSA' };
const drift: Reason = { at: 'kernel address', code: 'not_verified', detail: 'gone' };
const noFlow: Reason = { at: 'drain', code: 'drained', detail: 'no flow was left' };

const well: VipInput = { kind: 'assessed', serve: null, begin: null, hear: null };
const broken: VipInput = { kind: 'assessed', serve: noService, begin: null, hear: null };
const alone: VipInput = { kind: 'assessed', serve: null, begin: null, hear: noNeighbour };
const mute: VipInput = { kind: 'assessed', serve: null, begin: noDaemon, hear: noNeighbour };
const announced: VipInput = { kind: 'announced', hear: null };
const announcedToNobody: VipInput = { kind: 'announced', hear: noNeighbour };
const failed: VipInput = { kind: 'failed', reason: stepFailed };
const drifted: VipInput = { kind: 'drifted', reason: drift };
const released: VipInput = { kind: 'released' };
const drain: VipInput = { kind: 'drain' };
const left: VipInput = { kind: 'left' };
const emptied: VipInput = { kind: 'emptied', reason: noFlow };
const undrain: VipInput = { kind: 'undrain' };
const unwanted: VipInput = { kind: 'unwanted', reason: byHand };

const isParked = (state: VipState): boolean => state.kind === 'withdrawn' && state.parked;

/** `draining leaving`, `withdrawn, parked, held, drain: no flow was left` */
function told(state: VipState): string {
  if (state.kind === 'draining') return `draining ${state.stage}`;
  if (state.kind === 'announced') return 'announced';
  const words: string[] = [state.kind];
  if (isParked(state)) words.push('parked');
  if (isUnheard(state)) words.push('complete');
  if (state.held) words.push('held');
  if (state.reason !== null) words.push(`${state.reason.at}: ${state.reason.detail}`);
  return words.join(', ');
}

type Life = readonly (readonly [input: VipInput, after: string, order?: Order])[];
const lives: Readonly<Record<string, { readonly held?: boolean; readonly intent?: Intent; readonly life: Life }>> = {
  'nobody hears of it: not taken back, and announced again as it is': {
    life: [
      [well, 'ready', 'announce'],
      [announced, 'announced'],
      [alone, 'configured, complete, held, neighbour: none'],
      [alone, 'configured, complete, held, neighbour: none'],
      [well, 'announced'],
      [alone, 'configured, complete, held, neighbour: none'],
      [broken, 'configured, held, service: none', 'withdraw'],
      [released, 'configured, service: none'],
    ],
  },
  'the daemon dies, and the next one is told before its adjacency is there': {
    life: [
      [well, 'ready', 'announce'],
      [announced, 'announced'],
      [mute, 'configured, held, daemon: silent'],
      [alone, 'ready, held', 'announce'],
      [announcedToNobody, 'configured, complete, held, neighbour: none'],
      [mute, 'configured, held, daemon: silent'],
      [alone, 'ready, held', 'announce'],
      [announcedToNobody, 'configured, complete, held, neighbour: none'],
      [well, 'announced'],
    ],
  },
  'what is taken away while nobody hears of it is put back': {
    life: [
      [well, 'ready', 'announce'],
      [announcedToNobody, 'configured, complete, held, neighbour: none'],
      [drifted, 'ready, held, kernel address: gone'],
      [alone, 'ready, held, kernel address: gone', 'announce'],
      [failed, 'ready, held, verify ospfd: no LSA'],
    ],
  },
  'a drain of what nobody hears': {
    life: [
      [well, 'ready', 'announce'],
      [announced, 'announced'],
      [alone, 'configured, complete, held, neighbour: none'],
      [drain, 'draining leaving'],
    ],
  },
  'a drain to its end, and back': {
    life: [
      [well, 'ready', 'announce'],
      [announced, 'announced'],
      [drain, 'draining leaving'],
      [drain, 'draining leaving'],
      [alone, 'draining leaving'],
      [left, 'draining emptying'],
      [drifted, 'draining emptying'],
      [well, 'draining emptying'],
      [emptied, 'withdrawn, parked, held, drain: no flow was left', 'withdraw'],
      [well, 'withdrawn, parked, held, drain: no flow was left', 'withdraw'],
      [released, 'withdrawn, parked, drain: no flow was left'],
      [well, 'withdrawn, parked, drain: no flow was left'],
      [broken, 'withdrawn, parked, drain: no flow was left'],
      [undrain, 'configured'],
      [well, 'ready', 'announce'],
      [announced, 'announced'],
    ],
  },
  'undrained while its flows end: as good again, not announced anew': {
    life: [
      [well, 'ready', 'announce'],
      [announced, 'announced'],
      [drain, 'draining leaving'],
      [left, 'draining emptying'],
      [undrain, 'announced', 'improve'],
      [emptied, 'announced'],
      [left, 'announced'],
      [undrain, 'announced'],
    ],
  },
  'a drain that loses its service: taken back at once, and not back by itself': {
    life: [
      [well, 'ready', 'announce'],
      [announced, 'announced'],
      [drain, 'draining leaving'],
      [broken, 'withdrawn, parked, held, service: none', 'withdraw'],
      [released, 'withdrawn, parked, service: none'],
      [well, 'withdrawn, parked, service: none'],
      [undrain, 'configured'],
    ],
  },
  'a drain of what is not announced parks it': {
    life: [
      [broken, 'configured, service: none'],
      [drain, 'withdrawn, parked, drain: dpvs-route undrain brings it back'],
      [well, 'withdrawn, parked, drain: dpvs-route undrain brings it back'],
      [undrain, 'configured'],
    ],
  },
  'a drain of what is being put right: others may be sending to it, so they take over first': {
    life: [
      [well, 'ready', 'announce'],
      [announced, 'announced'],
      [drifted, 'ready, held, kernel address: gone'],
      [drain, 'draining leaving'],
      [left, 'draining emptying'],
    ],
  },
  'not wanted any more, and taken back until it is proved': {
    life: [
      [well, 'ready', 'announce'],
      [announced, 'announced'],
      [unwanted, 'withdrawn, parked, held, command: dpvs-route withdraw', 'withdraw'],
      [drifted, 'withdrawn, parked, held, command: dpvs-route withdraw'],
      [well, 'withdrawn, parked, held, command: dpvs-route withdraw', 'withdraw'],
      [broken, 'withdrawn, parked, held, command: dpvs-route withdraw', 'withdraw'],
      [released, 'withdrawn, parked, command: dpvs-route withdraw'],
    ],
  },
  'a bridge that was killed before it was proved goes on taking it back': {
    held: true,
    intent: 'unwanted',
    life: [[well, 'withdrawn, parked, held, command: dpvs-route withdraw', 'withdraw']],
  },
  'a drain of what was withdrawn for cause': {
    life: [
      [well, 'ready', 'announce'],
      [announced, 'announced'],
      [broken, 'withdrawn, held, service: none', 'withdraw'],
      [released, 'withdrawn, service: none'],
      [drain, 'withdrawn, parked, drain: dpvs-route undrain brings it back'],
      [well, 'withdrawn, parked, drain: dpvs-route undrain brings it back'],
    ],
  },
  'undrain means nothing to what was withdrawn for cause': {
    life: [
      [well, 'ready', 'announce'],
      [announced, 'announced'],
      [broken, 'withdrawn, held, service: none', 'withdraw'],
      [undrain, 'withdrawn, held, service: none'],
    ],
  },
  'an attempt that ends after the drain does not bring it back': {
    life: [
      [well, 'ready', 'announce'],
      [drain, 'withdrawn, parked, drain: dpvs-route undrain brings it back'],
      [failed, 'withdrawn, parked, drain: dpvs-route undrain brings it back'],
      [announced, 'withdrawn, parked, held, drain: dpvs-route undrain brings it back'],
      [well, 'withdrawn, parked, held, drain: dpvs-route undrain brings it back', 'withdraw'],
    ],
  },
  'a bridge that was killed in a drain goes on with it': {
    held: true,
    intent: 'draining',
    life: [
      [well, 'draining leaving'],
      [alone, 'draining leaving'],
      [left, 'draining emptying'],
      [emptied, 'withdrawn, parked, held, drain: no flow was left', 'withdraw'],
    ],
  },
  'a bridge that was killed at the end of a drain takes back what is left': {
    held: true,
    intent: 'drained',
    life: [
      [well, 'withdrawn, parked, held, drain: dpvs-route undrain brings it back', 'withdraw'],
      [released, 'withdrawn, parked, drain: dpvs-route undrain brings it back'],
      [well, 'withdrawn, parked, drain: dpvs-route undrain brings it back'],
    ],
  },
};

for (const [name, { held = false, intent = 'announced', life }] of Object.entries(lives))
  t.test(name, async (t) => {
    let state = initialState(0, held, intent);
    for (const [i, [input, wanted, wantedOrder = 'none']] of life.entries()) {
      const { state: after, order } = advance(state, input, i + 1);
      t.equal(told(after), wanted, `${i} ${input.kind}`);
      t.equal(order, wantedOrder, `${i} ${input.kind}: order`);
      state = after;
    }
  });

const reason = fc.option(fc.constantFrom(noService, noNeighbour), { nil: null });
const anyInput: fc.Arbitrary<VipInput> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('assessed' as const), serve: reason, begin: reason, hear: reason }),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      announced,
      announcedToNobody,
      failed,
      drifted,
      released,
      drain,
      left,
      emptied,
      undrain,
      well,
    ),
  },
);

/** What is wrong with one move; each rule is said of the move alone, without looking how it is made. */
function fault(before: VipState, input: VipInput, after: VipState, order: Order, now: number): string | null {
  const nothingMissing = input.kind === 'assessed' && input.serve === null && input.begin === null;
  const cannotServe = input.kind === 'assessed' && input.serve !== null;
  if (isParked(before) && !isParked(after) && input.kind !== 'undrain') return 'parked is left without undrain';
  if (before.kind === 'draining' && after.kind === 'announced' && input.kind !== 'undrain')
    return 'a drain is forgotten';
  if (isUnheard(after) && input.kind !== 'assessed' && input.kind !== 'announced' && !isUnheard(before))
    return 'unheard without having been looked at';
  if (before.kind === 'draining' && !isUp(after) && !isParked(after)) return 'a drain ends without being parked';
  if (
    after.kind === 'draining' &&
    before.kind !== 'draining' &&
    !(isHeld(before) && before.kind !== 'withdrawn' && input.kind === 'drain')
  )
    return 'draining although nobody can be sending to it';
  if (order === 'announce' && (!nothingMissing || isUp(before) || isParked(before)))
    return 'announced without being ready';
  if (order === 'announce' && after.kind !== 'ready') return 'an attempt of what is not ready';
  if (order === 'withdraw' && ((!isHeld(before) && input !== unwanted) || isUp(after)))
    return 'withdrawn without being there';
  if (order === 'withdraw' && !cannotServe && !isParked(after)) return 'withdrawn without a reason';
  if ((order === 'improve') !== (before.kind === 'draining' && input.kind === 'undrain')) return 'improve';
  if (cannotServe && (isUp(after) || after.kind === 'ready')) return 'up although it cannot serve';
  if (cannotServe && isHeld(before) && order !== 'withdraw') return 'left behind although it cannot serve';
  if (isHeld(before) && !isHeld(after) && input.kind !== 'released') return 'what may be there is forgotten';
  if (input === unwanted && !(isParked(after) && isHeld(after) && order === 'withdraw')) return 'unwanted and left';
  if (!isHeld(before) && isHeld(after) && input.kind !== 'announced' && input !== unwanted)
    return 'held without having been announced';
  const heardAgain = isUnheard(before) && nothingMissing && input.hear === null;
  if (
    after.kind === 'announced' &&
    before.kind !== 'announced' &&
    input !== announced &&
    order !== 'improve' &&
    !heardAgain
  )
    return 'announced by itself';
  if (after.kind === 'announced' && input.kind === 'assessed' && (input.begin ?? input.hear) !== null)
    return 'announced to nobody';
  if (after.since !== (after.kind === before.kind ? before.since : now)) return 'since';
  return null;
}

t.test('whatever happens', async (t) => {
  const seen = new Set<string>();
  const start = fc.record({
    held: fc.boolean(),
    drain: fc.constantFrom<Intent>('announced', 'draining', 'drained', 'unwanted'),
  });
  const property = fc.property(start, fc.array(anyInput, { maxLength: 60 }), (given, inputs) => {
    let state = initialState(0, given.held, given.drain);
    let now = 0;
    for (const input of inputs) {
      now += 700;
      const { state: after, order } = advance(state, input, now);
      const wrong = fault(state, input, after, order, now);
      if (wrong !== null) throw new Error(`${told(state)} + ${input.kind} → ${told(after)} (${order}): ${wrong}`);
      seen.add(`${order} ${after.kind}`);
      state = after;
    }
  });
  holds(t, 'every move keeps the rules', property, { seed: testSeed(t), numRuns: 3000 });
  for (const each of ['announce ready', 'withdraw withdrawn', 'improve announced', 'none draining', 'none configured'])
    t.ok(seen.has(each), `${each} was among them`);
});
