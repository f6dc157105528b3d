// What is there against what should be: the changes between the two, in the order in which each of them is possible.
import type { ChangeRequest } from '../api/index.js';
import { type DesiredServer, type DesiredService, endpointText, type PresentService } from './services.js';

export interface Change {
  readonly request: ChangeRequest;
  /** serviceText of what it is about. */
  readonly service: string;
  /** For people: `edit server 192.168.100.2:80 of tcp 192.168.100.254:80: weight 100 → 0`. */
  readonly text: string;
}

/**
 * @param present by serviceText; null for one that is not there
 * @param ours services that were set up from an earlier file; those that are not desired any more are removed
 */
export function difference(
  desired: ReadonlyMap<string, DesiredService>,
  present: ReadonlyMap<string, PresentService>,
  ours: ReadonlySet<string>,
): Change[] {
  // What goes first: it may have the addresses that others are to have.
  const gone = [...ours].flatMap((key) => {
    const before = present.get(key);
    if (before === undefined || desired.has(key)) return [];
    const request: ChangeRequest = { method: 'service.del', params: { service: before.service } };
    return [{ request, service: key, text: `delete service ${key}` }];
  });
  // A local address that several services have moves to another port only when none of them has it any more.
  const moved = [...desired].flatMap(([key, service]) => movedLaddrs(key, service, present.get(key)));
  return [
    ...gone,
    ...moved,
    ...[...desired].flatMap(([key, service]) => serviceChanges(key, service, present.get(key))),
  ];
}

function serviceChanges(key: string, desired: DesiredService, before: PresentService | undefined): Change[] {
  const { service, scheduler, connTimeout } = desired;
  const changes: Change[] = [];
  const add = (request: ChangeRequest, text: string): void => void changes.push({ request, service: key, text });
  if (before === undefined)
    add({ method: 'service.add', params: { service, scheduler, connTimeout } }, `add service ${key} ${scheduler}`);
  else if (before.scheduler !== scheduler || before.connTimeout !== connTimeout)
    add(
      // An edit replaces the whole service: what was set by hand is said again.
      { method: 'service.edit', params: { service, scheduler, connTimeout, destCheck: before.destCheck } },
      `edit service ${key}: ${changed('scheduler', before.scheduler, scheduler)}${changed('conn-timeout', before.connTimeout, connTimeout)}`.trimEnd(),
    );
  laddrChanges(desired, before, key, add);
  serverChanges(desired, before, key, add);
  return changes;
}

type Add = (request: ChangeRequest, text: string) => void;

function laddrChanges(
  { service, laddrs }: DesiredService,
  before: PresentService | undefined,
  key: string,
  add: Add,
): void {
  if (laddrs === null) return;
  const old = before?.laddrs ?? new Map<string, string>();
  for (const [address, device] of laddrs)
    if (old.get(address) !== device)
      add({ method: 'laddr.add', params: { service, address, device } }, `add laddr ${address} ${device} to ${key}`);
  // Not before the new ones are there.
  for (const [address, device] of old)
    if (!laddrs.has(address))
      add({ method: 'laddr.del', params: { service, address, device } }, deleteText(key, address, device));
}

function movedLaddrs(key: string, { service, laddrs }: DesiredService, before: PresentService | undefined): Change[] {
  if (laddrs === null || before === undefined) return [];
  return [...before.laddrs]
    .filter(([address, device]) => laddrs.has(address) && laddrs.get(address) !== device)
    .map(([address, device]) => ({
      request: { method: 'laddr.del', params: { service, address, device } },
      service: key,
      text: deleteText(key, address, device),
    }));
}

const deleteText = (key: string, address: string, device: string): string =>
  `delete laddr ${address} ${device} of ${key}`;

function serverChanges(
  { service, servers }: DesiredService,
  before: PresentService | undefined,
  key: string,
  add: Add,
): void {
  const old = before?.servers ?? new Map<string, DesiredServer>();
  for (const [id, server] of servers) {
    const was = old.get(id);
    const params = { service, ...server };
    if (was === undefined) add({ method: 'server.add', params }, `add server ${id} to ${key}: weight ${server.weight}`);
    else if (!sameServer(was, server))
      add({ method: 'server.edit', params }, `edit server ${id} of ${key}: ${whatChanged(was, server)}`);
  }
  for (const [id, { server }] of old)
    if (!servers.has(id))
      add({ method: 'server.del', params: { service, server } }, `delete server ${endpointText(server)} of ${key}`);
}

const compared = ['weight', 'forwarding', 'upperThreshold', 'lowerThreshold'] as const;

const sameServer = (a: DesiredServer, b: DesiredServer): boolean => compared.every((field) => a[field] === b[field]);

const whatChanged = (a: DesiredServer, b: DesiredServer): string =>
  compared
    .map((field) => changed(field, a[field], b[field]))
    .join('')
    .trimEnd();

const changed = (what: string, before: unknown, now: unknown): string =>
  before === now ? '' : `${what} ${before ?? 'default'} → ${now ?? 'default'} `;
