/* Twilio, simulated: what becomes of a message, and what is told of it
 * (docs/providers/twilio.md, 4.2 to 4.4, 6). */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/base/clock.h"
#include "lib/base/crypto.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "sandbox/box.h"
#include "sandbox/form.h"
#include "sandbox/sms.h"
#include "sandbox/twilio.h"

static const char form_type[] = "application/x-www-form-urlencoded";

/* ---- As JSON ------------------------------------------------------------------------ */

static void put_text(struct sl_buf *out, const char *name, const char *text)
{
    sl_buf_printf(out, ",\"%s\":", name);
    if (text)
        sl_json_quote(out, text);
    else
        sl_buf_text(out, "null");
}

static void put_date(struct sl_buf *out, const char *name, int64_t ms)
{
    time_t seconds = (time_t)(ms / 1000);
    struct tm parts;
    char text[40];

    (void)gmtime_r(&seconds, &parts);
    (void)strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S +0000", &parts);
    put_text(out, name, text);
}

void sl_twilio_print(struct sl_buf *out, const char *account_sid,
                     const struct sl_twilio_message *message)
{
    bool priced = strcmp(message->status, "delivered") == 0;

    sl_buf_text(out, "{\"sid\":");
    sl_json_quote(out, message->sid);
    put_text(out, "account_sid", account_sid);
    put_text(out, "status", message->status);
    put_text(out, "to", message->to);
    put_text(out, "from", message->from);
    put_text(out, "messaging_service_sid", message->service);
    put_text(out, "body", message->body);
    sl_buf_printf(out, ",\"num_segments\":\"%zu\",\"num_media\":\"0\"",
                  message->from ? message->n_parts : 0);
    put_text(out, "direction", "outbound-api");
    put_text(out, "price", priced ? "-0.00750" : NULL);
    put_text(out, "price_unit", "USD");
    sl_buf_printf(out, ",\"error_code\":%s,\"error_message\":null",
                  message->error_code ? message->error_code : "null");
    put_date(out, "date_created", message->created_ms);
    put_date(out, "date_updated", message->created_ms);
    put_text(out, "date_sent", NULL);
    put_text(out, "api_version", "2010-04-01");
    sl_buf_printf(out, ",\"uri\":\"/2010-04-01/Accounts/%s/Messages/%s.json\"}", account_sid,
                  message->sid);
}

/* ---- Callbacks ---------------------------------------------------------------------- */

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Address without fragment, then the fields in the order of their names: none that is told here
 * begins with another, so that sorting name and value together is the same. */
static const char *signed_text(struct sl_arena *arena, const char *url, const char *body)
{
    char *at = sl_arena_strdup(arena, body), *name, *value;
    struct sl_buf text = sl_buf_new(arena);
    const char *fields[16] = { 0 };
    size_t n = 0;

    while (n < SL_COUNT(fields) && sl_form_next(&at, &name, &value))
        fields[n++] = sl_arena_printf(arena, "%s%s", name, value);
    qsort(fields, n, sizeof *fields, by_text);
    sl_buf_add(&text, url, strcspn(url, "#"));
    for (size_t i = 0; i < n; i++)
        sl_buf_text(&text, fields[i]);
    return text.data;
}

static const char *sign(struct sl_arena *arena, const char *url, const char *body)
{
    const char *text = signed_text(arena, url, body);
    unsigned char mac[SL_SHA1_SIZE];

    sl_hmac_sha1(SL_TWILIO_TOKEN, sizeof SL_TWILIO_TOKEN - 1, text, strlen(text), mac);
    return sl_arena_printf(arena, "X-Twilio-Signature: %s", sl_base64(arena, mac, sizeof mac));
}

static const char *report(struct sl_arena *arena, const char *account_sid,
                          const struct sl_twilio_message *message, const char *to,
                          const char *status)
{
    bool failed = strcmp(status, "undelivered") == 0;
    struct sl_buf form = sl_buf_new(arena);

    sl_form_put(&form, "SmsSid", message->sid);
    sl_form_put(&form, "SmsStatus", status);
    sl_form_put(&form, "MessageStatus", status);
    sl_form_put(&form, "To", to);
    sl_form_put(&form, "MessageSid", message->sid);
    sl_form_put(&form, "AccountSid", account_sid);
    sl_form_put(&form, "From", message->from ? message->from : "+15005550006");
    sl_form_put(&form, "MessagingServiceSid", message->service);
    sl_form_put(&form, "ApiVersion", "2010-04-01");
    sl_form_put(&form, "ErrorCode", failed ? "30003" : NULL);
    return form.data;
}

/* "sent" is told before the last word, where the scenario has one in its time. */
static void tell(struct sl_visit *visit, const char *account_sid,
                 const struct sl_twilio_message *message, const char *url)
{
    const struct sl_box_settings *settings = &visit->box->settings;
    bool failed = visit->scenario == SL_PLAY_DLR_FAILED;
    const char *last = failed ? "undelivered" : "delivered";
    struct sl_arena *arena = visit->arena;
    struct sl_script script = {
        .url = url,
        .type = form_type,
        .genuine = report(arena, account_sid, message, message->to, last),
        .other = report(arena, account_sid, message, "+254700000000", last),
        .contrary =
            report(arena, account_sid, message, message->to, failed ? "delivered" : "undelivered"),
        .delay_ms = settings->callback_ms,
        .late_ms = settings->late_ms,
        .sign = sign,
    };
    struct sl_callback sent = { .url = url,
                                .type = form_type,
                                .body = report(arena, account_sid, message, message->to, "sent") };

    sent.header = sign(arena, url, sent.body);
    if (visit->scenario == SL_PLAY_OK || failed)
        sl_callbacks_post(visit->box->callbacks, &sent, 1);
    sl_callbacks_play(visit->box->callbacks, visit->scenario, visit, &script);
}

const char *sl_twilio_incoming(struct sl_visit *visit, struct json_object *doc)
{
    const struct sl_twilio_account *account = visit->state;
    const char *phone = sl_json_text(doc, "phone"), *text = sl_json_text(doc, "text");
    struct sl_callback callback = { .url = account->in, .type = form_type };
    struct sl_buf form = sl_buf_new(visit->arena);
    const char *sid =
        sl_arena_printf(visit->arena, "SM%016llx%016llx", (unsigned long long)sl_box_id(visit->box),
                        (unsigned long long)sl_box_id(visit->box));

    if (!account->in || !phone)
        return "an incoming message wants a phone, and a URL set before";
    sl_form_put(&form, "MessageSid", sid);
    sl_form_put(&form, "SmsSid", sid);
    sl_form_put(&form, "From", phone);
    sl_form_put(&form, "To", "+15005550006");
    sl_form_put(&form, "Body", text ? text : "");
    sl_form_put(&form, "NumMedia", "0");
    sl_form_put(&form, "OptOutType", sl_json_text(doc, "optout_type"));
    callback.body = form.data;
    callback.header = sign(visit->arena, account->in, form.data);
    sl_callbacks_post(visit->box->callbacks, &callback, 1);
    return NULL;
}

/* ---- Taking ------------------------------------------------------------------------- */

static struct sl_twilio_message *keep(struct sl_visit *visit, const struct sl_twilio_form *form)
{
    struct sl_twilio_account *account = visit->state;
    struct sl_arena *arena = account->arena;
    struct sl_twilio_message *message = SL_NEW(arena, struct sl_twilio_message, 1);

    *message = (struct sl_twilio_message){
        .older = account->newest,
        .sid = sl_arena_printf(arena, "%s%016llx%016llx", form->media ? "MM" : "SM",
                               (unsigned long long)sl_box_id(visit->box),
                               (unsigned long long)sl_box_id(visit->box)),
        .to = sl_arena_strdup(arena, form->to),
        .from = sl_arena_strdup(arena, form->from),
        .service = sl_arena_strdup(arena, form->service),
        .body = sl_arena_strdup(arena, form->body ? form->body : ""),
        .status = form->service && !form->from ? "accepted" : "queued",
        .n_parts = sl_sms_parts(form->body ? form->body : ""),
        .created_ms = sl_now_ms(),
    };
    account->newest = message;
    sl_table_set(&account->by_sid, sl_hash_text(SL_HASH_BEGIN, message->sid), message);
    return message;
}

static void record(struct sl_visit *visit, const struct sl_twilio_message *message,
                   const char *callback)
{
    static const struct sl_seen_kind kind = {
        .operation = "send",
        .names = { "to", "text", "id", "from", "service", "callback" },
        .live = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 3 | 1 << 4,
    };

    sl_seen_add(visit, &kind,
                (const char *const[]){ message->to, message->body, message->sid, message->from,
                                       message->service, callback });
}

void sl_twilio_take(struct sl_visit *visit, const char *account_sid,
                    const struct sl_twilio_form *form)
{
    struct sl_twilio_message *message = keep(visit, form);

    record(visit, message, form->callback);
    sl_sms_count(visit->box, message->to, message->body);
    sl_visit_begin(visit, 201, "application/json");
    sl_twilio_print(&visit->answer, account_sid, message);
    if (form->callback)
        tell(visit, account_sid, message, form->callback);
    if (visit->scenario == SL_PLAY_DLR_FAILED) {
        message->status = "undelivered";
        message->error_code = "30003";
    } else if (visit->scenario != SL_PLAY_NO_DLR) {
        message->status = "delivered";
    }
}
