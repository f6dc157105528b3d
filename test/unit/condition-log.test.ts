// Losses are told once and summed up, by the rise of their counters; garbage from the wire is not told at all.
import t from 'tap';
import { ConditionLog } from '../../dataplane/node/index.js';
import type { Log } from '../../log/index.js';
import type { Counters } from '../../native/index.js';

t.test('a rise is told with its size, a counter that stands still is not', async (t) => {
  const values = { no_server: 5, conn_table_full: 0, eth_truncated: 100 };
  const lines: { name: string; fields: object }[] = [];
  const log = { event: (name: string, fields: object) => lines.push({ name, fields }) } as unknown as Log;
  const counters = {
    all: () => Object.entries(values).map(([name, value]) => ({ kind: 'drop', name, description: '', value })),
  } as unknown as Counters;
  const conditions = new ConditionLog(counters, log);
  conditions.look();
  t.same(lines, [{ name: 'conn.no_server', fields: { reason: 'no_server', count: 5 } }]);
  conditions.look();
  t.equal(lines.length, 1, 'nothing rose');
  values.no_server += 3;
  values.conn_table_full += 1;
  conditions.look();
  t.same(lines.at(-1), { name: 'conn.pool_full', fields: { reason: 'conn_table_full' } });
  t.equal(lines.length, 2, 'the repetition waits for its summary');
  conditions.flush();
  t.equal(lines.length, 3);
  t.match(lines.at(-1), { name: 'conn.no_server', fields: { repeated: 3 } });
});
