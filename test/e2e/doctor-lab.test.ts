// `dpvs-route doctor` on a real node: real dpvs, kni, zebra, ospfd and bridge; then with its parts missing.
import t from 'tap';
import type { DoctorReport } from '../../routing/doctor/index.js';
import { cluster, skip } from './support.js';

t.test('doctor on a node of the lab', { skip }, async (t) => {
  const lab = await cluster(t);
  const [node] = lab.nodes as [(typeof lab.nodes)[number]];
  await node.announce();
  const diagnose = async (): Promise<{ code: number; ids: string[] }> => {
    const { code, stdout } = await node.cli('dpvs-route', 'doctor', '--json', '--frr-namespace', node.frr.pathspace);
    const { checks } = JSON.parse(stdout) as DoctorReport;
    return { code, ids: checks.flatMap(({ findings }) => findings.map(({ id }) => id)) };
  };
  t.same(await diagnose(), { code: 0, ids: [] }, 'nothing is wrong with it');
  await node.kill('bridge', 'SIGKILL');
  t.same(await diagnose(), { code: 0, ids: ['bridge-down'] }, 'a missing bridge is a warning');
  await node.kill('dpvs', 'SIGKILL');
  const { code, ids } = await diagnose();
  t.equal(code, 1);
  t.equal(ids[0], 'dataplane-down');
});
