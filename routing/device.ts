// Which port a VIP is announced on when the user does not say: the one that the routing daemon runs on.
import { DpvsError, type LinkInfo } from '../api/index.js';
import type { Neighbour } from './frr-output.js';

/** @param runsOn whether the daemon runs on a kni. @throws {DpvsError} when the choice is not clear */
export async function chooseDevice(
  links: readonly Pick<LinkInfo, 'name' | 'kni'>[],
  neighbours: readonly Pick<Neighbour, 'interface' | 'full'>[],
  runsOn: (kni: string) => Promise<boolean>,
): Promise<string> {
  const visible = links.filter(({ kni }) => kni !== null);
  const withNeighbour = (full: boolean) =>
    visible.filter(({ kni }) => neighbours.some((each) => each.interface === kni && (each.full || !full)));
  const withDaemon = async () => {
    const answers = await Promise.all(visible.map(({ kni }) => runsOn(kni!)));
    return visible.filter((_link, i) => answers[i]);
  };
  for (const candidates of [withNeighbour(true), withNeighbour(false), await withDaemon(), visible]) {
    const [first, ...others] = candidates;
    if (first === undefined) continue;
    if (others.length === 0) return first.name;
    throw new DpvsError(
      'invalid_parameter',
      `${candidates.map(({ name }) => name).join(', ')} could carry it: say which with --dev, or --dev ${candidates.map(({ name }) => name).join(',')} for all of them`,
      'device',
    );
  }
  throw new DpvsError('no_device', 'no port has a kernel-visible interface', 'device');
}
