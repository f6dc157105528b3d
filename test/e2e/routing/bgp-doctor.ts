// What doctor tells on a node whose bridge announces by BGP, for the tests that break one thing of it.
import type t from 'tap';
import { type Diagnosis, DoctorScene } from './doctor-scene.js';

/** Up, with the session Established and the bridge running; down when the test ends. */
export async function bgpSceneOf(test: Pick<typeof t, 'teardown'>): Promise<DoctorScene> {
  const doctor = await DoctorScene.up({ protocol: 'bgp' }, test);
  await doctor.scene.startBridge();
  await doctor.neighbourBecomes(/^Established$/, 40_000);
  return doctor;
}

/** Without listening: of BGP the daemon itself tells. */
export const diagnosisOf = (doctor: DoctorScene): Promise<Diagnosis> => doctor.diagnose('--listen', '0');

export async function idsOf(doctor: DoctorScene): Promise<Pick<Diagnosis, 'errors' | 'warnings'>> {
  const { errors, warnings } = await diagnosisOf(doctor);
  return { errors, warnings };
}
