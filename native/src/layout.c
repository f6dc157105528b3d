// The one source of layouts for TypeScript: offsets, sizes and limits as text, reasons with their
// descriptions, memory ranges.
#include "layout.h"
#include "deliver.h"
#include "lcore.h"
#include "parse.h"
#include <stdio.h>

#define FIELD(type, field)                                                                                   \
    { #type "." #field, offsetof(struct dp_##type, field) }
#define SIZE(type)                                                                                           \
    { #type ".size", sizeof(struct dp_##type) }
#define CONSTANT(name)                                                                                       \
    { #name, name }

static const struct {
    const char *name;
    uint64_t value;
} entries[] = {
    SIZE(key),
    SIZE(flow),
    SIZE(flow6),
    SIZE(conn),
    SIZE(upcall),
    SIZE(answer),
    SIZE(dest_stats),
    SIZE(lcore_stats),
    SIZE(next_hop),
    SIZE(next_hop_info),
    SIZE(config),
    SIZE(bucket),
    FIELD(flow, key),
    FIELD(flow, conn),
    FIELD(flow, next_hop),
    FIELD(flow, dest),
    FIELD(flow, flags),
    FIELD(flow, new_sport_be),
    FIELD(flow, new_dport_be),
    FIELD(flow, new_src4_be),
    FIELD(flow, new_dst4_be),
    FIELD(flow, mtu),
    FIELD(flow, return_mac),
    FIELD(flow, return_port),
    FIELD(flow6, key_rest),
    FIELD(flow6, new_addr6_rest),
    FIELD(key, sport_be),
    FIELD(key, dport_be),
    FIELD(key, proto),
    FIELD(key, family),
    FIELD(key, src4_be),
    FIELD(key, dst4_be),
    FIELD(conn, flow_in),
    FIELD(conn, flow_out),
    FIELD(conn, last_seen_ms),
    FIELD(conn, seq_delta),
    FIELD(conn, rs_snd_nxt),
    FIELD(conn, rs_rcv_nxt),
    FIELD(conn, state),
    FIELD(conn, proto),
    FIELD(conn, flags),
    FIELD(conn, lcore),
    FIELD(conn, dest),
    FIELD(conn, service),
    FIELD(conn, local_address),
    FIELD(conn, local_port),
    FIELD(conn, local_bucket),
    FIELD(conn, timeout_s),
    FIELD(conn, created_ms),
    FIELD(upcall, handle),
    FIELD(upcall, data),
    FIELD(upcall, length),
    FIELD(upcall, port),
    FIELD(upcall, cls),
    FIELD(upcall, reason),
    FIELD(upcall, l3),
    FIELD(upcall, l4),
    FIELD(upcall, proto),
    FIELD(upcall, tcp_flags),
    FIELD(upcall, lcore),
    FIELD(upcall, rounds),
    FIELD(upcall, src4),
    FIELD(upcall, dst4),
    FIELD(upcall, sport),
    FIELD(upcall, dport),
    FIELD(upcall, seq),
    FIELD(upcall, ack),
    FIELD(upcall, flow),
    FIELD(upcall, family),
    FIELD(answer, op),
    FIELD(answer, handle),
    FIELD(answer, port),
    FIELD(answer, length),
    FIELD(answer, result),
    FIELD(answer, client4),
    FIELD(answer, vip4),
    FIELD(answer, lip4),
    FIELD(answer, rip4),
    FIELD(answer, client_port),
    FIELD(answer, vip_port),
    FIELD(answer, lip_port),
    FIELD(answer, rip_port),
    FIELD(answer, proto),
    FIELD(answer, flags_in),
    FIELD(answer, flags_out),
    FIELD(answer, next_hop_in),
    FIELD(answer, next_hop_out),
    FIELD(answer, dest),
    FIELD(answer, service),
    FIELD(answer, local_address),
    FIELD(answer, local_bucket),
    FIELD(answer, timeout_s),
    FIELD(answer, zone),
    FIELD(answer, reason),
    FIELD(answer, mtu_in),
    FIELD(answer, mtu_out),
    FIELD(answer, family),
    FIELD(answer, client6),
    FIELD(answer, vip6),
    FIELD(answer, lip6),
    FIELD(answer, rip6),
    FIELD(dest_stats, in_pkts),
    FIELD(dest_stats, out_pkts),
    FIELD(dest_stats, in_bytes),
    FIELD(dest_stats, out_bytes),
    FIELD(dest_stats, established),
    FIELD(dest_stats, accepted),
    FIELD(dest_stats, refused),
    FIELD(dest_stats, conns),
    FIELD(lcore_stats, drop),
    FIELD(lcore_stats, punt),
    FIELD(lcore_stats, event),
    FIELD(lcore_stats, loops),
    FIELD(lcore_stats, bursts),
    FIELD(lcore_stats, empty_bursts),
    FIELD(lcore_stats, full_bursts),
    FIELD(lcore_stats, half_bursts),
    FIELD(lcore_stats, over_half_bursts),
    FIELD(lcore_stats, ipackets),
    FIELD(lcore_stats, ibytes),
    FIELD(lcore_stats, opackets),
    FIELD(lcore_stats, obytes),
    FIELD(lcore_stats, sleeps),
    FIELD(next_hop, dst_mac),
    FIELD(next_hop, port),
    FIELD(next_hop, state),
    FIELD(next_hop_info, address),
    FIELD(next_hop_info, kind),
    SIZE(dest_info),
    FIELD(dest_info, vip),
    FIELD(dest_info, rip),
    FIELD(dest_info, vip_port),
    FIELD(dest_info, rip_port),
    FIELD(dest_info, proto),
    FIELD(dest_info, used),
    CONSTANT(DP_MAX_PORTS),
    CONSTANT(DP_MAX_LCORES),
    CONSTANT(DP_NEXT_HOPS),
    CONSTANT(DP_DESTS),
    CONSTANT(DP_UPCALL_BATCH),
    CONSTANT(DP_OP_BATCH),
    CONSTANT(DP_SWEEP_BATCH),
    CONSTANT(DP_KNI_ADDRESSES),
    CONSTANT(DP_OWN6_ADDRESSES),
    CONSTANT(DP_CLASSES),
    CONSTANT(TS_COUNT),
};

static const struct {
    const char *kind, *name, *text;
} reasons[] = {
#define X(id, name, text) {"drop", name, text},
    DP_DROP_REASONS(X)
#undef X
#define X(id, name, text) {"punt", name, text},
        DP_PUNT_REASONS(X)
#undef X
#define X(id, name, text) {"event", name, text},
            DP_EVENTS(X)
#undef X
};

const char *dp_layout(void) {
    static char text[16384];
    size_t at = 0;
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "%s %llu\n", entries[i].name,
                               (unsigned long long)entries[i].value);
    return text;
}

const char *dp_reasons(void) {
    static char text[16384];
    size_t at = 0;
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "%s\t%s\t%s\n", reasons[i].kind, reasons[i].name,
                               reasons[i].text);
    return text;
}

void *dp_memory(uint32_t which, uint32_t index, uint64_t *size) {
    struct dp *d = dp_ctx;
    switch (which) {
    case DP_MEM_POOL:
        *size = d->pool_size;
        return d->pool_base;
    case DP_MEM_FLOWS:
        *size = sizeof(struct dp_flow) * ((uint64_t)d->flow_capacity + 1);
        return d->flows;
    case DP_MEM_FLOWS6:
        *size = sizeof(struct dp_flow6) * ((uint64_t)d->flow_capacity + 1);
        return d->flows6;
    case DP_MEM_CONNS:
        *size = sizeof(struct dp_conn) * ((uint64_t)d->conn_capacity + 1);
        return d->conns;
    case DP_MEM_NEXT_HOPS:
        *size = sizeof(struct dp_next_hop) * DP_NEXT_HOPS;
        return d->next_hops;
    case DP_MEM_NEXT_HOP_INFO:
        *size = sizeof(struct dp_next_hop_info) * DP_NEXT_HOPS;
        return d->next_hop_info;
    case DP_MEM_DEST_INFO:
        *size = sizeof(struct dp_dest_info) * DP_DESTS;
        return d->dest_info;
    case DP_MEM_UPCALLS:
        *size = sizeof(struct dp_upcall) * DP_UPCALL_BATCH;
        return d->upcall_batch;
    case DP_MEM_ANSWERS:
        *size = sizeof(struct dp_answer) * DP_OP_BATCH;
        return d->answer_batch;
    case DP_MEM_SWEEP:
        *size = 4ull * DP_SWEEP_BATCH;
        return d->sweep_batch;
    case DP_MEM_TIMEOUTS:
        *size = sizeof d->timeout_ms;
        return d->timeout_ms;
    case DP_MEM_LCORE_STATS:
        *size = sizeof(struct dp_lcore_stats);
        return index <= d->n_lcores ? d->lcores[index]->stats : NULL;
    case DP_MEM_DEST_STATS:
        *size = sizeof(struct dp_dest_stats) * DP_DESTS;
        return index <= d->n_lcores ? d->lcores[index]->dests : NULL;
    default:
        *size = 0;
        return NULL;
    }
}

void dp_usage(uint32_t *out) {
    struct dp *d = dp_ctx;
    out[0] = d->flows_used;
    out[1] = d->flow_capacity;
    out[2] = d->conns_used;
    out[3] = d->conn_capacity;
    out[4] = d->n_lcores;
    out[5] = rte_mempool_avail_count(d->pool);
    out[6] = d->config.mbufs;
    out[7] = d->conn_high;
}
