#include "lib/transfer/transfer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/transfer/exchange.h"

struct sl_transfer {
    struct sl_pools *pools;
    struct slot *all, *unused, *over, **over_end;
    size_t n_active, n_files;
    char *networks; /* of sl_transfer_reach(), or NULL */
    char *ca_file;  /* the system's own: setting none would mean to trust nobody */
};

/* ---- Memory -------------------------------------------------------------------------------
 * libcurl goes on without what it could not allocate, with a request that lacks a part or until its
 * time is over. What it is given ends the program instead, as everything else here does. */

static void *or_end(void *memory)
{
    if (!memory)
        sl_out_of_memory();
    return memory;
}

static void *take(size_t n)
{
    return or_end(malloc(n));
}

static void *take_cleared(size_t n, size_t size)
{
    return or_end(calloc(n, size));
}

static void *take_again(void *memory, size_t n)
{
    return or_end(realloc(memory, n ? n : 1));
}

static char *take_copy(const char *text)
{
    return or_end(strdup(text));
}

/* ---- Opening and closing ---------------------------------------------------------------- */

int sl_transfer_open(struct sl_transfer **out, struct sl_err *err)
{
    SL_AUTO(sl_transfer_close) struct sl_transfer *transfer = calloc(1, sizeof *transfer);

    if (!transfer)
        sl_out_of_memory();
    transfer->over_end = &transfer->over;
    if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, take, free, take_again, take_copy,
                             take_cleared) != CURLE_OK)
        return sl_err_set(err, SL_ERR_INTERNAL, "libcurl cannot be started");
    if (sl_pools_open(&transfer->pools, err) < 0)
        return -1;
    *out = transfer;
    transfer = NULL;
    return 0;
}

void sl_transfer_close(struct sl_transfer **transfer)
{
    struct slot *slot, *next;

    if (!*transfer)
        return;
    sl_transfer_drop(*transfer);
    for (slot = (*transfer)->all; slot; slot = next) {
        next = slot->all;
        curl_easy_cleanup(slot->easy);
        free(slot);
    }
    sl_pools_close(&(*transfer)->pools);
    free((*transfer)->networks);
    free((*transfer)->ca_file);
    free(*transfer);
    *transfer = NULL;
}

void sl_transfer_reach(struct sl_transfer *transfer, const char *networks)
{
    free(transfer->networks);
    transfer->networks = networks ? strdup(networks) : NULL;
    if (networks && !transfer->networks)
        sl_out_of_memory();
}

/* ---- Starting --------------------------------------------------------------------------- */

/* Handles are used again, so what one exchange set must be set back by the next. */
static void learn_ca(struct sl_transfer *transfer, struct slot *slot)
{
    char *ca_file = NULL;

    if (!transfer->ca_file &&
        curl_easy_getinfo(slot->easy, CURLINFO_CAINFO, &ca_file) == CURLE_OK && ca_file)
        transfer->ca_file = strdup(ca_file);
}

static struct slot *take_slot(struct sl_transfer *transfer)
{
    struct slot *slot = transfer->unused;

    if (slot) {
        transfer->unused = slot->next;
        return slot;
    }
    slot = calloc(1, sizeof *slot);
    if (!slot)
        sl_out_of_memory();
    slot->easy = curl_easy_init();
    if (!slot->easy)
        sl_out_of_memory();
    exchange_prepare(slot);
    learn_ca(transfer, slot);
    slot->all = transfer->all;
    transfer->all = slot;
    return slot;
}

static void put_over(struct sl_transfer *transfer, struct slot *slot)
{
    slot->next = NULL;
    *transfer->over_end = slot;
    transfer->over_end = &slot->next;
}

/* The slot is free again. */
static void finish(struct sl_transfer *transfer, struct slot *slot)
{
    if (slot->pool)
        sl_pool_remove(slot->pool, slot->easy);
    slot->pool = NULL;
    exchange_clear(slot);
    slot->next = transfer->unused;
    transfer->unused = slot;
    transfer->n_active--;
}

/* An exchange that is over before it began. */
static void not_sent(struct sl_transfer *transfer, struct slot *slot, const char *why)
{
    slot->code = CURLE_READ_ERROR;
    (void)snprintf(slot->reason, sizeof slot->reason, "%s", why);
    put_over(transfer, slot);
}

static void start_files(struct sl_transfer *transfer, struct slot *slot)
{
    const struct sl_request *request = slot->send.request;

    slot->files = sl_files_start(slot->send.arena, request->files, request->sink);
    slot->told = (struct sl_exchange){
        .reach = SL_ANSWERED, .retry_after_ms = -1, .content_type = "application/json", .body = ""
    };
    slot->started_ms = sl_boot_ms();
    transfer->n_files++;
}

/* Gives the handle to its pool. False if curl does not want it. */
static bool launch(struct sl_transfer *transfer, struct slot *slot)
{
    struct sl_pool *pool = sl_pools_get(transfer->pools, slot->send.request->pool);

    if (!sl_pool_add(pool, slot->easy))
        return false;
    slot->pool = pool;
    return true;
}

int sl_transfer_start(struct sl_transfer *transfer, const struct sl_send *send, struct sl_err *err)
{
    struct slot *slot = take_slot(transfer);
    struct sl_err why;

    exchange_begin(slot, send);
    slot->reach.networks = transfer->networks;
    transfer->n_active++;
    if (send->request->files) {
        start_files(transfer, slot);
    } else if (exchange_set(slot, transfer->ca_file, &why) < 0) {
        not_sent(transfer, slot, why.text);
    } else if (!launch(transfer, slot)) {
        finish(transfer, slot);
        return sl_err_set(err, SL_ERR_INTERNAL, "the request could not be started");
    }
    return 0;
}

size_t sl_transfer_active(const struct sl_transfer *transfer)
{
    return transfer->n_active;
}

/* ---- Working ---------------------------------------------------------------------------- */

static void collect(struct sl_transfer *transfer)
{
    struct slot *slot;
    CURLcode code;
    CURL *easy;

    while (sl_pools_over(transfer->pools, &easy, &code)) {
        (void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&slot);
        slot->code = code;
        put_over(transfer, slot);
    }
}

/* A slice of every step on files. */
static void work_files(struct sl_transfer *transfer)
{
    for (struct slot *slot = transfer->n_files ? transfer->all : NULL; slot; slot = slot->all) {
        if (!slot->files || !sl_files_go_on(slot->files, &slot->told))
            continue;
        sl_files_end(&slot->files);
        transfer->n_files--;
        put_over(transfer, slot);
    }
}

int sl_transfer_watch(struct sl_transfer *transfer, int fd, struct sl_err *err)
{
    return sl_pools_watch(transfer->pools, fd, err);
}

void sl_transfer_wait(struct sl_transfer *transfer, int64_t most_ms)
{
    int64_t until = sl_boot_ms() + most_ms;
    bool more;

    do {
        bool busy = transfer->over || transfer->n_files > 0;

        more = sl_pools_wait(transfer->pools, busy ? 0 : until - sl_boot_ms());
        collect(transfer);
        work_files(transfer);
    } while (more && !transfer->over && sl_boot_ms() < until);
}

/* ---- What is over ----------------------------------------------------------------------- */

bool sl_transfer_next(struct sl_transfer *transfer, struct sl_sent *sent)
{
    struct slot *slot = transfer->over;

    if (!slot)
        return false;
    transfer->over = slot->next;
    if (!transfer->over)
        transfer->over_end = &transfer->over;
    *sent = (struct sl_sent){ .owner = slot->send.owner };
    if (slot->send.request->files) {
        sent->exchange = slot->told;
        sent->duration_ms = sl_boot_ms() - slot->started_ms;
    } else {
        exchange_tell(slot, sent);
    }
    finish(transfer, slot);
    return true;
}

void sl_transfer_drop(struct sl_transfer *transfer)
{
    for (struct slot *slot = transfer->all; slot; slot = slot->all)
        if (slot->active)
            finish(transfer, slot);
    transfer->over = NULL;
    transfer->over_end = &transfer->over;
    transfer->n_files = 0;
}
