/* M-Pesa (Daraja 3.0), simulated: tokens and routes (docs/providers/mpesa.md, 3 and 5). */
#include "sandbox/mpesa.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "sandbox/box.h"
#include "sandbox/registry.h"

enum { TOKEN_CHARACTERS = 28, TOKEN_MS = 3599 * 1000 };

struct app {
    const char *key;
    char token[TOKEN_CHARACTERS + 1]; /* the last one given: it killed those before */
    int64_t until_ms;                 /* since boot */
};

/* ---- Tokens ------------------------------------------------------------------------- */

/* Key and secret of an Authorization header, or false. */
static bool read_basic(struct sl_visit *visit, const char **key, const char **secret)
{
    const char *header = sl_visit_header(visit, "Authorization");
    unsigned char *pair;
    char *colon;
    size_t n;

    if (!header || strncmp(header, "Basic ", 6) != 0)
        return false;
    pair = sl_unbase64(visit->arena, header + 6, &n);
    if (!pair)
        return false;
    *key = sl_arena_memdup(visit->arena, (const char *)pair, n);
    colon = strchr(*key, ':');
    if (!colon)
        return false;
    *colon = '\0';
    *secret = colon + 1;
    return true;
}

static struct app *app_of(struct sl_mpesa *mpesa, const char *key)
{
    uint64_t hash = sl_hash_text(sl_hash_text(SL_HASH_BEGIN, "key"), key);
    struct app *app = sl_table_get(&mpesa->apps, hash);

    if (app)
        return app;
    app = SL_NEW(mpesa->arena, struct app, 1);
    app->key = sl_arena_strdup(mpesa->arena, key);
    sl_table_set(&mpesa->apps, hash, app);
    return app;
}

static uint64_t hash_token(const char *token)
{
    return sl_hash_text(sl_hash_text(SL_HASH_BEGIN, "token"), token);
}

static void renew(struct sl_visit *visit, struct app *app)
{
    struct sl_mpesa *mpesa = visit->state;

    (void)snprintf(app->token, sizeof app->token, "%016llx%012llx",
                   (unsigned long long)sl_box_id(visit->box),
                   (unsigned long long)sl_box_id(visit->box) >> 16);
    app->until_ms = sl_boot_ms() + TOKEN_MS;
    sl_table_set(&mpesa->apps, hash_token(app->token), app);
    visit->box->counts.tokens++;
}

/* Given under every scenario. A wrong key gets an empty answer, a wrong secret a text: both
 * have been seen. */
static void give_token(struct sl_visit *visit)
{
    static const struct sl_seen_kind kind = { .operation = "token", .names = { "app" } };
    const char *grant = sl_visit_query(visit, "grant_type"), *key, *secret;
    struct app *app;

    visit->scenario = SL_PLAY_OK;
    if (strcmp(visit->method, "GET") != 0) {
        sl_mpesa_fail(visit, 405, "405.001", "Method Not Allowed");
    } else if (!read_basic(visit, &key, &secret)) {
        sl_mpesa_fail(visit, 400, "400.008.01", "Invalid Authentication passed");
    } else if (!grant || strcmp(grant, "client_credentials") != 0) {
        sl_mpesa_fail(visit, 400, "400.008.02", "Invalid grant type passed");
    } else if (strncmp(key, "sandbox-key", 11) != 0) {
        sl_visit_answer(visit, 400, NULL, "");
    } else if (strncmp(secret, "sandbox-secret", 14) != 0) {
        sl_mpesa_fail(visit, 400, "400.008.01", "Invalid Authentication passed");
    } else {
        app = app_of(visit->state, key);
        renew(visit, app);
        sl_seen_add(visit, &kind, (const char *const[]){ key });
        sl_visit_begin(visit, 200, "application/json");
        sl_buf_printf(&visit->answer, "{\"access_token\":\"%s\",\"expires_in\":\"3599\"}",
                      app->token);
    }
}

/* False, and answered, without a token that is alive. Unknown ones and dead ones are told
 * apart as the documentation's two codes are. */
static bool has_token(struct sl_visit *visit)
{
    struct sl_mpesa *mpesa = visit->state;
    const char *header = sl_visit_header(visit, "Authorization");
    const struct app *app;

    if (!header || strncmp(header, "Bearer ", 7) != 0) {
        sl_mpesa_fail(visit, 404, "404.001.04", "Invalid Authentication Header");
        return false;
    }
    app = sl_table_get(&mpesa->apps, hash_token(header + 7));
    if (!app) {
        sl_mpesa_fail(visit, 401, "401.002.01", "Error Occurred - Invalid Access Token");
        return false;
    }
    if (strcmp(app->token, header + 7) == 0 && sl_boot_ms() < app->until_ms)
        return true;
    sl_mpesa_fail(visit, 404, "404.001.03", "Invalid Access Token");
    return false;
}

/* ---- Which is meant ----------------------------------------------------------------- */

static const struct {
    const char *path;
    void (*run)(struct sl_visit *visit, struct json_object *doc);
} routes[] = {
    { "/mpesa/stkpush/v1/processrequest", sl_mpesa_push },
    { "/mpesa/stkpushquery/v1/query", sl_mpesa_query },
    { "/mpesa/c2b/v1/registerurl", sl_mpesa_register },
    { "/mpesa/c2b/v2/registerurl", sl_mpesa_register },
    { "/mpesa/c2b/v1/simulate", sl_mpesa_simulate },
    { "/mpesa/c2b/v2/simulate", sl_mpesa_simulate },
    { "/mpesa/transactionstatus/v1/query", sl_mpesa_status },
    { "/mpesa/reversal/v1/request", sl_mpesa_reverse },
    { "/mpesa/accountbalance/v1/query", sl_mpesa_balance },
};

static void run(struct sl_visit *visit, void (*act)(struct sl_visit *, struct json_object *))
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;
    const char *type = sl_visit_header(visit, "Content-Type");

    if (strcmp(visit->method, "POST") != 0) {
        sl_mpesa_fail(visit, 405, "405.001", "Method Not Allowed");
        return;
    }
    if (!has_token(visit))
        return;
    doc = sl_json_parse(visit->body, visit->n_body);
    if (!type || strncasecmp(type, "application/json", 16) != 0 ||
        !json_object_is_type(doc, json_type_object))
        sl_mpesa_fail(visit, 400, "400.002.05", "Invalid Request Payload");
    else
        act(visit, doc);
}

static void answer(struct sl_visit *visit)
{
    if (strcmp(visit->path, "/oauth/v1/generate") == 0) {
        give_token(visit);
        return;
    }
    for (size_t i = 0; i < SL_COUNT(routes); i++) {
        if (strcmp(routes[i].path, visit->path) == 0) {
            run(visit, routes[i].run);
            return;
        }
    }
    sl_mpesa_fail(visit, 404, "404.001.01", "Resource not found");
}

static bool owns(const char *path)
{
    return strncmp(path, "/mpesa/", 7) == 0 || strncmp(path, "/oauth/v1/generate", 18) == 0;
}

static void *open_mpesa(void)
{
    struct sl_mpesa *mpesa = calloc(1, sizeof *mpesa);

    if (!mpesa)
        sl_out_of_memory();
    mpesa->arena = sl_arena_new();
    return mpesa;
}

static void clear(struct sl_mpesa *mpesa)
{
    sl_arena_free(&mpesa->arena);
    sl_table_clear(&mpesa->apps);
    sl_table_clear(&mpesa->pushes);
    sl_table_clear(&mpesa->paid);
    sl_table_clear(&mpesa->shops);
    sl_table_clear(&mpesa->orders);
}

static void reset(void *state)
{
    struct sl_mpesa *mpesa = state;

    clear(mpesa);
    mpesa->arena = sl_arena_new();
}

static void close_mpesa(void *state)
{
    clear(state);
    free(state);
}

const struct sl_simulator sl_sim_mpesa = {
    .code = "mpesa",
    .owns = owns,
    .open = open_mpesa,
    .close = close_mpesa,
    .reset = reset,
    .answer = answer,
};
