// What a user says about a node's routing, completed with what the kernel shows → the generator's model.
import { hostname } from 'node:os';
import { z } from 'zod';
import { DpvsError, ipv4Address, prefix } from '../api/index.js';
import type { KernelAddress } from '../kni/index.js';
import {
  algorithms6,
  bfdDefaults,
  type ConfigFiles,
  defaultLogDirectory,
  interfaceDefaults,
  ModelError,
  modelDefaults,
  type PassiveInterface,
  type RoutingModel,
  renderConfig,
} from '../quagga-conf/index.js';

export const renderRequest = z.strictObject({
  flavor: z.enum(['quagga', 'frr']),
  form: z.enum(['redistribute', 'network']).optional(),
  hostname: z.string().optional(),
  password: z.string().optional(),
  enablePassword: z.string().optional(),
  /** null: no log file. */
  logDirectory: z.string().nullable().optional(),
  routerId: ipv4Address.optional(),
  area: z.string().optional(),
  areaType: z.enum(['normal', 'stub', 'totally-stubby']).optional(),
  authenticationScope: z.enum(['interface', 'area']).optional(),
  /** The WAN-side kni, or several, as `dpdk1.kni,dpdk2.kni`. */
  interface: z.string().optional(),
  /** The inter-connection network, one for each of the interfaces. */
  network: z
    .string()
    .refine((text) => z.array(prefix).safeParse(text.split(',')).success, 'prefixes, as 172.10.0.0/30')
    .optional(),
  networkType: z.enum(['broadcast', 'point-to-point']).optional(),
  hello: z.int().optional(),
  dead: z.int().optional(),
  cost: z.int().optional(),
  authentication: z
    .union([
      z.strictObject({ kind: z.literal('plain'), key: z.string() }),
      z.strictObject({ kind: z.literal('md5'), keyId: z.int(), key: z.string() }),
    ])
    .optional(),
  bfd: z.boolean().optional(),
  /** Milliseconds. */
  bfdTimers: z.strictObject({ transmit: z.int(), receive: z.int(), multiplier: z.int() }).optional(),
  /** The network is taken from the kernel when it is not given. */
  passive: z.array(z.strictObject({ name: z.string(), network: prefix.optional() })).optional(),
  /** IPv6 VIPs; also an empty list makes ospf6d.conf. */
  vips6: z.array(z.string()).optional(),
  authentication6: z.strictObject({ keyId: z.int(), algorithm: z.enum(algorithms6), key: z.string() }).optional(),
  /** bgpd.conf instead of ospfd.conf. The peer is the other address of a /30 when it is not given. */
  bgp: z
    .strictObject({
      localAs: z.int(),
      remoteAs: z.int(),
      peer: ipv4Address.optional(),
      password: z.string().optional(),
    })
    .optional(),
  /** Seconds; null: off. */
  gracefulRestart: z.int().nullable().optional(),
  /** Makes switch.conf. */
  switchHint: z.strictObject({ interface: z.string().optional(), maximumPaths: z.int().optional() }).optional(),
  vips: z.array(ipv4Address).optional(),
  vipRanges: z.array(z.string()).optional(),
  referenceBandwidth: z.int().optional(),
  externalMetric: z.int().optional(),
});
export type RenderRequest = z.infer<typeof renderRequest>;

/** The network that an address with a length is in. */
function networkOf(address: string, length: number): string {
  const number = address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
  const size = 2 ** (32 - length);
  const base = Math.floor(number / size) * size;
  return `${[24, 16, 8, 0].map((shift) => Math.floor(base / 2 ** shift) % 256).join('.')}/${length}`;
}

/** A WAN-side kni is recognised by its name and by an address that is more than a host's. */
function interconnect(addresses: readonly KernelAddress[], name?: string): KernelAddress | undefined {
  return addresses.find(
    ({ device, family, prefixLength }) =>
      family === 'inet' && prefixLength < 32 && (name === undefined ? device.endsWith('.kni') : device === name),
  );
}

function passiveInterfaces(request: RenderRequest, addresses: readonly KernelAddress[]): PassiveInterface[] {
  return (request.passive ?? []).map(({ name, network }) => {
    if (network !== undefined) return { name, network };
    const found = interconnect(addresses, name);
    if (found === undefined)
      throw new DpvsError('usage', `${name} has no address: give --passive ${name}=PREFIX`, 'passive');
    return { name, network: networkOf(found.address, found.prefixLength) };
  });
}

/** The other end of a /30 or /31. */
function otherEnd(network: string, own: string | undefined): string | undefined {
  const [base, length] = network.split('/');
  const first = Number(base.split('.')[3]);
  const ends = length === '31' ? [first, first + 1] : length === '30' ? [first + 1, first + 2] : [];
  const others = ends.map((last) => base.replace(/\d+$/, String(last))).filter((each) => each !== own);
  return own === undefined || others.length !== 1 ? undefined : others[0];
}

interface Uplink {
  readonly name: string;
  readonly network: string;
  /** Of the kernel, where it has one there. */
  readonly own: string | undefined;
}

/** @throws {DpvsError} usage */
function uplinksOf(request: RenderRequest, addresses: readonly KernelAddress[]): [Uplink, ...Uplink[]] {
  const networks = request.network?.split(',') ?? [];
  const named = request.interface?.split(',') ?? [interconnect(addresses)?.device];
  if (networks.length > 0 && networks.length !== named.length)
    throw new DpvsError('usage', `${named.length} interfaces and ${networks.length} networks`, 'network');
  const [first, ...others] = named.map((name, i) => {
    if (name === undefined) throw new DpvsError('usage', 'no .kni with an address here: give --interface', 'interface');
    const found = interconnect(addresses, name);
    const network = networks[i] ?? (found === undefined ? undefined : networkOf(found.address, found.prefixLength));
    if (network === undefined) throw new DpvsError('usage', `${name} has no address: give --network`, 'network');
    return { name, network, own: found?.address };
  });
  return [first, ...others];
}

/** Each uplink's other end is a peer, unless one is named. */
function bgpOf(
  { localAs, remoteAs, peer, password }: NonNullable<RenderRequest['bgp']>,
  uplinks: readonly Uplink[],
): { model: NonNullable<RoutingModel['bgp']>; nodeAddress?: string } {
  const peers = (peer === undefined ? uplinks : [uplinks[0]]).map(({ network, own }) => {
    const address = peer ?? otherEnd(network, own);
    if (address === undefined)
      throw new DpvsError('usage', `${network} does not say who the switch is: give --peer`, 'bgp.peer');
    return { address, remoteAs, ...(password === undefined ? {} : { password }) };
  });
  const [{ network, own }] = uplinks;
  const nodeAddress = own ?? otherEnd(network, peers[0].address);
  return { model: { localAs, peers }, ...(nodeAddress === undefined ? {} : { nodeAddress }) };
}

/** @param addresses of the kernel in the node's namespace. @throws {DpvsError} usage: what cannot be guessed */
export function completeModel(request: RenderRequest, addresses: readonly KernelAddress[]): RoutingModel {
  const uplinks = uplinksOf(request, addresses);
  const [{ name, own }] = uplinks;
  if (uplinks.length > 1 && request.switchHint !== undefined)
    throw new DpvsError('usage', 'each switch has its own end: --for switch with one --interface', 'switchHint');
  const routerId = request.routerId ?? own;
  if (routerId === undefined) throw new DpvsError('usage', `${name} has no address: give --router-id`, 'routerId');
  const { flavor, password, enablePassword, authentication, bfd, vips6, authentication6, switchHint } = request;
  const bgp = request.bgp === undefined ? undefined : bgpOf(request.bgp, uplinks);
  const gracefulRestart =
    request.gracefulRestart === undefined && flavor === 'frr' ? modelDefaults.gracefulRestart : request.gracefulRestart;
  const named = request.hostname ?? hostname();
  return {
    flavor,
    form: request.form ?? 'redistribute',
    hostname: named,
    ...(password === undefined ? {} : { password }),
    ...(enablePassword === undefined ? {} : { enablePassword }),
    logDirectory: request.logDirectory === undefined ? defaultLogDirectory[flavor] : request.logDirectory,
    routerId,
    area: request.area ?? modelDefaults.area,
    areaType: request.areaType ?? modelDefaults.areaType,
    authenticationScope: request.authenticationScope ?? modelDefaults.authenticationScope,
    interfaces: uplinks.map((uplink) => ({
      name: uplink.name,
      network: uplink.network,
      networkType: request.networkType ?? interfaceDefaults.networkType,
      hello: request.hello ?? interfaceDefaults.hello,
      dead: request.dead ?? (request.hello === undefined ? interfaceDefaults.dead : 4 * request.hello),
      cost: request.cost ?? interfaceDefaults.cost,
      ...(authentication === undefined ? {} : { authentication }),
      ...(bfd === undefined ? {} : { bfd }),
    })),
    vips: request.vips ?? [],
    ...(request.vipRanges === undefined ? {} : { vipRanges: request.vipRanges }),
    referenceBandwidth: request.referenceBandwidth ?? modelDefaults.referenceBandwidth,
    externalMetric: request.externalMetric ?? modelDefaults.externalMetric,
    passive: passiveInterfaces(request, addresses),
    bfdTimers: request.bfdTimers ?? bfdDefaults,
    ...(vips6 === undefined
      ? {}
      : { ospf6: { vips: vips6, ...(authentication6 === undefined ? {} : { authentication: authentication6 }) } }),
    ...(bgp === undefined ? {} : { bgp: bgp.model }),
    ...(gracefulRestart === undefined || gracefulRestart === null ? {} : { gracefulRestart }),
    ...(switchHint === undefined
      ? {}
      : {
          switchHint: {
            interface: switchHint.interface ?? `to-${named}`.slice(0, 15),
            ...(bgp?.nodeAddress === undefined ? {} : { nodeAddress: bgp.nodeAddress }),
            maximumPaths: switchHint.maximumPaths ?? modelDefaults.maximumPaths,
          },
        }),
  };
}

/** @throws {DpvsError} usage */
export function renderRequested(request: RenderRequest, addresses: readonly KernelAddress[]): ConfigFiles {
  try {
    return renderConfig(completeModel(request, addresses));
  } catch (error) {
    if (error instanceof ModelError) throw new DpvsError('usage', error.message, error.field);
    throw error;
  }
}
