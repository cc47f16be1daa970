/* M-Pesa, simulated: what its operations check and say alike. */
#include <string.h>
#include <stdio.h>
#include <strings.h>

#include "lib/base/clock.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "sandbox/box.h"
#include "sandbox/mpesa.h"

void sl_mpesa_fail(struct sl_visit *visit, int status, const char *code, const char *text)
{
    const char *id = sl_mpesa_merchant_id(visit);

    sl_visit_begin(visit, status, "application/json");
    sl_buf_printf(&visit->answer,
                  "{\"requestId\":\"%s\",\"errorCode\":\"%s\",\"errorMessage\":", id, code);
    sl_json_quote(&visit->answer, text);
    sl_buf_text(&visit->answer, "}");
}

void sl_mpesa_invalid(struct sl_visit *visit, const char *field)
{
    sl_mpesa_fail(visit, 400, "400.002.02",
                  sl_arena_printf(visit->arena, "Bad Request - Invalid %s", field));
}

bool sl_mpesa_check(struct sl_visit *visit, struct json_object *doc,
                    const struct sl_mpesa_rule *rules, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *value = sl_json_word(visit->arena, doc, rules[i].field);

        if (value && rules[i].fits(value))
            continue;
        sl_mpesa_invalid(visit, rules[i].field);
        return false;
    }
    return true;
}

/* ---- Members ------------------------------------------------------------------------ */

static bool is_digits(const char *value, size_t least, size_t most)
{
    size_t n = strspn(value, "0123456789");

    return n >= least && n <= most && !value[n];
}

bool sl_mpesa_is_shortcode(const char *value)
{
    return is_digits(value, 5, 7);
}

bool sl_mpesa_is_phone(const char *value)
{
    return is_digits(value, 12, 12) &&
           (strncmp(value, "2547", 4) == 0 || strncmp(value, "2541", 4) == 0);
}

bool sl_mpesa_is_amount(const char *value)
{
    int64_t amount;

    return sl_parse_int(value, 1, 250000, &amount);
}

bool sl_mpesa_is_url(const char *value)
{
    static const char *const banned[] = { "mpesa", "safaricom", "exe", "cmd", "sql", "query" };

    for (size_t i = 0; i < SL_COUNT(banned); i++) /* "exec" has "exe" in it */
        if (strcasestr(value, banned[i]))
            return false;
    if (strpbrk(value, " \t\r\n"))
        return false;
    return strncmp(value, "https://", 8) == 0 || sl_callbacks_loopback(value);
}

bool sl_mpesa_is_remarks(const char *value)
{
    size_t n = sl_utf8_length(value);

    return n >= 2 && n <= 100;
}

bool sl_mpesa_is_credential(const char *value)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    size_t n = 0;

    return strlen(value) == 344 && sl_unbase64(arena, value, &n) && n == 256;
}

bool sl_mpesa_is_filled(const char *value)
{
    return *value != '\0';
}

/* ---- Scenarios ---------------------------------------------------------------------- */

bool sl_mpesa_refused(struct sl_visit *visit)
{
    static const struct {
        int status;
        const char *code, *text;
    } answers[] = {
        [SL_REFUSE_RATE] = { 500, "500.003.02", "Error Occurred: Spike Arrest Violation" },
        [SL_REFUSE_BUSY] = { 503, "500.003.02",
                             "System is busy. Please try again in few minutes." },
        [SL_REFUSE_BROKEN] = { 500, "500.003.1001", "Internal Server Error" },
    };
    enum sl_refusal refusal = sl_visit_refusal(visit);

    if (refusal == SL_REFUSE_NOT)
        return false;
    sl_mpesa_fail(visit, answers[refusal].status, answers[refusal].code, answers[refusal].text);
    return true;
}

bool sl_mpesa_token_expired(struct sl_visit *visit, const char *what)
{
    uint64_t hash = sl_hash_text(sl_hash_text(SL_HASH_BEGIN, "token-expired"), what);

    if (visit->scenario != SL_PLAY_TOKEN_EXPIRED || !sl_table_first(&visit->box->once, hash))
        return false;
    sl_mpesa_fail(visit, 404, "404.001.03", "Invalid Access Token");
    return true;
}

/* ---- Numbers ------------------------------------------------------------------------ */

const char *sl_mpesa_merchant_id(struct sl_visit *visit)
{
    uint64_t id = sl_box_id(visit->box);

    return sl_arena_printf(visit->arena, "%u-%u-1", (unsigned)(id % 90000 + 10000),
                           (unsigned)(id >> 32));
}

const char *sl_mpesa_conversation_id(struct sl_visit *visit)
{
    uint64_t id = sl_box_id(visit->box);
    char now[SL_TIME_SIZE];

    sl_time_compact(sl_now_ms(), 180, now);
    return sl_arena_printf(visit->arena, "AG_%.8s_%020llx", now, (unsigned long long)id);
}

/* Ten letters and digits, as "NLJ7RT61SV"; 36^10 of them, tried until one is new. */
static void make_receipt(struct sl_sandbox *box, struct sl_mpesa *mpesa, char receipt[12])
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

    do {
        uint64_t id = sl_box_id(box);

        receipt[0] = (char)('N' + id % 8);
        for (size_t i = 1; i < 10; i++, id /= 36)
            receipt[i] = letters[id % 36];
        receipt[10] = '\0';
    } while (sl_table_get(&mpesa->paid, sl_hash_text(SL_HASH_BEGIN, receipt)));
}

void sl_mpesa_pay(struct sl_sandbox *box, struct sl_mpesa *mpesa, struct sl_mpesa_payment *payment)
{
    make_receipt(box, mpesa, payment->receipt);
    (void)snprintf(payment->state, sizeof payment->state, "paid");
    sl_table_set(&mpesa->paid, sl_hash_text(SL_HASH_BEGIN, payment->receipt), payment);
    box->counts.paid++;
}
