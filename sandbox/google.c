/* Google's token endpoint, simulated: what a service account signs is exchanged (RFC 7523;
 * docs/providers/keys-jwt.md, 5), and what came of a person's consent (google_consent.c). */
#include "sandbox/google.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base/clock.h"
#include "lib/base/crypto.h"
#include "lib/base/err.h"
#include "lib/base/json.h"
#include "sandbox/box.h"
#include "sandbox/form.h"
#include "sandbox/jwt.h"
#include "sandbox/keys.h"
#include "sandbox/registry.h"

enum { LIVES_S = 3599, LONGEST_S = 3600, SKEW_S = 300 };

static const char json_body[] = "application/json; charset=utf-8";

struct token {
    const char *text, *scope;
    int64_t until_ms; /* since boot */
};

static uint64_t hash_token(const char *token)
{
    return sl_hash_text(sl_hash_text(SL_HASH_BEGIN, "google"), token);
}

/* ---- Asking --------------------------------------------------------------------------- */

void sl_google_refuse(struct sl_visit *visit, int status, const char *error,
                      const char *description)
{
    sl_visit_answer(visit, status, json_body,
                    sl_arena_printf(visit->arena, "{\"error\":\"%s\",\"error_description\":\"%s\"}",
                                    error, description));
}

/* Any address of a token endpoint: the real one, or where this sandbox listens. */
static bool is_audience(const char *aud)
{
    size_t n = aud ? strlen(aud) : 0;

    return n > 6 && strcmp(aud + n - 6, "/token") == 0 &&
           (strcmp(aud, "https://oauth2.googleapis.com/token") == 0 || sl_callbacks_loopback(aud));
}

static bool is_short_lived(struct json_object *claims)
{
    int64_t now_s = sl_now_ms() / 1000;
    int64_t iat = sl_json_int(claims, "iat", 0), exp = sl_json_int(claims, "exp", 0);

    return iat > now_s - LONGEST_S && iat <= now_s + SKEW_S && exp > now_s &&
           exp - iat <= LONGEST_S;
}

void sl_google_give(struct sl_visit *visit, const char *scope, const char *refresh)
{
    static const struct sl_seen_kind kind = { .operation = "token", .names = { "scope" } };
    struct sl_google *google = visit->state;
    struct token *token = SL_NEW(google->arena, struct token, 1);

    token->text = sl_arena_printf(google->arena, "ya29.sandbox-%016llx%016llx",
                                  (unsigned long long)sl_box_id(visit->box),
                                  (unsigned long long)sl_box_id(visit->box));
    token->scope = sl_arena_strdup(google->arena, scope);
    token->until_ms = sl_boot_ms() + LIVES_S * 1000;
    sl_table_set(&google->tokens, hash_token(token->text), token);
    visit->box->counts.tokens++;
    sl_seen_add(visit, &kind, (const char *const[]){ scope });
    sl_visit_begin(visit, 200, json_body);
    sl_buf_printf(&visit->answer,
                  "{\"access_token\":\"%s\",\"expires_in\":%d,\"token_type\":\"Bearer\","
                  "\"scope\":\"%s\"",
                  token->text, LIVES_S, token->scope);
    if (refresh)
        sl_buf_printf(&visit->answer, ",\"refresh_token\":\"%s\"", refresh);
    sl_buf_text(&visit->answer, "}");
}

static void judge(struct sl_visit *visit, const char *assertion)
{
    SL_AUTO(sl_jwt_free) struct sl_jwt jwt = { 0 };
    bool whole = sl_jwt_read(visit->arena, assertion, &jwt);
    const char *alg = sl_json_text(jwt.header, "alg"), *iss = sl_json_text(jwt.claims, "iss");
    const char *scope = sl_json_text(jwt.claims, "scope");

    if (!whole || !alg || strcmp(alg, "RS256") != 0)
        sl_google_refuse(visit, 400, "invalid_grant", "Invalid JWT: not a signed JSON Web Token.");
    else if (!iss || strcmp(iss, SL_SANDBOX_ACCOUNT) != 0)
        sl_google_refuse(visit, 400, "invalid_grant", "Invalid grant: account not found");
    else if (!is_audience(sl_json_text(jwt.claims, "aud")))
        sl_google_refuse(visit, 400, "invalid_grant", "Invalid JWT: Failed audience check.");
    else if (!is_short_lived(jwt.claims))
        sl_google_refuse(
            visit, 400, "invalid_grant",
            "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable "
            "timeframe. Check your iat and exp values in the JWT claim.");
    else if (!sl_jwt_signed_rs256(visit->arena, assertion))
        sl_google_refuse(visit, 400, "invalid_grant", "Invalid JWT Signature.");
    else if (sl_json_text(jwt.claims, "sub"))
        sl_google_refuse(
            visit, 401, "unauthorized_client",
            "Client is unauthorized to retrieve access tokens using this method, or client not "
            "authorized for any of the scopes requested.");
    else if (!scope || !*scope)
        sl_google_refuse(visit, 400, "invalid_scope", "Empty or missing scope not allowed.");
    else
        sl_google_give(visit, scope, NULL);
}

struct sl_google *sl_google_of(struct sl_visit *visit)
{
    return visit->state;
}

struct sl_google_form sl_google_form(struct sl_visit *visit)
{
    struct sl_google_form form = { 0 };
    const struct {
        const char *name, **value;
    } fields[] = {
        { "grant_type", &form.grant_type },
        { "assertion", &form.assertion },
        { "client_id", &form.client_id },
        { "client_secret", &form.client_secret },
        { "scope", &form.scope },
        { "code", &form.code },
        { "redirect_uri", &form.redirect_uri },
        { "code_verifier", &form.code_verifier },
        { "refresh_token", &form.refresh_token },
        { "device_code", &form.device_code },
        { "token", &form.token },
    };
    char *at = visit->body, *name, *value;

    while (sl_form_next(&at, &name, &value))
        for (size_t i = 0; i < SL_COUNT(fields); i++)
            if (strcmp(fields[i].name, name) == 0)
                *fields[i].value = value;
    return form;
}

static void exchange_assertion(struct sl_visit *visit, const struct sl_google_form *form)
{
    if (form->assertion)
        judge(visit, form->assertion);
    else
        sl_google_refuse(visit, 400, "invalid_request", "Missing required parameter: assertion");
}

static void exchange(struct sl_visit *visit)
{
    static const struct {
        const char *grant_type;
        void (*run)(struct sl_visit *visit, const struct sl_google_form *form);
    } grants[] = {
        { "urn:ietf:params:oauth:grant-type:jwt-bearer", exchange_assertion },
        { "urn:ietf:params:oauth:grant-type:device_code", sl_google_exchange_device },
        { "authorization_code", sl_google_exchange_code },
        { "refresh_token", sl_google_exchange_refresh },
    };
    const struct sl_google_form form = sl_google_form(visit);

    for (size_t i = 0; i < SL_COUNT(grants); i++)
        if (form.grant_type && strcmp(grants[i].grant_type, form.grant_type) == 0) {
            grants[i].run(visit, &form);
            return;
        }
    sl_google_refuse(visit, 400, "unsupported_grant_type", "Invalid grant_type");
}

static void answer(struct sl_visit *visit)
{
    static const char form_type[] = "application/x-www-form-urlencoded";
    const char *type = sl_visit_header(visit, "Content-Type");
    bool consents = sl_google_consents(visit);

    visit->scenario = SL_PLAY_OK; /* so that what follows can be tried */
    if (consents)
        return;
    if (strcmp(visit->method, "POST") != 0)
        sl_visit_answer(visit, 405, "text/html; charset=UTF-8", "");
    else if (!type || strncasecmp(type, form_type, sizeof form_type - 1) != 0)
        sl_google_refuse(visit, 400, "invalid_request", "Bad content type");
    else
        exchange(visit);
}

/* ---- Looking -------------------------------------------------------------------------- */

/* `scope` is one of those that a token was given for. */
static bool covers(const char *scopes, const char *scope)
{
    size_t n = strlen(scope);

    for (const char *at = strstr(scopes, scope); at; at = strstr(at + 1, scope))
        if ((at == scopes || at[-1] == ' ') && (at[n] == ' ' || at[n] == '\0'))
            return true;
    return false;
}

bool sl_google_knows(struct sl_visit *visit, const char *scope)
{
    const struct sl_google *google = visit->box->states[sl_simulator_find("google")];
    const char *header = sl_visit_header(visit, "Authorization");
    const struct token *token;

    if (!header || strncasecmp(header, "Bearer ", 7) != 0)
        return false;
    token = sl_table_get(&google->tokens, hash_token(header + 7));
    return token && strcmp(token->text, header + 7) == 0 && sl_boot_ms() < token->until_ms &&
           covers(token->scope, scope);
}

/* ---- The simulator -------------------------------------------------------------------- */

static bool owns(const char *path)
{
    static const char *const paths[] = { "/token", "/o/oauth2/v2/auth", "/device/code", "/device",
                                         "/revoke" };

    for (size_t i = 0; i < SL_COUNT(paths); i++)
        if (strcmp(paths[i], path) == 0)
            return true;
    return false;
}

static void *open_state(void)
{
    struct sl_google *google = calloc(1, sizeof *google);

    if (!google)
        sl_out_of_memory();
    sl_crypto_init();
    google->arena = sl_arena_new();
    return google;
}

static void reset_state(void *state)
{
    struct sl_google *google = state;

    sl_table_clear(&google->tokens);
    sl_table_clear(&google->papers);
    sl_arena_reset(google->arena);
}

static void close_state(void *state)
{
    struct sl_google *google = state;

    reset_state(google);
    sl_arena_free(&google->arena);
    free(google);
}

const struct sl_simulator sl_sim_google = {
    .code = "google",
    .owns = owns,
    .open = open_state,
    .close = close_state,
    .reset = reset_state,
    .answer = answer,
};
