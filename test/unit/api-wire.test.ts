// The hand-written reader of responses against the schema that defines them.
import fc from 'fast-check';
import t from 'tap';
import { responseFrame } from '../../api/index.js';
import { readResponse } from '../../api/wire.js';

const seed = Date.now() % 0x7fffffff;

t.test('what the schema accepts is read, as it is', async (t) => {
  t.comment(`seed ${seed}`);
  const id = fc.integer();
  const result = fc.jsonValue();
  const error = fc.record({ code: fc.string(), detail: fc.string(), field: fc.string() });
  const frame = fc.oneof(
    fc.record({ id, ok: fc.constant(true as const), result }),
    fc.record({ id, ok: fc.constant(false as const), error }),
  );
  fc.assert(
    fc.property(frame, (value) => {
      const text = JSON.stringify(value);
      return JSON.stringify(readResponse(text)) === JSON.stringify(responseFrame.parse(JSON.parse(text)));
    }),
    { seed, numRuns: 300 },
  );
  t.pass('equal for every frame tried');
});

t.test('anything else is null, never an exception', async (t) => {
  const error = { code: 'busy', detail: '', field: '' };
  const wrong = [
    '',
    'nonsense',
    'null',
    '[]',
    '7',
    '{}',
    '{"id":"1","ok":true,"result":1}',
    '{"id":1}',
    '{"id":1,"ok":"yes"}',
    '{"id":1,"ok":false}',
    '{"id":1,"ok":false,"error":null}',
    ...Object.keys(error).map((field) => JSON.stringify({ id: 1, ok: false, error: { ...error, [field]: 7 } })),
  ];
  for (const text of wrong) t.equal(readResponse(text), null, text);
});
