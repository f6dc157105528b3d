// Which port a VIP is announced on when the user does not say: the one that OSPF runs on.
import { DpvsError } from '../api/index.js';
import type { NodeView } from './conditions.js';

/** @param enabled whether ospfd runs on a kni. @throws {DpvsError} when the choice is not clear */
export async function chooseDevice(view: NodeView, enabled: (kni: string) => Promise<boolean>): Promise<string> {
  const links = view.dataplane.links.filter(({ kni }) => kni !== null);
  const { neighbours } = view.ospf;
  const withNeighbour = (full: boolean) =>
    links.filter(({ kni }) => neighbours.some((each) => each.interface === kni && (each.full || !full)));
  const withOspf = async () => {
    const answers = await Promise.all(links.map(({ kni }) => enabled(kni!)));
    return links.filter((_link, i) => answers[i]);
  };
  for (const candidates of [withNeighbour(true), withNeighbour(false), await withOspf(), links]) {
    const [first, ...others] = candidates;
    if (first === undefined) continue;
    if (others.length === 0) return first.name;
    throw new DpvsError(
      'invalid_parameter',
      `${candidates.map(({ name }) => name).join(', ')} could carry it: say which with --dev`,
      'device',
    );
  }
  throw new DpvsError('no_device', 'no port has a kernel-visible interface', 'device');
}
