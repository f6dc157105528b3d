// Settings of a port that are the driver's: promiscuous mode, multicast, administrative state, MTU, MAC. All of a request or none.
import { DpvsError } from '../../api/index.js';
import { loadLibrary, portInfo } from '../../native/index.js';
import type { DesiredLink, Plan } from '../control/index.js';
import type { RunningPort } from './bring-up.js';
import { applyOwn, type Own } from './port-own.js';

const ENOTSUP = 95;

/** The kernel's side of the ports. */
export interface KniLinks {
  /** The port has this MTU or MAC now; its kni gets the same. Rejects when the kernel refuses. */
  set(port: string, own: Own): Promise<void>;
}

/** Returns what of MTU and MAC the port had not. @throws {DpvsError} no_device, not_support */
export function applyLink(ports: readonly RunningPort[], link: DesiredLink): Own {
  const port = ports.find((p) => p.config.name === link.name);
  if (port === undefined) throw new DpvsError('no_device', link.name, 'name');
  const flag = (value: boolean | undefined): number => (value === undefined ? -1 : Number(value));
  const rc = loadLibrary().dp_port_set(
    port.index,
    flag(link.promisc),
    // Switched off by the port's multicast filter, when that is sure to receive the groups by itself.
    link.allmulticast === true ? 1 : -1,
    flag(link.forward2kni),
    flag(link.up),
  ) as number;
  // A driver without the switch, such as a ring; the frames come anyway.
  if (rc !== 0 && rc !== -ENOTSUP)
    throw new DpvsError('not_support', `${link.name}: the driver refused (error ${-rc})`);
  return applyOwn(port, link);
}

/**
 * The ports and their kni as the plan wants them, all or none. Returns what puts them back as they were, for when the plan comes to
 * nothing. @throws {DpvsError} not_support
 */
export async function applyLinks(
  ports: readonly RunningPort[],
  kni: KniLinks,
  { changes }: Plan,
): Promise<() => Promise<void>> {
  const before: DesiredLink[] = [];
  const undo = async (): Promise<void> => {
    for (const link of before.splice(0).reverse()) {
      // Who asked hears of the first refusal; a kni that is not what its port is will be put right.
      await applyOne(ports, kni, link).catch(() => undefined);
      // Nobody has heard of a MAC that came to nothing.
      const port = ports.find((p) => p.config.name === link.name);
      if (port !== undefined) loadLibrary().dp_port_forget_mac(port.index);
    }
  };
  try {
    for (const change of changes) {
      if (change.kind !== 'link.set') continue;
      const now = settingsNow(ports, change.link.name);
      if (now !== undefined) before.push(now);
      await applyOne(ports, kni, change.link);
    }
  } catch (error) {
    await undo();
    throw error;
  }
  return undo;
}

async function applyOne(ports: readonly RunningPort[], kni: KniLinks, link: DesiredLink): Promise<void> {
  const own = applyLink(ports, link);
  if (Object.keys(own).length === 0) return;
  try {
    await kni.set(link.name, own);
  } catch (error) {
    throw new DpvsError('not_support', `${link.name}: its kni could not follow: ${String(error)}`);
  }
}

function settingsNow(ports: readonly RunningPort[], name: string): DesiredLink | undefined {
  const port = ports.find((p) => p.config.name === name);
  const info = port === undefined ? undefined : portInfo(port.index);
  if (info === undefined) return undefined;
  const { promisc, allmulticast, forward2kni, adminUp: up, mtu, mac } = info;
  return { name, promisc, allmulticast, forward2kni, up, mtu, mac };
}
