// The interfaces of a model: which link, which network, which timers; and what of the lines about them stays as it is.
import { isPrefix, ModelError } from '../check.js';
import {
  type Authentication,
  interfaceDefaults,
  modelDefaults,
  type OspfInterface,
  type PassiveInterface,
} from '../model.js';
import type { SourceLine } from './lines.js';
import type { Found, FoundInterface, FoundNetwork } from './state.js';

export interface KnownAddress {
  readonly device: string;
  /** `172.10.0.2/30` */
  readonly address: string;
}

/** RFC 2328 appendix C.3, where a file says nothing. */
const ospfDefaults = { hello: 10, dead: 40 } as const;
const bgpDefaults = { keepalive: 60, hold: 180 } as const;

type Link = OspfInterface & { readonly addressHint?: string };
export interface Links {
  readonly interfaces: Link[];
  readonly passive: PassiveInterface[];
  readonly area: string;
  readonly rest: SourceLine[];
}

/** What `network` lines are not on a link that is known stay as they are. @throws {ModelError} what is missing */
export function ospfInterfaces(
  found: Found,
  links: readonly FoundNetwork[],
  addresses: readonly KnownAddress[] = [],
): Links {
  const left = new Set(links);
  const known = (name: string): string[] => [
    ...(found.interfaces.get(name)?.addresses ?? []),
    ...addresses.filter(({ device }) => device === name).map(({ address }) => address),
  ];
  const take = (name: string): { network: string; area?: string } | undefined => {
    const own = known(name).filter((each) => !each.endsWith('/32'));
    const [first] = left;
    const match =
      [...left].find(({ prefix }) => own.some((each) => within(each, prefix))) ??
      (own.length === 0 ? first : undefined);
    if (match !== undefined) left.delete(match);
    if (match !== undefined) return { network: match.prefix, area: match.area };
    return own.length === 0 ? undefined : { network: networkOf(own[0]) };
  };
  const active = [...found.interfaces.values()].filter(({ ospf, passive }) => ospf && !passive);
  if (active.length === 0) {
    const guess =
      addresses.find(({ address }) => links.some(({ prefix }) => within(address, prefix)))?.device ??
      [...found.interfaces.values()].find(({ name, passive }) => name.endsWith('.kni') && !passive)?.name;
    if (guess === undefined)
      throw new ModelError(
        'interface',
        'no line says on which interface OSPF runs: give --interface, or run it on the node',
      );
    active.push(found.interface(guess));
  }
  const rest: SourceLine[] = [];
  const interfaces: Link[] = [];
  let area: string | undefined;
  for (const each of active) {
    const found4 = take(each.name);
    if (found4 === undefined) throw new ModelError('network', `no network of ${each.name} is known: give --network`);
    area ??= found4.area ?? each.area;
    interfaces.push({ ...linkOf(each, found4.network), ...hint(known(each.name)) });
    rest.push(...other6(each, interfaces.at(-1)));
  }
  const passive: PassiveInterface[] = [];
  for (const { name, passive: silent } of found.interfaces.values()) {
    if (!silent || active.some((each) => each.name === name)) continue;
    const network = take(name)?.network;
    if (network !== undefined) passive.push({ name, network });
  }
  rest.push(...[...left].map(({ line }) => line));
  return { interfaces, passive, area: area ?? modelDefaults.area, rest };
}

const hint = ([address]: readonly string[]): { addressHint?: string } =>
  address === undefined ? {} : { addressHint: address.split('/')[0] };

function linkOf(each: FoundInterface, network: string): OspfInterface {
  const authentication: Authentication | undefined = each.authentication;
  return {
    name: each.name,
    network,
    networkType: each.networkType ?? 'broadcast',
    hello: each.hello ?? ospfDefaults.hello,
    dead: each.dead ?? (each.hello === undefined ? ospfDefaults.dead : 4 * each.hello),
    cost: each.cost ?? interfaceDefaults.cost,
    ...(authentication === undefined ? {} : { authentication }),
    ...(each.bfd === undefined ? {} : { bfd: each.bfd }),
  };
}

/** OSPFv3's values that are not OSPFv2's. */
function other6({ six }: FoundInterface, link: OspfInterface | undefined): SourceLine[] {
  if (link === undefined) return [];
  const wanted = new Map<string, string | number>([
    ['network', link.networkType],
    ['hello-interval', link.hello],
    ['dead-interval', link.dead],
    ['cost', link.cost],
  ]);
  return six.filter(({ what, value }) => String(wanted.get(what)) !== value).map(({ line }) => line);
}

/** The interface that leads to the first neighbour. @throws {ModelError} what is missing */
export function bgpInterfaces(found: Found, addresses: readonly KnownAddress[] = []): Links {
  const [[peer, { timers, bfd } = {}] = ['']] = found.peers;
  const all = [
    ...[...found.interfaces.values()].flatMap(({ name, addresses: own }) =>
      own.map((address) => ({ device: name, address })),
    ),
    ...addresses,
  ];
  const towards = all.find(({ address }) => isPrefix(address) && within(`${peer}/32`, address));
  const name = towards?.device ?? [...found.interfaces.keys()][0];
  if (name === undefined) throw new ModelError('interface', `no interface leads to ${peer}: give --interface`);
  const network = networkOf(towards?.address ?? `${peer}/30`);
  const { networkType, cost } = interfaceDefaults;
  const [hello, dead] = timers ?? [bgpDefaults.keepalive, bgpDefaults.hold];
  const link = { name, network, networkType, hello, dead, cost, ...(bfd === undefined ? {} : { bfd }) };
  return {
    interfaces: [{ ...link, ...hint(towards === undefined ? [] : [towards.address]) }],
    passive: [],
    area: modelDefaults.area,
    rest: [],
  };
}

const numeric = (address: string): number => address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
function networkOf(prefix: string): string {
  const [address, length = '32'] = prefix.split('/');
  const size = 2 ** (32 - Number(length));
  const base = Math.floor(numeric(address) / size) * size;
  return `${[24, 16, 8, 0].map((shift) => Math.floor(base / 2 ** shift) % 256).join('.')}/${length}`;
}
function within(address: string, prefix: string): boolean {
  const [, length = '32'] = prefix.split('/');
  return networkOf(`${address.split('/')[0]}/${length}`) === networkOf(prefix);
}
