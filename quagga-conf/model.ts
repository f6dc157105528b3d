// What a node's zebra.conf and ospfd.conf are made from, with the defaults, and the refusal of what the daemons would misread.
import { isIPv4 } from 'node:net';

export type Flavor = 'quagga' | 'frr';
/** `redistribute`: a type-5 LSA a VIP. `network`: the tutorial's form, a stub link a VIP in the router-LSA. */
export type AnnounceForm = 'redistribute' | 'network';
export type OspfNetworkType = 'broadcast' | 'point-to-point';

export type Authentication =
  | { readonly kind: 'plain' /** at most 8 bytes (RFC 2328 D.3) */; readonly key: string }
  | { readonly kind: 'md5'; readonly keyId: number /** at most 16 bytes */; readonly key: string };

export interface OspfInterface {
  /** The WAN-side kernel-visible interface: `dpdk1.kni`. */
  readonly name: string;
  /** The inter-connection network: `172.10.0.0/30`. */
  readonly network: string;
  readonly networkType: OspfNetworkType;
  /** Seconds. */
  readonly hello: number;
  readonly dead: number;
  /** Explicit, because the speed of a kni is not the port's (virtio-user shows 10 Mb/s). */
  readonly cost: number;
  readonly authentication?: Authentication;
  /** FRR only; bfdd has to run. */
  readonly bfd?: boolean;
}

export interface RoutingModel {
  readonly flavor: Flavor;
  readonly form: AnnounceForm;
  readonly hostname: string;
  readonly password?: string;
  readonly enablePassword?: string;
  /** `zebra.log` and `ospfd.log` are written there; null: no log file. */
  readonly logDirectory: string | null;
  readonly routerId: string;
  /** Dotted or a number. */
  readonly area: string;
  readonly interfaces: readonly OspfInterface[];
  /** Announced from the start, as soon as their addresses are on the first interface; the bridge adds others while it runs. */
  readonly vips: readonly string[];
  /** Mb/s */
  readonly referenceBandwidth: number;
  /** Of the type-5 LSAs, type 1: the cost to this node counts as well, so that ECMP compares whole paths. */
  readonly externalMetric: number;
}

/** Hello 1 and dead 4: after SIGKILL of ospfd the switch goes on for the dead interval, 40 s with the tutorial's timers. */
export const interfaceDefaults = { networkType: 'broadcast', hello: 1, dead: 4, cost: 10 } as const;
export const modelDefaults = { area: '0.0.0.0', referenceBandwidth: 1000, externalMetric: 20 } as const;
export const defaultLogDirectory: Readonly<Record<Flavor, string>> = {
  quagga: '/var/log/quagga',
  frr: '/var/log/frr',
};

/** A value that cannot go into the files. */
export class ModelError extends Error {
  constructor(
    /** Path of the value: `interfaces[0].hello`. */
    readonly field: string,
    message: string,
  ) {
    super(`${field}: ${message}`);
    this.name = 'ModelError';
  }
}

function demand(condition: boolean, field: string, message: string): asserts condition {
  if (!condition) throw new ModelError(field, message);
}

/** One word, so that no value can start a line of its own. */
const isWord = (text: string, longest: number): boolean =>
  /^[\x21-\x7e]+$/.test(text) && text.length <= longest && !/^[!#]/.test(text);
const within = (value: number, low: number, high: number): boolean =>
  Number.isInteger(value) && value >= low && value <= high;

export function isPrefix(text: string): boolean {
  const [address, length, ...rest] = text.split('/');
  return rest.length === 0 && isIPv4(address) && /^\d{1,2}$/.test(length ?? '') && Number(length) <= 32;
}

/** @throws {ModelError} */
export function checkModel(model: RoutingModel): void {
  demand(isWord(model.hostname, 64), 'hostname', 'one word of at most 64 characters');
  for (const field of ['password', 'enablePassword'] as const) {
    const value = model[field];
    demand(value === undefined || isWord(value, 80), field, 'one word of at most 80 characters');
  }
  demand(
    model.logDirectory === null || /^\/[\x21-\x7e]*$/.test(model.logDirectory),
    'logDirectory',
    'an absolute path without blanks',
  );
  demand(isIPv4(model.routerId) && model.routerId !== '0.0.0.0', 'routerId', 'an IPv4 address other than 0.0.0.0');
  demand(isIPv4(model.area) || /^\d{1,10}$/.test(model.area), 'area', 'a.b.c.d or a number');
  demand(within(model.referenceBandwidth, 1, 4294967), 'referenceBandwidth', '1-4294967 Mb/s');
  demand(within(model.externalMetric, 0, 16777214), 'externalMetric', '0-16777214');
  demand(model.interfaces.length > 0, 'interfaces', 'at least one');
  for (const [i, each] of model.interfaces.entries()) checkInterface(model, each, `interfaces[${i}]`);
  for (const [i, vip] of model.vips.entries()) demand(isIPv4(vip), `vips[${i}]`, 'an IPv4 address');
}

function checkInterface(model: RoutingModel, each: OspfInterface, at: string): void {
  demand(isWord(each.name, 15), `${at}.name`, 'an interface name of at most 15 characters');
  demand(isPrefix(each.network), `${at}.network`, 'a.b.c.d/len');
  demand(within(each.hello, 1, 65535), `${at}.hello`, '1-65535 s');
  demand(within(each.dead, 1, 65535), `${at}.dead`, '1-65535 s');
  demand(each.dead > each.hello, `${at}.dead`, 'longer than the hello interval');
  demand(within(each.cost, 1, 65535), `${at}.cost`, '1-65535');
  demand(
    !(each.networkType === 'point-to-point' && model.form === 'network' && model.flavor === 'frr'),
    `${at}.networkType`,
    'FRR announces nothing for `network VIP/32` on a point-to-point link (it takes a /32 for unnumbered): use the redistribute form',
  );
  demand(!(each.bfd === true && model.flavor === 'quagga'), `${at}.bfd`, 'Quagga has no BFD');
  const { authentication } = each;
  if (authentication === undefined) return;
  const longest = authentication.kind === 'plain' ? 8 : 16;
  demand(isWord(authentication.key, longest), `${at}.authentication.key`, `one word of at most ${longest} characters`);
  if (authentication.kind === 'md5')
    demand(within(authentication.keyId, 1, 255), `${at}.authentication.keyId`, '1-255');
}
