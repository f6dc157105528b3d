// What the dataplane should have, and what it has: services with their servers and local addresses, in one form so that they compare.
import type { DestCheck, LaddrInfo, ServerSpec, ServiceInfo } from '../api/index.js';
import type { Place } from './diagnostic.js';
import type { Forwarding, Scheduler, VipService } from './model.js';

export interface DesiredServer {
  readonly server: ServerSpec['server'];
  readonly forwarding: Forwarding;
  readonly weight: number;
  readonly upperThreshold: number;
  readonly lowerThreshold: number;
}

export interface DesiredService {
  /** Where the file asks for it, and by what name. */
  readonly at: Place;
  readonly name: string;
  readonly service: VipService;
  readonly scheduler: Scheduler;
  readonly connTimeout: number | undefined;
  /** Address → port of the node; null: not ours to change. */
  readonly laddrs: ReadonlyMap<string, string> | null;
  readonly servers: ReadonlyMap<string, DesiredServer>;
}

/** A service as it is, or as it was left by the last change. */
export interface PresentService extends Pick<DesiredService, 'service' | 'scheduler' | 'connTimeout'> {
  /** Set by hand; an edit keeps it. */
  readonly destCheck: DestCheck | undefined;
  readonly laddrs: ReadonlyMap<string, string>;
  readonly servers: ReadonlyMap<string, DesiredServer>;
}

/** `tcp 10.0.0.1:80`, `udp [2001:db8::1]:53`. */
export const serviceText = ({ protocol, address, port }: VipService): string =>
  `${protocol} ${endpointText({ address, port })}`;

export const endpointText = ({ address, port }: { address: string; port: number }): string =>
  `${address.includes(':') ? `[${address}]` : address}:${port}`;

/** By serviceText. Services of another kind than ours are not there. */
export function presentServices(
  services: readonly ServiceInfo[],
  laddrs: readonly LaddrInfo[],
): Map<string, PresentService> {
  const localAddresses = new Map(
    laddrs.map((info) => [
      JSON.stringify(info.service),
      new Map(info.localAddresses.map(({ address, device }) => [address, device])),
    ]),
  );
  return new Map(
    services.flatMap(({ service, scheduler, connTimeout, destCheck, servers }) => {
      if (service.protocol !== 'tcp' && service.protocol !== 'udp') return [];
      const present: PresentService = {
        ...{ service, scheduler, destCheck },
        connTimeout: connTimeout ?? undefined,
        laddrs: localAddresses.get(JSON.stringify(service)) ?? new Map(),
        servers: new Map(
          servers.map(({ address, port, forwarding, weight, upperThreshold, lowerThreshold }) => [
            endpointText({ address, port }),
            { server: { address, port }, forwarding, weight, upperThreshold, lowerThreshold },
          ]),
        ),
      };
      return [[serviceText(service), present] as const];
    }),
  );
}

/** How it is when everything that was asked for has been done. */
export function afterwards(desired: DesiredService, before: PresentService | undefined): PresentService {
  const { service, scheduler, connTimeout, servers } = desired;
  const laddrs = desired.laddrs ?? before?.laddrs ?? new Map<string, string>();
  return { service, scheduler, connTimeout, servers, laddrs, destCheck: before?.destCheck };
}
