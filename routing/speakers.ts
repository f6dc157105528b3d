// Which routing daemon announces the VIPs of which family.
import type { Rtnetlink } from '../kni/index.js';
import type { Log } from '../log/index.js';
import type { AnnounceForm } from '../quagga-conf/index.js';
import type { AddressFamily } from './address.js';
import type { Speaker } from './core.js';
import { Bgp } from './drivers/bgp.js';
import type { Driver } from './drivers/driver.js';
import { OspfNetwork } from './drivers/ospf-network.js';
import { OspfRedistribute } from './drivers/ospf-redistribute.js';
import { Ospf6 } from './drivers/ospf6.js';
import { NeighbourWatch } from './neighbour-watch.js';
import { Ospfd } from './ospfd.js';
import type { Vtysh } from './vtysh.js';

export interface SpeakerOptions {
  /** Of the IPv4 VIPs and, with BGP, of the IPv6 ones as well. */
  readonly protocol: 'ospf' | 'bgp';
  /** Of OSPFv2. */
  readonly form: AnnounceForm;
  /** Of the external LSAs, where the bridge has to write `redistribute connected` itself. */
  readonly metric: number;
  /** OSPFv3 for IPv6 VIPs. */
  readonly ospf6: boolean;
}

export interface SpeakerParts {
  readonly vtysh: Vtysh;
  readonly kernel: Rtnetlink;
  readonly log: Log;
}

export function speakersOf(
  { protocol, form, metric, ospf6 }: SpeakerOptions,
  { vtysh, kernel, log }: SpeakerParts,
): Record<AddressFamily, Speaker | null> {
  const speaker = (driver: Driver): Speaker => ({ driver, watch: new NeighbourWatch(driver, log) });
  const bgp = (family: AddressFamily): Speaker => speaker(new Bgp(family, vtysh, () => kernel.addresses()));
  const ospf = (): Driver => {
    const ospfd = new Ospfd(vtysh);
    return form === 'redistribute' ? new OspfRedistribute(ospfd, metric) : new OspfNetwork(ospfd);
  };
  return {
    inet: protocol === 'bgp' ? bgp('inet') : speaker(ospf()),
    inet6: ospf6 ? speaker(new Ospf6(vtysh, metric)) : protocol === 'bgp' ? bgp('inet6') : null,
  };
}
