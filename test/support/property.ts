// Properties as assertions: seeded, the counterexample printed when one is found.
import fc from 'fast-check';
import type { Test } from 'tap';

/** Another one each run, printed, repeatable by SEED=… in the environment. */
export function testSeed(t: Pick<Test, 'comment'>): number {
  const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 0x7fffffff));
  t.comment(`seed ${seed} (SEED=${seed} repeats it)`);
  return seed;
}

export function holds<Ts>(
  t: Pick<Test, 'equal'>,
  what: string,
  property: fc.IRawProperty<Ts, false>,
  parameters: { readonly seed: number; readonly numRuns?: number },
): void {
  const details = fc.check(property, parameters);
  t.equal(details.failed ? fc.defaultReportMessage(details) : undefined, undefined, what);
}
