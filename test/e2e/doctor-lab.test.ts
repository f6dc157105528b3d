// `dpvs-route doctor` on a real node: real dpvs, kni, zebra, ospfd and bridge; then with its parts missing.
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { run } from '../../lab/index.js';
import type { DoctorReport } from '../../routing/doctor/index.js';
import { cluster, skip } from './support.js';

t.setTimeout(470_000);

t.test('doctor on a node of the lab', { skip }, async (t) => {
  const lab = await cluster(t);
  const [node] = lab.nodes as [(typeof lab.nodes)[number]];
  await node.announce();
  const diagnose = async (): Promise<{ code: number; ids: string[] }> => {
    const { code, stdout } = await node.cli('dpvs-route', 'doctor', '--json');
    const { checks } = JSON.parse(stdout) as DoctorReport;
    return { code, ids: checks.flatMap(({ findings }) => findings.map(({ id }) => id)) };
  };
  t.same(await diagnose(), { code: 0, ids: [] }, 'nothing is wrong with it');

  await t.test('vtysh and doctor in a shell of the lab find the member’s own daemons', async (t) => {
    const cli = fileURLToPath(new URL('../../lab/cli.js', import.meta.url));
    const shell = (...argv: string[]) => run([process.execPath, cli, '--prefix', lab.prefix, 'exec', ...argv]);
    const plain = await shell(node.name, 'sh', '-c', 'vtysh -c "show ip ospf neighbor"; dpvs-route doctor --listen 1');
    t.equal(plain.code, 0, plain.stdout);
    t.match(plain.stdout, /10\.0\.0\.1 +\d+ Full/);
    t.match(plain.stdout, /nothing found/);
    const l3 = await shell('switch', 'vtysh', '-c', 'show ip ospf neighbor');
    t.match(l3.stdout, node.plan.wanAddress);
    const nobody = await shell('node7', 'true');
    t.equal(nobody.code, 1);
    t.match(nobody.stdout, /no node7 in dl.*\n.*client switch node1 node2 lan rs1 rs2/);
  });

  await t.test('and without --prefix a lab of a running program is not taken', async (t) => {
    // A lab's directory of its own, in which the only lab is somebody's.
    const directory = mkdtempSync(join(tmpdir(), 'lab-'));
    t.teardown(() => rmSync(directory, { recursive: true, force: true }));
    cpSync(lab.state.directory, join(directory, lab.prefix), {
      recursive: true,
      filter: (path) => !/sock$/.test(path),
    });
    const cli = fileURLToPath(new URL('../../lab/cli.js', import.meta.url));
    const { code, stdout } = await run([process.execPath, cli, 'exec', 'node1', 'true'], {
      env: { ...process.env, DPVS_LAB_DIR: directory },
    });
    t.equal(code, 1);
    t.match(stdout, new RegExp(`^no lab is up\n.*--prefix ${lab.prefix}`));
  });

  await node.kill('bridge', 'SIGKILL');
  t.same(await diagnose(), { code: 0, ids: ['bridge-down'] }, 'a missing bridge is a warning');
  await node.kill('dpvs', 'SIGKILL');
  const { code, ids } = await diagnose();
  t.equal(code, 1);
  t.equal(ids[0], 'dataplane-down');
});
