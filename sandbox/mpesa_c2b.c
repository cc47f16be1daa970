/* M-Pesa, simulated: C2B URLs, and the customer who pays by the menu of the phone
 * (docs/providers/mpesa.md, 4.4, 4.5, 6.2). */
#include <gcrypt.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "sandbox/box.h"
#include "sandbox/mpesa.h"

struct shop {
    const char *confirm, *validate;
    bool pays_unasked; /* ResponseType Completed */
    bool hashes;       /* version 1: the number is a hash, not masked */
};

/* What happens between validation and confirmation. */
struct visitor {
    struct sl_mpesa *mpesa;
    const struct shop *shop;
    struct sl_mpesa_payment *payment;
    const char *kind; /* "Pay Bill", "Buy Goods" */
    const char *thirds;
};

static void acknowledge(struct sl_visit *visit)
{
    uint64_t id = sl_box_id(visit->box);

    sl_visit_begin(visit, 200, "application/json");
    sl_buf_printf(&visit->answer,
                  "{\"OriginatorCoversationID\":\"%04x-%04x-%llu\",\"ResponseCode\":\"0\","
                  "\"ResponseDescription\":\"Success\"}",
                  (unsigned)(id & 0xffff), (unsigned)(id >> 16 & 0xffff),
                  (unsigned long long)(id >> 32));
}

/* ---- Register ----------------------------------------------------------------------- */

static bool is_response_type(const char *value)
{
    return strcmp(value, "Completed") == 0 || strcmp(value, "Cancelled") == 0;
}

static const char *const soap_fault =
    "{\"Envelope\":{\"Body\":{\"Fault\":{\"faultcode\":\"env:Server\",\"faultstring\":\"Service "
    "callout failed: SCO-AddURLVault failed. Reason: ResponseCode 409 is treated as error\"}}}}";

static void keep_shop(struct sl_visit *visit, struct json_object *doc, const char *shortcode)
{
    struct sl_mpesa *mpesa = visit->state;
    struct shop *shop = SL_NEW(mpesa->arena, struct shop, 1);

    shop->confirm = sl_json_word(mpesa->arena, doc, "ConfirmationURL");
    shop->validate = sl_json_word(mpesa->arena, doc, "ValidationURL");
    shop->pays_unasked = strcmp(sl_json_text(doc, "ResponseType"), "Completed") == 0;
    shop->hashes = strstr(visit->path, "/v1/") != NULL;
    sl_table_set(&mpesa->shops, sl_hash_text(SL_HASH_BEGIN, shortcode), shop);
}

void sl_mpesa_register(struct sl_visit *visit, struct json_object *doc)
{
    static const struct sl_mpesa_rule rules[] = {
        { "ShortCode", sl_mpesa_is_shortcode },
        { "ResponseType", is_response_type },
        { "ConfirmationURL", sl_mpesa_is_url },
        { "ValidationURL", sl_mpesa_is_url },
    };
    static const struct sl_seen_kind kind = {
        .operation = "c2b_register", .names = { "shortcode", "confirmation_url", "validation_url" }
    };
    const char *shortcode;

    if (!sl_mpesa_check(visit, doc, rules, SL_COUNT(rules)))
        return;
    shortcode = sl_json_word(visit->arena, doc, "ShortCode");
    if (sl_mpesa_token_expired(visit, visit->path) || sl_mpesa_refused(visit))
        return;
    if (strcmp(shortcode, "600500") == 0) {
        sl_mpesa_fail(visit, 500, "500.003.1001", "Urls are already registered");
    } else if (strcmp(shortcode, "174379") == 0) {
        sl_visit_answer(visit, 500, "application/json", soap_fault);
    } else {
        keep_shop(visit, doc, shortcode);
        sl_seen_add(visit, &kind,
                    (const char *const[]){ shortcode, sl_json_text(doc, "ConfirmationURL"),
                                           sl_json_text(doc, "ValidationURL") });
        acknowledge(visit);
    }
}

/* ---- Simulate ----------------------------------------------------------------------- */

static const char *print_phone(struct sl_arena *arena, const char *phone, bool hashed)
{
    unsigned char digest[32];
    char *text;

    if (!hashed)
        return sl_arena_printf(arena, "%.4s ***** %s", phone, phone + 9);
    gcry_md_hash_buffer(GCRY_MD_SHA256, digest, phone, strlen(phone));
    text = SL_NEW(arena, char, 2 * sizeof digest + 1);
    sl_hex(digest, sizeof digest, text);
    return text;
}

static const char *print_event(struct sl_arena *arena, const struct visitor *visitor, bool confirms,
                               int64_t shillings)
{
    const struct sl_mpesa_payment *payment = visitor->payment;
    struct sl_buf out = sl_buf_new(arena);
    char date[SL_TIME_SIZE];

    sl_time_compact(payment->at_ms, 180, date);
    sl_buf_printf(&out,
                  "{\"TransactionType\":\"%s\",\"TransID\":\"%s\",\"TransTime\":\"%s\","
                  "\"TransAmount\":\"%lld.00\",\"BusinessShortCode\":\"%s\",\"BillRefNumber\":",
                  visitor->kind, payment->receipt, date, (long long)shillings, payment->shortcode);
    sl_json_quote(&out, payment->reference);
    sl_buf_printf(&out,
                  ",\"InvoiceNumber\":\"\",\"OrgAccountBalance\":\"%s\",\"ThirdPartyTransID\":",
                  confirms ? "49197.00" : "");
    sl_json_quote(&out, visitor->thirds);
    sl_buf_printf(&out,
                  ",\"MSISDN\":\"%s\",\"FirstName\":\"NICHOLAS\",\"MiddleName\":\"\","
                  "\"LastName\":\"\"}",
                  print_phone(arena, payment->phone, visitor->shop->hashes));
    return out.data;
}

static void confirm(struct sl_sandbox *box, const struct visitor *visitor)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    const struct sl_mpesa_payment *payment = visitor->payment;
    struct sl_script script = {
        .url = visitor->shop->confirm,
        .type = "application/json",
        .genuine = print_event(arena, visitor, true, payment->shillings),
        .other = print_event(arena, visitor, true, payment->shillings + 1),
        .late_ms = box->settings.late_ms,
    };

    sl_callbacks_play(box->callbacks, payment->scenario, NULL, &script);
}

/* A validation that is not answered leaves it to the shop's ResponseType. */
static void on_validated(struct sl_sandbox *box, void *thing, int status, const char *answer)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    SL_AUTO(sl_json_free) struct json_object *doc = sl_json_parse(answer, strlen(answer));
    struct visitor *visitor = thing;
    const char *code = sl_json_word(arena, doc, "ResultCode");
    const char *thirds = sl_json_word(arena, doc, "ThirdPartyTransID");
    bool answered = status == 200 && code;

    if (status < 0)
        return;
    if (answered ? strcmp(code, "0") == 0 : visitor->shop->pays_unasked) {
        if (thirds)
            visitor->thirds = sl_arena_strdup(visitor->mpesa->arena, thirds);
        confirm(box, visitor);
        return;
    }
    (void)snprintf(visitor->payment->state, sizeof visitor->payment->state, "rejected");
    box->counts.paid--;
    box->counts.unpaid++;
}

static bool is_command(const char *value)
{
    return strcmp(value, "CustomerPayBillOnline") == 0 ||
           strcmp(value, "CustomerBuyGoodsOnline") == 0;
}

static struct visitor *make_visitor(struct sl_visit *visit, struct json_object *doc,
                                    const struct shop *shop)
{
    struct sl_mpesa *mpesa = visit->state;
    struct sl_mpesa_payment *payment = SL_NEW(mpesa->arena, struct sl_mpesa_payment, 1);
    struct visitor *visitor = SL_NEW(mpesa->arena, struct visitor, 1);
    bool paybill = strcmp(sl_json_text(doc, "CommandID"), "CustomerPayBillOnline") == 0;
    const char *reference = sl_json_word(mpesa->arena, doc, "BillRefNumber");

    payment->phone = sl_json_word(mpesa->arena, doc, "Msisdn");
    payment->amount = sl_json_word(mpesa->arena, doc, "Amount");
    payment->reference = reference ? reference : "";
    payment->shortcode = sl_json_word(mpesa->arena, doc, "ShortCode");
    (void)sl_parse_int(payment->amount, 1, 250000, &payment->shillings);
    payment->scenario = visit->scenario;
    payment->at_ms = sl_now_ms();
    *visitor = (struct visitor){ mpesa, shop, payment, paybill ? "Pay Bill" : "Buy Goods", "" };
    sl_mpesa_pay(visit->box, mpesa, payment);
    return visitor;
}

static void record(struct sl_visit *visit, const struct sl_mpesa_payment *payment)
{
    static const struct sl_seen_kind kind = {
        .operation = "c2b_simulate",
        .names = { "phone", "amount", "reference", "state", "receipt", "shortcode" },
        .numbers = 1 << 1,
        .live = 0x3f,
    };

    sl_seen_add(visit, &kind,
                (const char *const[]){ payment->phone, payment->amount, payment->reference,
                                       payment->state, payment->receipt, payment->shortcode });
}

static void ask(struct sl_visit *visit, struct visitor *visitor)
{
    struct sl_callback callback = {
        .url = visitor->shop->validate,
        .type = "application/json",
        .body = print_event(visit->arena, visitor, false, visitor->payment->shillings),
        .delay_ms = visit->box->settings.callback_ms,
        .ended = on_validated,
        .thing = visitor,
    };

    sl_callbacks_post(visit->box->callbacks, &callback, 1);
}

void sl_mpesa_simulate(struct sl_visit *visit, struct json_object *doc)
{
    static const struct sl_mpesa_rule rules[] = {
        { "ShortCode", sl_mpesa_is_shortcode },
        { "CommandID", is_command },
        { "Amount", sl_mpesa_is_amount },
        { "Msisdn", sl_mpesa_is_phone },
    };
    struct sl_mpesa *mpesa = visit->state;
    const char *shortcode, *reference = sl_json_word(visit->arena, doc, "BillRefNumber");
    const struct shop *shop;
    struct visitor *visitor;
    struct sl_magic magic;

    if (!sl_mpesa_check(visit, doc, rules, SL_COUNT(rules)))
        return;
    shortcode = sl_json_word(visit->arena, doc, "ShortCode");
    shop = sl_table_get(&mpesa->shops, sl_hash_text(SL_HASH_BEGIN, shortcode));
    magic = sl_magic_of(sl_json_word(visit->arena, doc, "Msisdn"));
    if (magic.plays)
        visit->scenario = magic.scenario;
    if (!shop) {
        sl_mpesa_invalid(visit, "ShortCode"); /* nothing is registered */
    } else if (strcmp(sl_json_text(doc, "CommandID"), "CustomerPayBillOnline") == 0
                   ? !reference || !*reference || strlen(reference) > 20
                   : reference && *reference) {
        sl_mpesa_invalid(visit, "BillRefNumber");
    } else if (!sl_mpesa_token_expired(visit, visit->path) && !sl_mpesa_refused(visit)) {
        visitor = make_visitor(visit, doc, shop);
        record(visit, visitor->payment);
        ask(visit, visitor);
        acknowledge(visit);
    }
}
