// Judges requests about addresses (dpvs.md 2.1): what they would change, or why they are refused.
import { type AddressSpec, DpvsError } from '../../api/index.js';
import type { ConfiguredAddress } from './address-facts.js';
import type { FactChange, Facts } from './facts.js';
import { invalid, mustBeIpv4, mustBeRoutable, mustHaveRoom } from './judge.js';
import { mustNotBeDirectServer } from './judge-forwarding.js';
import { addressKey, type OnDevice, serviceText } from './keys.js';
import { limits } from './limits.js';
import { hostLength } from './prefix.js';
import type { RequestParams } from './requests.js';

/** An address that is so far only a local address of services may be added: it then outlives them. */
export function addAddress(facts: Facts, spec: AddressSpec, now: number): FactChange[] {
  facts.device(spec.device);
  mustBeRoutable(spec.address, 'address');
  mustNotBeDirectServer(facts, spec.address);
  if (facts.addresses.configured(addressKey(spec)) !== null)
    throw new DpvsError('already_exist', `${spec.address} on ${spec.device}`, 'address');
  mustHaveRoom(facts.addresses.size, limits.addresses, 'addresses');
  mustSuitBindings(facts, spec);
  mustSuitWanUse(facts, spec);
  return [
    { kind: 'address.set', address: configuredAddress(spec, spec.prefixLength ?? hostLength(spec.address), now) },
  ];
}

/** What is not given goes back to its default, except the prefix length. */
export function setAddress(facts: Facts, spec: AddressSpec, now: number): FactChange[] {
  facts.device(spec.device);
  const present = facts.addresses.inEffect(addressKey(spec));
  if (present === null) throw new DpvsError('not_exist', `${spec.address} on ${spec.device}`, 'address');
  mustSuitBindings(facts, spec);
  mustSuitWanUse(facts, spec);
  const prefixLength = spec.prefixLength ?? present.prefixLength;
  return [{ kind: 'address.set', address: configuredAddress(spec, prefixLength, now) }];
}

/** Without a prefix length whatever length the address has is meant. */
export function deleteAddress(facts: Facts, spec: RequestParams<'addr.del'>): FactChange[] {
  facts.device(spec.device);
  const present = facts.addresses.inEffect(addressKey(spec));
  if (present === null || (spec.prefixLength !== undefined && spec.prefixLength !== present.prefixLength))
    throw new DpvsError(
      'not_exist',
      `${spec.address}/${spec.prefixLength ?? hostLength(spec.address)} on ${spec.device}`,
      'address',
    );
  mustNotBeLocal(facts, spec);
  mustNotBeWan(facts, spec);
  return [{ kind: 'address.remove', address: spec.address, device: spec.device }];
}

/** All or nothing: a local address, or a WAN address, of a service on the device stops it. */
export function flushAddresses(facts: Facts, device: string): FactChange[] {
  facts.device(device);
  const there = facts.addresses.all().filter((address) => address.device === device);
  for (const address of there) mustNotBeLocal(facts, address);
  for (const address of there) mustNotBeWan(facts, address);
  return there.map(({ address }) => ({ kind: 'address.remove', address, device }));
}

function mustNotBeLocal(facts: Facts, address: OnDevice): void {
  const [binding] = facts.addresses.bindings(addressKey(address));
  if (binding !== undefined)
    throw new DpvsError('laddr_in_use', `${address.address} by ${serviceText(binding.service)}`, 'address');
}

function mustNotBeWan(facts: Facts, address: OnDevice): void {
  const user = wanUser(facts, address);
  if (user !== undefined) throw new DpvsError('wan_in_use', `${address.address} by ${user}`, 'address');
}

/** The match service whose packets are rewritten to this address, which only the one with a sapool counts for. */
function wanUser(facts: Facts, address: OnDevice): string | undefined {
  const configured = facts.addresses.configured(addressKey(address));
  return configured?.sapool === true ? facts.wanUse.userOf(address.address) : undefined;
}

/** A WAN address of match services keeps its sapool, and must not expire under them. */
function mustSuitWanUse(facts: Facts, spec: AddressSpec): void {
  const user = facts.wanUse.userOf(spec.address);
  if (user === undefined) return;
  if (spec.sapool !== true && wanUser(facts, spec) !== undefined)
    throw invalid('sapool', `${spec.address} is the WAN address of ${user}, which needs it`);
  if (ends(spec.validLifetime))
    throw invalid('validLifetime', `${spec.address} is the WAN address of ${user}, it cannot expire`);
}

/** A local address has one device, and must not expire under its services. */
function mustSuitBindings(facts: Facts, spec: AddressSpec): void {
  for (const device of facts.addresses.devicesOf(spec.address)) {
    const [binding] = facts.addresses.bindings(addressKey({ address: spec.address, device }));
    if (binding === undefined) continue;
    const user = serviceText(binding.service);
    if (device !== spec.device)
      throw invalid(
        'device',
        `${spec.address} is a local address of ${user} on ${device}, it cannot be on two devices`,
      );
    if (ends(spec.validLifetime))
      throw invalid('validLifetime', `${spec.address} is a local address of ${user}, it cannot expire`);
  }
}

function configuredAddress(spec: AddressSpec, prefixLength: number, now: number): ConfiguredAddress {
  const bits = hostLength(spec.address);
  if (prefixLength > bits) throw invalid('prefixLength', `${prefixLength} is more than ${bits}`);
  if (prefixLength === 0) throw invalid('prefixLength', `an address needs a network: 1 to ${bits}`);
  if (spec.broadcast !== undefined) {
    if (bits === 128) throw invalid('broadcast', 'IPv6 has none');
    mustBeIpv4(spec.broadcast, 'broadcast');
  }
  if (spec.validLifetime === 0) throw invalid('validLifetime', '0 would end at once: forever or at least 1');
  const valid = seconds(spec.validLifetime);
  const preferred = seconds(spec.preferredLifetime) ?? valid;
  if (valid !== null && (preferred ?? 0) > valid)
    throw invalid('preferredLifetime', `${preferred} is more than the valid lifetime ${valid}`);
  return {
    address: spec.address,
    prefixLength,
    device: spec.device,
    scope: spec.scope ?? 'global',
    broadcast: spec.broadcast ?? null,
    sapool: spec.sapool ?? false,
    validUntil: valid === null ? null : now + valid * 1000,
    preferredUntil: preferred === null ? null : now + preferred * 1000,
  };
}

/** RFC 4861 section 4.6.2: all ones is infinity. */
function ends(lifetime: AddressSpec['validLifetime']): lifetime is number {
  return typeof lifetime === 'number' && lifetime !== 0xffffffff;
}

const seconds = (lifetime: AddressSpec['validLifetime']): number | null => (ends(lifetime) ? lifetime : null);
