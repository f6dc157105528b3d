// Which real server each native counter slot belongs to, kept in native memory so that a restarted slow path finds the same slots.
import { Counters, layout, memory } from '../../native/index.js';
import type { DestTable, Service } from '../ipvs/index.js';

export class DestInfo {
  readonly #view = new DataView(memory('destInfo'));
  readonly #size = layout('dest_info.size');
  readonly #counters = new Counters();
  /** Slots found in use at start, by service and server. */
  readonly #known = new Map<string, number>();

  constructor() {
    for (let dest = 0; dest < layout('DP_DESTS'); dest++) {
      if (this.#get8(dest, 'used') === 0) continue;
      const key = [
        this.#get8(dest, 'proto'),
        this.#view.getUint32(dest * this.#size + layout('dest_info.vip4'), true),
        this.#view.getUint16(dest * this.#size + layout('dest_info.vip_port'), true),
        this.#view.getUint32(dest * this.#size + layout('dest_info.rip4'), true),
        this.#view.getUint16(dest * this.#size + layout('dest_info.rip_port'), true),
      ];
      this.#known.set(key.join(' '), dest);
    }
  }

  /** The slot this server had before a restart, if any. */
  slotBefore(service: Service, rip: number, rport: number): number | undefined {
    return this.#known.get([service.protocol, service.vip, service.port, rip, rport].join(' '));
  }

  /** The slot is this server's from now on; a slot that was another's starts from zero. */
  assign(dest: number, service: Service, rip: number, rport: number): void {
    const base = dest * this.#size;
    this.#view.setUint32(base + layout('dest_info.vip4'), service.vip, true);
    this.#view.setUint32(base + layout('dest_info.rip4'), rip, true);
    this.#view.setUint16(base + layout('dest_info.vip_port'), service.port, true);
    this.#view.setUint16(base + layout('dest_info.rip_port'), rport, true);
    this.#view.setUint8(base + layout('dest_info.proto'), service.protocol);
    this.#view.setUint8(base + layout('dest_info.used'), 1);
  }

  server(dest: number): { rip: number; rport: number } {
    return {
      rip: this.#view.getUint32(dest * this.#size + layout('dest_info.rip4'), true),
      rport: this.#view.getUint16(dest * this.#size + layout('dest_info.rip_port'), true),
    };
  }

  /** Clears the counters of removed servers without connections. `free` gives the slot back. */
  reclaim(dests: DestTable, free: (dest: number) => void): void {
    for (const dest of dests.drained()) {
      this.#counters.clearDest(dest);
      this.#view.setUint8(dest * this.#size + layout('dest_info.used'), 0);
      free(dest);
    }
  }

  #get8(dest: number, field: 'used' | 'proto'): number {
    return this.#view.getUint8(dest * this.#size + layout(`dest_info.${field}`));
  }
}
