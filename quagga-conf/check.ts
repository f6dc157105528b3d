// The refusal of what the daemons would misread, take for something else, or take and then announce nothing.
import { isIPv4, isIPv6 } from 'node:net';
import { algorithms6, type OspfInterface, type RoutingModel } from './model.js';

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
  demand(within(model.referenceBandwidth, 1, 4294967), 'referenceBandwidth', '1-4294967 Mb/s');
  demand(within(model.externalMetric, 0, 16777214), 'externalMetric', '0-16777214');
  checkArea(model);
  demand(model.interfaces.length > 0, 'interfaces', 'at least one');
  for (const [i, each] of model.interfaces.entries()) checkInterface(model, each, `interfaces[${i}]`);
  for (const [i, vip] of model.vips.entries()) demand(isIPv4(vip), `vips[${i}]`, 'an IPv4 address');
  for (const [i, range] of (model.vipRanges ?? []).entries()) {
    demand(isPrefix(range) && !range.endsWith('/32'), `vipRanges[${i}]`, 'a.b.c.d/len with a length below 32');
    demand(model.form === 'redistribute', `vipRanges[${i}]`, 'the redistribute form');
  }
  for (const [i, { name, network }] of model.passive.entries()) {
    demand(isWord(name, 15), `passive[${i}].name`, 'an interface name of at most 15 characters');
    demand(!model.interfaces.some((each) => each.name === name), `passive[${i}].name`, 'OSPF is to be spoken there');
    demand(isPrefix(network), `passive[${i}].network`, 'a.b.c.d/len');
  }
  const { transmit, receive, multiplier } = model.bfdTimers;
  demand(within(transmit, 10, 60000), 'bfdTimers.transmit', '10-60000 ms');
  demand(within(receive, 10, 60000), 'bfdTimers.receive', '10-60000 ms');
  demand(within(multiplier, 2, 255), 'bfdTimers.multiplier', '2-255');
  checkOspf6(model);
  checkBgp(model);
  checkGracefulRestart(model);
  if (model.switchHint === undefined) return;
  demand(isWord(model.switchHint.interface, 15), 'switchHint.interface', 'an interface name of at most 15 characters');
  demand(
    model.bgp === undefined || isIPv4(model.switchHint.nodeAddress ?? ''),
    'switchHint.nodeAddress',
    "an IPv4 address: the switch's neighbour",
  );
  demand(within(model.switchHint.maximumPaths, 1, 256), 'switchHint.maximumPaths', '1-256');
}

/** `7` and `0.0.0.7` are the same area. */
export const dottedArea = (area: string): string =>
  isIPv4(area) ? area : [24, 16, 8, 0].map((shift) => Math.floor(Number(area) / 2 ** shift) % 256).join('.');

function checkArea({ area, areaType, form, authenticationScope, interfaces }: RoutingModel): void {
  demand(isIPv4(area) || (/^\d{1,10}$/.test(area) && Number(area) < 2 ** 32), 'area', 'a.b.c.d or a number below 2^32');
  if (areaType !== 'normal') {
    demand(dottedArea(area) !== '0.0.0.0', 'areaType', 'the backbone cannot be a stub area (RFC 2328 section 3.6)');
    demand(
      form === 'network',
      'areaType',
      'a stub area takes no type-5 LSA, so no VIP would be announced: use the network form, or a normal area',
    );
  }
  if (authenticationScope === 'interface') return;
  const kinds = new Set(interfaces.map(({ authentication }) => authentication?.kind));
  demand(
    kinds.size === 1 && !kinds.has(undefined),
    'authenticationScope',
    'for a whole area every interface needs a key, all of the same kind',
  );
}

function checkOspf6({ ospf6, flavor, areaType, interfaces, bgp }: RoutingModel): void {
  if (ospf6 === undefined) return;
  demand(bgp === undefined, 'ospf6', 'with BGP there is no OSPF');
  demand(
    areaType === 'normal',
    'areaType',
    'a stub area takes no external LSA, and OSPFv3 announces IPv6 VIPs only so',
  );
  for (const [i, vip] of ospf6.vips.entries())
    demand(isIPv6(vip) && !vip.includes('%'), `ospf6.vips[${i}]`, 'an IPv6 address');
  for (const [i, { authentication }] of interfaces.entries())
    demand(
      authentication === undefined || ospf6.authentication !== undefined,
      `interfaces[${i}].authentication`,
      'OSPFv3 has keys of its own (RFC 7166), and without them its neighbours would not be authenticated: ospf6.authentication',
    );
  if (ospf6.authentication === undefined) return;
  const { keyId, algorithm, key } = ospf6.authentication;
  demand(flavor === 'frr', 'ospf6.authentication', 'Quagga has none for OSPFv3');
  demand(within(keyId, 1, 65535), 'ospf6.authentication.keyId', '1-65535');
  demand(algorithms6.includes(algorithm), 'ospf6.authentication.algorithm', algorithms6.join(', '));
  demand(isWord(key, 64), 'ospf6.authentication.key', 'one word of at most 64 characters');
}

const isAs = (value: number): boolean => within(value, 1, 4294967295) && value !== 23456;

function checkBgp({ bgp, flavor, form, areaType, passive, interfaces }: RoutingModel): void {
  if (bgp === undefined) return;
  demand(flavor === 'frr', 'bgp', "only FRR's bgpd can be written for");
  demand(form === 'redistribute', 'form', 'BGP announces VIPs by redistribution only');
  demand(areaType === 'normal', 'areaType', 'BGP has no areas');
  demand(passive.length === 0, 'passive', 'BGP has no passive interfaces');
  demand(isAs(bgp.localAs), 'bgp.localAs', '1-4294967295, but not 23456 (RFC 6793)');
  demand(bgp.peers.length > 0, 'bgp.peers', 'at least one');
  for (const [i, { address, remoteAs, password }] of bgp.peers.entries()) {
    demand(isIPv4(address), `bgp.peers[${i}].address`, 'an IPv4 address');
    demand(isAs(remoteAs), `bgp.peers[${i}].remoteAs`, '1-4294967295, but not 23456 (RFC 6793)');
    demand(
      remoteAs !== bgp.localAs,
      `bgp.peers[${i}].remoteAs`,
      'another one than ours: only eBGP makes ECMP of many nodes',
    );
    demand(
      password === undefined || isWord(password, 80),
      `bgp.peers[${i}].password`,
      'one word of at most 80 characters',
    );
  }
  for (const [i, { dead, authentication }] of interfaces.entries()) {
    demand(dead >= 3, `interfaces[${i}].dead`, "BGP's hold time is at least 3 s (RFC 4271 section 4.2)");
    demand(
      authentication === undefined,
      `interfaces[${i}].authentication`,
      "BGP's key is its peer's: bgp.peers[].password",
    );
  }
}

function checkGracefulRestart({ gracefulRestart, flavor }: RoutingModel): void {
  if (gracefulRestart === undefined) return;
  demand(flavor === 'frr', 'gracefulRestart', 'Quagga cannot');
  demand(within(gracefulRestart, 1, 1800), 'gracefulRestart', '1-1800 s');
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
  demand(
    !(each.bfd === true && model.flavor === 'quagga'),
    `${at}.bfd`,
    'Quagga has no BFD: use FRR, or go by the dead interval',
  );
  const { authentication } = each;
  if (authentication === undefined) return;
  const longest = authentication.kind === 'plain' ? 8 : 16;
  demand(isWord(authentication.key, longest), `${at}.authentication.key`, `one word of at most ${longest} characters`);
  if (authentication.kind === 'md5')
    demand(within(authentication.keyId, 1, 255), `${at}.authentication.keyId`, '1-255');
}
