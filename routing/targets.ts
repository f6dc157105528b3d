// What the procedures work on: VIPs with the ports they are to be on and what of them is the bridge's own, many at a time.
import { familyOf } from './address.js';
import type { Driver } from './drivers/driver.js';
import type { Port } from './port.js';
import { StepError } from './steps.js';
import type { Tools } from './tools.js';

export interface Target {
  readonly vip: string;
  readonly ports: readonly Port[];
}

/** What the bridge has added for a VIP; set before each addition, and saved. */
export interface Owned {
  /** The kni_host routes in the dataplane, by device. */
  routes: string[];
  /** Lines about it in the routing daemon's configuration. */
  policy: boolean;
}

export interface OwnedTarget extends Target {
  readonly owned: Owned;
}

/** Whether the kni_host routes of these VIPs on the device are ours. */
export function ownRoutes(
  targets: readonly OwnedTarget[],
  device: string,
  vips: readonly string[],
  ours: boolean,
): void {
  for (const { owned } of targets.filter(({ vip }) => vips.includes(vip))) {
    owned.routes = owned.routes.filter((each) => each !== device);
    if (ours) owned.routes.push(device);
  }
}

/** Those of which the routing daemon has lines of ours. */
export const oursOf = (targets: readonly OwnedTarget[]): string[] =>
  targets.filter(({ owned }) => owned.policy).map(({ vip }) => vip);

/** What is common to targets of the same ports and one family. @throws {StepError} */
export function placeOf(tools: Tools, targets: readonly Target[]) {
  const [{ vip, ports }] = targets;
  return {
    driver: driverOf(tools, vip),
    vips: targets.map((each) => each.vip),
    ports,
    knis: ports.map(({ kni }) => kni),
  };
}

/** @throws {StepError} */
export function driverOf(tools: Tools, vip: string): Driver {
  const driver = tools.driver(familyOf(vip));
  if (driver === null)
    throw new StepError('routing daemon', 'routing_daemon', `this bridge announces no ${familyOf(vip)} address`);
  return driver;
}
