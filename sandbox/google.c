/* Google's token endpoint, simulated: what a service account signs is exchanged (RFC 7523;
 * docs/providers/keys-jwt.md, 5). */
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
static const char bearer_grant[] = "urn:ietf:params:oauth:grant-type:jwt-bearer";

struct google {
    struct sl_arena *arena;
    struct sl_table tokens; /* to struct token */
};

struct token {
    const char *text, *scope;
    int64_t until_ms; /* since boot */
};

static uint64_t hash_token(const char *token)
{
    return sl_hash_text(sl_hash_text(SL_HASH_BEGIN, "google"), token);
}

/* ---- Asking --------------------------------------------------------------------------- */

static void refuse(struct sl_visit *visit, int status, const char *error, const char *description)
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

static void give(struct sl_visit *visit, const char *scope)
{
    static const struct sl_seen_kind kind = { .operation = "token", .names = { "scope" } };
    struct google *google = visit->state;
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
                  "{\"access_token\":\"%s\",\"expires_in\":%d,\"token_type\":\"Bearer\"}",
                  token->text, LIVES_S);
}

static void judge(struct sl_visit *visit, const char *assertion)
{
    SL_AUTO(sl_jwt_free) struct sl_jwt jwt = { 0 };
    bool whole = sl_jwt_read(visit->arena, assertion, &jwt);
    const char *alg = sl_json_text(jwt.header, "alg"), *iss = sl_json_text(jwt.claims, "iss");
    const char *scope = sl_json_text(jwt.claims, "scope");

    if (!whole || !alg || strcmp(alg, "RS256") != 0)
        refuse(visit, 400, "invalid_grant", "Invalid JWT: not a signed JSON Web Token.");
    else if (!iss || strcmp(iss, SL_SANDBOX_ACCOUNT) != 0)
        refuse(visit, 400, "invalid_grant", "Invalid grant: account not found");
    else if (!is_audience(sl_json_text(jwt.claims, "aud")))
        refuse(visit, 400, "invalid_grant", "Invalid JWT: Failed audience check.");
    else if (!is_short_lived(jwt.claims))
        refuse(visit, 400, "invalid_grant",
               "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable "
               "timeframe. Check your iat and exp values in the JWT claim.");
    else if (!sl_jwt_signed_rs256(visit->arena, assertion))
        refuse(visit, 400, "invalid_grant", "Invalid JWT Signature.");
    else if (sl_json_text(jwt.claims, "sub"))
        refuse(visit, 401, "unauthorized_client",
               "Client is unauthorized to retrieve access tokens using this method, or client not "
               "authorized for any of the scopes requested.");
    else if (!scope || !*scope)
        refuse(visit, 400, "invalid_scope", "Empty or missing scope not allowed.");
    else
        give(visit, scope);
}

static void answer(struct sl_visit *visit)
{
    static const char form_type[] = "application/x-www-form-urlencoded";
    const char *type = sl_visit_header(visit, "Content-Type");
    char *at = visit->body, *name, *value;
    const char *grant_type = NULL, *assertion = NULL;

    visit->scenario = SL_PLAY_OK; /* so that what follows can be tried */
    if (strcmp(visit->method, "POST") != 0) {
        sl_visit_answer(visit, 405, "text/html; charset=UTF-8", "");
        return;
    }
    if (!type || strncasecmp(type, form_type, sizeof form_type - 1) != 0) {
        refuse(visit, 400, "invalid_request", "Bad content type");
        return;
    }
    while (sl_form_next(&at, &name, &value)) {
        if (strcmp(name, "grant_type") == 0)
            grant_type = value;
        else if (strcmp(name, "assertion") == 0)
            assertion = value;
    }
    if (!grant_type || strcmp(grant_type, bearer_grant) != 0)
        refuse(visit, 400, "unsupported_grant_type", "Invalid grant_type");
    else if (!assertion)
        refuse(visit, 400, "invalid_request", "Missing required parameter: assertion");
    else
        judge(visit, assertion);
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
    const struct google *google = visit->box->states[sl_simulator_find("google")];
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
    return strcmp(path, "/token") == 0;
}

static void *open_state(void)
{
    struct google *google = calloc(1, sizeof *google);

    if (!google)
        sl_out_of_memory();
    sl_crypto_init();
    google->arena = sl_arena_new();
    return google;
}

static void reset_state(void *state)
{
    struct google *google = state;

    sl_table_clear(&google->tokens);
    sl_arena_reset(google->arena);
}

static void close_state(void *state)
{
    struct google *google = state;

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
