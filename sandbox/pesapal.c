/* Pesapal (3.0), simulated: token, addresses for notifications, routes. Written from its
 * documentation (docs/providers/pesapal.md). */
#include "sandbox/pesapal.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/base/json.h"
#include "sandbox/box.h"
#include "sandbox/registry.h"

enum { TOKEN_MS = 300000 };

static const char json_body[] = "application/json";

/* ---- Answers ------------------------------------------------------------------------ */

void sl_pesapal_fail(struct sl_visit *visit, const char *code, const char *text)
{
    sl_visit_begin(visit, 200, json_body);
    sl_buf_printf(&visit->answer,
                  "{\"error\":{\"error_type\":\"api_error\",\"code\":\"%s\",\"message\":", code);
    sl_json_quote(&visit->answer, text);
    sl_buf_text(&visit->answer, "},\"status\":\"500\",\"message\":null}");
}

bool sl_pesapal_refused(struct sl_visit *visit)
{
    switch (sl_visit_refusal(visit)) {
    case SL_REFUSE_NOT: return false;
    case SL_REFUSE_RATE:
        sl_visit_answer(visit, 429, json_body, "{\"status\":\"429\"}");
        return true;
    case SL_REFUSE_BUSY:
        sl_visit_answer(visit, 503, "text/html", "<p>Busy</p>");
        sl_visit_add_header(visit, "Retry-After", "1");
        return true;
    case SL_REFUSE_BROKEN:
        sl_visit_answer(visit, 502, "text/html", "<p>Bad gateway</p>");
        return true;
    }
    return false;
}

uint64_t sl_pesapal_hash(const char *kind, const char *name)
{
    return sl_hash_text(sl_hash_text(SL_HASH_BEGIN, kind), name);
}

const char *sl_pesapal_guid(struct sl_visit *visit)
{
    struct sl_pesapal *pesapal = visit->state;
    uint64_t a = sl_box_id(visit->box), b = sl_box_id(visit->box);

    return sl_arena_printf(pesapal->arena, "%08x-%04x-%04x-%04x-%012llx", (unsigned)(a >> 32),
                           (unsigned)(a >> 16 & 0xffff), (unsigned)(a & 0xffff),
                           (unsigned)(b >> 48), (unsigned long long)(b & 0xffffffffffff));
}

/* ---- Tokens ------------------------------------------------------------------------- */

struct token {
    int64_t until_ms; /* since boot */
};

static bool begins(const char *text, const char *with)
{
    return text && strncmp(text, with, strlen(with)) == 0;
}

/* Given under every scenario. Several may be alive. */
static void give_token(struct sl_visit *visit, struct json_object *doc)
{
    static const struct sl_seen_kind kind = { .operation = "token", .names = { "app" } };
    struct sl_pesapal *pesapal = visit->state;
    const char *key = sl_json_text(doc, "consumer_key");
    struct token *token;
    const char *text;
    char until[SL_TIME_SIZE];

    visit->scenario = SL_PLAY_OK;
    if (!begins(key, "sandbox-key") ||
        !begins(sl_json_text(doc, "consumer_secret"), "sandbox-secret")) {
        sl_pesapal_fail(visit, "invalid_consumer_key_or_secret_provided", "");
        return;
    }
    token = SL_NEW(pesapal->arena, struct token, 1);
    token->until_ms = sl_boot_ms() + TOKEN_MS;
    text = sl_arena_printf(pesapal->arena, "eyJ.%s.sandbox", sl_pesapal_guid(visit));
    sl_table_set(&pesapal->tokens, sl_pesapal_hash("token", text), token);
    visit->box->counts.tokens++;
    sl_seen_add(visit, &kind, (const char *const[]){ key });
    sl_time_utc(sl_now_ms() + TOKEN_MS, until);
    sl_visit_begin(visit, 200, json_body);
    sl_buf_printf(&visit->answer,
                  "{\"token\":\"%s\",\"expiryDate\":\"%s\",\"error\":null,\"status\":\"200\","
                  "\"message\":\"Request processed successfully\"}",
                  text, until);
}

/* False, and answered, without a token that is alive. */
static bool has_token(struct sl_visit *visit)
{
    struct sl_pesapal *pesapal = visit->state;
    const char *header = sl_visit_header(visit, "Authorization");
    const struct token *token = NULL;

    if (begins(header, "Bearer "))
        token = sl_table_get(&pesapal->tokens, sl_pesapal_hash("token", header + 7));
    if (token && sl_boot_ms() < token->until_ms)
        return true;
    sl_pesapal_fail(visit, "invalid_api_credentials_provided", "Invalid Access Token");
    visit->status = 401;
    return false;
}

/* ---- Addresses for notifications ---------------------------------------------------- */

const struct sl_pesapal_ipn *sl_pesapal_find_ipn(const struct sl_pesapal *pesapal, const char *id)
{
    for (const struct sl_pesapal_ipn *ipn = pesapal->ipns; ipn; ipn = ipn->next)
        if (id && strcmp(ipn->id, id) == 0)
            return ipn;
    return NULL;
}

static void print_ipn(struct sl_visit *visit, const struct sl_pesapal_ipn *ipn)
{
    sl_buf_printf(&visit->answer, "{\"url\":\"%s\",\"created_date\":\"2026-01-05T14:30:00\",",
                  ipn->url);
    sl_buf_printf(&visit->answer,
                  "\"ipn_id\":\"%s\",\"notification_type\":%d,"
                  "\"ipn_notification_type_description\":\"%s\",\"ipn_status\":1,"
                  "\"ipn_status_decription\":\"Active\",\"error\":null,\"status\":\"200\"}",
                  ipn->id, !ipn->gets, ipn->gets ? "GET" : "POST");
}

static void register_ipn(struct sl_visit *visit, struct json_object *doc)
{
    static const struct sl_seen_kind kind = { .operation = "register_ipn", .names = { "method" } };
    struct sl_pesapal *pesapal = visit->state;
    const char *url = sl_json_text(doc, "url"), *type = sl_json_text(doc, "ipn_notification_type");
    struct sl_pesapal_ipn *ipn;

    if (!url || (strncmp(url, "https://", 8) != 0 && !sl_callbacks_loopback(url)) ||
        strpbrk(url, "\"\\")) {
        sl_pesapal_fail(visit, "invalid_ipn_url", "url is no address");
        return;
    }
    if (!type || (strcmp(type, "GET") != 0 && strcmp(type, "POST") != 0)) {
        sl_pesapal_fail(visit, "invalid_ipn_notification_type", "GET or POST is wanted");
        return;
    }
    if (sl_pesapal_refused(visit))
        return;
    ipn = SL_NEW(pesapal->arena, struct sl_pesapal_ipn, 1);
    *ipn = (struct sl_pesapal_ipn){ sl_pesapal_guid(visit), sl_arena_strdup(pesapal->arena, url),
                                    strcmp(type, "GET") == 0, pesapal->ipns };
    pesapal->ipns = ipn;
    sl_seen_add(visit, &kind, (const char *const[]){ type });
    sl_visit_begin(visit, 200, json_body);
    print_ipn(visit, ipn);
}

static void list_ipns(struct sl_visit *visit, struct json_object *doc)
{
    const struct sl_pesapal *pesapal = visit->state;

    (void)doc;
    if (sl_pesapal_refused(visit))
        return;
    visit->scenario = SL_PLAY_OK;
    sl_visit_begin(visit, 200, json_body);
    sl_buf_text(&visit->answer, "[");
    for (const struct sl_pesapal_ipn *ipn = pesapal->ipns; ipn; ipn = ipn->next) {
        sl_buf_text(&visit->answer, ipn == pesapal->ipns ? "" : ",");
        print_ipn(visit, ipn);
    }
    sl_buf_text(&visit->answer, "]");
}

/* ---- Which is meant ----------------------------------------------------------------- */

static const struct {
    const char *method, *path;
    void (*run)(struct sl_visit *visit, struct json_object *doc);
    bool open; /* needs no token */
} routes[] = {
    { "POST", "/api/Auth/RequestToken", give_token, true },
    { "POST", "/api/URLSetup/RegisterIPN", register_ipn, false },
    { "GET", "/api/URLSetup/GetIpnList", list_ipns, false },
    { "POST", "/api/Transactions/SubmitOrderRequest", sl_pesapal_submit, false },
    { "GET", "/api/Transactions/GetTransactionStatus", sl_pesapal_status, false },
    { "POST", "/api/Transactions/RefundRequest", sl_pesapal_refund, false },
    { "POST", "/api/Transactions/CancelOrder", sl_pesapal_cancel, false },
};

static const char page[] = "/pesapaliframe/PesapalIframe3/Index";

/* Their two bases end differently. */
static const char *without_base(const char *path)
{
    static const char *const bases[] = { "/v3/api/", "/pesapalv3/api/" };

    for (size_t i = 0; i < SL_COUNT(bases); i++)
        if (strncmp(path, bases[i], strlen(bases[i])) == 0)
            return path + strlen(bases[i]) - strlen("/api/");
    return path;
}

static void answer(struct sl_visit *visit)
{
    SL_AUTO(sl_json_free) struct json_object *doc = sl_json_parse(visit->body, visit->n_body);
    const char *path = without_base(visit->path), *type = sl_visit_header(visit, "Content-Type");

    if (strcmp(path, page) == 0) {
        sl_pesapal_show(visit);
        return;
    }
    for (size_t i = 0; i < SL_COUNT(routes); i++) {
        if (strcmp(routes[i].path, path) != 0 || strcmp(routes[i].method, visit->method) != 0)
            continue;
        if (!type || strncasecmp(type, json_body, strlen(json_body)) != 0)
            sl_visit_answer(visit, 415, NULL, "");
        else if (strcmp(visit->method, "POST") == 0 && !json_object_is_type(doc, json_type_object))
            sl_visit_answer(visit, 400, json_body, "{\"status\":\"400\",\"error\":\"no JSON\"}");
        else if (routes[i].open || has_token(visit))
            routes[i].run(visit, doc);
        return;
    }
    sl_visit_answer(visit, 404, "text/html", "<p>There is no such page.</p>\n");
}

static bool owns(const char *path)
{
    static const char *const mine[] = { "/api/Auth/", "/api/URLSetup/", "/api/Transactions/" };
    const char *rest = without_base(path);

    for (size_t i = 0; i < SL_COUNT(mine); i++)
        if (strncmp(rest, mine[i], strlen(mine[i])) == 0)
            return true;
    return strcmp(path, page) == 0;
}

static void *open_pesapal(void)
{
    struct sl_pesapal *pesapal = calloc(1, sizeof *pesapal);

    if (!pesapal)
        sl_out_of_memory();
    pesapal->arena = sl_arena_new();
    return pesapal;
}

static void clear(struct sl_pesapal *pesapal)
{
    sl_arena_free(&pesapal->arena);
    sl_table_clear(&pesapal->tokens);
    sl_table_clear(&pesapal->orders);
    pesapal->ipns = NULL;
}

static void reset(void *state)
{
    struct sl_pesapal *pesapal = state;

    clear(pesapal);
    pesapal->arena = sl_arena_new();
}

static void close_pesapal(void *state)
{
    clear(state);
    free(state);
}

const struct sl_simulator sl_sim_pesapal = {
    .code = "pesapal",
    .owns = owns,
    .open = open_pesapal,
    .close = close_pesapal,
    .reset = reset,
    .answer = answer,
    .fire = sl_pesapal_fire,
};
