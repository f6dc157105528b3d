// Links, addresses and routes of the kernel, read and changed over rtnetlink in the network namespace of the calling process.
import { AttrStream, FlagsGet, FlagsNew, type NetlinkMessage, rt } from 'netlink';
import { addressBytes, familyNumber, familyOf, macBytes, parsePrefix } from './address-bytes.js';
import { type OnUnreadable, readEach, type Unreadable } from './attributes.js';
import { KernelError } from './kernel-error.js';
import {
  decodeAddress,
  decodeLink,
  type KernelAddress,
  type KernelLink,
  type LinkAttributes,
  type NameOfIndex,
} from './kernel-objects.js';
import { decodeRoute, type KernelRoute, viaBytes } from './kernel-routes.js';
import {
  decodeNextHopObject,
  type NextHopsById,
  nextHopHeaderBytes,
  nextHopsById,
  withNextHops,
} from './next-hop-objects.js';
import { RequestSocket } from './request-socket.js';
import { type KernelEvent, KernelWatch, type WatchOptions } from './watch.js';

export interface LinkChange {
  readonly up?: boolean;
  readonly mtu?: number;
  readonly mac?: string;
  /** TAP devices and the like only; a device with a carrier of its own refuses with EOPNOTSUPP. */
  readonly carrier?: boolean;
}

export interface RouteChange {
  /** `a.b.c.d/len`, or `default`. */
  readonly destination: string;
  /** Of the other family, too (RFC 5549). */
  readonly gateway?: string;
  readonly device: string;
  readonly metric?: number;
  readonly source?: string;
}

const { MessageType, RouteProtocol, RouteScope, RouteType, RoutingTableClass } = rt;
const ENODEV = 19;
const RTA_VIA = 18;

export class Rtnetlink {
  readonly #requests = new RequestSocket();
  readonly #watches = new Set<KernelWatch>();
  readonly #onUnreadable: OnUnreadable;

  /** @param onUnreadable told of each message that is left out because it cannot be read */
  constructor(onUnreadable: OnUnreadable = () => {}) {
    this.#onUnreadable = onUnreadable;
  }

  links(): Promise<KernelLink[]> {
    return this.#dump({ what: 'link', ask: MessageType.GETLINK, data: linkMessage({}, {}), read: decodeLink });
  }

  /** @throws {KernelError} ENODEV */
  async linkByName(name: string): Promise<KernelLink> {
    // Asked by name only, the kernel answers for one link instead of all.
    const messages = await this.#requests.request(
      `look up link ${name}`,
      MessageType.GETLINK,
      linkMessage({}, { ifname: name }),
    );
    const [link] = this.#read('link', MessageType.NEWLINK, messages, decodeLink);
    if (link !== undefined) return link;
    throw KernelError.fromErrno(`look up link ${name}`, ENODEV);
  }

  /** One request: the kernel applies MAC, MTU and state in an order that works. @throws {KernelError} */
  async setLink(name: string, change: LinkChange): Promise<void> {
    const { index } = await this.linkByName(name);
    const attributes: LinkAttributes = {};
    if (change.mtu !== undefined) attributes.mtu = change.mtu;
    if (change.mac !== undefined) attributes.address = macBytes(change.mac);
    if (change.carrier !== undefined) attributes.carrier = change.carrier ? 1 : 0;
    const state: rt.Link =
      change.up === undefined ? {} : { change: { up: true }, ...(change.up ? { flags: { up: true } } : {}) };
    const what = Object.entries(change).map(([key, value]) => `${key} ${value}`);
    await this.#requests.request(
      `set link ${name} ${what.join(' ')}`,
      MessageType.SETLINK,
      linkMessage({ index, ...state }, attributes),
    );
  }

  /** What a cable would say; ospfd and the kernel's routes follow it. TAP devices only. @throws {KernelError} EOPNOTSUPP */
  setCarrier(name: string, carrier: boolean): Promise<void> {
    return this.setLink(name, { carrier });
  }

  /** @param name only this link's. @throws {KernelError} ENODEV */
  async addresses(name?: string): Promise<KernelAddress[]> {
    const links = await this.links();
    const names = new Map(links.map((link) => [link.index, link.name]));
    if (name !== undefined && !links.some((link) => link.name === name))
      throw KernelError.fromErrno(`list addresses of ${name}`, ENODEV);
    const stream = new AttrStream();
    rt.formatAddressMessage({ kind: 'address', data: {}, attrs: {} }, stream);
    const all = await this.#dump({
      what: 'address',
      ask: MessageType.GETADDR,
      data: stream.bufs,
      read: (data) => decodeAddress(data, (i) => names.get(i) ?? null),
    });
    return name === undefined ? all : all.filter(({ device }) => device === name);
  }

  /**
   * An IPv6 address is usable at once where duplicate address detection is skipped: `nodad`.
   * @param prefix `a.b.c.d/len`. @throws {KernelError} EEXIST, ENODEV
   */
  addAddress(name: string, prefix: string, { nodad = false }: { nodad?: boolean } = {}): Promise<void> {
    return this.#changeAddress('add', name, prefix, nodad ? { nodad: true } : {});
  }

  /** @throws {KernelError} EADDRNOTAVAIL, ENODEV */
  deleteAddress(name: string, prefix: string): Promise<void> {
    return this.#changeAddress('delete', name, prefix);
  }

  /** The main table's routes unless another table, or `all`, is asked for. */
  async routes(table: number | 'all' = RoutingTableClass.MAIN): Promise<KernelRoute[]> {
    const names = new Map((await this.links()).map((link) => [link.index, link.name]));
    const stream = new AttrStream();
    rt.formatRouteMessage({ kind: 'route', data: {}, attrs: {} }, stream);
    const all = await this.#dump({
      what: 'route',
      ask: MessageType.GETROUTE,
      data: stream.bufs,
      read: (data) => decodeRoute(data, (index) => names.get(index) ?? null),
    });
    const wanted = table === 'all' ? all : all.filter((route) => route.table === table);
    if (wanted.every(({ nextHopId }) => nextHopId === undefined)) return wanted;
    const objects = await this.#nextHops((index) => names.get(index) ?? null);
    return wanted.map((route) => withNextHops(route, objects)).filter((route) => route !== null);
  }

  /** @throws {KernelError} EEXIST, ENETUNREACH, ENODEV, … */
  addRoute(route: RouteChange): Promise<void> {
    return this.#changeRoute('add', route);
  }

  /** Removes the route that fits all that is given. @throws {KernelError} ESRCH */
  deleteRoute(route: RouteChange): Promise<void> {
    return this.#changeRoute('delete', route);
  }

  /**
   * Calls back for every change from now on. After `{ kind: 'resync' }` changes were lost and the caller must read again what it
   * cares about. Read the present state after this has resolved, and nothing falls between.
   */
  async watch(callback: (event: KernelEvent) => void, options: WatchOptions = {}): Promise<KernelWatch> {
    const watch = new KernelWatch(callback, () => this.links(), this.#onUnreadable, options);
    this.#watches.add(watch);
    watch.onClose = () => this.#watches.delete(watch);
    await watch.ready();
    return watch;
  }

  close(): void {
    for (const watch of [...this.#watches]) watch.close();
    this.#requests.close();
  }

  async #changeAddress(verb: 'add' | 'delete', name: string, text: string, flags: rt.AddressFlags = {}): Promise<void> {
    const { family, address, length } = parsePrefix(text);
    const { index } = await this.linkByName(name);
    const bytes = addressBytes(address);
    const stream = new AttrStream();
    rt.formatAddressMessage(
      {
        kind: 'address',
        data: { family: familyNumber[family], prefixlen: length, index, flags, scope: RouteScope.UNIVERSE },
        attrs: { local: bytes, address: bytes },
      },
      stream,
    );
    await this.#requests.request(
      `${verb} address ${address}/${length} ${verb === 'add' ? 'to' : 'from'} ${name}`,
      verb === 'add' ? MessageType.NEWADDR : MessageType.DELADDR,
      stream.bufs,
      verb === 'add' ? FlagsNew.CREATE | FlagsNew.EXCL : 0,
    );
  }

  async #changeRoute(verb: 'add' | 'delete', route: RouteChange): Promise<void> {
    const { device, gateway, metric, source } = route;
    const anyFamily = gateway?.includes(':') === true ? '::/0' : '0.0.0.0/0';
    const { family, address, length } = parsePrefix(route.destination === 'default' ? anyFamily : route.destination);
    const { index } = await this.linkByName(device);
    const adding = verb === 'add';
    const foreign = gateway !== undefined && familyOf(gateway) !== family;
    const stream = new AttrStream();
    rt.formatRouteMessage(
      {
        kind: 'route',
        data: {
          family: familyNumber[family],
          dstLen: length,
          table: RoutingTableClass.MAIN,
          // On deletion these three would have to match as well; 0 and NOWHERE mean whatever it is.
          protocol: adding ? RouteProtocol.STATIC : undefined,
          scope: !adding ? RouteScope.NOWHERE : gateway === undefined ? RouteScope.LINK : RouteScope.UNIVERSE,
          type: adding ? RouteType.UNICAST : RouteType.UNSPEC,
        },
        attrs: {
          ...(length === 0 ? {} : { dst: addressBytes(address) }),
          ...(gateway === undefined || foreign ? {} : { gateway: addressBytes(gateway) }),
          ...(metric === undefined ? {} : { priority: metric }),
          ...(source === undefined ? {} : { prefsrc: addressBytes(source) }),
          oif: index,
        },
      },
      stream,
    );
    if (foreign) stream.push(RTA_VIA, viaBytes(gateway));
    const via = gateway === undefined ? '' : ` via ${gateway}`;
    await this.#requests.request(
      `${verb} route ${address}/${length}${via} dev ${device}`,
      adding ? MessageType.NEWROUTE : MessageType.DELROUTE,
      stream.bufs,
      adding ? FlagsNew.CREATE | FlagsNew.EXCL : 0,
    );
  }

  async #nextHops(nameOf: NameOfIndex): Promise<NextHopsById> {
    const objects = await this.#dump({
      what: 'next hop',
      ask: MessageType.GETNEXTHOP,
      data: [Buffer.alloc(nextHopHeaderBytes)],
      read: (data) => decodeNextHopObject(data, nameOf),
    });
    return nextHopsById(objects);
  }

  async #dump<T>({ what, ask, data, read }: Dump<T>): Promise<T[]> {
    const messages = await this.#requests.request(`list ${listed[what]}`, ask, data, FlagsGet.DUMP);
    // RTM_NEWx stands two before RTM_GETx (linux/rtnetlink.h).
    return this.#read(what, ask - 2, messages, read);
  }

  #read<T>(
    what: Unreadable['what'],
    type: number,
    messages: readonly NetlinkMessage[],
    read: (data: Buffer) => T | null,
  ): T[] {
    const ofType = messages.filter((message) => message.type === type).map(({ data }) => data);
    return readEach(what, ofType, read, this.#onUnreadable);
  }
}

interface Dump<T> {
  readonly what: Unreadable['what'];
  readonly ask: number;
  readonly data: Uint8Array[];
  /** null: not of those that are asked for. */
  readonly read: (data: Buffer) => T | null;
}

const listed = { link: 'links', address: 'addresses', route: 'routes', 'next hop': 'next-hop objects' } as const;

function linkMessage(data: rt.Link, attrs: LinkAttributes): Uint8Array[] {
  const stream = new AttrStream();
  rt.formatLinkMessage({ kind: 'link', data, attrs }, stream);
  return stream.bufs;
}
