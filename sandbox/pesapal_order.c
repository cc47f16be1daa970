/* Pesapal, simulated: orders, their status, refunds and cancelling (docs/providers/pesapal.md, 4.3 to 4.6,
 * 6). */
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "sandbox/box.h"
#include "sandbox/pesapal.h"

enum { EAST_AFRICA_MS = 10800000 };

static const char json_body[] = "application/json";

/* ---- Notifications ------------------------------------------------------------------ */

/* The same words whatever became of it. By GET where the address was registered so: then they are
 * in the address, and page->callback has them. */
static void tell(struct sl_sandbox *box, const struct sl_page *page, struct sl_visit *visit)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    bool gets = strstr(page->callback, "?OrderTrackingId=") != NULL;
    const struct sl_script script = {
        .url = page->callback,
        .type = json_body,
        .genuine = gets ? NULL
                        : sl_arena_printf(arena,
                                          "{\"OrderNotificationType\":\"IPNCHANGE\","
                                          "\"OrderTrackingId\":\"%s\","
                                          "\"OrderMerchantReference\":\"%s\"}",
                                          page->id, page->reference),
        .late_ms = box->settings.late_ms,
    };

    sl_callbacks_play(box->callbacks, page->scenario, visit, &script);
}

/* ---- Orders ------------------------------------------------------------------------- */

static bool is_plain(const char *text, size_t most)
{
    size_t n =
        text ? strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:")
             : 0;

    return n > 0 && n <= most && !text[n];
}

static bool is_filled(const char *text)
{
    return text && *text;
}

/* What is wrong with the order; NULL: nothing. */
static const char *find_fault(struct sl_visit *visit, struct json_object *doc)
{
    const char *description = sl_json_text(doc, "description");
    const char *callback = sl_json_text(doc, "callback_url");
    const char *country = sl_json_text(doc, "billing_address.country_code");
    const char *currency = sl_json_text(doc, "currency");

    if (!is_plain(sl_json_text(doc, "id"), 50))
        return "id";
    if (!currency || strlen(currency) != 3)
        return "currency";
    if (json_object_is_type(sl_json_at(doc, "amount"), json_type_string) ||
        sl_page_amount(visit, doc, "amount") <= 0)
        return "amount";
    if (!is_filled(description) || sl_utf8_length(description) > 100)
        return "description";
    if (!callback || strncmp(callback, "http", 4) != 0)
        return "callback_url";
    if (!is_filled(sl_json_text(doc, "billing_address.email_address")) &&
        !is_filled(sl_json_text(doc, "billing_address.phone_number")))
        return "billing_address";
    if (is_filled(country) && strlen(country) != 2)
        return "country_code";
    return NULL;
}

/* 07… and 01… are how payers' numbers are written here. */
static const char *international(struct sl_visit *visit, const char *phone)
{
    if (phone && phone[0] == '0')
        return sl_arena_printf(visit->arena, "254%s", phone + 1);
    return phone ? phone : "";
}

static struct sl_page *make(struct sl_visit *visit, struct json_object *doc,
                            const struct sl_pesapal_ipn *ipn, const char *phone)
{
    struct sl_pesapal *pesapal = visit->state;
    struct sl_arena *arena = pesapal->arena;
    struct sl_page *page = SL_NEW(arena, struct sl_page, 1);

    page->id = sl_pesapal_guid(visit);
    page->number =
        sl_arena_printf(arena, "%08llX", (unsigned long long)sl_box_id(visit->box) >> 32);
    page->reference = sl_arena_strdup(arena, sl_json_text(doc, "id"));
    page->currency = sl_arena_strdup(arena, sl_json_text(doc, "currency"));
    page->phone = sl_arena_strdup(arena, phone);
    page->amount_minor = page->paid_minor = sl_page_amount(visit, doc, "amount");
    page->callback = ipn->gets ? sl_arena_printf(arena,
                                                 "%s?OrderTrackingId=%s&OrderMerchantReference=%s"
                                                 "&OrderNotificationType=IPNCHANGE",
                                                 ipn->url, page->id, page->reference)
                               : ipn->url;
    page->scenario = visit->scenario;
    page->tell = tell;
    page->at_ms = sl_now_ms();
    sl_table_set(&pesapal->orders, sl_pesapal_hash("ref", page->reference), page);
    sl_table_set(&pesapal->orders, sl_pesapal_hash("id", page->id), page);
    sl_table_set(&pesapal->orders, sl_pesapal_hash("receipt", page->number), page);
    return page;
}

static void record(struct sl_visit *visit, const struct sl_page *page)
{
    static const struct sl_seen_kind kind = {
        .operation = "order",
        .names = { "phone", "amount", "currency", "reference", "state", "receipt" },
        .live = 0x39,
    };

    sl_seen_add(visit, &kind,
                (const char *const[]){
                    page->phone, sl_print_decimal(visit->arena, page->amount_minor, 2, 0),
                    page->currency, page->reference, page->shown, page->receipt });
}

/* In the scenario token-expired each order finds its token dead once. */
static bool finds_token_dead(struct sl_visit *visit, const char *reference)
{
    uint64_t hash = sl_pesapal_hash("token-expired", reference);

    if (visit->scenario != SL_PLAY_TOKEN_EXPIRED || !sl_table_first(&visit->box->once, hash))
        return false;
    sl_pesapal_fail(visit, "token_expired", "Token expired");
    visit->status = 401;
    return true;
}

void sl_pesapal_submit(struct sl_visit *visit, struct json_object *doc)
{
    struct sl_pesapal *pesapal = visit->state;
    const char *fault = find_fault(visit, doc), *reference = sl_json_text(doc, "id");
    const struct sl_pesapal_ipn *ipn =
        sl_pesapal_find_ipn(pesapal, sl_json_text(doc, "notification_id"));
    const char *phone = international(visit, sl_json_text(doc, "billing_address.phone_number"));
    struct sl_magic magic = sl_magic_of(phone);
    struct sl_page *page;

    if (magic.plays)
        visit->scenario = magic.scenario;
    if (fault) {
        sl_pesapal_fail(visit, sl_arena_printf(visit->arena, "invalid_%s", fault),
                        "A field is wrong");
    } else if (!ipn) {
        sl_pesapal_fail(visit, "invalid_notification_id", "There is no such IPN");
    } else if (finds_token_dead(visit, reference) || sl_pesapal_refused(visit)) {
        return;
    } else if (sl_table_get(&pesapal->orders, sl_pesapal_hash("ref", reference))) {
        sl_pesapal_fail(visit, "duplicate_order_id", "Duplicate merchant reference");
    } else {
        page = make(visit, doc, ipn, phone);
        record(visit, page);
        sl_visit_begin(visit, 200, json_body);
        sl_buf_printf(
            &visit->answer,
            "{\"order_tracking_id\":\"%s\",\"merchant_reference\":\"%s\",\"redirect_url\":"
            "\"%s/pesapal/pesapaliframe/PesapalIframe3/Index?OrderTrackingId=%s\","
            "\"error\":null,\"status\":\"200\"}",
            page->id, page->reference, sl_page_here(visit), page->id);
        sl_page_begin(visit, page);
    }
}

static struct sl_page *find_order(const struct sl_visit *visit, const char *tracking_id)
{
    const struct sl_pesapal *pesapal = visit->state;

    return tracking_id ? sl_table_get(&pesapal->orders, sl_pesapal_hash("id", tracking_id)) : NULL;
}

void sl_pesapal_show(struct sl_visit *visit)
{
    struct sl_page *page = find_order(visit, sl_visit_query(visit, "OrderTrackingId"));

    visit->scenario = SL_PLAY_OK;
    if (page)
        sl_page_open(visit, page);
    else
        sl_visit_answer(visit, 404, "text/html", "<p>There is no such order.</p>\n");
}

/* ---- Status ------------------------------------------------------------------------- */

static const struct {
    int code;
    const char *description;
} statuses[] = {
    [SL_PAGE_OPEN] = { 0, "INVALID" },      [SL_PAGE_PAID] = { 1, "Completed" },
    [SL_PAGE_FAILED] = { 2, "Failed" },     [SL_PAGE_CANCELLED] = { 0, "INVALID" },
    [SL_PAGE_REVERSED] = { 3, "Reversed" },
};

static void print_status(struct sl_visit *visit, const struct sl_page *page)
{
    bool open = statuses[page->state].code == 0;
    char time[SL_TIME_SIZE];

    sl_time_utc(page->at_ms + EAST_AFRICA_MS, time); /* its clock shows no zone */
    sl_visit_begin(visit, 200, json_body);
    sl_buf_printf(&visit->answer,
                  "{\"payment_method\":\"%s\",\"amount\":%s,\"created_date\":\"%.19s\","
                  "\"confirmation_code\":\"%s\",\"order_tracking_id\":\"%s\","
                  "\"payment_status_description\":\"%s\",\"description\":null,"
                  "\"message\":\"Request processed successfully\",\"payment_account\":\"\","
                  "\"call_back_url\":\"\",\"status_code\":%d,\"merchant_reference\":\"%s\","
                  "\"payment_status_code\":",
                  open ? "" : "MpesaKE", sl_print_decimal(visit->arena, page->paid_minor, 2, 2),
                  time, page->receipt, page->id, statuses[page->state].description,
                  statuses[page->state].code, page->reference);
    sl_json_quote(&visit->answer, page->why ? page->why : "");
    sl_buf_printf(&visit->answer, ",\"currency\":\"%s\",\"error\":%s,\"status\":\"%s\"}",
                  page->currency,
                  open ? "{\"error_type\":\"api_error\",\"code\":\"payment_details_not_found\","
                         "\"message\":\"Pending Payment\",\"call_back_url\":\"\"}"
                       : "{\"error_type\":null,\"code\":null,\"message\":null,"
                         "\"call_back_url\":null}",
                  open ? "500" : "200");
}

/* Scenarios that spoil an answer spoil the order, not the question that is to settle it. */
void sl_pesapal_status(struct sl_visit *visit, struct json_object *doc)
{
    static const struct sl_seen_kind kind = { .operation = "status", .names = { "reference" } };
    const char *id = sl_visit_query(visit, "orderTrackingId");
    const struct sl_page *page =
        find_order(visit, id ? id : sl_visit_query(visit, "OrderTrackingId"));

    (void)doc;
    if (sl_pesapal_refused(visit))
        return;
    visit->scenario = SL_PLAY_OK;
    if (!page) {
        sl_pesapal_fail(visit, "order_not_found", "There is no such order");
        return;
    }
    sl_seen_add(visit, &kind, (const char *const[]){ page->reference });
    print_status(visit, page);
}

/* ---- Refunds, cancelling ------------------------------------------------------------ */

static void agree(struct sl_visit *visit, const char *text)
{
    sl_visit_begin(visit, 200, json_body);
    sl_buf_printf(&visit->answer, "{\"status\":\"200\",\"message\":\"%s\"}", text);
}

static void refuse(struct sl_visit *visit, const char *text)
{
    sl_visit_begin(visit, 200, json_body);
    sl_buf_printf(&visit->answer, "{\"status\":\"500\",\"message\":\"%s\"}", text);
}

/* One for each payment, ever; what came by phone goes back whole. */
void sl_pesapal_refund(struct sl_visit *visit, struct json_object *doc)
{
    static const struct sl_seen_kind kind = { .operation = "refund",
                                              .names = { "reference", "amount" } };
    const char *receipt = sl_json_text(doc, "confirmation_code");
    const struct sl_pesapal *pesapal = visit->state;
    struct sl_page *page =
        receipt ? sl_table_get(&pesapal->orders, sl_pesapal_hash("receipt", receipt)) : NULL;
    int64_t amount_minor = sl_page_amount(visit, doc, "amount");

    if (!page || page->state != SL_PAGE_PAID)
        refuse(visit, "Only completed payments are refunded");
    else if (page->asked_back)
        refuse(visit, "A refund was requested already");
    else if (amount_minor != page->paid_minor)
        refuse(visit, "Mobile money is refunded in full");
    else if (!is_filled(sl_json_text(doc, "username")) || !is_filled(sl_json_text(doc, "remarks")))
        refuse(visit, "username and remarks are required");
    else if (!sl_pesapal_refused(visit)) {
        page->asked_back = true;
        sl_seen_add(visit, &kind,
                    (const char *const[]){ page->reference,
                                           sl_print_decimal(visit->arena, amount_minor, 2, 0) });
        agree(visit, "Refund request successfully");
    }
}

void sl_pesapal_cancel(struct sl_visit *visit, struct json_object *doc)
{
    static const struct sl_seen_kind kind = { .operation = "cancel", .names = { "reference" } };
    struct sl_page *page = find_order(visit, sl_json_text(doc, "order_tracking_id"));

    if (!page || (page->state != SL_PAGE_OPEN && page->state != SL_PAGE_FAILED)) {
        refuse(visit, "Only pending and failed orders are cancelled, once");
        return;
    }
    if (sl_pesapal_refused(visit))
        return;
    sl_page_set(page, SL_PAGE_CANCELLED);
    sl_seen_add(visit, &kind, (const char *const[]){ page->reference });
    agree(visit, "Order successfully cancelled");
}

const char *sl_pesapal_fire(struct sl_visit *visit, struct json_object *doc)
{
    const struct sl_pesapal *pesapal = visit->state;
    const char *event = sl_json_text(doc, "event"), *reference = sl_json_text(doc, "reference");
    struct sl_page *page =
        reference ? sl_table_get(&pesapal->orders, sl_pesapal_hash("ref", reference)) : NULL;

    if (!event || strcmp(event, "approve") != 0)
        return "event is approve";
    if (!page || !page->asked_back)
        return "reference is no payment that is to be refunded";
    sl_page_set(page, SL_PAGE_REVERSED);
    visit->box->counts.reversed++;
    page->tell(visit->box, page, NULL);
    return NULL;
}
