// EAL, pool, tables, rings, lcores.
#include "setup.h"
#include "flow_table.h"
#include "kni_set.h"
#include "own6_set.h"
#include "lcore.h"
#include "memory.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <sched.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>

struct dp *dp_ctx;
static char error_text[256];

const char *dp_error(void) {
    return error_text;
}

static int fail(int code, const char *what) {
    snprintf(error_text, sizeof error_text, "%s: %s", what, rte_strerror(-code));
    return code;
}

int dp_eal_init(int argc, char **argv) {
    cpu_set_t before;
    sched_getaffinity(0, sizeof before, &before);
    int n = rte_eal_init(argc, argv);
    int code = n < 0 ? -rte_errno : 0;
    // EAL pins the calling thread; Node's main thread must stay free to move.
    sched_setaffinity(0, sizeof before, &before);
    return code ? fail(code, "rte_eal_init") : 0;
}

int dp_exec(char **argv) {
    // What EAL opened before it failed would keep its hugepages.
    close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
    // Node keeps these from its children.
    for (int fd = 0; fd < 3; fd++)
        fcntl(fd, F_SETFD, 0);
    execv(argv[0], argv);
    return fail(-errno, argv[0]);
}

static int create_pool(struct dp *d) {
    d->pool =
        rte_pktmbuf_pool_create("dp_pool", d->config.mbufs, d->config.mbuf_cache, sizeof(struct dp_meta),
                                (uint16_t)(d->config.mbuf_room + RTE_PKTMBUF_HEADROOM), SOCKET_ID_ANY);
    if (!d->pool)
        return fail(-rte_errno, "packet buffers");
    // One range, so that a buffer is an offset for TypeScript.
    if (d->pool->nb_mem_chunks != 1)
        return fail(-ENOTSUP, "packet buffers are not contiguous (start EAL with --iova-mode=va)");
    struct rte_mempool_memhdr *chunk = STAILQ_FIRST(&d->pool->mem_list);
    d->pool_base = chunk->addr;
    d->pool_size = chunk->len;
    if ((uintptr_t)d->pool_base & 63)
        return fail(-ENOTSUP, "packet buffers are not aligned");
    return 0;
}

static struct dp_lcore *new_lcore(uint32_t index, unsigned eal_id) {
    char name[32];
    struct dp_lcore *lc = dp_region(sizeof *lc);
    if (!lc)
        return NULL;
    lc->id = index;
    lc->eal_id = eal_id;
    lc->dests = dp_region(sizeof(struct dp_dest_stats) * DP_DESTS);
    lc->stats = dp_region(sizeof(struct dp_lcore_stats));
    snprintf(name, sizeof name, "inject%u", index);
    lc->inject = rte_ring_create(name, 4096, SOCKET_ID_ANY, 0);
    return lc->dests && lc->stats && lc->inject ? lc : NULL;
}

int dp_create(const uint32_t *words, uint32_t n_words) {
    struct dp *d = dp_region(sizeof *d);
    if (!d)
        return fail(-ENOMEM, "context");
    if (n_words * 4 != sizeof d->config)
        return fail(-EINVAL, "configuration record");
    dp_ctx = d;
    memcpy(&d->config, words, sizeof d->config);
    if (getrandom(d->hash_seed, sizeof d->hash_seed, 0) != sizeof d->hash_seed)
        return fail(-EIO, "random seed");
    d->tsc_hz = rte_get_tsc_hz();
    d->tsc_start = rte_rdtsc() - 1000 * (d->tsc_hz / 1000); // the clock starts at 1 s: 0 means never
    int rc = create_pool(d);
    if (rc)
        return rc;
    d->next_hops = dp_region(sizeof(struct dp_next_hop) * DP_NEXT_HOPS);
    d->next_hop_info = dp_region(sizeof(struct dp_next_hop_info) * DP_NEXT_HOPS);
    d->dest_info = dp_region(sizeof(struct dp_dest_info) * DP_DESTS);
    d->upcall_batch = dp_region(sizeof(struct dp_upcall) * DP_UPCALL_BATCH);
    d->answer_batch = dp_region(sizeof(struct dp_answer) * DP_OP_BATCH);
    d->sweep_batch = dp_region(4ull * DP_SWEEP_BATCH);
    d->doorbell = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    for (int c = 0; c < DP_CLASSES; c++) {
        char name[32];
        snprintf(name, sizeof name, "upcall%d", c);
        d->upcall[c] = rte_ring_create(name, d->config.upcall_ring, SOCKET_ID_ANY, 0);
        if (!d->upcall[c])
            return fail(-rte_errno, "upcall ring");
    }
    if (!d->next_hops || !d->next_hop_info || !d->dest_info || !d->upcall_batch || !d->answer_batch ||
        !d->sweep_batch || d->doorbell < 0 || dp_kni_set_create() || dp_own6_set_create() ||
        dp_flow_table_create())
        return fail(-ENOMEM, "tables");
    // The slot behind the last lcore counts what the slow path does.
    d->lcores[0] = new_lcore(0, 0);
    return d->lcores[0] ? 0 : fail(-ENOMEM, "lcore");
}

int dp_lcore_add(uint32_t eal_id) {
    struct dp *d = dp_ctx;
    if (d->n_lcores == DP_MAX_LCORES)
        return fail(-ENOSPC, "lcores");
    struct dp_lcore *next = new_lcore(d->n_lcores + 1, 0);
    if (!next)
        return fail(-ENOMEM, "lcore");
    d->lcores[d->n_lcores]->eal_id = eal_id;
    d->lcores[d->n_lcores + 1] = next;
    return (int)d->n_lcores++;
}

int dp_lcore_poll(uint32_t lcore, uint32_t port, uint32_t queue) {
    struct dp *d = dp_ctx;
    if (lcore >= d->n_lcores || port >= DP_MAX_PORTS || !d->ports[port].used || queue >= d->ports[port].n_rxq)
        return fail(-EINVAL, "receive queue");
    struct dp_lcore *lc = d->lcores[lcore];
    if (lc->n_rxq == DP_MAX_RXQ)
        return fail(-ENOSPC, "receive queues of an lcore");
    lc->rxq[lc->n_rxq].port = (uint16_t)port;
    lc->rxq[lc->n_rxq].queue = (uint16_t)queue;
    lc->n_rxq++;
    return 0;
}

int dp_start(void) {
    for (uint32_t i = 0; i < dp_ctx->n_lcores; i++) {
        struct dp_lcore *lc = dp_ctx->lcores[i];
        int rc = rte_eal_remote_launch(dp_lcore_main, lc, lc->eal_id);
        if (rc)
            return fail(rc, "lcore");
    }
    return 0;
}

void dp_stop(void) {
    atomic_store(&dp_ctx->stop, 1);
    for (uint32_t i = 0; i < dp_ctx->n_lcores; i++)
        rte_eal_wait_lcore(dp_ctx->lcores[i]->eal_id);
}
