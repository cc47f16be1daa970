/* Flutterwave, simulated: refunds (docs/providers/flutterwave.md, 4.4). All of them are done at once. */
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "sandbox/box.h"
#include "sandbox/flutterwave.h"

struct sl_flutterwave_refund {
    const char *number;
    const struct sl_page *page;
    int64_t amount_minor, at_ms;
    struct sl_flutterwave_refund *next;
};

static void print_refund(struct sl_visit *visit, const struct sl_flutterwave_refund *refund)
{
    char time[SL_TIME_SIZE];

    sl_time_utc(refund->at_ms, time);
    sl_buf_printf(&visit->answer,
                  "{\"id\":%s,\"account_id\":20937,\"tx_id\":%s,\"flw_ref\":\"URF_%s\","
                  "\"wallet_id\":74639,\"amount_refunded\":%s,\"status\":\"completed\","
                  "\"destination\":\"payment_source\",\"created_at\":\"%s\"}",
                  refund->number, refund->page->number, refund->number,
                  sl_flutterwave_amount(visit->arena, refund->amount_minor), time);
}

static int64_t given_back(const struct sl_flutterwave *flutterwave, const struct sl_page *page)
{
    int64_t sum = 0;

    for (const struct sl_flutterwave_refund *refund = flutterwave->refunds; refund;
         refund = refund->next)
        sum += refund->page == page ? refund->amount_minor : 0;
    return sum;
}

static void give_back(struct sl_visit *visit, struct sl_page *page, int64_t amount_minor)
{
    static const struct sl_seen_kind kind = { .operation = "refund",
                                              .names = { "reference", "amount" } };
    struct sl_flutterwave *flutterwave = visit->state;
    struct sl_flutterwave_refund *refund =
        SL_NEW(flutterwave->arena, struct sl_flutterwave_refund, 1);

    *refund = (struct sl_flutterwave_refund){
        sl_arena_printf(flutterwave->arena, "%llu",
                        (unsigned long long)sl_box_id(visit->box) >> 40),
        page, amount_minor, sl_now_ms(), flutterwave->refunds
    };
    flutterwave->refunds = refund;
    visit->box->counts.reversed++;
    sl_seen_add(visit, &kind,
                (const char *const[]){ page->reference,
                                       sl_flutterwave_amount(visit->arena, amount_minor) });
    sl_flutterwave_begin(visit, "Transaction refund initiated");
    print_refund(visit, refund);
    sl_buf_text(&visit->answer, "}");
}

void sl_flutterwave_refund(struct sl_visit *visit, struct sl_page *page, struct json_object *doc)
{
    int64_t amount_minor = page ? page->paid_minor : 0;

    if (!page || page->state != SL_PAGE_PAID) {
        sl_flutterwave_fail(visit, 400, "No transaction was found for this id");
        return;
    }
    if (sl_json_at(doc, "amount"))
        amount_minor = sl_page_amount(visit, doc, "amount");
    visit->scenario = page->scenario;
    if (amount_minor <= 0 || amount_minor > page->paid_minor - given_back(visit->state, page))
        sl_flutterwave_fail(visit, 400,
                            "The refund amount is more than what is left of the transaction");
    else if (!sl_flutterwave_refused(visit))
        give_back(visit, page, amount_minor);
}

void sl_flutterwave_list_refunds(struct sl_visit *visit, struct json_object *doc)
{
    const struct sl_flutterwave *flutterwave = visit->state;
    bool more = false;

    (void)doc;
    sl_flutterwave_begin(visit, "Refunds fetched");
    sl_buf_text(&visit->answer, "[");
    for (const struct sl_flutterwave_refund *one = flutterwave->refunds; one;
         one = one->next, more = true) {
        sl_buf_text(&visit->answer, more ? "," : "");
        print_refund(visit, one);
    }
    sl_buf_text(&visit->answer, "]}");
}

void sl_flutterwave_show_refund(struct sl_visit *visit, const char *number)
{
    const struct sl_flutterwave *flutterwave = visit->state;

    for (const struct sl_flutterwave_refund *one = flutterwave->refunds; one; one = one->next) {
        if (strcmp(one->number, number) != 0)
            continue;
        sl_flutterwave_begin(visit, "Refund fetched");
        print_refund(visit, one);
        sl_buf_text(&visit->answer, "}");
        return;
    }
    sl_flutterwave_fail(visit, 404, "Refund not found");
}
