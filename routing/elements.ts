// The two things a VIP consists of outside the routing daemon, added and removed many at a time: kernel addresses and dataplane routes.
import { type DataplaneApi, inBatches } from '../api/index.js';
import { isKernelError } from '../kni/index.js';
import { hostRoute } from './address.js';
import { isDpvsError } from './refusal.js';
import type { Tools } from './tools.js';

/** @throws {KernelError} EEXIST, ENODEV; those added before it stay */
export async function addAddresses({ kernel }: Tools, kni: string, vips: readonly string[]): Promise<void> {
  // A VIP is on several nodes by design: duplicate address detection would find them, and hold the address back for a second at best.
  for (const vip of vips) await kernel.addAddress(kni, hostRoute(vip), { nodad: true });
}

/** Also fine when they, or the interface, are gone. @returns those that were there */
export async function removeAddresses({ kernel, pace }: Tools, kni: string, vips: readonly string[]): Promise<void> {
  const removed: string[] = [];
  for (const vip of vips)
    try {
      await kernel.deleteAddress(kni, hostRoute(vip));
      removed.push(vip);
    } catch (error) {
      if (!isKernelError(error, 'EADDRNOTAVAIL', 'ENODEV')) throw error;
    }
  pace.changed(removed);
}

const kniHost = (device: string, vip: string) => ({ destination: hostRoute(vip), device, scope: 'kni_host' }) as const;

/** All of them or none. */
export async function addRoutes({ dataplane }: Tools, device: string, vips: readonly string[]): Promise<void> {
  const requests = vips.map((vip) => ({ method: 'route.add', params: kniHost(device, vip) }) as const);
  for (const batch of inBatches(requests)) await dataplane.call('batch', { requests: batch });
}

/** Also fine when they are gone. */
export async function removeRoutes({ dataplane }: Tools, device: string, vips: readonly string[]): Promise<void> {
  const requests = vips.map((vip) => ({ method: 'route.del', params: kniHost(device, vip) }) as const);
  for (const batch of inBatches(requests))
    try {
      await dataplane.call('batch', { requests: batch });
    } catch (error) {
      if (!isGone(error)) throw error;
      // One that is gone refuses the whole batch.
      for (const { params } of batch) await removeRoute(dataplane, params);
    }
}

async function removeRoute(dataplane: DataplaneApi, params: ReturnType<typeof kniHost>): Promise<void> {
  try {
    await dataplane.call('route.del', params);
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

const isGone = (error: unknown): boolean => isDpvsError(error, 'not_exist', 'no_route', 'no_device');
