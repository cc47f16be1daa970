/* Africa's Talking, simulated: what becomes of a message (docs/providers/africastalking.md,
 * 4.2 to 5.2, 6.1). */
#include <stdio.h>
#include <string.h>

#include "lib/base/json.h"
#include "lib/base/text.h"
#include "sandbox/africastalking.h"
#include "sandbox/box.h"
#include "sandbox/form.h"
#include "sandbox/sms.h"

enum {
    MOST_RECIPIENTS = 1000,
    FEW_RECIPIENTS = 10,
    PART_COST = 8000, /* KES 0.8000, in units of 0.0001 */
};

static const char plain[] = "text/plain; charset=UTF-8";

struct sl_at_recipient {
    const char *number; /* as it was sent */
    int code;
    enum sl_scenario scenario; /* its own, or that in force */
    const char *id;            /* NULL if it was refused */
};

bool sl_africastalking_refused(struct sl_visit *visit)
{
    static const struct {
        int status;
        const char *text, *retry_after;
    } answers[] = {
        [SL_REFUSE_RATE] = { 429, "Too many requests", "1" },
        [SL_REFUSE_BUSY] = { 503,
                             "The server is currently unavailable (because it is overloaded or "
                             "down for maintenance).",
                             "1" },
        [SL_REFUSE_BROKEN] = { 500, "There was an internal server error.", NULL },
    };
    enum sl_refusal refusal = sl_visit_refusal(visit);

    if (refusal == SL_REFUSE_NOT)
        return false;
    sl_visit_answer(visit, answers[refusal].status, plain, answers[refusal].text);
    if (answers[refusal].retry_after)
        sl_visit_add_header(visit, "Retry-After", answers[refusal].retry_after);
    return true;
}

/* ---- Recipients --------------------------------------------------------------------- */

static const struct {
    int code;
    const char *status; /* as it stands in JSON */
} statuses[] = {
    { 100, "Success" },
    { 101, "Success" },
    { 102, "Success" },
    { 401, "RiskHold" },
    { 402, "InvalidSenderId" },
    { 403, "InvalidPhoneNumber" },
    { 404, "UnsupportedNumberType" },
    { 405, "InsufficientBalance" },
    { 406, "UserInBlacklist" },
    { 407, "CouldNotRoute" },
    { 409, "DoNotDisturbRejection" },
    { 500, "InternalServerError" },
    { 501, "GatewayError" },
    { 502, "RejectedByGateway" },
};

static const char *status_of(int code)
{
    for (size_t i = 0; i < SL_COUNT(statuses); i++)
        if (statuses[i].code == code)
            return statuses[i].status;
    return NULL;
}

/* Kenya's landlines begin +2542; every other code is what scenario or number ask for. */
static int judge(const struct sl_at_message *message, const struct sl_at_recipient *recipient,
                 int asked)
{
    if (message->masked)
        return message->at_once ? 101 : 102;
    if (!sl_sms_is_e164(recipient->number) || recipient->scenario == SL_PLAY_ESCAPES)
        return 403;
    if (strncmp(recipient->number, "+2542", 5) == 0)
        return 404;
    if (status_of(asked))
        return asked;
    if (recipient->scenario == SL_PLAY_INSUFFICIENT_BALANCE)
        return 405;
    if (recipient->scenario == SL_PLAY_BLACKLISTED)
        return 406;
    return message->at_once ? 101 : 102;
}

static void add_recipient(struct sl_visit *visit, struct sl_at_message *message, const char *number)
{
    struct sl_at_recipient *recipient = &message->recipients[message->n_recipients++];
    struct sl_magic magic = sl_magic_of(number);
    uint64_t id[2];
    char hex[33];

    recipient->number = number;
    recipient->scenario = magic.plays ? magic.scenario : visit->box->scenario;
    recipient->code = judge(message, recipient, magic.code);
    if (magic.plays && visit->scenario == visit->box->scenario)
        visit->scenario = magic.scenario;
    if (recipient->code >= 200)
        return;
    id[0] = sl_box_id(visit->box);
    id[1] = sl_box_id(visit->box);
    sl_hex((const unsigned char *)id, sizeof id, hex);
    recipient->id = sl_arena_printf(visit->arena, "ATXid_%s", hex);
    message->n_accepted++;
}

/* Commas part the numbers; blanks are not removed, so that "+" sent bare is found out. */
static bool read_recipients(struct sl_visit *visit, struct sl_at_message *message)
{
    char *to = sl_arena_strdup(visit->arena, message->to), *comma;
    size_t n = 1;

    for (const char *at = to; *at; at++)
        n += *at == ',';
    if (n > (visit->scenario == SL_PLAY_TOO_LARGE ? FEW_RECIPIENTS : MOST_RECIPIENTS)) {
        sl_visit_answer(visit, 413, plain, "Request was too large");
        return false;
    }
    message->recipients = SL_NEW(visit->arena, struct sl_at_recipient, n);
    for (; to; to = *comma ? comma + 1 : NULL) {
        comma = strchrnul(to, ',');
        add_recipient(visit, message, sl_arena_memdup(visit->arena, to, (size_t)(comma - to)));
    }
    return true;
}

/* ---- Delivery reports --------------------------------------------------------------- */

static const char *report(struct sl_arena *arena, const char *number, const char *id, bool failed)
{
    struct sl_buf form = sl_buf_new(arena);

    sl_form_put(&form, "phoneNumber", number);
    sl_form_put(&form, "failureReason", failed ? "DeliveryFailure" : NULL);
    sl_form_put(&form, "retryCount", "0");
    sl_form_put(&form, "id", id);
    sl_form_put(&form, "status", failed ? "Failed" : "Success");
    sl_form_put(&form, "networkCode", "99999");
    return form.data;
}

static void send_report(struct sl_visit *visit, const struct sl_at_recipient *to)
{
    const struct sl_at_account *state = visit->state;
    struct sl_box_settings *settings = &visit->box->settings;
    bool failed = to->scenario == SL_PLAY_DLR_FAILED;
    struct sl_script script = {
        .url = state->dlr,
        .type = "application/x-www-form-urlencoded",
        .genuine = report(visit->arena, to->number, to->id, failed),
        .other = report(visit->arena, "+254700000000", to->id, failed),
        .contrary = report(visit->arena, to->number, to->id, !failed),
        .delay_ms = settings->callback_ms,
        .late_ms = settings->late_ms,
    };

    sl_callbacks_play(visit->box->callbacks, to->scenario, visit, &script);
}

/* ---- The answer --------------------------------------------------------------------- */

static const char *print_cost(struct sl_arena *arena, size_t n_parts)
{
    long long cost = (long long)n_parts * PART_COST;

    return sl_arena_printf(arena, "KES %lld.%04lld", cost / 10000, cost % 10000);
}

static void put_json(struct sl_buf *out, const struct sl_at_message *message,
                     const struct sl_at_recipient *to, const char *cost)
{
    bool taken = to->id != NULL;
    const char *status = status_of(to->code);

    if (to->scenario == SL_PLAY_ESCAPES)
        status = "InvalidPhoneNumber\\u001b[31m\\u001b]0;owned\\u0007\\u202e";
    sl_buf_printf(out, "{\"cost\":\"%s\",\"messageId\":\"%s\",", taken ? cost : "0",
                  taken ? to->id : "None");
    if (taken)
        sl_buf_printf(out, "\"messageParts\":%zu,", message->n_parts);
    sl_buf_text(out, "\"number\":");
    sl_json_quote(out, to->number);
    sl_buf_printf(out, ",\"status\":\"%s\",\"statusCode\":%d}", status, to->code);
}

static void put_xml(struct sl_buf *out, const struct sl_at_recipient *to, const char *cost)
{
    sl_buf_text(out, "<Recipient><number>");
    for (const char *at = to->number; *at; at++)
        sl_buf_add(out, *at == '<' || *at == '&' || *at == '>' ? "?" : at, 1);
    sl_buf_printf(out,
                  "</number><cost>%s</cost><status>%s</status><statusCode>%d</statusCode>"
                  "<messageId>%s</messageId></Recipient>",
                  to->id ? cost : "0", status_of(to->code), to->code, to->id ? to->id : "None");
}

static bool wants_json(const struct sl_visit *visit)
{
    const char *accept = sl_visit_header(visit, "Accept");

    return accept && strstr(accept, "application/json");
}

/* The order of the entries is not promised: those of the second half come first. */
static void write_answer(struct sl_visit *visit, const struct sl_at_message *message,
                         const char *told)
{
    bool json = wants_json(visit);
    struct sl_buf *out = &visit->answer;
    size_t n = message->n_recipients;
    const char *cost = print_cost(visit->arena, message->n_parts);

    sl_visit_begin(visit, 201, json ? "application/json" : "application/xml");
    sl_buf_text(out, json ? "{\"SMSMessageData\":{\"Message\":\""
                          : "<AfricasTalkingResponse><SMSMessageData><Message>");
    sl_buf_text(out, told);
    sl_buf_text(out, json ? "\",\"Recipients\":[" : "</Message><Recipients>");
    for (size_t i = 0; i < n; i++) {
        const struct sl_at_recipient *to = &message->recipients[(i + n / 2) % n];

        if (!json) {
            put_xml(out, to, cost);
            continue;
        }
        if (i > 0)
            sl_buf_add(out, ",", 1);
        put_json(out, message, to, cost);
    }
    sl_buf_text(out, json ? "]}}" : "</Recipients></SMSMessageData></AfricasTalkingResponse>");
}

static const char *sent_line(struct sl_arena *arena, const struct sl_at_message *message)
{
    return sl_arena_printf(arena, "Sent to %zu/%zu Total Cost: %s", message->n_accepted,
                           message->n_recipients,
                           message->n_accepted > 0
                               ? print_cost(arena, message->n_parts * message->n_accepted)
                               : "0");
}

/* ---- Sending ------------------------------------------------------------------------ */

static void record(struct sl_visit *visit, const struct sl_at_message *message)
{
    static const struct sl_seen_kind kind = {
        .operation = "send",
        .names = { "to", "text", "id", "code", "parts", "from", "username" },
        .numbers = 1 << 3 | 1 << 4,
        .live = 1 << 1 | 1 << 4 | 1 << 5 | 1 << 6,
    };
    struct sl_seen *seen = visit->box->seen;
    const char *text = sl_seen_keep(seen, message->text);
    const char *from = sl_seen_keep(seen, message->from);
    const char *username = sl_seen_keep(seen, message->username);
    const char *parts = sl_seen_keep(seen, sl_arena_printf(visit->arena, "%zu", message->n_parts));

    for (size_t i = 0; i < message->n_recipients; i++) {
        const struct sl_at_recipient *to = &message->recipients[i];
        char code[12];

        (void)snprintf(code, sizeof code, "%d", to->code);
        sl_seen_add(visit, &kind,
                    (const char *const[]){ to->number, text, to->id, code, parts, from, username });
    }
}

static void deliver(struct sl_visit *visit, const struct sl_at_message *message)
{
    struct sl_at_account *state = visit->state;

    for (size_t i = 0; i < message->n_recipients; i++) {
        const struct sl_at_recipient *to = &message->recipients[i];

        if (!to->id) {
            visit->box->counts.rejected++;
            continue;
        }
        sl_sms_count(visit->box, to->number, message->text);
        state->spent += (int64_t)message->n_parts * PART_COST;
        if (state->dlr)
            send_report(visit, to);
    }
}

/* Names of up to 11 letters, digits, blanks, '-' and '_'; that of nobody is "UNKNOWN". */
static bool sender_is_known(const char *from)
{
    size_t n = strspn(from, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 -_");

    return n > 0 && n <= 11 && !from[n] && strcmp(from, "UNKNOWN") != 0;
}

void sl_africastalking_send(struct sl_visit *visit, struct sl_at_message *message)
{
    struct sl_at_message nobody = { 0 };

    if (!read_recipients(visit, message) || sl_africastalking_refused(visit))
        return;
    if ((message->from && !sender_is_known(message->from)) ||
        visit->scenario == SL_PLAY_INVALID_SENDER) {
        write_answer(visit, &nobody, "InvalidSenderId");
        return;
    }
    message->n_parts = sl_sms_parts(message->text);
    record(visit, message);
    deliver(visit, message);
    write_answer(visit, message, sent_line(visit->arena, message));
}
