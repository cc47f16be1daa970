#include "lib/service/queue_acts.h"

#include <inttypes.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/service/act.h"
#include "lib/service/hooks.h"
#include "lib/service/audit.h"
#include "lib/service/job.h"
#include "lib/service/payments.h"
#include "lib/store/payments.h"

/* ---- Finding --------------------------------------------------------------------------- */

int sl_queue_no_item(const char *id, struct sl_err *err)
{
    (void)sl_err_set(err, SL_ERR_DATA, "there is no item '%s' in the queue", id);
    return sl_err_hint(err, "`sl-queue list` shows them");
}

int sl_queue_find(struct sl_service *service, struct sl_arena *arena, int64_t school_id, int64_t id,
                  struct sl_item *item, struct sl_err *err)
{
    int found = sl_queue_get(service->db, arena, id, item, err);

    if (found < 0)
        return -1;
    if (found > 0 && (school_id == 0 || school_id == item->school_id))
        return 0;
    return sl_queue_no_item(sl_arena_printf(arena, "%" PRId64, id), err);
}

static void add_operations(struct sl_buf *names, const struct sl_adapter *adapter)
{
    for (size_t i = 0; i < adapter->n_ops; i++)
        sl_buf_add(names, (const char *)&adapter->ops[i].name, sizeof adapter->ops[i].name);
}

/* What providers do, and what tells others. Sets *n. */
static const char *const *all_operations(struct sl_arena *arena, size_t *n)
{
    struct sl_buf names = sl_buf_new(arena);
    const char **list;

    for (size_t i = 0; sl_adapters[i]; i++)
        add_operations(&names, sl_adapters[i]);
    add_operations(&names, sl_hook_adapter("url"));
    *n = names.len / sizeof *list;
    list = SL_NEW(arena, const char *, *n);
    memcpy(list, names.data, names.len);
    return list;
}

int sl_queue_check_operation(const char *operation, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    const char *const *names, *meant;
    size_t n;

    if (!operation)
        return 0;
    names = all_operations(arena, &n);
    for (size_t i = 0; i < n; i++)
        if (strcmp(operation, names[i]) == 0)
            return 0;
    (void)sl_err_set(err, SL_ERR_DATA, "there is no operation '%s'", operation);
    meant = sl_nearest(operation, names, n);
    return meant ? sl_err_hint(err, "did you mean '%s'?", meant)
                 : sl_err_hint(err, "`sl-queue list` shows what they are called");
}

/* ---- The trail ------------------------------------------------------------------------- */

static bool is_persons(const struct sl_item *item)
{
    return item->waits_for && strcmp(item->waits_for, "person") == 0;
}

/* What people call its state. */
static const char *state_of(struct sl_arena *arena, const struct sl_item *item)
{
    if (item->waits_for)
        return sl_arena_printf(arena, "waiting for its %s", item->waits_for);
    return item->status;
}

static int record(struct sl_service *service, struct sl_arena *arena, const struct sl_item *item,
                  const char *operation, const char *status, struct sl_err *err)
{
    struct sl_buf changes = sl_buf_new(arena);
    struct sl_act act = { .operation = operation,
                          .school_id = item->school_id,
                          .provider_id = item->provider_id,
                          .kind = "queue",
                          .id = sl_arena_printf(arena, "%" PRId64, item->id) };

    sl_act_change(&changes, "status", item->status, status);
    if (item->waits_for)
        sl_act_change(&changes, "waits_for", item->waits_for, NULL);
    act.changes = sl_act_changes(&changes);
    return sl_act_record(service, &act, err);
}

/* ---- Retry ------------------------------------------------------------------------------ */

/* Who has paid is not asked again, however little the callback and the query agree else. */
static int find_paid(struct sl_service *service, struct sl_arena *arena, const struct sl_item *item,
                     const char **why, struct sl_err *err)
{
    struct sl_payment payment;
    int found;

    if (strcmp(item->operation, "payment.request") != 0 || item->subject_id == 0)
        return 0;
    found = sl_payments_get(service->db, arena, item->subject_id, &payment, err);
    if (found > 0 && sl_payments_said_paid(&payment))
        *why =
            sl_arena_printf(arena, "is payment %s, and that was paid; the payer is not asked again",
                            payment.public_id);
    return found < 0 ? -1 : 0;
}

/* Why it cannot be brought back, beside its own state; NULL if it can. */
static int find_obstacle(struct sl_service *service, struct sl_arena *arena,
                         const struct sl_item *item, const char **why, struct sl_err *err)
{
    struct sl_batch batch;
    int64_t other = 0;

    *why = NULL;
    if (item->batch_id) {
        int found = sl_batches_get(service->db, arena, item->batch_id, &batch, err);

        if (found < 0)
            return -1;
        if (found > 0 && strcmp(batch.state, "cancelled") == 0)
            *why = sl_arena_printf(arena, "is of batch %s, which was cancelled", batch.public_id);
    }
    if (item->dedupe_key && sl_queue_open(service->db, item->dedupe_key, &other, err) < 0)
        return -1;
    if (other && other != item->id)
        *why = sl_arena_printf(arena, "is done by item %" PRId64 " already", other);
    if (strcmp(item->payload, SL_QUEUE_ERASED) == 0)
        *why = "was erased: what it would send is gone";
    return *why ? 0 : find_paid(service, arena, item, why, err);
}

/* A prompt that is asked for again is stale again in its time. */
static int renew_time(struct sl_service *service, struct sl_arena *arena,
                      const struct sl_item *item, int64_t now_ms, struct sl_err *err)
{
    struct sl_provider provider;
    const struct sl_adapter *adapter = NULL;
    const struct sl_op *op;
    int found = sl_providers_get(service->db, arena, item->provider_id, &provider, err);

    if (found < 0)
        return -1;
    if (found > 0)
        adapter = sl_adapter_find(provider.code);
    op = adapter ? sl_adapter_op(adapter, item->operation) : NULL;
    if (!op || op->stale_s == 0)
        return 0;
    return sl_queue_view_expire(service->db, item->id, now_ms + op->stale_s * 1000LL, err);
}

/* Its messages and its batch go with it. */
static int bring_back(struct sl_service *service, struct sl_arena *arena,
                      const struct sl_item *item, struct sl_err *err)
{
    int64_t now_ms = sl_now_ms();
    int changed = sl_queue_retry(service->db, item->id, now_ms, err);

    if (changed == 0)
        return sl_err_set(err, SL_ERR_INTERNAL, "item %" PRId64 " could not be retried", item->id);
    if (changed < 0 || renew_time(service, arena, item, now_ms, err) < 0 ||
        sl_messages_all(service->db, item->id, is_persons(item) ? "unknown" : "failed", "queued",
                        NULL, now_ms, err) < 0 ||
        (item->batch_id && sl_batches_resume(service->db, item->batch_id, now_ms, err) < 0))
        return -1;
    return record(service, arena, item, "queue.retry", "pending", err);
}

int sl_queue_act_retry(struct sl_service *service, int64_t school_id, int64_t id,
                       struct sl_retried *retried, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };
    struct sl_item item;
    int64_t unknown = 0;
    const char *why;

    if (sl_tx_begin(&tx, service->db, err) < 0 ||
        sl_queue_find(service, arena, school_id, id, &item, err) < 0)
        return -1;
    if (strcmp(item.status, "failed") != 0 && !is_persons(&item))
        return sl_err_set(err, SL_ERR_DATA,
                          "item %" PRId64 " is %s; only what failed or waits for a person can be "
                          "retried",
                          id, state_of(arena, &item));
    if (find_obstacle(service, arena, &item, &why, err) < 0)
        return -1;
    if (why)
        return sl_err_set(err, SL_ERR_DATA, "item %" PRId64 " %s", id, why);
    if (sl_messages_with(service->db, id, "unknown", &unknown, err) < 0 ||
        bring_back(service, arena, &item, err) < 0 || sl_tx_commit(&tx, err) < 0)
        return -1;
    *retried = (struct sl_retried){ .was_unknown = is_persons(&item), .n_unknown = unknown };
    return 0;
}

/* Returns 1, 0 if something stands in the way, or -1. */
static int retry_failed(struct sl_service *service, struct sl_arena *arena, int64_t id,
                        struct sl_err *err)
{
    struct sl_item item;
    const char *why;
    int found = sl_queue_get(service->db, arena, id, &item, err);

    if (found <= 0)
        return found;
    if (find_obstacle(service, arena, &item, &why, err) < 0)
        return -1;
    if (why)
        return 0;
    return bring_back(service, arena, &item, err) < 0 ? -1 : 1;
}

int sl_queue_act_retry_failed(struct sl_service *service, const struct sl_queue_filter *filter,
                              struct sl_retry_page *page, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };
    int64_t ids[SL_RETRY_PAGE];
    size_t retried = 0;
    int n;

    if (sl_tx_begin(&tx, service->db, err) < 0)
        return -1;
    n = sl_queue_view_failed(service->db, filter, page->after_id, sl_now_ms(), SL_RETRY_PAGE, ids,
                             err);
    for (int i = 0; i < n; i++) {
        int changed = retry_failed(service, arena, ids[i], err);

        if (changed < 0)
            return -1;
        if (changed > 0)
            page->ids[retried++] = ids[i];
    }
    if (n < 0 || sl_tx_commit(&tx, err) < 0)
        return -1;
    page->n = retried;
    if (n > 0)
        page->after_id = ids[n - 1];
    return n == SL_RETRY_PAGE;
}

/* ---- Cancel ----------------------------------------------------------------------------- */

/* What hangs on it. What waited for a person may have been carried out: that stays unknown. */
static int end_records(struct sl_service *service, struct sl_arena *arena,
                       const struct sl_item *item, int64_t now_ms, struct sl_err *err)
{
    const struct sl_domain *domain = sl_domain_find(item->operation);
    const char *why = sl_arena_printf(arena, "cancelled by %s", sl_audit_actor(arena));

    if (sl_messages_all(service->db, item->id, "queued", "cancelled", NULL, now_ms, err) < 0)
        return -1;
    if (!domain->end || domain == &sl_messages_domain)
        return 0;
    return domain->end(service, item, is_persons(item), why, now_ms, err);
}

/* Why it cannot be called off. */
static int refuse_cancel(struct sl_arena *arena, const struct sl_item *item, struct sl_err *err)
{
    if (strcmp(item->status, "processing") != 0)
        return sl_err_set(err, SL_ERR_DATA, "item %" PRId64 " is %s; there is nothing to cancel",
                          item->id, item->status);
    return sl_err_set(err, SL_ERR_DATA,
                      "item %" PRId64 " is already leaving%s%s; nothing was "
                      "cancelled",
                      item->id, item->waits_for ? ": it is " : "",
                      item->waits_for ? state_of(arena, item) : "");
}

int sl_queue_act_cancel(struct sl_service *service, int64_t school_id, int64_t id,
                        struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };
    int64_t now_ms = sl_now_ms();
    struct sl_item item;
    int changed;

    if (sl_tx_begin(&tx, service->db, err) < 0 ||
        sl_queue_find(service, arena, school_id, id, &item, err) < 0)
        return -1;
    changed = sl_queue_cancel(service->db, id, now_ms, err);
    if (changed <= 0)
        return changed < 0 ? -1 : refuse_cancel(arena, &item, err);
    if (end_records(service, arena, &item, now_ms, err) < 0 ||
        (item.batch_id && sl_batches_finish(service->db, item.batch_id, now_ms, err) < 0) ||
        record(service, arena, &item, "queue.cancel", "cancelled", err) < 0)
        return -1;
    return sl_tx_commit(&tx, err);
}
