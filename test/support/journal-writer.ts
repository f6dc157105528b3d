// A process of its own for the journal's tests: appends requests until it is killed, and says what was acknowledged.
import { DpvsError } from '../../api/index.js';
import { Journal, type MutatingRequest } from '../../dataplane/control/index.js';
import { silentLog } from '../../log/index.js';

const [directory = '', name = ''] = process.argv.slice(2);
const batch = Number(process.env.DPVS_TEST_BATCH ?? 1);
const { journal } = await Journal.open({ directory, name, log: silentLog() });
for (let i = 1; ; i++) {
  try {
    const request: MutatingRequest = { method: 'neigh.del', params: { address: '10.0.0.1', device: `dpdk${i}` } };
    await journal.append(Array<MutatingRequest>(batch).fill(request), i);
    process.stdout.write(`${i}\n`);
  } catch (error) {
    process.stdout.write(`refused ${error instanceof DpvsError ? error.code : error}\n`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
