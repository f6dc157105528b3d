// Loads libdpvs through koffi and declares its functions. Calls cost about 170 ns, so they are made once a burst.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import koffi from 'koffi';
import { DpvsError } from '../api/errors.js';

/** C prototypes; the header they come from is named on each group. */
const prototypes = {
  // setup.h
  dp_eal_init: 'int dp_eal_init(int argc, const char **argv)',
  dp_exec: 'int dp_exec(const char **argv)',
  dp_create: 'int dp_create(const uint32_t *words, uint32_t n_words)',
  dp_lcore_add: 'int dp_lcore_add(uint32_t eal_id)',
  dp_port_probe: 'int dp_port_probe(const char *devargs, int existing)',
  dp_port_start:
    'int dp_port_start(uint32_t port, uint32_t rxq, uint32_t txq, uint32_t rxd, uint32_t txd, uint32_t mtu, uint32_t promisc, uint32_t allmulticast)',
  dp_port_pair: 'int dp_port_pair(uint32_t port, uint32_t kni)',
  dp_lcore_poll: 'int dp_lcore_poll(uint32_t lcore, uint32_t port, uint32_t queue)',
  dp_start: 'int dp_start()',
  dp_stop: 'void dp_stop()',
  dp_close: 'void dp_close()',
  dp_error: 'const char *dp_error()',
  // port.h
  dp_port_info: 'int dp_port_info(uint32_t port, uint8_t *out)',
  dp_port_set: 'int dp_port_set(uint32_t port, int promisc, int allmulticast, int forward2kni, int up)',
  dp_port_set_mtu: 'int dp_port_set_mtu(uint32_t port, uint32_t mtu)',
  dp_port_set_mac: 'int dp_port_set_mac(uint32_t port, const uint8_t *mac)',
  dp_port_forget_mac: 'void dp_port_forget_mac(uint32_t port)',
  dp_port_own: 'int dp_port_own(uint32_t port, uint8_t *mac)',
  dp_port_groups: 'int dp_port_groups(uint32_t port, const uint8_t *macs, uint32_t n)',
  dp_pool_available: 'uint32_t dp_pool_available()',
  // layout.h
  dp_layout: 'const char *dp_layout()',
  dp_reasons: 'const char *dp_reasons()',
  dp_memory: 'void *dp_memory(uint32_t which, uint32_t index, _Out_ uint64_t *size)',
  dp_usage: 'void dp_usage(uint32_t *out)',
  // slow_path.h
  dp_wait: 'int dp_wait(int timeout_ms)',
  dp_kick: 'void dp_kick()',
  dp_upcall_burst: 'uint32_t dp_upcall_burst(uint32_t max)',
  dp_commit: 'void dp_commit(uint32_t n)',
  dp_alloc: 'uint32_t dp_alloc(uint32_t *out, uint32_t n)',
  dp_sweep: 'uint32_t dp_sweep(uint32_t budget)',
  dp_conn_remove: 'void dp_conn_remove(uint32_t n)',
  dp_next_hop_set:
    'void dp_next_hop_set(uint32_t index, uint32_t mac_high, uint32_t mac_low, uint32_t port, uint32_t state, const uint8_t *address, uint32_t kind)',
  dp_next_hops_source: 'uint32_t dp_next_hops_source(uint32_t port)',
  dp_requeue_held: 'uint32_t dp_requeue_held()',
  dp_find4:
    'uint32_t dp_find4(uint32_t src, uint32_t dst, uint32_t sport, uint32_t dport, uint32_t proto, uint32_t zone)',
  dp_find6:
    'uint32_t dp_find6(const uint8_t *addresses, uint32_t sport, uint32_t dport, uint32_t proto, uint32_t zone)',
  dp_clock_ms: 'uint32_t dp_clock_ms()',
  // kni_set.h
  dp_kni_set_replace: 'int dp_kni_set_replace(const uint32_t *addresses, uint32_t n)',
  // own6_set.h
  dp_own6_set_replace: 'int dp_own6_set_replace(const uint8_t *addresses, uint32_t n)',
  // testing.h
  dp_test_port: 'int dp_test_port(const char *name, const uint8_t *mac)',
  dp_test_send: 'int dp_test_send(uint32_t port, const uint8_t *frame, uint32_t length)',
  dp_test_receive: 'int dp_test_receive(uint32_t port, uint8_t *out, uint32_t room)',
  dp_test_destroy: 'void dp_test_destroy()',
  dp_test_queued: 'uint32_t dp_test_queued()',
  dp_test_unread: 'uint32_t dp_test_unread()',
  dp_test_unsent: 'uint32_t dp_test_unsent()',
  dp_test_turn: 'uint32_t dp_test_turn(uint32_t lcore)',
  // bench.h
  dp_bench_flows: 'int dp_bench_flows(uint32_t n)',
  dp_bench_run: 'int dp_bench_run(uint32_t flows, uint32_t packets, uint32_t bare, uint8_t *out)',
  dp_test_advance: 'void dp_test_advance(uint32_t ms)',
} as const;

type Arg = number | string | null | Uint8Array | Uint32Array | (string | null)[] | bigint[];
export type NativeFunctions = { readonly [K in keyof typeof prototypes]: (...args: Arg[]) => unknown };

/** DPVS_NATIVE names another build of the library, such as the sanitizer's. */
export function libraryPath(): string {
  const explicit = process.env.DPVS_NATIVE;
  if (explicit !== undefined) return explicit;
  // This file runs from dist/native or native: the library is built beside the C sources.
  const here = dirname(fileURLToPath(import.meta.url));
  for (const root of [join(here, '..'), join(here, '../..')]) {
    const path = join(root, 'native/build/libdpvs.so');
    if (existsSync(path)) return path;
  }
  throw new DpvsError('config', 'native/build/libdpvs.so is missing: run npm run build');
}

let loaded: NativeFunctions | undefined;

export function loadLibrary(): NativeFunctions {
  if (loaded !== undefined) return loaded;
  const library = koffi.load(libraryPath());
  const table: Record<string, unknown> = {};
  for (const [name, prototype] of Object.entries(prototypes)) table[name] = library.func(prototype);
  loaded = table as NativeFunctions;
  return loaded;
}

/** An ArrayBuffer over C memory, without a copy. */
export function viewMemory(pointer: unknown, length: number): ArrayBuffer {
  return koffi.view(pointer, length);
}
