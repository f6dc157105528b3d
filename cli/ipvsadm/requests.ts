// Services and real servers: from legal words to one request, with the reference's defaults and messages.
import {
  type Call,
  endpointOf,
  notSupported,
  quote,
  type ServerKey,
  type ServerSpec,
  type ServiceKey,
  type ServiceSpec,
  UsageError,
} from '../common/index.js';
import { parseDestCheck } from './dest-check.js';
import type { OptionKey } from './options.js';
import type { Words } from './words.js';

type Scheduler = NonNullable<ServiceSpec['scheduler']>;
type Forwarding = NonNullable<ServerSpec['forwarding']>;

const schedulers: readonly string[] = ['rr', 'wrr', 'wlc'] satisfies Scheduler[];

const forwardings: readonly (readonly [OptionKey, Forwarding])[] = [
  ['fullnat', 'FullNat'],
  ['gatewaying', 'Route'],
  ['ipip', 'Tunnel'],
  ['masquerading', 'Masq'],
  ['snat', 'SNAT'],
];

function schedulerOf(words: Words): Scheduler {
  const word = words.value('scheduler') ?? 'wlc';
  if (!schedulers.includes(word)) throw notSupported(`scheduler ${quote(word)} (there are ${schedulers.join(', ')})`);
  return word as Scheduler;
}

export function serviceRequest(command: 'add-service' | 'edit-service' | 'delete-service', words: Words): Call {
  const service = words.service()!;
  if (command === 'delete-service') return { method: 'service.del', params: { service } };
  if (service.protocol !== 'match' && service.port === 0)
    throw new UsageError('Zero port specified for non-persistent service');
  const connTimeout = words.number('conn-timeout', 'illegal conn-timeout specified', 1, 31535999);
  // An edit replaces the whole service, as in the reference: what is not given is its default again.
  const checks = words.values('dest-check').map(parseDestCheck);
  if (checks.length > 1) throw new UsageError('multiple dest-check options specified');
  if (checks.length > 0 && service.protocol !== 'tcp')
    throw notSupported('--dest-check of a service that is not TCP: it goes by handshakes');
  const params = { service, scheduler: schedulerOf(words), connTimeout, destCheck: checks[0] };
  return command === 'add-service' ? { method: 'service.add', params } : { method: 'service.edit', params };
}

/** With -g the reference takes the service's port whatever was given; here another one is refused, by the node. SNAT's is 0. */
function serverKey(words: Words, service: ServiceKey): ServerKey {
  const mistake = 'illegal real server address[:port] specified';
  const protocol = service.protocol === 'udp' ? 'udp' : 'tcp';
  const { address, port } = endpointOf(words.value('real-server')!, protocol, mistake);
  return { address, port: port ?? (service.protocol === 'match' ? 0 : service.port) };
}

export function serverRequest(command: 'add-server' | 'edit-server' | 'delete-server', words: Words): Call {
  const service = words.service()!;
  const server = serverKey(words, service);
  if (command === 'delete-server') return { method: 'server.del', params: { service, server } };
  // As with a service, an edit without -b asks for direct routing.
  const forwarding = forwardings.find(([key]) => words.has(key))?.[1] ?? 'Route';
  const weight = words.number('weight', 'illegal weight specified', 0, 65535) ?? 1;
  const upperThreshold = words.number('u-threshold', 'illegal u_threshold specified', 0, 0xffffffff);
  const lowerThreshold = words.number('l-threshold', 'illegal l_threshold specified', 0, 0xffffffff);
  if (upperThreshold !== undefined && upperThreshold > 0 && (lowerThreshold ?? 0) > upperThreshold)
    throw new UsageError('l_threshold must be less than or equal to u_threshold');
  const params = { service, server, forwarding, weight, upperThreshold, lowerThreshold };
  return command === 'add-server' ? { method: 'server.add', params } : { method: 'server.edit', params };
}
