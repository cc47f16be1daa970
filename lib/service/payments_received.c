/* Money that came without our asking, and whether it may come. */
#include <ctype.h>
#include <string.h>

#include "lib/base/crypto.h"
#include "lib/base/text.h"
#include "lib/service/payments_private.h"
#include "lib/service/receipts.h"
#include "lib/service/tell.h"

enum {
    NEAR_MS = 600000, /* a prompt and its confirmation lie no further apart */
    TOLD_AGO_MS = 86400000,
    MOST_ALIKE = 16,
    LEAST_TAIL = 3, /* digits of a masked number that must be left to compare */
};

/* ---- Whether it is the same money ----------------------------------------------------------- */

/* "2547 ***** 126", 12 digits, or the SHA-256 of those in hexadecimal: docs/providers/mpesa.md, 6.2. */
static bool same_phone(const char *phone, const char *told)
{
    unsigned char digest[SL_SHA256_SIZE];
    char hex[2 * SL_SHA256_SIZE + 1];
    size_t n_told = told ? strlen(told) : 0, n_phone = phone ? strlen(phone) : 0, n = 0;

    if (n_told == 0 || n_phone < 2)
        return false;
    if (n_told == sizeof hex - 1) {
        sl_sha256(phone + 1, n_phone - 1, digest);
        sl_hex(digest, sizeof digest, hex);
        return strcasecmp(hex, told) == 0;
    }
    while (n < n_told && n < n_phone && isdigit((unsigned char)told[n_told - 1 - n]))
        n++;
    return n >= LEAST_TAIL && strcmp(told + n_told - n, phone + n_phone - n) == 0;
}

/* The only one that fits; 0 if none or several do, or -1. */
static int find_only(struct sl_service *service, struct sl_arena *arena,
                     const struct sl_same_money *money, const char *phone, struct sl_payment *found,
                     struct sl_err *err)
{
    struct sl_payment *alike = SL_NEW(arena, struct sl_payment, MOST_ALIKE);
    int n = sl_payments_like(service->db, arena, money, MOST_ALIKE, alike, err), n_fits = 0;
    bool requests = strcmp(money->source, "request") == 0;

    for (int i = 0; i < n; i++) {
        const char *ours = requests ? alike[i].phone : phone;
        const char *theirs = requests ? phone : alike[i].phone;

        if (!same_phone(ours, theirs) || (requests && alike[i].told_receipt))
            continue;
        *found = alike[i];
        n_fits++;
    }
    if (n < 0)
        return -1;
    return n_fits == 1;
}

/* ---- A confirmation ------------------------------------------------------------------------- */

struct confirmation {
    struct sl_service *service;
    struct sl_arena *arena;
    int64_t school_id, provider_id;
    const struct sl_payment_news *news;
    int64_t now_ms;
};

static int take_for(const struct confirmation *confirmation, int64_t payment_id, struct sl_err *err)
{
    struct payment_change change;
    int found = payment_change_begin(&change, confirmation->service, confirmation->arena,
                                     payment_id, confirmation->now_ms, err);

    return found > 0 ? payment_received(&change, confirmation->news, err) : found;
}

/* Its receipt is known already: it came twice, or is the confirmation of what a callback told. */
static int take_again(const struct confirmation *confirmation, const struct sl_payment *owner,
                      struct sl_err *err)
{
    const struct sl_payment_news *news = confirmation->news;
    struct payment_change change;
    int found;

    if (owner->amount_minor == news->amount_minor)
        return strcmp(owner->source, "request") == 0 ? take_for(confirmation, owner->id, err) : 0;
    found = payment_change_begin(&change, confirmation->service, confirmation->arena, owner->id,
                                 confirmation->now_ms, err);
    if (found <= 0)
        return found;
    payment_note(&change, sl_arena_printf(confirmation->arena,
                                          "a confirmation of receipt %s says %s", news->receipt,
                                          payment_print(confirmation->arena, news->amount_minor)));
    return payment_change_store(&change, err);
}

/* A number that is whole is kept like ours; a hash tells nobody anything. */
static const char *keep_phone(struct sl_arena *arena, const char *told)
{
    size_t n = told ? strlen(told) : 0;

    if (n == 0 || n == 2 * SL_SHA256_SIZE)
        return NULL;
    if (n >= 9 && n <= 15 && strspn(told, "0123456789") == n)
        return sl_arena_printf(arena, "+%s", told);
    return told;
}

static int add_own(const struct confirmation *confirmation, struct sl_err *err)
{
    const struct sl_payment_news *news = confirmation->news;
    struct sl_payment payment = {
        .public_id = payment_new_id(confirmation->arena, confirmation->now_ms),
        .school_id = confirmation->school_id,
        .provider_id = confirmation->provider_id,
        .source = "c2b",
        .status = "succeeded",
        .amount_minor = news->amount_minor,
        .currency = news->currency,
        .phone = keep_phone(confirmation->arena, news->phone),
        .reference = news->reference ? news->reference : "",
        .payer = news->payer,
        .receipt = news->receipt,
        .settled_at = confirmation->now_ms,
    };
    struct sl_school school;

    if (!payment.currency) {
        if (sl_schools_get(confirmation->service->db, confirmation->arena, confirmation->school_id,
                           &school, err) <= 0)
            return -1;
        payment.currency = school.currency;
    }
    if (sl_payments_add(confirmation->service->db, &payment, confirmation->now_ms, err) < 0 ||
        sl_tell_payment(confirmation->service, payment.id, "payment.succeeded",
                        confirmation->now_ms, err) < 0)
        return -1;
    return sl_receipts_send(confirmation->service, &payment, confirmation->now_ms, err);
}

int sl_payments_received(struct sl_service *service, int64_t school_id, int64_t provider_id,
                         const struct sl_payment_news *news, int64_t now_ms, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    const struct confirmation confirmation = {
        service, arena, school_id, provider_id, news, now_ms
    };
    const struct sl_receipt_of of = { school_id, provider_id, news->receipt, now_ms - TOLD_AGO_MS };
    const struct sl_same_money money = {
        .school_id = school_id,
        .provider_id = provider_id,
        .source = "request",
        .amount_minor = news->amount_minor,
        .reference = sl_reference_normal(arena, news->reference ? news->reference : ""),
        .from_ms = now_ms - NEAR_MS,
        .to_ms = now_ms,
    };
    struct sl_payment payment;
    int found;

    if (!news->receipt || news->amount_minor <= 0)
        return sl_err_set(err, SL_ERR_DATA, "a confirmation without receipt or amount");
    found = sl_payments_by_receipt(service->db, arena, &of, &payment, err);
    if (found > 0) {
        if (take_again(&confirmation, &payment, err) < 0)
            return -1;
        if (payment.receipt || payment.amount_minor == news->amount_minor)
            return 0;
        return add_own(&confirmation, err); /* what a callback told of it was another amount */
    }
    if (found == 0)
        found = find_only(service, arena, &money, news->phone, &payment, err);
    if (found < 0)
        return -1;
    return found > 0 ? take_for(&confirmation, payment.id, err) : add_own(&confirmation, err);
}

int sl_payments_may_come(struct sl_service *service, int64_t school_id, const char *rule,
                         const struct sl_payment_news *news, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();

    if (news->state == SL_PAY_FAILED)
        return 0; /* the adapter knows already that it is not for this school */
    if (strcmp(rule, "known") != 0)
        return 1;
    if (!news->reference)
        return 0;
    return sl_references_has(service->db, school_id, sl_reference_normal(arena, news->reference),
                             err);
}

/* ---- Afterwards ----------------------------------------------------------------------------- */

int sl_payments_match(struct sl_service *service, int64_t payment_id, int64_t now_ms,
                      struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct payment_change change;
    struct sl_same_money money;
    struct sl_payment twin;
    int found = payment_change_begin(&change, service, arena, payment_id, now_ms, err);

    if (found <= 0 || payment_is_over(&change.now))
        return found < 0 ? -1 : 0;
    if (payment_confirmed(&change))
        return payment_change_store(&change, err) < 0 ? -1 : 1;
    money = (struct sl_same_money){
        .school_id = change.now.school_id,
        .provider_id = change.now.provider_id,
        .source = "c2b",
        .amount_minor = change.now.amount_minor,
        .reference = sl_reference_normal(arena, change.now.reference),
        .from_ms = change.now.created_at,
        .to_ms = change.now.created_at + NEAR_MS,
    };
    found = find_only(service, arena, &money, change.now.phone, &twin, err);
    if (found <= 0)
        return found;
    change.now.told_state = "received";
    change.now.told_receipt = twin.receipt;
    change.now.told_amount_minor = twin.amount_minor;
    (void)payment_confirmed(&change);
    return payment_change_store(&change, err) < 0 ? -1 : 1;
}

int sl_payments_give_up(struct sl_service *service, int64_t payment_id, int64_t now_ms,
                        struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct payment_change change;
    int found = payment_change_begin(&change, service, arena, payment_id, now_ms, err);

    if (found <= 0)
        return found;
    payment_give_up(&change, "nothing was heard of it for a day, and there is nothing to ask by");
    if (payment_change_store(&change, err) < 0)
        return -1;
    if (!change.now.queue_id || !payment_is(change.now.status, "unknown"))
        return 0;
    return sl_queue_wait_on(service->db, change.now.queue_id, "person", 0, 0, err) < 0 ? -1 : 0;
}
