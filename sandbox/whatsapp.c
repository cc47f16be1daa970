/* WhatsApp, simulated: the number, the account, its templates (docs/providers/whatsapp.md). */
#include "sandbox/whatsapp.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/err.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "sandbox/box.h"
#include "sandbox/registry.h"
#include "sandbox/whatsapp_templates.h"

static const char json_body[] = "application/json";

/* ---- Refusals ----------------------------------------------------------------------- */

static int status_of(int code)
{
    static const struct {
        int code, status;
    } statuses[] = { { 0, 401 },      { 190, 401 },    { 3, 500 },      { 10, 403 },
                     { 200, 403 },    { 131005, 403 }, { 130497, 403 }, { 131031, 403 },
                     { 131045, 500 }, { 368, 403 },    { 132001, 404 }, { 130429, 429 },
                     { 2, 503 },      { 131016, 503 }, { 131000, 500 }, { 131057, 500 },
                     { 133004, 503 } };

    for (size_t i = 0; i < SL_COUNT(statuses); i++)
        if (statuses[i].code == code)
            return statuses[i].status;
    return 400;
}

void sl_whatsapp_refuse(struct sl_visit *visit, int code, const char *details)
{
    sl_visit_begin(visit, status_of(code), json_body);
    sl_buf_printf(
        &visit->answer,
        "{\"error\":{\"message\":\"(#%d) refused\",\"type\":\"OAuthException\",\"code\":%d,"
        "\"error_data\":{\"messaging_product\":\"whatsapp\",\"details\":",
        code, code);
    sl_json_quote(&visit->answer, details);
    sl_buf_printf(&visit->answer, "},\"fbtrace_id\":\"A%016llx\"}}",
                  (unsigned long long)sl_box_id(visit->box));
}

bool sl_whatsapp_is_refused(struct sl_visit *visit)
{
    static const struct {
        int code;
        const char *text;
    } answers[] = {
        [SL_REFUSE_RATE] = { 130429, "Rate limit hit" },
        [SL_REFUSE_BUSY] = { 131016, "Service unavailable" },
        [SL_REFUSE_BROKEN] = { 131000, "Something went wrong" },
    };
    enum sl_refusal refusal = sl_visit_refusal(visit);

    if (refusal == SL_REFUSE_NOT)
        return false;
    sl_whatsapp_refuse(visit, answers[refusal].code, answers[refusal].text);
    return true;
}

/* ---- Who asks ----------------------------------------------------------------------- */

static bool let_in(struct sl_visit *visit)
{
    const char *header = sl_visit_header(visit, "Authorization");

    if (header && strcmp(header, "Bearer " SL_WHATSAPP_TOKEN) == 0 &&
        visit->scenario != SL_PLAY_TOKEN_EXPIRED)
        return true;
    sl_whatsapp_refuse(visit, 190, "Error validating access token");
    return false;
}

/* The numbers of the account: those whose id begins like the first one's. */
static bool is_number(const char *id)
{
    return strncmp(id, "10654035224", 11) == 0 && strspn(id, "0123456789") == strlen(id);
}

/* ---- Reading ------------------------------------------------------------------------ */

static void show_number(struct sl_visit *visit, const char *id)
{
    static const struct sl_seen_kind kind = { .operation = "test" };

    sl_seen_add(visit, &kind, (const char *const[]){ NULL });
    sl_visit_begin(visit, 200, json_body);
    sl_buf_printf(&visit->answer,
                  "{\"id\":\"%s\",\"display_phone_number\":\"+1 555-000-1111\",\"verified_name\":"
                  "\"Sandbox\",\"quality_rating\":\"GREEN\",\"platform_type\":\"CLOUD_API\","
                  "\"name_status\":\"APPROVED\"}",
                  id);
}

static void show_subscribed(struct sl_visit *visit)
{
    const struct sl_whatsapp_app *app = visit->state;

    sl_visit_answer(visit, 200, json_body,
                    app->url ? "{\"data\":[{\"whatsapp_business_api_data\":{\"id\":\"1\","
                               "\"name\":\"Sandbox\"}}]}"
                             : "{\"data\":[]}");
}

static void answer_account(struct sl_visit *visit, const char *rest)
{
    bool get = strcmp(visit->method, "GET") == 0;

    if (get && strcmp(rest, "/subscribed_apps") == 0)
        show_subscribed(visit);
    else if (get && strcmp(rest, "/message_templates") == 0)
        sl_whatsapp_list_templates(visit);
    else
        sl_whatsapp_refuse(visit, 100, "Unsupported request");
}

static void answer_number(struct sl_visit *visit, const char *id, const char *rest)
{
    bool post = strcmp(visit->method, "POST") == 0;

    if (post && strcmp(rest, "/messages") == 0)
        sl_whatsapp_send(visit, id);
    else if (post && strcmp(rest, "/media") == 0)
        sl_whatsapp_take_file(visit, id);
    else if (!post && !*rest)
        show_number(visit, id);
    else
        sl_whatsapp_refuse(visit, 100, "Unsupported request");
}

/* "/v24.0/" and what is behind it; NULL: another path. */
static const char *behind_version(const char *path)
{
    size_t n = strncmp(path, "/v", 2) == 0 ? strspn(path + 2, "0123456789") : 0;

    return n > 0 && strncmp(path + 2 + n, ".0/", 3) == 0 ? path + 2 + n + 3 : NULL;
}

static bool owns(const char *path)
{
    return behind_version(path) != NULL;
}

static void answer(struct sl_visit *visit)
{
    const char *at = behind_version(visit->path);
    const char *id = at ? sl_arena_memdup(visit->arena, at, strcspn(at, "/")) : "";

    if (!at)
        sl_visit_answer(visit, 404, json_body, "{}");
    else if (!let_in(visit))
        return;
    else if (strcmp(id, SL_WHATSAPP_ACCOUNT) == 0)
        answer_account(visit, at + strlen(id));
    else if (is_number(id))
        answer_number(visit, id, at + strlen(id));
    else
        sl_whatsapp_refuse(visit, 33, "Object does not exist, or cannot be loaded");
}

/* ---- Control ------------------------------------------------------------------------ */

uint64_t sl_whatsapp_key(const char *number, const char *what)
{
    return sl_hash_text(sl_hash_text(SL_HASH_BEGIN, number), what);
}

static const char *set_callbacks(struct sl_visit *visit, struct json_object *doc)
{
    struct sl_whatsapp_app *app = visit->state;
    const char *url = sl_json_text(doc, "events");

    if (url && *url && !sl_callbacks_loopback(url))
        return "a callback goes to http on loopback only";
    if (!url)
        return NULL;
    free(app->url);
    app->url = *url ? strdup(url) : NULL;
    if (*url && !app->url)
        sl_out_of_memory();
    return NULL;
}

static void *open_app(void)
{
    struct sl_whatsapp_app *app = calloc(1, sizeof *app);

    if (!app)
        sl_out_of_memory();
    return app;
}

static void forget(struct sl_whatsapp_app *app)
{
    sl_table_clear(&app->media);
    sl_table_clear(&app->wrote);
    free(app->url);
}

static void reset(void *state)
{
    struct sl_whatsapp_app *app = state;

    forget(app);
    *app = (struct sl_whatsapp_app){ 0 };
}

static void close_app(void *state)
{
    forget(state);
    free(state);
}

const struct sl_simulator sl_sim_whatsapp = {
    .code = "whatsapp",
    .most_body = 101u << 20,
    .owns = owns,
    .open = open_app,
    .close = close_app,
    .reset = reset,
    .answer = answer,
    .set_callbacks = set_callbacks,
    .fire = sl_whatsapp_fire,
};
