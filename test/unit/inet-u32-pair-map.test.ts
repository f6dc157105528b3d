// The pair map against a Map with string keys: sequences of set, delete and get over few keys, so that probe chains collide.
import fc from 'fast-check';
import t from 'tap';
import { U32PairMap } from '../../dataplane/inet/index.js';
import { holds, testSeed } from '../support/property.js';

const seed = testSeed(t);
const key = fc.oneof(fc.nat(40), fc.constantFrom(0x7fffffff, 0x80000000, 0xffffffff, 0xc0a80001));
const step = fc.record({
  op: fc.constantFrom('set', 'set', 'delete', 'get'),
  first: key,
  second: fc.oneof(fc.nat(3), key),
  value: fc.oneof(fc.nat(1000), fc.constant(0x7ffffffe)),
});

t.test('behaves as a map', async (t) => {
  const property = fc.property(fc.array(step, { maxLength: 400, size: 'max' }), (steps) => {
    const map = new U32PairMap(1);
    const model = new Map<string, number>();
    for (const { op, first, second, value } of steps) {
      const name = `${first} ${second}`;
      if (op === 'set') {
        map.set(first, second, value);
        model.set(name, value);
      } else if (op === 'delete') {
        if (map.delete(first, second) !== model.delete(name)) return false;
      } else if (map.get(first, second) !== (model.get(name) ?? -1)) return false;
      if (map.size !== model.size) return false;
    }
    return [...model].every(([name, value]) => {
      const [first, second] = name.split(' ').map(Number);
      return map.get(first!, second!) === value;
    });
  });
  holds(t, 'as a Map of strings', property, { seed, numRuns: 500 });
});

t.test('a full sweep in and out', async (t) => {
  const map = new U32PairMap();
  const count = 20_000;
  for (let i = 0; i < count; i++) map.set(0x0a000000 + i, i % 7, i);
  t.equal(map.size, count);
  let wrong = 0;
  for (let i = 0; i < count; i++) if (map.get(0x0a000000 + i, i % 7) !== i) wrong++;
  for (let i = 0; i < count; i += 2) map.delete(0x0a000000 + i, i % 7);
  for (let i = 0; i < count; i++) if (map.get(0x0a000000 + i, i % 7) !== (i % 2 === 0 ? -1 : i)) wrong++;
  t.equal(wrong, 0);
  t.equal(map.size, count / 2);
  map.clear();
  t.equal(map.size, 0);
  t.equal(map.get(0x0a000001, 1), -1);
});

t.test('value 0 and key (0, 0) are not emptiness', async (t) => {
  const map = new U32PairMap();
  t.equal(map.get(0, 0), -1);
  map.set(0, 0, 0);
  t.equal(map.get(0, 0), 0);
  t.equal(map.delete(0, 0), true);
  t.equal(map.delete(0, 0), false);
  t.equal(map.get(0, 0), -1);
});
