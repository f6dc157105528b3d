// dpvs-route config's options → a request to the generator.
import { isIPv6 } from 'node:net';
// Not through the door: the generator's two dozen files are for `config` alone, this is loaded by every command.
import { algorithms6 } from '../../quagga-conf/model.js';
import type { RenderRequest } from '../../routing/index.js';
import { address, addressWithLength, integer, quote, UsageError } from '../common/index.js';
import type { Options } from './parse.js';

/** @throws {UsageError} */
export function renderRequest(options: Options): RenderRequest {
  const number = (
    key: Parameters<Options['last']>[0],
    what: string,
    least: number,
    most: number,
  ): number | undefined => {
    const word = options.last(key);
    return word === undefined ? undefined : integer(word, what, least, most);
  };
  const ip = (word: string | undefined, what: string): string | undefined =>
    word === undefined ? undefined : address(word, what);
  const interfaces = options.all('interface').flatMap((word) => word.split(','));
  const networks = options
    .all('network')
    .flatMap((word) => word.split(','))
    .map((word) => addressWithLength(word, 'network'));
  const logDirectory = options.last('logDirectory');
  const vips = options.all('vip').map((word) => address(word.replace(/\/32$/, ''), 'VIP'));
  const ranges = options.all('vipRange').map((word) => addressWithLength(word, 'VIP range'));
  const passive = options.all('passive').map(passiveInterface);
  return withoutUndefined({
    flavor: options.oneOf('flavor', ['frr', 'quagga']) ?? 'frr',
    form: options.oneOf('form', ['redistribute', 'network']),
    hostname: options.last('hostname'),
    password: options.last('password'),
    enablePassword: options.last('enablePassword'),
    logDirectory: logDirectory === 'none' ? null : logDirectory,
    routerId: ip(options.last('routerId'), 'router id'),
    area: options.last('area'),
    interface: interfaces.length > 0 ? interfaces.join(',') : undefined,
    network:
      networks.length > 0
        ? networks.map(({ address: base, prefixLength }) => `${base}/${prefixLength}`).join(',')
        : undefined,
    networkType: options.oneOf('ospfNetwork', ['broadcast', 'point-to-point']),
    hello: number('hello', 'hello interval', 1, 65535),
    dead: number('dead', 'dead interval', 1, 65535),
    cost: number('cost', 'cost', 1, 65535),
    authentication: authentication(options.last('auth')),
    authenticationScope: options.oneOf('authScope', ['interface', 'area']),
    areaType: options.oneOf('areaType', ['normal', 'stub', 'totally-stubby']),
    passive: passive.length > 0 ? passive : undefined,
    bfd: options.has('bfd') || options.has('bfdTimers') ? true : undefined,
    bfdTimers: bfdTimers(options.last('bfdTimers')),
    ...bgp(options),
    gracefulRestart: gracefulRestart(options.last('gracefulRestart')),
    authentication6: authentication6(options.last('auth6')),
    vips6: options.has('ospf6') || options.has('vip6') ? options.all('vip6').map(vip6) : undefined,
    switchHint:
      options.oneOf('for', ['node', 'switch']) === 'switch'
        ? withoutUndefined({
            interface: options.last('switchInterface'),
            maximumPaths: number('maximumPaths', 'number of paths', 1, 256),
          })
        : undefined,
    vips: vips.length > 0 ? vips : undefined,
    vipRanges:
      ranges.length > 0 ? ranges.map(({ address: base, prefixLength }) => `${base}/${prefixLength}`) : undefined,
    referenceBandwidth: number('referenceBandwidth', 'reference bandwidth', 1, 4294967),
    externalMetric: number('metric', 'metric', 0, 16777214),
  });
}

function bgp(options: Options): Pick<RenderRequest, 'bgp'> {
  if (options.oneOf('protocol', ['ospf', 'bgp']) !== 'bgp') return {};
  const as = (key: 'localAs' | 'peerAs', spelled: string): number => {
    const word = options.last(key);
    if (word === undefined) throw new UsageError(`--protocol bgp without ${spelled}`, '--as N --peer-as N');
    return integer(word, 'AS number', 1, 4294967295);
  };
  const peer = options.last('peer');
  return {
    bgp: withoutUndefined({
      localAs: as('localAs', '--as'),
      remoteAs: as('peerAs', '--peer-as'),
      peer: peer === undefined ? undefined : address(peer, 'peer'),
      password: options.last('peerPassword'),
    }),
  };
}

const gracefulRestart = (word: string | undefined): number | null | undefined =>
  word === undefined ? undefined : word === 'off' ? null : integer(word, 'grace period', 1, 1800);

function authentication6(word: string | undefined): RenderRequest['authentication6'] {
  if (word === undefined) return undefined;
  const [keyId, name, ...key] = word.split(':');
  const algorithm = algorithms6.find((each) => each === name);
  // Not quoted: it holds a key.
  if (algorithm === undefined || key.length === 0)
    throw new UsageError('invalid --auth6', `ID:ALGORITHM:KEY, ALGORITHM one of ${algorithms6.join(', ')}`);
  return { keyId: integer(keyId, 'key id', 1, 65535), algorithm, key: key.join(':') };
}

/** @throws {UsageError} */
export function frrNamespace(options: Options): string | undefined {
  const name = options.last('frrNamespace') ?? (process.env.DPVS_FRR_NAMESPACE || undefined);
  if (name !== undefined && !/^[A-Za-z0-9_.-]{1,64}$/.test(name))
    throw new UsageError(`invalid FRR namespace ${quote(name)}`);
  return name;
}

function passiveInterface(word: string): { name: string; network?: string } {
  const [name, network] = word.split('=', 2);
  if (network === undefined) return { name };
  const prefix = addressWithLength(network, 'network');
  return { name, network: `${prefix.address}/${prefix.prefixLength}` };
}

function vip6(word: string): string {
  const plain = word.replace(/\/128$/, '');
  if (!isIPv6(plain)) throw new UsageError(`invalid IPv6 VIP ${quote(word)}`, 'as 2001:db8::1');
  return plain;
}

function bfdTimers(word: string | undefined): RenderRequest['bfdTimers'] {
  if (word === undefined) return undefined;
  const parts = word.split(',');
  if (parts.length !== 3) throw new UsageError(`invalid --bfd-timers ${quote(word)}`, 'TX,RX,MULT: 300,300,3');
  return {
    transmit: integer(parts[0], 'transmit interval', 10, 60000),
    receive: integer(parts[1], 'receive interval', 10, 60000),
    multiplier: integer(parts[2], 'multiplier', 2, 255),
  };
}

function authentication(word: string | undefined): RenderRequest['authentication'] {
  if (word === undefined) return undefined;
  const [kind, ...rest] = word.split(':');
  if (kind === 'plain' && rest.length > 0) return { kind, key: rest.join(':') };
  if (kind === 'md5' && rest.length > 1)
    return { kind, keyId: integer(rest[0], 'key id', 1, 255), key: rest.slice(1).join(':') };
  // Not quoted: it may hold a key.
  throw new UsageError('invalid --auth', `plain:KEY or md5:ID:KEY${kind === '' ? '' : `, not ${quote(`${kind}…`)}`}`);
}

function withoutUndefined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as T;
}
