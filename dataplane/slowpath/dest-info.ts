// Which real server each native counter slot belongs to, kept in native memory so that a restarted slow path finds the same slots.
import { Counters, layout, memory } from '../../native/index.js';
import { type Ip, readMapped, writeMapped } from '../inet/index.js';
import type { AdoptedServer, DestTable, Protocol, Service } from '../ipvs/index.js';

/** As the comment in dp.h. */
const Used = { free: 0, vip: 1, match: 2 } as const;

export class DestInfo {
  readonly #view = new DataView(memory('destInfo'));
  readonly #bytes = new Uint8Array(memory('destInfo'));
  readonly #size = layout('dest_info.size');
  readonly #counters = new Counters();

  /** The slots in use, after a restart. */
  *known(): Generator<AdoptedServer> {
    const address = (dest: number, field: 'vip' | 'rip'): Ip =>
      readMapped(this.#view, dest * this.#size + layout(`dest_info.${field}`));
    const half = (dest: number, field: 'vip_port' | 'rip_port') =>
      this.#view.getUint16(dest * this.#size + layout(`dest_info.${field}`), true);
    const slots = layout('DP_DESTS');
    for (let dest = 0; dest < slots; dest++) {
      const used = this.#get8(dest, 'used');
      if (used === Used.free) continue;
      const match = used === Used.match ? { match: this.#digest(dest) } : {};
      const protocol = this.#get8(dest, 'proto') as Protocol;
      const server = { rip: address(dest, 'rip'), rport: half(dest, 'rip_port') };
      yield { destIndex: dest, protocol, vip: address(dest, 'vip'), port: half(dest, 'vip_port'), ...server, ...match };
    }
  }

  /** The slot is this server's from now on. */
  assign(dest: number, service: Service, rip: Ip, rport: number): void {
    const base = dest * this.#size;
    if (service.match === null) writeMapped(service.vip, this.#view, base + layout('dest_info.vip'));
    else this.#bytes.set(Buffer.from(service.match.digest, 'hex'), base + layout('dest_info.vip'));
    writeMapped(rip, this.#view, base + layout('dest_info.rip'));
    this.#view.setUint16(base + layout('dest_info.vip_port'), service.port, true);
    this.#view.setUint16(base + layout('dest_info.rip_port'), rport, true);
    this.#view.setUint8(base + layout('dest_info.proto'), service.protocol);
    this.#view.setUint8(base + layout('dest_info.used'), service.match === null ? Used.vip : Used.match);
  }

  /** Clears the counters of removed servers without connections. `free` gives the slot back. */
  reclaim(dests: DestTable, free: (dest: number) => void): void {
    for (const dest of dests.drained()) {
      this.#counters.clearDest(dest);
      this.#view.setUint8(dest * this.#size + layout('dest_info.used'), Used.free);
      free(dest);
    }
  }

  #digest(dest: number): string {
    const at = dest * this.#size + layout('dest_info.vip');
    return Buffer.from(this.#bytes.subarray(at, at + 16)).toString('hex');
  }

  #get8(dest: number, field: 'used' | 'proto'): number {
    return this.#view.getUint8(dest * this.#size + layout(`dest_info.${field}`));
  }
}
