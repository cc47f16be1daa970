/* WhatsApp: what answers about messages say (docs/providers/whatsapp.md, 4 and 6). */
#include <string.h>

#include "adapters/whatsapp/whatsapp.h"
#include "lib/base/text.h"

enum { MINUTE_MS = 60000, HOUR_MS = 3600000 };
#define MEDIA_LIVES_MS (25LL * 24 * HOUR_MS) /* they go after 30 days */

const char *const whatsapp_answer_headers[] = { "X-Business-Use-Case-Usage", NULL };

/* ---- Errors ---------------------------------------------------------------------------- */

/* By code alone: a missing permission is answered 500. Words where the provider's own would not tell
 * a school what to do. What ends the batch would be answered to everybody. */
struct refusal {
    int64_t first, last;
    enum sl_verdict verdict;
    enum sl_concerns concerns;
    int64_t after_ms;
    const char *text; /* NULL: the provider's */
};

static const struct refusal refusals[] = {
    { 0, 0, SL_AUTH, SL_ACCOUNT, 0, "the access token is not accepted" },
    { 2, 2, SL_RETRY, SL_ITEM, 0, NULL },
    { 3, 3, SL_PERMANENT, SL_BATCH, 0, "the app or its token lacks a permission" },
    { 4, 4, SL_RATE_LIMITED, SL_ACCOUNT, MINUTE_MS, NULL },
    { 10, 10, SL_PERMANENT, SL_BATCH, 0, "the app or its token lacks a permission" },
    { 33, 33, SL_PERMANENT, SL_BATCH, 0, "phone_number_id is none that this token may use" },
    { 190, 190, SL_AUTH, SL_ACCOUNT, 0,
      "the access token is expired or withdrawn: a person must make a new one" },
    { 200, 299, SL_PERMANENT, SL_BATCH, 0, "the app or its token lacks a permission" },
    { 368, 368, SL_PERMANENT, SL_BATCH, 0, "the account is blocked for a time: it broke a policy" },
    { 80007, 80007, SL_RATE_LIMITED, SL_ACCOUNT, MINUTE_MS, NULL },
    { 130429, 130429, SL_RATE_LIMITED, SL_ACCOUNT, 2000, NULL },
    { 130497, 130497, SL_PERMANENT, SL_ITEM, 0, "this account may not write to that country" },
    { 131000, 131000, SL_RETRY, SL_ITEM, 0, NULL },
    { 131005, 131005, SL_PERMANENT, SL_BATCH, 0, "the app or its token lacks a permission" },
    { 131016, 131016, SL_RETRY, SL_ITEM, 0, NULL },
    { 131021, 131021, SL_PERMANENT, SL_ITEM, 0, "that is the number that sends" },
    { 131026, 131026, SL_PERMANENT, SL_ITEM, 0,
      "this number cannot be reached by WhatsApp: send a text instead" },
    { 131030, 131030, SL_PERMANENT, SL_ITEM, 0,
      "the test number sends only to numbers that were verified in the app's API setup" },
    { 131031, 131031, SL_PERMANENT, SL_BATCH, 0, "the account is locked or restricted" },
    { 131037, 131037, SL_PERMANENT, SL_BATCH, 0, "the display name is not approved yet" },
    { 131042, 131042, SL_PERMANENT, SL_BATCH, 0, "something is wrong with the payment method" },
    { 131045, 131045, SL_PERMANENT, SL_BATCH, 0, "the number is not registered" },
    { 131047, 131047, SL_PERMANENT, SL_ITEM, 0,
      "more than 24 hours since this parent wrote: use a template" },
    { 131048, 131048, SL_RATE_LIMITED, SL_ACCOUNT, HOUR_MS,
      "too many were sent, or too many were reported as spam" },
    { 131049, 131049, SL_PERMANENT, SL_ITEM, 0,
      "this person gets enough marketing: not again within 24 hours" },
    { 131050, 131050, SL_PERMANENT, SL_ITEM, 0, "this person wants no marketing from the school" },
    { 131056, 131056, SL_RATE_LIMITED, SL_ITEM, 6000, "too many messages to this one person" },
    { 131057, 131057, SL_RETRY, SL_ITEM, MINUTE_MS, NULL },
    { 132000, 132000, SL_PERMANENT, SL_BATCH, 0,
      "the template has another number of values than were given" },
    { 132001, 132001, SL_PERMANENT, SL_BATCH, 0,
      "there is no approved template of that name in that language" },
    { 132007, 132007, SL_PERMANENT, SL_BATCH, 0, NULL },
    { 132015, 132015, SL_PERMANENT, SL_BATCH, 0, "the template is paused for low quality" },
    { 132016, 132016, SL_PERMANENT, SL_BATCH, 0, "the template is disabled for good" },
    { 132069, 132069, SL_RATE_LIMITED, SL_BATCH, HOUR_MS, NULL },
    { 133004, 133004, SL_RETRY, SL_ITEM, 0, NULL },
    { 133010, 133010, SL_PERMANENT, SL_BATCH, 0, "the number is not registered" },
};

static const struct refusal *find_refusal(struct json_object *error)
{
    int64_t code = sl_json_int(error, "code", -1);

    if (code == 100 && sl_json_int(error, "error_subcode", 0) == 33)
        code = 33;
    for (size_t i = 0; i < SL_COUNT(refusals); i++)
        if (code >= refusals[i].first && code <= refusals[i].last)
            return &refusals[i];
    return NULL;
}

const char *whatsapp_reason(struct sl_arena *arena, struct json_object *error)
{
    static const char *const members[] = { "error_data.details", "message", "title" };
    const struct refusal *refusal = find_refusal(error);

    if (refusal && refusal->text)
        return refusal->text;
    for (size_t i = 0; i < SL_COUNT(members); i++) {
        const char *text = sl_json_text(error, members[i]);

        if (text && *text)
            return sl_printable(arena, text, strlen(text), 200);
    }
    return NULL;
}

/* {"ID": [{"estimated_time_to_regain_access": MINUTES}]} */
static int64_t wait_told(const struct sl_exchange *exchange)
{
    const char *text = sl_exchange_header(exchange, whatsapp_answer_headers[0]);
    SL_AUTO(sl_json_free) struct json_object *doc = text ? sl_json_parse(text, strlen(text)) : NULL;
    int64_t minutes = 0;

    if (!json_object_is_type(doc, json_type_object))
        return 0;
    json_object_object_foreach(doc, id, uses)
    {
        (void)id;
        for (size_t i = 0; i < sl_json_length(uses); i++) {
            int64_t told = sl_json_int(json_object_array_get_idx(uses, i),
                                       "estimated_time_to_regain_access", 0);

            minutes = told > minutes ? told : minutes;
        }
    }
    return minutes < 24 * 60 ? minutes * MINUTE_MS : 24LL * HOUR_MS;
}

static struct sl_outcome judge(const struct sl_call *call, const struct sl_exchange *exchange,
                               struct json_object *error)
{
    const struct refusal *refusal = find_refusal(error);
    bool again = json_object_get_boolean(sl_json_at(error, "is_transient")) ||
                 (sl_json_int(error, "code", -1) == 1 && exchange->status >= 500);
    struct sl_outcome outcome = { .verdict = again ? SL_RETRY : SL_PERMANENT,
                                  .code = sl_json_word(call->arena, error, "code"),
                                  .text = whatsapp_reason(call->arena, error) };
    int64_t told = wait_told(exchange);

    if (refusal) {
        outcome.verdict = refusal->verdict;
        outcome.concerns = refusal->concerns;
        outcome.after_ms = refusal->after_ms;
    }
    if (outcome.verdict == SL_RATE_LIMITED && told > 0)
        outcome.after_ms = told;
    if ((outcome.verdict == SL_RATE_LIMITED || outcome.verdict == SL_RETRY) &&
        exchange->retry_after_ms > outcome.after_ms)
        outcome.after_ms = exchange->retry_after_ms;
    return outcome;
}

bool whatsapp_is_refused(const struct sl_call *call, const struct sl_exchange *exchange,
                         struct sl_result *result, struct json_object **doc)
{
    struct json_object *error;

    *doc = NULL;
    if (sl_result_unanswered(exchange, result))
        return true;
    *doc = sl_json_parse(exchange->body, exchange->n_body);
    error = sl_json_at(*doc, "error");
    if (exchange->status >= 400 && json_object_is_type(sl_json_at(error, "code"), json_type_int))
        sl_result_all(result, judge(call, exchange, error));
    else if (exchange->status != 200)
        sl_result_from_status(exchange, NULL, result);
    else
        return false;
    return true;
}

/* ---- Messages -------------------------------------------------------------------------- */

/* A file that the provider has lost is uploaded anew the next time. */
static void look_for_lost_media(const struct sl_call *call, struct sl_result *result)
{
    static const char *const codes[] = { "33", "100", "131053" };
    const struct sl_whatsapp_media *media = call->in.whatsapp->media;
    const char *code = result->items[0].code;

    for (size_t i = 0; media && media->file && code && i < SL_COUNT(codes); i++)
        if (strcmp(code, codes[i]) == 0)
            sl_result_learned(result, (struct sl_fact){ .kind = whatsapp_media,
                                                        .key = media->file->sha256 });
}

void whatsapp_parse_send(const struct sl_call *call, const struct sl_exchange *exchange,
                         struct sl_result *result)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;
    const char *id;

    if (whatsapp_is_refused(call, exchange, result, &doc)) {
        look_for_lost_media(call, result);
        return;
    }
    if (sl_json_length(sl_json_at(doc, "messages")) == 0)
        return;
    id = sl_json_text(json_object_array_get_idx(sl_json_at(doc, "messages"), 0), "id");
    if (id && *id)
        sl_result_all(result, (struct sl_outcome){ .verdict = SL_OK,
                                                   .external = sl_arena_strdup(call->arena, id) });
}

static void remember_media(struct sl_result *result, const char *id)
{
    result->memory = sl_json_new_object();
    sl_json_put_text(result->memory, "media", id);
    result->next = SL_STEP_NEXT;
    sl_result_all(result, (struct sl_outcome){ .verdict = SL_OK });
}

void whatsapp_parse_upload(const struct sl_call *call, const struct sl_exchange *exchange,
                           struct sl_result *result)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;
    const char *id;

    if (call->facts[WHATSAPP_MEDIA]) {
        remember_media(result, call->facts[WHATSAPP_MEDIA]);
        return;
    }
    if (!whatsapp_is_refused(call, exchange, result, &doc)) {
        id = sl_arena_strdup(call->arena, sl_json_text(doc, "id"));
        if (id && *id) {
            remember_media(result, id);
            sl_result_learned(result,
                              (struct sl_fact){ .kind = whatsapp_media,
                                                .key = call->in.whatsapp->media->file->sha256,
                                                .value = id,
                                                .lives_ms = MEDIA_LIVES_MS });
        }
    }
    sl_result_repeatable(result);
}

void whatsapp_parse_upload_alone(const struct sl_call *call, const struct sl_exchange *exchange,
                                 struct sl_result *result)
{
    whatsapp_parse_upload(call, exchange, result);
    result->next = SL_DONE;
}

void whatsapp_parse_read(const struct sl_call *call, const struct sl_exchange *exchange,
                         struct sl_result *result)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;

    if (!whatsapp_is_refused(call, exchange, result, &doc) &&
        json_object_get_boolean(sl_json_at(doc, "success")))
        sl_result_all(result, (struct sl_outcome){ .verdict = SL_OK });
    sl_result_repeatable(result);
}
