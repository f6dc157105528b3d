// The fluent packet builder: packet().eth({…}).ip4({…}).tcp({…}).payload('hello').build(). Every call gives a new builder, so a prefix can be shared.
import { concat } from './bytes.js';
import { encodeLayer } from './encode.js';
import type { ArpSpec, EthSpec, IcmpSpec, Ip4Spec, Ip6Spec, Layer, TcpSpec, UdpSpec, VlanSpec } from './headers.js';

export class PacketBuilder {
  readonly #layers: readonly Layer[];
  readonly #finish: (bytes: Uint8Array) => Uint8Array;

  constructor(layers: readonly Layer[] = [], finish: (bytes: Uint8Array) => Uint8Array = (bytes) => bytes) {
    this.#layers = layers;
    this.#finish = finish;
  }

  eth(spec: EthSpec): PacketBuilder {
    return this.#with({ layer: 'eth', ...spec });
  }
  vlan(spec: VlanSpec): PacketBuilder {
    return this.#with({ layer: 'vlan', ...spec });
  }
  arp(spec: ArpSpec): PacketBuilder {
    return this.#with({ layer: 'arp', ...spec });
  }
  ip4(spec: Ip4Spec): PacketBuilder {
    return this.#with({ layer: 'ip4', ...spec });
  }
  ip6(spec: Ip6Spec): PacketBuilder {
    return this.#with({ layer: 'ip6', ...spec });
  }
  tcp(spec: TcpSpec): PacketBuilder {
    return this.#with({ layer: 'tcp', ...spec });
  }
  udp(spec: UdpSpec): PacketBuilder {
    return this.#with({ layer: 'udp', ...spec });
  }
  icmp(spec: IcmpSpec): PacketBuilder {
    return this.#with({ layer: 'icmp', ...spec });
  }
  icmp6(spec: IcmpSpec): PacketBuilder {
    return this.#with({ layer: 'icmp6', ...spec });
  }

  /** Bytes, text, or so many bytes of a pattern that differs from place to place. */
  payload(content: Uint8Array | string | number): PacketBuilder {
    const bytes =
      typeof content === 'number'
        ? Uint8Array.from({ length: content }, (_, i) => (i * 7 + (i >>> 8) + 1) & 0xff)
        : typeof content === 'string'
          ? new TextEncoder().encode(content)
          : content;
    return this.#with({ layer: 'payload', bytes });
  }

  /** Fills the finished frame with zeros up to a length, as a sender does for Ethernet's minimum of 60 (without FCS). */
  pad(length = 60): PacketBuilder {
    return this.#then((bytes) => concat(bytes, Array<number>(Math.max(length - bytes.length, 0)).fill(0)));
  }

  /** Cuts the finished frame to a length without telling any header. */
  truncate(length: number): PacketBuilder {
    return this.#then((bytes) => bytes.slice(0, length));
  }

  build(): Uint8Array {
    let body: Uint8Array = new Uint8Array(0);
    for (let i = this.#layers.length - 1; i >= 0; i--) {
      const outside = this.#layers.slice(0, i).reverse();
      const ip = outside.find((layer) => layer.layer === 'ip4' || layer.layer === 'ip6');
      body = encodeLayer(this.#layers[i], body, {
        next: this.#layers[i + 1],
        ip: ip as Extract<Layer, { layer: 'ip4' | 'ip6' }> | undefined,
      });
    }
    return this.#finish(body);
  }

  #with(layer: Layer): PacketBuilder {
    return new PacketBuilder([...this.#layers, layer], this.#finish);
  }

  #then(step: (bytes: Uint8Array) => Uint8Array): PacketBuilder {
    return new PacketBuilder(this.#layers, (bytes) => step(this.#finish(bytes)));
  }
}

export const packet = (): PacketBuilder => new PacketBuilder();
