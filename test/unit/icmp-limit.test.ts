// The limit on ICMP errors made here: a second's worth at once, then as fast as they come back.
import t from 'tap';
import { ErrorLimit } from '../../dataplane/slowpath/icmp-common.js';

t.test('a thousand a second, of both families together', async (t) => {
  const limit = new ErrorLimit();
  const granted = (now: number): number => {
    let n = 0;
    while (n < 5000 && limit.allowed(now)) n++;
    return n;
  };
  t.equal(granted(50_000), 1000);
  t.equal(granted(50_000), 0);
  t.equal(granted(50_007), 7);
  t.equal(granted(90_000), 1000, 'not more after a long rest');
});
