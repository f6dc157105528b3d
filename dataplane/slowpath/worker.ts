// The slow path in its worker thread: one blocking native call when there is nothing to do, so an idle node costs no CPU.
import { type MessagePort, receiveMessageOnPort, workerData } from 'node:worker_threads';
// Not through the API's door: its schemas take longer to load than all of the slow path, which has none of them to check.
import { DpvsError } from '../../api/errors.js';
import { loadLibrary } from '../../native/index.js';
import type { FromWorker, ToWorker, WorkerStart } from './messages.js';
import { SlowPath } from './slow-path.js';

/** A control message waits at most this long when its kick came just before the wait. */
const LONGEST_WAIT_MS = 200;

const { options, changes, adopt, port } = workerData as WorkerStart;
const say = (message: FromWorker): void => port.postMessage(message);

function obey(slowPath: SlowPath, message: ToWorker): void {
  try {
    let result: unknown = null;
    if (message.kind === 'apply') slowPath.apply(message.changes);
    else result = slowPath.query(message.name, message.params);
    say({ kind: 'done', id: message.id, result });
  } catch (error) {
    if (!(error instanceof DpvsError)) throw error;
    say({ kind: 'refused', id: message.id, code: error.code, detail: error.detail, field: error.field });
  }
}

/** Until it is terminated. */
function run(messages: MessagePort): never {
  const library = loadLibrary();
  const slowPath = new SlowPath(options, (notice) => say({ kind: 'notice', notice }));
  say({ kind: 'started', ...slowPath.start(changes, adopt) });
  for (;;) {
    for (let next = receiveMessageOnPort(messages); next !== undefined; next = receiveMessageOnPort(messages))
      obey(slowPath, next.message as ToWorker);
    if (slowPath.turn() === 0) library.dp_wait(Math.min(LONGEST_WAIT_MS, Math.ceil(slowPath.idleMs())));
  }
}

run(port);
