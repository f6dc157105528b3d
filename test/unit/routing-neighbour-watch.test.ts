// The bridge's look at a routing daemon's neighbours: a daemon that hangs holds nobody up.
import t from 'tap';
import { silentLog } from '../../log/index.js';
import type { Neighbour } from '../../routing/frr-output.js';
import { NeighbourWatch } from '../../routing/neighbour-watch.js';
import { VtyshError } from '../../routing/vtysh.js';
import { fullNeighbour } from '../support/routing-node.js';

function hanging() {
  let answer: (neighbours: Neighbour[]) => void = () => {};
  let fail: (error: Error) => void = () => {};
  let asked = 0;
  const neighbours = (): Promise<Neighbour[]> => {
    asked++;
    return new Promise((resolve, reject) => {
      [answer, fail] = [resolve, reject];
    });
  };
  const watch = new NeighbourWatch({ protocol: 'ospf', daemon: 'ospfd', neighbours }, silentLog());
  const silent = () => fail(new VtyshError('ospfd', 'silent', 'no answer within 5 s'));
  return { watch, silent, answer: (all: Neighbour[]) => answer(all), asked: () => asked };
}

t.test('the first look at a daemon that hangs ends with what was known', async (t) => {
  const { watch, silent, answer, asked } = hanging();
  const first = watch.look();
  answer([fullNeighbour()]);
  t.equal((await first).neighbours.length, 1);
  t.equal((await watch.look()).neighbours.length, 1, 'after the patience, as of the look before');
  t.equal(watch.silent, false, 'the look is not over');
  silent();
  await new Promise(setImmediate);
  t.equal(watch.silent, true);
  t.match(watch.view, { trouble: /no answer/, neighbours: [] });
  t.equal(asked(), 2);
});

t.test('a daemon that is known to hang is asked on, and nobody waits', async (t) => {
  const { watch, silent, answer, asked } = hanging();
  const first = watch.look();
  silent();
  await first;
  t.equal(asked(), 1);
  const start = performance.now();
  for (let i = 0; i < 100; i++) await watch.look();
  t.ok(performance.now() - start < 1_000, 'a hundred looks do not take one patience');
  t.equal(asked(), 2, 'they share one question');
  answer([fullNeighbour()]);
  await new Promise(setImmediate);
  t.equal(watch.silent, false);
  t.match(watch.view, { trouble: null, neighbours: [{ full: true }] });
});
