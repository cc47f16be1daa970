/* Flutterwave, simulated: prompts, pages, and what is known of them (docs/providers/flutterwave.md, 4.2,
 * 4.3, 6.2). */
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "sandbox/box.h"
#include "sandbox/flutterwave.h"

static const char json_body[] = "application/json";
static const char secret_hash[] = "sandbox-hash";

/* ---- Transactions ------------------------------------------------------------------- */

static const char *status_of(const struct sl_page *page)
{
    if (page->state == SL_PAGE_FAILED)
        return "failed";
    return page->state == SL_PAGE_OPEN ? "pending" : "successful";
}

static void print_transaction(struct sl_arena *arena, struct sl_buf *out,
                              const struct sl_page *page, int64_t amount_minor, const char *status)
{
    char time[SL_TIME_SIZE];

    sl_time_utc(page->at_ms, time);
    sl_buf_printf(out, "{\"id\":%s,\"tx_ref\":", page->number);
    sl_json_quote(out, page->reference);
    sl_buf_printf(out,
                  ",\"flw_ref\":\"%s\",\"amount\":%s,\"currency\":\"%s\",\"charged_amount\":%s,"
                  "\"app_fee\":0.29,\"merchant_fee\":0,\"processor_response\":",
                  *page->receipt ? page->receipt : "FLW-PENDING",
                  sl_flutterwave_amount(arena, amount_minor), page->currency,
                  sl_flutterwave_amount(arena, amount_minor + 29));
    sl_json_quote(out, page->why ? page->why : "Approved");
    sl_buf_printf(
        out,
        ",\"auth_model\":\"LIPA_MPESA\",\"status\":\"%s\",\"payment_type\":\"mpesa\","
        "\"created_at\":\"%s\",\"account_id\":20937,\"customer\":{\"phone_number\":\"%s\"}}",
        status, time, page->phone);
}

static const char *print_event(struct sl_arena *arena, const struct sl_page *page,
                               int64_t amount_minor, const char *status)
{
    struct sl_buf out = sl_buf_new(arena);

    sl_buf_text(&out, "{\"event\":\"charge.completed\",\"data\":");
    print_transaction(arena, &out, page, amount_minor, status);
    sl_buf_text(&out, ",\"event.type\":\"MPESA_TRANSACTION\"}");
    return out.data;
}

/* The secret itself, whatever the body. */
static const char *sign(struct sl_arena *arena, const char *url, const char *body)
{
    (void)url, (void)body;
    return sl_arena_printf(arena, "verif-hash: %s", secret_hash);
}

static void tell(struct sl_sandbox *box, const struct sl_page *page, struct sl_visit *visit)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    const struct sl_script script = {
        .url = page->callback,
        .type = json_body,
        .genuine = print_event(arena, page, page->paid_minor, status_of(page)),
        .other = print_event(arena, page, page->paid_minor + 100, "successful"),
        .contrary = print_event(arena, page, page->paid_minor, "failed"),
        .late_ms = box->settings.late_ms,
        .sign = sign,
    };

    if (page->callback)
        sl_callbacks_play(box->callbacks, page->scenario, visit, &script);
}

/* ---- Charges and pages -------------------------------------------------------------- */

static bool is_mail(const char *text)
{
    const char *at = text ? strchr(text, '@') : NULL;

    return at && at > text && strchr(at, '.');
}

static bool is_filled(const char *text)
{
    return text && *text;
}

/* What both kinds need. False, and answered, at the first that is missing. */
static bool check(struct sl_visit *visit, struct json_object *doc, const char *email)
{
    const char *reference = sl_json_text(doc, "tx_ref");

    if (!is_filled(reference) || strlen(reference) > 100)
        sl_flutterwave_fail(visit, 400, "tx_ref is required");
    else if (sl_page_amount(visit, doc, "amount") <= 0)
        sl_flutterwave_fail(visit, 400, "amount is required");
    else if (!is_filled(sl_json_text(doc, "currency")))
        sl_flutterwave_fail(visit, 400, "currency must be named here: without one it would be NGN");
    else if (!is_mail(email))
        sl_flutterwave_fail(visit, 400, "email is required");
    else
        return true;
    return false;
}

static struct sl_page *make(struct sl_visit *visit, struct json_object *doc, const char *phone)
{
    struct sl_flutterwave *flutterwave = visit->state;
    struct sl_arena *arena = flutterwave->arena;
    struct sl_page *page = SL_NEW(arena, struct sl_page, 1);

    page->id = sl_arena_printf(arena, "%016llx", (unsigned long long)sl_box_id(visit->box));
    page->number = sl_arena_printf(arena, "%llu", (unsigned long long)sl_box_id(visit->box) >> 30);
    page->reference = sl_arena_strdup(arena, sl_json_text(doc, "tx_ref"));
    page->currency = sl_arena_strdup(arena, sl_json_text(doc, "currency"));
    page->phone = sl_arena_strdup(arena, phone);
    page->amount_minor = page->paid_minor = sl_page_amount(visit, doc, "amount");
    page->callback = flutterwave->webhook;
    page->scenario = visit->scenario;
    page->tell = tell;
    page->at_ms = sl_now_ms();
    sl_table_set(&flutterwave->pages, sl_flutterwave_hash("ref", page->reference), page);
    sl_table_set(&flutterwave->pages, sl_flutterwave_hash("page", page->id), page);
    sl_table_set(&flutterwave->pages, sl_flutterwave_hash("id", page->number), page);
    return page;
}

static void record(struct sl_visit *visit, const char *operation, const struct sl_page *page)
{
    static const struct sl_seen_kind kinds[] = {
        { .operation = "charge",
          .names = { "phone", "amount", "currency", "reference", "state", "receipt" },
          .live = 0x39 },
        { .operation = "link",
          .names = { "phone", "amount", "currency", "reference", "state", "receipt" },
          .live = 0x39 },
    };

    sl_seen_add(visit, &kinds[strcmp(operation, "link") == 0],
                (const char *const[]){
                    page->phone, sl_flutterwave_amount(visit->arena, page->amount_minor),
                    page->currency, page->reference, page->shown, page->receipt });
}

/* Digits, with or without '+'. */
static bool is_phone(const char *text)
{
    size_t n;

    if (!text)
        return false;
    text += *text == '+';
    n = strspn(text, "0123456789");
    return n > 0 && n <= 50 && !text[n];
}

static bool reads_magic(struct sl_visit *visit, const char *phone)
{
    struct sl_magic magic = sl_magic_of(phone);

    if (magic.plays)
        visit->scenario = magic.scenario;
    return !sl_flutterwave_refused(visit);
}

void sl_flutterwave_charge(struct sl_visit *visit, struct json_object *doc)
{
    const char *type = sl_visit_query(visit, "type"), *phone = sl_json_text(doc, "phone_number");
    int64_t amount_minor = sl_page_amount(visit, doc, "amount");
    struct sl_page *page;

    if (!check(visit, doc, sl_json_text(doc, "email")))
        return;
    if (!type || strcmp(type, "mpesa") != 0) {
        sl_flutterwave_fail(visit, 400, "type is required");
    } else if (!is_phone(phone)) {
        sl_flutterwave_fail(visit, 400, "phone_number is required");
    } else if (strcmp(sl_json_text(doc, "currency"), "KES") != 0 || amount_minor % 100 != 0 ||
               amount_minor > 25000000) {
        sl_flutterwave_fail(visit, 400, "M-Pesa moves whole KES, 250000 at most");
    } else if (reads_magic(visit, phone)) {
        page = make(visit, doc, phone);
        page->prompt = true;
        record(visit, "charge", page);
        sl_flutterwave_begin(visit, "Charge initiated");
        print_transaction(visit->arena, &visit->answer, page, page->amount_minor, "pending");
        sl_buf_text(&visit->answer, "}");
        sl_page_begin(visit, page);
    }
}

void sl_flutterwave_link(struct sl_visit *visit, struct json_object *doc)
{
    struct sl_flutterwave *flutterwave = visit->state;
    const char *phone = sl_json_text(doc, "customer.phonenumber");
    const char *redirect = sl_json_text(doc, "redirect_url");
    int64_t minutes = sl_json_int(doc, "session_duration", 1440);
    struct sl_page *page;

    if (!check(visit, doc, sl_json_text(doc, "customer.email")))
        return;
    if (!redirect || strncmp(redirect, "http", 4) != 0 || minutes < 1 || minutes > 1440) {
        sl_flutterwave_fail(visit, 400,
                            "redirect_url and a session_duration up to 1440 are required");
        return;
    }
    if (!reads_magic(visit, phone ? phone : ""))
        return;
    page =
        sl_table_get(&flutterwave->pages, sl_flutterwave_hash("ref", sl_json_text(doc, "tx_ref")));
    if (!page) {
        page = make(visit, doc, phone ? phone : "");
        record(visit, "link", page);
        sl_page_begin(visit, page);
    }
    sl_flutterwave_begin(visit, "Hosted Link");
    sl_buf_printf(&visit->answer, "{\"link\":\"%s/flutterwave/hosted/pay/%s\"}}",
                  sl_page_here(visit), page->id);
}

/* ---- Asking ------------------------------------------------------------------------- */

void sl_flutterwave_show(struct sl_visit *visit, const struct sl_page *page)
{
    static const struct sl_seen_kind kind = { .operation = "verify", .names = { "reference" } };

    visit->scenario = SL_PLAY_OK; /* what spoils an answer spoils the charge, not what settles it */
    if (!page || (page->state == SL_PAGE_OPEN && !page->prompt)) {
        sl_flutterwave_fail(visit, 400, "No transaction was found for this id");
        return;
    }
    sl_seen_add(visit, &kind, (const char *const[]){ page->reference });
    sl_flutterwave_begin(visit, "Transaction fetched successfully");
    print_transaction(visit->arena, &visit->answer, page, page->paid_minor, status_of(page));
    sl_buf_text(&visit->answer, "}");
}

void sl_flutterwave_verify(struct sl_visit *visit, struct json_object *doc)
{
    struct sl_flutterwave *flutterwave = visit->state;
    const char *reference = sl_visit_query(visit, "tx_ref");

    (void)doc;
    if (!sl_flutterwave_refused(visit))
        sl_flutterwave_show(visit, reference ? sl_table_get(&flutterwave->pages,
                                                            sl_flutterwave_hash("ref", reference))
                                             : NULL);
}

void sl_flutterwave_list(struct sl_visit *visit, struct json_object *doc)
{
    (void)doc;
    if (!sl_visit_query(visit, "from") || !sl_visit_query(visit, "to"))
        sl_flutterwave_fail(visit, 400, "from and to are required");
    else if (!sl_flutterwave_refused(visit))
        sl_visit_answer(visit, 200, json_body,
                        "{\"status\":\"success\",\"message\":\"Transactions fetched\",\"meta\":"
                        "{\"page_info\":{\"total\":0,\"current_page\":1,\"total_pages\":0}},"
                        "\"data\":[]}");
}
