// SPDX-License-Identifier: MIT OR GPL-2.0
// TOA on a real server: read the client's address from TCP option 254 and show it to accept() and
// getpeername().
//
// A FullNAT node puts the option into every segment it sends to the real server until the server's first
// data, so the ACK that completes the handshake carries it. The sock_ops program keeps the address in the
// socket's own storage (which the kernel frees with the socket), and the getpeername programs, which the
// kernel also runs for accept(), write it over the peer address on its way to user space. Nothing is changed
// in the socket or on the wire.
#include <linux/bpf.h>
#include <linux/tcp.h>
#include <linux/types.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define FAMILY_INET 2 // AF_INET and AF_INET6 live in libc headers, which -target bpf does not have
#define FAMILY_INET6 10

#define OPTION_END 0
#define OPTION_NOP 1
#define OPTION_TOA 254
#define TOA_LENGTH_V4 8
#define TOA_LENGTH_V6 20

// A TCP header has at most 40 bytes of options; MAX_HEADER_MASK keeps the offset's range the same in every
// round of the walk, so that the verifier sees the same state again and does not follow every combination of
// option lengths.
#define MAX_OPTIONS 40
#define MAX_HEADER_MASK 63

#define TRUST_MAX_PREFIXES 256

// What the option says, in network byte order as in the segment.
struct toa_option {
    __u8 kind;
    __u8 length;
    __be16 port;
    __be32 address[4]; // one word in the IPv4 form
} __attribute__((packed));

// The client of one socket; an IPv4 client as ::ffff:a.b.c.d.
struct client {
    __be32 address[4];
    __be16 port;
    __u16 family; // of the option, host byte order
};

// The key of the trust list: a prefix of the peer's address, IPv4 as ::ffff:a.b.c.d.
struct peer_prefix {
    __u32 length;
    __be32 address[4];
};

// dpvs-toa reads the names of these from the map's BTF: one source.
struct counters {
    __u64 connections;   // passive connections established
    __u64 options;       // well-formed TOA options taken
    __u64 missing;       // connections whose handshake ended without one
    __u64 late;          // taken from a later segment than the one that ended the handshake
    __u64 malformed;     // 254 of a wrong length or with no address or port, or an option list that cannot be
                         // walked
    __u64 untrusted;     // options from a peer outside the trust list
    __u64 stored;        // sockets given a client address
    __u64 closed;        // those of them closed again
    __u64 no_memory;     // no room for the socket's storage
    __u64 shown;         // accept() and getpeername() answered with the client's address
    __u64 inexpressible; // an IPv6 client on an IPv4 socket: the peer was left as it is
};

struct {
    __uint(type, BPF_MAP_TYPE_SK_STORAGE);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __type(key, int);
    __type(value, struct client);
} dpvs_toa_sk SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct counters);
} dpvs_toa_count SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_LPM_TRIE);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __uint(max_entries, TRUST_MAX_PREFIXES);
    __type(key, struct peer_prefix);
    __type(value, __u32);
} dpvs_toa_trust SEC(".maps");

// Atomic although per CPU: getpeername() can be preempted by another task's, or by the softirq, between load
// and store.
#define COUNT(field)                                                                                         \
    do {                                                                                                     \
        __u32 zero_ = 0;                                                                                     \
        struct counters *counters_ = bpf_map_lookup_elem(&dpvs_toa_count, &zero_);                           \
        if (counters_)                                                                                       \
            __sync_fetch_and_add(&counters_->field, 1);                                                      \
    } while (0)

enum verdict { FOUND, ABSENT, MALFORMED };

static __always_inline void map_ipv4(__be32 to[4], __be32 ipv4) {
    to[0] = 0;
    to[1] = 0;
    to[2] = bpf_htonl(0xffff);
    to[3] = ipv4;
}

static __always_inline enum verdict read_option(const struct toa_option *option, const void *end,
                                                struct client *client) {
    if (option->length == TOA_LENGTH_V4) {
        if ((const void *)option + TOA_LENGTH_V4 > end)
            return MALFORMED;
        client->family = FAMILY_INET;
        map_ipv4(client->address, option->address[0]);
    } else if (option->length == TOA_LENGTH_V6) {
        if ((const void *)option + TOA_LENGTH_V6 > end)
            return MALFORMED;
        client->family = FAMILY_INET6;
        __builtin_memcpy(client->address, option->address, sizeof(client->address));
    } else {
        return MALFORMED;
    }
    client->port = option->port;
    return client->port && client->address[3] ? FOUND : MALFORMED;
}

// bpf_load_hdr_opt() would do this walk in the kernel, but takes kind 254 only with the 16 or 32 bits of
// magic of RFC 6994, which TOA has not got.
static __always_inline enum verdict find_option(struct bpf_sock_ops *ops, struct client *client) {
    const void *data = ops->skb_data;
    const void *end = ops->skb_data_end; // the end of the TCP header, not of the segment
    __u32 at = sizeof(struct tcphdr);

    if (data + sizeof(struct tcphdr) > end)
        return ABSENT;
#pragma clang loop unroll(disable)
    for (int round = 0; round < MAX_OPTIONS; round++) {
        const __u8 *option = data + at;

        if ((const void *)(option + 1) > end || option[0] == OPTION_END)
            return ABSENT;
        if (option[0] == OPTION_NOP) {
            at = (at + 1) & MAX_HEADER_MASK;
            continue;
        }
        if ((const void *)(option + 2) > end || option[1] < 2 || (const void *)(option + option[1]) > end)
            return MALFORMED;
        if (option[0] == OPTION_TOA)
            return read_option((const struct toa_option *)option, end, client);
        at = (at + option[1]) & MAX_HEADER_MASK;
    }
    return ABSENT;
}

static __always_inline int peer_is_trusted(struct bpf_sock_ops *ops) {
    struct peer_prefix peer = {.length = 128};
    __be32 ipv4 = ops->remote_ip4;

    // Or clang merges this load with that of remote_ip6[3] behind one pointer into the context: the verifier
    // refuses it.
    asm volatile("" : "+r"(ipv4));
    if (ops->family == FAMILY_INET) {
        map_ipv4(peer.address, ipv4);
    } else {
        peer.address[0] = ops->remote_ip6[0];
        peer.address[1] = ops->remote_ip6[1];
        peer.address[2] = ops->remote_ip6[2];
        peer.address[3] = ops->remote_ip6[3];
    }
    return bpf_map_lookup_elem(&dpvs_toa_trust, &peer) != 0;
}

static __always_inline void want_callbacks(struct bpf_sock_ops *ops, __u32 wanted) {
    // Other sock_ops programs share these flags: add, never take away.
    bpf_sock_ops_cb_flags_set(ops, ops->bpf_sock_ops_cb_flags | wanted);
}

static __always_inline enum verdict learn(struct bpf_sock_ops *ops) {
    struct client client = {};
    struct bpf_sock *sk = ops->sk;
    enum verdict verdict = find_option(ops, &client);

    if (verdict == MALFORMED)
        COUNT(malformed);
    if (verdict != FOUND || !sk)
        return verdict;
    if (!peer_is_trusted(ops)) {
        COUNT(untrusted);
        return ABSENT;
    }
    COUNT(options);
    if (!bpf_sk_storage_get(&dpvs_toa_sk, sk, &client, BPF_SK_STORAGE_GET_F_CREATE)) {
        COUNT(no_memory);
        return FOUND;
    }
    COUNT(stored);
    want_callbacks(ops, BPF_SOCK_OPS_STATE_CB_FLAG);
    return FOUND;
}

SEC("sockops")
int dpvs_toa_ops(struct bpf_sock_ops *ops) {
    switch (ops->op) {
    case BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB:
        COUNT(connections);
        if (learn(ops) != FOUND) {
            COUNT(missing);
            // Called for segments with an option the stack does not know, so this costs other connections
            // nothing.
            want_callbacks(ops, BPF_SOCK_OPS_PARSE_UNKNOWN_HDR_OPT_CB_FLAG);
        }
        break;
    case BPF_SOCK_OPS_PARSE_HDR_OPT_CB:
        // After the server's first data the node inserts no more: what comes then is the client's own.
        if (ops->sk && !ops->data_segs_out && !bpf_sk_storage_get(&dpvs_toa_sk, ops->sk, 0, 0) &&
            learn(ops) == FOUND)
            COUNT(late);
        break;
    case BPF_SOCK_OPS_STATE_CB:
        if (ops->args[1] == BPF_TCP_CLOSE && ops->sk && bpf_sk_storage_get(&dpvs_toa_sk, ops->sk, 0, 0))
            COUNT(closed);
        break;
    }
    return 1;
}

SEC("cgroup/getpeername4")
int dpvs_toa_peer4(struct bpf_sock_addr *peer) {
    struct client *client = peer->sk ? bpf_sk_storage_get(&dpvs_toa_sk, peer->sk, 0, 0) : 0;

    if (!client)
        return 1;
    if (client->family != FAMILY_INET) {
        COUNT(inexpressible);
        return 1;
    }
    peer->user_ip4 = client->address[3];
    peer->user_port = client->port;
    COUNT(shown);
    return 1;
}

SEC("cgroup/getpeername6")
int dpvs_toa_peer6(struct bpf_sock_addr *peer) {
    struct client *client = peer->sk ? bpf_sk_storage_get(&dpvs_toa_sk, peer->sk, 0, 0) : 0;

    if (!client)
        return 1;
    peer->user_ip6[0] = client->address[0];
    peer->user_ip6[1] = client->address[1];
    peer->user_ip6[2] = client->address[2];
    peer->user_ip6[3] = client->address[3];
    peer->user_port = client->port;
    COUNT(shown);
    return 1;
}

char toa_license[] SEC("license") = "Dual MIT/GPL";
