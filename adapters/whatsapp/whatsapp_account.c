/* WhatsApp: what answers about the account say (docs/providers/whatsapp.md, 4.1, 4.3, 4.8). */
#include <string.h>

#include "adapters/whatsapp/whatsapp.h"
#include "lib/base/text.h"

static const char *printable(struct sl_arena *arena, const char *text)
{
    return text ? sl_printable(arena, text, strlen(text), 80) : "";
}

static void found(struct sl_result *result, bool good, const char *text)
{
    sl_result_found(result, (struct sl_finding){ good ? SL_FINDING_GOOD : SL_FINDING_WARN, text });
}

/* ---- Templates ------------------------------------------------------------------------- */

static bool is_placed(const char *type, const char *wanted)
{
    return type && strcmp(type, wanted) == 0;
}

static bool has_name(struct json_object *names, const char *name, size_t n)
{
    for (size_t i = 0; i < sl_json_length(names); i++) {
        const char *known = json_object_get_string(json_object_array_get_idx(names, i));

        if (strlen(known) == n && strncmp(known, name, n) == 0)
            return true;
    }
    return false;
}

/* The names of what stands in double braces, each once: "1", "parent". The caller owns it. */
static struct json_object *variables_of(struct sl_arena *arena, const char *text)
{
    struct json_object *names = sl_json_new_array();

    for (const char *at = text ? strstr(text, "{{") : NULL; at; at = strstr(at, "{{")) {
        const char *name = at + 2 + strspn(at + 2, " "), *end = strstr(name, "}}");
        size_t n = end ? strcspn(name, " }") : 0;

        if (!end)
            break;
        if (n > 0 && !has_name(names, name, n))
            sl_json_append(names, sl_json_new_text(sl_arena_memdup(arena, name, n)));
        at = end;
    }
    return names;
}

/* {"name", "language", "status", "category", "header", "body"}: the last two have the names of the
 * variables; a header that is no text has its kind instead, "document". */
static struct json_object *template_row(struct sl_arena *arena, struct json_object *told)
{
    static const char *const members[] = { "name", "language", "status", "category" };
    struct json_object *row = sl_json_new_object(), *parts = sl_json_at(told, "components");

    for (size_t i = 0; i < SL_COUNT(members); i++)
        sl_json_put_text(row, members[i], sl_json_text(told, members[i]));
    for (size_t i = 0; i < sl_json_length(parts); i++) {
        struct json_object *part = json_object_array_get_idx(parts, i);
        const char *type = sl_json_text(part, "type"), *format = sl_json_text(part, "format");

        if (is_placed(type, "BODY"))
            sl_json_put(row, "body", variables_of(arena, sl_json_text(part, "text")));
        else if (is_placed(type, "HEADER") && (!format || strcmp(format, "TEXT") == 0))
            sl_json_put(row, "header", variables_of(arena, sl_json_text(part, "text")));
        else if (is_placed(type, "HEADER"))
            sl_json_put_text(row, "header", format);
    }
    return row;
}

void whatsapp_parse_templates(const struct sl_call *call, const struct sl_exchange *exchange,
                              struct sl_result *result)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;
    const char *after;
    struct json_object *data;

    if (!whatsapp_is_refused(call, exchange, result, &doc) &&
        json_object_is_type(sl_json_at(doc, "data"), json_type_array)) {
        data = sl_json_at(doc, "data");
        after = sl_json_text(doc, "paging.cursors.after");
        result->rows = sl_json_new_array();
        for (size_t i = 0; i < sl_json_length(data); i++)
            sl_json_append(result->rows,
                           template_row(call->arena, json_object_array_get_idx(data, i)));
        sl_result_all(result, (struct sl_outcome){ .verdict = SL_OK });
        if (sl_json_text(doc, "paging.next") && after) { /* its host may be anybody's */
            result->memory = sl_json_new_object();
            sl_json_put_text(result->memory, "after", after);
            result->next = SL_STEP_AGAIN;
        }
    }
    sl_result_repeatable(result);
}

/* ---- Tests ----------------------------------------------------------------------------- */

static void warn_unless(struct sl_result *result, struct sl_arena *arena, const char *what,
                        const char *told, const char *good)
{
    if (told && strcmp(told, good) != 0)
        found(result, false, sl_arena_printf(arena, "%s is %s", what, printable(arena, told)));
}

static void read_number(const struct sl_call *call, struct json_object *doc,
                        struct sl_result *result)
{
    const char *id = sl_json_text(doc, "id"), *quality = sl_json_text(doc, "quality_rating");

    if (!id || strcmp(id, call->settings->values[PHONE_NUMBER_ID]) != 0)
        return;
    sl_result_all(result, (struct sl_outcome){ .verdict = SL_OK });
    found(result, true,
          sl_arena_printf(call->arena, "the number is %s, %s",
                          printable(call->arena, sl_json_text(doc, "display_phone_number")),
                          printable(call->arena, sl_json_text(doc, "verified_name"))));
    if (quality && (strcmp(quality, "YELLOW") == 0 || strcmp(quality, "RED") == 0))
        found(result, false, sl_arena_printf(call->arena, "its quality is %s", quality));
    warn_unless(result, call->arena, "platform_type", sl_json_text(doc, "platform_type"),
                "CLOUD_API");
    warn_unless(result, call->arena, "name_status", sl_json_text(doc, "name_status"), "APPROVED");
}

void whatsapp_parse_test(const struct sl_call *call, const struct sl_exchange *exchange,
                         struct sl_result *result)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;

    if (!whatsapp_is_refused(call, exchange, result, &doc)) {
        read_number(call, doc, result);
    } else if (sl_json_int(doc, "error.code", -1) == 100 &&
               sl_json_int(doc, "error.error_subcode", 0) != 33) {
        sl_result_all(result, (struct sl_outcome){ .verdict = SL_OK });
        result->next = SL_STEP_NEXT;
    }
    sl_result_repeatable(result);
}

void whatsapp_parse_test_again(const struct sl_call *call, const struct sl_exchange *exchange,
                               struct sl_result *result)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;

    if (!whatsapp_is_refused(call, exchange, result, &doc))
        read_number(call, doc, result);
    sl_result_repeatable(result);
}

void whatsapp_parse_subscribed(const struct sl_call *call, const struct sl_exchange *exchange,
                               struct sl_result *result)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;
    struct json_object *data;

    if (!call->settings->values[WABA_ID]) {
        sl_result_all(result, (struct sl_outcome){ .verdict = SL_OK });
        found(result, false, "waba_id is not set: templates and callbacks cannot be looked at");
        return;
    }
    if (!whatsapp_is_refused(call, exchange, result, &doc)) {
        data = sl_json_at(doc, "data");
        if (json_object_is_type(data, json_type_array)) {
            sl_result_all(result, (struct sl_outcome){ .verdict = SL_OK });
            result->next =
                SL_STEP_NEXT; /* which tells both: of a test the last step's findings count */
            result->memory = sl_json_new_object();
            sl_json_put_int(result->memory, "subscribed", (int64_t)sl_json_length(data));
        }
    }
    sl_result_repeatable(result);
}

void whatsapp_parse_approved(const struct sl_call *call, const struct sl_exchange *exchange,
                             struct sl_result *result)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;
    struct json_object *data;
    bool subscribed = sl_json_int(call->memory, "subscribed", 0) > 0;
    size_t n = 0;

    if (!whatsapp_is_refused(call, exchange, result, &doc)) {
        data = sl_json_at(doc, "data");
        if (json_object_is_type(data, json_type_array)) {
            found(result, subscribed,
                  subscribed
                      ? "an app is subscribed to the account's events"
                      : "no app is subscribed to the account's events: nothing is called back");
            for (size_t i = 0; i < sl_json_length(data); i++)
                n += is_placed(sl_json_text(json_object_array_get_idx(data, i), "status"),
                               "APPROVED");
            sl_result_all(result, (struct sl_outcome){ .verdict = SL_OK });
            found(result, n > 0, sl_arena_printf(call->arena, "%zu templates are approved", n));
        }
    }
    sl_result_repeatable(result);
}
