#include "lib/service/awaited.h"

#include <inttypes.h>
#include <string.h>

#include "lib/service/config.h"
#include "lib/service/payments.h"
#include "lib/store/queue_view.h"

static const char *time_text(struct sl_arena *arena, int64_t ms)
{
    char text[SL_TIME_SIZE];

    sl_time_utc(ms / 1000 * 1000, text);
    return sl_arena_strdup(arena, text);
}

const char *sl_awaited_account(struct sl_arena *arena, const struct sl_account_row *row,
                               int64_t now_ms)
{
    if (row->blocked)
        return sl_arena_printf(arena, "blocked: %s", row->blocked);
    if (row->hold_ms > row->open_ms)
        return sl_arena_printf(arena, "held until %s: %s", time_text(arena, now_ms + row->hold_ms),
                               row->held ? row->held : "the provider asked to wait");
    if (row->open_ms > 0)
        return sl_arena_printf(arena, "left alone until %s: it fails",
                               time_text(arena, now_ms + row->open_ms));
    if (row->open)
        return "left alone until one request has tried it: it failed";
    if (row->day_ends_at > now_ms)
        return sl_arena_printf(arena, "held until %s: its daily_limit is reached",
                               time_text(arena, row->day_ends_at));
    return NULL;
}

static const char *trouble(const struct sl_account_row *row)
{
    return row->blocked ? row->blocked : row->held;
}

/* Nobody has it: what is between it and a runner. */
static const char *pending(struct sl_arena *arena, const struct sl_queue_wait *wait,
                           const struct sl_account_row *account, int64_t now_ms)
{
    const char *paused = sl_awaited_account(arena, account, now_ms);

    if (wait->loading)
        return "the end of its list, which was not read to its end";
    if (paused)
        return sl_arena_printf(arena, "its account, %s", paused);
    if (wait->next_attempt_at > now_ms)
        return sl_arena_printf(arena, "its next attempt at %s",
                               time_text(arena, wait->next_attempt_at));
    return account->spent ? "its turn, at the rate limit of its account"
                          : "its turn: `sl-queue-run` sends it";
}

const char *sl_awaited_decision(struct sl_arena *arena, const struct sl_payment *payment)
{
    if (sl_payments_in_doubt(payment))
        return sl_arena_printf(arena, "a person: `sl-pay verify %s --accept RECEIPT`",
                               payment->public_id);
    return NULL;
}

/* What a person can do about a row: a payment that something calls paid is not sent again. */
static int person(struct sl_service *service, struct sl_arena *arena, int64_t queue_id,
                  const char **what, struct sl_err *err)
{
    struct sl_payment payment = { 0 };
    struct sl_item item = { 0 };
    int found = sl_queue_get(service->db, arena, queue_id, &item, err);

    if (found > 0 && strcmp(item.operation, "payment.request") == 0)
        found = sl_payments_get(service->db, arena, item.subject_id, &payment, err);
    if (found < 0)
        return -1;
    *what = payment.id ? sl_awaited_decision(arena, &payment) : NULL;
    if (!*what && payment.id && sl_payments_said_paid(&payment))
        *what = sl_arena_printf(arena, "a person: `sl-pay verify %s`", payment.public_id);
    if (!*what)
        *what = sl_arena_printf(arena,
                                "a person: `sl-queue retry %" PRId64
                                "` or `sl-queue cancel %" PRId64 "`",
                                queue_id, queue_id);
    return 0;
}

static const char *processing(struct sl_arena *arena, const struct sl_queue_wait *wait)
{
    if (!wait->waits_for)
        return wait->in_flight ? "the provider's answer" : "its turn: a program has it";
    if (wait->next_attempt_at == 0)
        return sl_arena_printf(arena, "its %s", wait->waits_for);
    return sl_arena_printf(arena, "its %s; looked at again at %s", wait->waits_for,
                           time_text(arena, wait->next_attempt_at));
}

/* Returns 1 if nothing is in the way of the school or its settings, 0 if something is, or -1. */
static int usable(struct sl_service *service, struct sl_arena *arena,
                  const struct sl_queue_wait *wait, struct sl_awaited *awaited, struct sl_err *err)
{
    if (wait->loading || sl_config_usable(service, wait->school_id, wait->provider_id, err) == 0)
        return 1;
    if (err->code != SL_ERR_CONFIG)
        return -1;
    awaited->what = sl_arena_printf(arena, "a person: %s; %s", err->text, err->hint);
    awaited->why = sl_arena_strdup(arena, err->text);
    return 0;
}

int sl_awaited_item(struct sl_service *service, struct sl_arena *arena, int64_t queue_id,
                    struct sl_awaited *awaited, struct sl_err *err)
{
    struct sl_boot_now now = { .ms = sl_boot_ms() };
    struct sl_account_row account = { 0 };
    struct sl_queue_wait wait;
    int found = queue_id ? sl_queue_view_wait(service->db, arena, queue_id, &wait, err) : 0;

    *awaited = (struct sl_awaited){ 0 };
    if (found <= 0)
        return found;
    if (wait.waits_for && strcmp(wait.waits_for, "person") == 0) {
        awaited->why = wait.error;
        return person(service, arena, queue_id, &awaited->what, err);
    }
    if (strcmp(wait.status, "processing") == 0) {
        *awaited =
            (struct sl_awaited){ processing(arena, &wait), wait.accepted ? NULL : wait.error };
        return 0;
    }
    found = usable(service, arena, &wait, awaited, err);
    if (found <= 0)
        return found;
    sl_boot_id(now.id);
    if (sl_accounts_find(service->db, arena, wait.account, &now, &account, err) < 0)
        return -1;
    awaited->what = pending(arena, &wait, &account, sl_now_ms());
    awaited->why = trouble(&account) ? trouble(&account) : wait.error;
    return 0;
}
