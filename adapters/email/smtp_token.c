/* The token for XOAUTH2: by what a person's consent gave (RFC 6749, section 6), or by the
 * application for itself (section 4.4). */
#include <string.h>

#include "adapters/email/smtp.h"
#include "lib/adapter/form.h"
#include "lib/base/text.h"

int sl_smtp_build_grant(const struct sl_call *call, struct sl_request *request, struct sl_err *err)
{
    const char *const *values = call->settings->values;
    const char *refresh = values[OAUTH_REFRESH_TOKEN];
    struct sl_buf form = sl_buf_new(call->arena);

    if (!refresh && values[OAUTH_AUTHORIZE_URL])
        return sl_err_set(err, SL_ERR_CONFIG, "nobody has consented yet: `sl-config authorize`");
    sl_form_add(&form, "grant_type", refresh ? "refresh_token" : "client_credentials");
    if (refresh)
        sl_form_add(&form, "refresh_token", refresh);
    sl_form_add(&form, "client_id", values[OAUTH_CLIENT_ID]);
    if (values[OAUTH_CLIENT_SECRET])
        sl_form_add(&form, "client_secret", values[OAUTH_CLIENT_SECRET]);
    if (values[OAUTH_SCOPE])
        sl_form_add(&form, "scope", values[OAUTH_SCOPE]);
    request->method = "POST";
    request->base = values[OAUTH_TOKEN_URL];
    request->path = "";
    sl_request_header(request, "Accept", "application/json");
    sl_request_form(request, &form);
    return 0;
}

int sl_smtp_ask_consent(const struct sl_call *call, struct sl_consent_ask *ask, struct sl_err *err)
{
    const char *const *values = call->settings->values;

    if (!sl_smtp_uses_token(call->settings) || !values[OAUTH_AUTHORIZE_URL])
        return sl_err_set(err, SL_ERR_CONFIG,
                          "consent needs auth_method xoauth2 and oauth_authorize_url");
    *ask = (struct sl_consent_ask){
        .authorize_url = values[OAUTH_AUTHORIZE_URL],
        .token_url = values[OAUTH_TOKEN_URL],
        .device_url = values[OAUTH_DEVICE_URL],
        .client_id = values[OAUTH_CLIENT_ID],
        .client_secret = values[OAUTH_CLIENT_SECRET],
        .scope = values[OAUTH_SCOPE],
        .extra = "access_type=offline&prompt=consent", /* Google's; others do not mind */
    };
    return 0;
}

/* It goes into a line of the dialogue. */
static bool is_token(const char *text)
{
    const char *at = text;

    while (*at > ' ' && *at < 0x7f)
        at++;
    return at > text && !*at;
}

static void read_refusal(const struct sl_call *call, struct json_object *doc,
                         const struct sl_exchange *exchange, struct sl_result *result)
{
    static const char *const credentials[] = { "invalid_grant", "invalid_client",
                                               "unauthorized_client", "invalid_scope" };
    const char *error = sl_json_text(doc, "error");
    const char *text = sl_json_text(doc, "error_description");

    text = text ? sl_printable(call->arena, text, strlen(text), 200) : NULL;
    if (error && strcmp(error, "invalid_grant") == 0 && call->settings->values[OAUTH_AUTHORIZE_URL])
        text = sl_arena_printf(call->arena, "%s (`sl-config authorize` asks for another consent)",
                               text ? text : error);
    sl_result_from_status(exchange, text ? text : sl_exchange_text(call->arena, exchange), result);
    for (size_t i = 0; error && i < SL_COUNT(credentials); i++)
        if (strcmp(error, credentials[i]) == 0)
            sl_result_all(result, (struct sl_outcome){ .verdict = SL_AUTH,
                                                       .concerns = SL_ACCOUNT,
                                                       .code = credentials[i],
                                                       .text = text });
}

void sl_smtp_parse_grant(const struct sl_call *call, const struct sl_exchange *exchange,
                         struct sl_result *result)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;
    const char *access;
    int64_t lives_s;

    if (sl_result_unanswered(exchange, result))
        return;
    doc = sl_json_parse(exchange->body, exchange->n_body);
    access = sl_json_text(doc, "access_token");
    if (exchange->status != 200 || !access || !is_token(access)) {
        read_refusal(call, doc, exchange, result);
        return;
    }
    lives_s = sl_json_int(doc, "expires_in", 3600);
    if (lives_s < 0 || lives_s > 86400)
        lives_s = 3600;
    result->token = (struct sl_token){ .access = sl_arena_strdup(call->arena, access),
                                       .lives_ms = lives_s * 1000 };
    sl_result_all(result, (struct sl_outcome){ .verdict = SL_OK });
}
