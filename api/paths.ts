// Where a node's sockets and state live. One process of each kind per node name; the name comes from --name or DPVS_NAME.
import { join } from 'node:path';

export function nodeName(explicit?: string): string {
  const name = explicit ?? process.env.DPVS_NAME ?? 'dpvs';
  if (!/^[A-Za-z0-9_.-]{1,32}$/.test(name))
    throw new RangeError(`node name ${JSON.stringify(name)}: 1-32 of A-Z a-z 0-9 _ . -`);
  return name;
}

/** Mode 0700; holds the sockets and the pid file. */
export function runDirectory(): string {
  return process.env.DPVS_RUN_DIR ?? '/run/dpvs';
}

/** Mode 0700; holds the journals. */
export function stateDirectory(): string {
  return process.env.DPVS_STATE_DIR ?? '/var/lib/dpvs';
}

/** The dataplane's ROUTER socket. */
export const controlEndpoint = (name: string, directory = runDirectory()): string =>
  `ipc://${join(directory, `${name}.sock`)}`;
/** The dataplane's PUB socket. */
export const eventEndpoint = (name: string): string => `ipc://${join(runDirectory(), `${name}.events.sock`)}`;
/** The routing bridge's ROUTER socket. */
export const bridgeEndpoint = (name: string, directory = runDirectory()): string =>
  `ipc://${join(directory, `${name}.route.sock`)}`;
/** The routing bridge's PUB socket. */
export const bridgeEventEndpoint = (name: string): string =>
  `ipc://${join(runDirectory(), `${name}.route.events.sock`)}`;
/** The ROUTER socket of dpvs-keepalived. */
export const keepalivedEndpoint = (name: string, directory = runDirectory()): string =>
  `ipc://${join(directory, `${name}.keepalived.sock`)}`;
