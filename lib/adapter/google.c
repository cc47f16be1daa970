#include "lib/adapter/google.h"

#include <string.h>

#include "lib/adapter/form.h"
#include "lib/adapter/jwt.h"
#include "lib/adapter/page.h"
#include "lib/base/text.h"

enum { SKEW_S = 10, LIVES_S = 3600 };

/* ---- The file ------------------------------------------------------------------------ */

static int refuse(struct sl_err *err, const char *what)
{
    (void)sl_err_set(err, SL_ERR_CONFIG, "%s", what);
    return sl_err_hint(err, "give the whole JSON file that the console makes with a new key");
}

static bool is_googles(const char *url)
{
    static const char *const bases[] = { "https://oauth2.googleapis.com/",
                                         "https://accounts.google.com/" };

    for (size_t i = 0; i < SL_COUNT(bases); i++)
        if (strncmp(url, bases[i], strlen(bases[i])) == 0)
            return sl_page_address(url);
    return false;
}

static int read_members(struct sl_arena *arena, struct json_object *doc,
                        struct sl_service_account *account, struct sl_err *err)
{
    const char *type = sl_json_text(doc, "type"), *uri = sl_json_text(doc, "token_uri");

    if (!type || strcmp(type, "service_account") != 0)
        return refuse(err, type ? "this is a credential of another type, not a service account"
                                : "this is not the file of a service account");
    *account = (struct sl_service_account){
        .project_id = sl_arena_strdup(arena, sl_json_text(doc, "project_id")),
        .client_email = sl_arena_strdup(arena, sl_json_text(doc, "client_email")),
        .private_key = sl_arena_strdup(arena, sl_json_text(doc, "private_key")),
        .private_key_id = sl_arena_strdup(arena, sl_json_text(doc, "private_key_id")),
        .token_uri = uri ? sl_arena_strdup(arena, uri) : "https://oauth2.googleapis.com/token",
    };
    if (!account->project_id || !account->client_email || !account->private_key)
        return refuse(err, "the service account lacks project_id, client_email or private_key");
    if (!is_googles(account->token_uri))
        return sl_err_set(err, SL_ERR_CONFIG,
                          "the service account asks for tokens at %s, which is not Google's",
                          account->token_uri);
    return 0;
}

int sl_service_account_read(struct sl_arena *arena, const char *json,
                            struct sl_service_account *account, struct sl_err *err)
{
    SL_AUTO(sl_json_free) struct json_object *doc = sl_json_parse(json, strlen(json));

    return read_members(arena, doc, account, err);
}

int sl_service_account_check(struct sl_arena *arena, const char *json, struct sl_err *err)
{
    struct sl_service_account account;

    if (sl_service_account_read(arena, json, &account, err) < 0)
        return -1;
    if (sl_private_key_check(SL_RS256, account.private_key, err) < 0)
        return sl_err_context(err, "private_key of the service account");
    return 0;
}

/* ---- Asking -------------------------------------------------------------------------- */

static const char *make_assertion(const struct sl_call *call, const struct sl_service_grant *grant,
                                  const struct sl_service_account *account, const char *url,
                                  struct sl_err *err)
{
    SL_AUTO(sl_json_free) struct json_object *header = sl_json_new_object();
    SL_AUTO(sl_json_free) struct json_object *claims = sl_json_new_object();
    int64_t now_s = call->now_ms / 1000 - SKEW_S; /* clocks differ a little */

    sl_json_put_text(header, "alg", "RS256");
    sl_json_put_text(header, "typ", "JWT");
    sl_json_put_text(header, "kid", account->private_key_id);
    sl_json_put_text(claims, "iss", account->client_email);
    sl_json_put_text(claims, "sub", grant->subject);
    sl_json_put_text(claims, "scope", grant->scope);
    sl_json_put_text(claims, "aud", url);
    sl_json_put_int(claims, "iat", now_s);
    sl_json_put_int(claims, "exp", now_s + LIVES_S);
    return sl_jwt_sign(call->arena, SL_RS256, account->private_key,
                       sl_json_print(call->arena, header), sl_json_print(call->arena, claims), err);
}

int sl_service_grant_build(const struct sl_call *call, const struct sl_service_grant *grant,
                           struct sl_request *request, struct sl_err *err)
{
    struct sl_service_account account;
    struct sl_buf form = sl_buf_new(call->arena);
    const char *assertion, *url;

    if (sl_service_account_read(call->arena, grant->account, &account, err) < 0)
        return -1;
    url = grant->token_url ? grant->token_url : account.token_uri;
    assertion = make_assertion(call, grant, &account, url, err);
    if (!assertion)
        return -1;
    sl_form_add(&form, "grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer");
    sl_form_add(&form, "assertion", assertion);
    request->method = "POST";
    request->base = url;
    request->path = "";
    sl_request_header(request, "Accept", "application/json");
    sl_request_form(request, &form);
    return 0;
}

/* ---- Its answer ---------------------------------------------------------------------- */

/* It goes into a header. */
static bool is_token(const char *text)
{
    const char *at = text;

    while (*at > ' ' && *at < 0x7f)
        at++;
    return at > text && !*at;
}

static const struct {
    const char *error, *fragment; /* of error_description; NULL: any */
    enum sl_verdict verdict;
    const char *text;
} refusals[] = {
    { "invalid_grant", "short-lived token", SL_AUTH, "the clock of this machine is wrong" },
    { "invalid_grant", "ignature", SL_AUTH, "the key was deleted, or is not this account's" },
    { "invalid_grant", "account", SL_AUTH, "the service account is gone" },
    { "invalid_grant", "revoked", SL_AUTH, "the user has to consent again: `sl-config authorize`" },
    { "invalid_grant", NULL, SL_AUTH, NULL },
    { "invalid_client", NULL, SL_AUTH, NULL },
    { "unauthorized_client", NULL, SL_AUTH,
      "domain-wide delegation is not granted to this account for these scopes" },
    { "invalid_scope", NULL, SL_PERMANENT, NULL },
};

static void refuse_token(const struct sl_call *call, const struct sl_exchange *exchange,
                         struct json_object *doc, struct sl_result *result)
{
    const char *error = sl_json_text(doc, "error");
    const char *description = sl_json_text(doc, "error_description");
    struct sl_outcome outcome = { .concerns = SL_ACCOUNT };

    sl_result_from_status(exchange, NULL, result);
    for (size_t i = 0; i < SL_COUNT(refusals) && error; i++) {
        if (strcmp(refusals[i].error, error) != 0 ||
            (refusals[i].fragment && (!description || !strstr(description, refusals[i].fragment))))
            continue;
        outcome.verdict = refusals[i].verdict;
        outcome.code = refusals[i].error;
        outcome.text = refusals[i].text;
        if (!outcome.text && description)
            outcome.text = sl_printable(call->arena, description, strlen(description), 200);
        if (exchange->status == 400 || exchange->status == 401)
            sl_result_all(result, outcome);
        return;
    }
}

void sl_google_grant_parse(const struct sl_call *call, const struct sl_exchange *exchange,
                           struct sl_result *result)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;
    const char *access;
    int64_t seconds;

    if (sl_result_unanswered(exchange, result)) {
        sl_result_repeatable(result);
        return;
    }
    doc = sl_json_parse(exchange->body, exchange->n_body);
    access = sl_json_text(doc, "access_token");
    seconds = sl_json_int(doc, "expires_in", 0);
    if (exchange->status != 200 || !access || !is_token(access) || seconds <= 0 ||
        seconds > 86400) {
        refuse_token(call, exchange, doc, result);
        sl_result_repeatable(result);
        return;
    }
    result->token.access = sl_arena_strdup(call->arena, access);
    result->token.type = "Bearer";
    result->token.lives_ms = seconds * 1000;
    sl_result_all(result, (struct sl_outcome){ .verdict = SL_OK });
}
