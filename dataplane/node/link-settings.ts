// Settings of a port that are the driver's: promiscuous mode, multicast, administrative state.
import { DpvsError } from '../../api/index.js';
import { loadLibrary, portInfo } from '../../native/index.js';
import type { DesiredLink, Plan } from '../control/index.js';
import type { RunningPort } from './bring-up.js';

const ENOTSUP = 95;

/** @throws {DpvsError} no_device, not_support */
export function applyLink(ports: readonly RunningPort[], link: DesiredLink): void {
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
}

/**
 * The ports as the plan wants them, all or none. Returns what puts them back as they were, for when the plan comes to nothing.
 * @throws {DpvsError} not_support
 */
export function applyLinks(ports: readonly RunningPort[], { changes }: Plan): () => void {
  const before: DesiredLink[] = [];
  const undo = (): void => {
    for (const link of before.splice(0).reverse()) applyLink(ports, link);
  };
  try {
    for (const change of changes) {
      if (change.kind !== 'link.set') continue;
      const now = settingsNow(ports, change.link.name);
      if (now !== undefined) before.push(now);
      applyLink(ports, change.link);
    }
  } catch (error) {
    undo();
    throw error;
  }
  return undo;
}

function settingsNow(ports: readonly RunningPort[], name: string): DesiredLink | undefined {
  const port = ports.find((p) => p.config.name === name);
  const info = port === undefined ? undefined : portInfo(port.index);
  if (info === undefined) return undefined;
  const { promisc, allmulticast, forward2kni, adminUp: up } = info;
  return { name, promisc, allmulticast, forward2kni, up };
}
