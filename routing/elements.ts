// The two things a VIP consists of outside the routing daemon, added and removed many at a time: kernel addresses and dataplane routes.
import type { ErrorCode } from '../api/index.js';
import { isKernelError } from '../kni/index.js';
import { hostRoute } from './address.js';
import { isDpvsError } from './refusal.js';
import type { Tools } from './tools.js';

/** @throws {KernelError} EEXIST, ENODEV; those added before it stay */
export async function addAddresses({ kernel }: Tools, kni: string, vips: readonly string[]): Promise<void> {
  for (const vip of vips) await kernel.addAddress(kni, hostRoute(vip));
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

export async function addRoutes({ dataplane }: Tools, device: string, vips: readonly string[]): Promise<void> {
  for (const vip of vips) await dataplane.call('route.add', kniHost(device, vip));
}

/** Also fine when they are gone. */
export async function removeRoutes({ dataplane }: Tools, device: string, vips: readonly string[]): Promise<void> {
  const gone: ErrorCode[] = ['not_exist', 'no_route', 'no_device'];
  for (const vip of vips)
    try {
      await dataplane.call('route.del', kniHost(device, vip));
    } catch (error) {
      if (!isDpvsError(error, ...gone)) throw error;
    }
}
