#include "lib/service/consent.h"

#include <string.h>

#include "lib/adapter/form.h"
#include "lib/adapter/jwt.h"
#include "lib/base/clock.h"
#include "lib/base/crypto.h"
#include "lib/base/text.h"
#include "lib/service/audit.h"

enum {
    ANSWER_MS = 30000,
    MOST_ANSWER = 1 << 20,
    WAIT_MS = 1000,
    VERIFIER = 32, /* bytes of chance: 43 digits */
    STATE = 16,
    SLOWER_MS = 5000,
    LONGEST_S = 3600,
};

static const char device_grant[] = "urn:ietf:params:oauth:grant-type:device_code";

int sl_consent_begin(struct sl_service *service, struct sl_arena *arena,
                     const struct sl_school *school, const char *provider_code,
                     struct sl_consenting *consenting, struct sl_err *err)
{
    struct sl_config_row row;
    struct sl_call call = { .arena = arena };

    *consenting = (struct sl_consenting){ .service = service, .arena = arena };
    if (sl_config_find(service, arena, school, provider_code, &row, err) < 0 ||
        sl_config_open(service, arena, school->id, row.provider_id, &consenting->account, err) < 0)
        return -1;
    if (!consenting->account.adapter->consent)
        return sl_err_set(err, SL_ERR_CONFIG, "%s needs nobody's consent",
                          consenting->account.adapter->name);
    call.settings = &consenting->account.settings;
    if (consenting->account.adapter->consent->ask(&call, &consenting->ask, err) < 0)
        return sl_err_context(err, "%s", consenting->account.adapter->name);
    if (sl_transfer_open(&consenting->transfer, err) < 0)
        return -1;
    sl_transfer_reach(consenting->transfer, service->settings.private_networks);
    return 0;
}

void sl_consent_end(struct sl_consenting *consenting)
{
    if (consenting->transfer)
        sl_transfer_close(&consenting->transfer);
}

/* ---- Asking ------------------------------------------------------------------------------ */

static int write_log(struct sl_consenting *consenting, const struct sl_request *request,
                     const struct sl_sent *sent, struct sl_err *err)
{
    const struct sl_account *account = &consenting->account;
    const bool fine = sent->exchange.status == 200;
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };
    const struct sl_log log = {
        .school_id = account->school.id,
        .provider_id = account->provider_id,
        .direction = "outbound",
        .operation = "consent",
        .request_data = sl_audit_request(consenting->arena, account, NULL, request),
        .response_data = sl_audit_answer(consenting->arena, account, NULL, &sent->exchange),
        .status = fine ? "success" : "failed",
        .status_code = sent->exchange.status,
        .error_message = sent->exchange.transport,
        .duration_ms = sent->duration_ms,
        .actor = sl_audit_actor(consenting->arena),
        .created_at = sl_now_ms(),
    };

    if (sl_tx_begin(&tx, consenting->service->db, err) < 0 ||
        sl_audit_add(consenting->service, &log, err) < 0)
        return -1;
    return sl_tx_commit(&tx, err);
}

/* The whole answer, whatever its status, as JSON that the caller frees. */
static int post(struct sl_consenting *consenting, const char *url, const struct sl_buf *form,
                struct json_object **doc, struct sl_err *err)
{
    struct sl_request request = { .method = "POST", .base = url, .path = "" };
    struct sl_sent sent = { 0 };
    const struct sl_send send = { .request = &request,
                                  .arena = consenting->arena,
                                  .ca_file = consenting->account.ca_file,
                                  .connect_ms = ANSWER_MS,
                                  .answer_ms = ANSWER_MS,
                                  .most_answer = MOST_ANSWER };

    sl_request_header(&request, "Accept", "application/json");
    sl_request_form(&request, form);
    if (sl_transfer_start(consenting->transfer, &send, err) < 0)
        return -1;
    while (!sl_transfer_next(consenting->transfer, &sent))
        sl_transfer_wait(consenting->transfer, WAIT_MS);
    if (write_log(consenting, &request, &sent, err) < 0)
        return -1;
    *doc = sl_json_parse(sent.exchange.body, sent.exchange.n_body);
    if (sent.exchange.reach == SL_ANSWERED && json_object_is_type(*doc, json_type_object))
        return 0;
    sl_json_free(doc);
    return sl_err_set(err, SL_ERR_UNAVAILABLE, "%s: %s", consenting->account.adapter->name,
                      sent.exchange.transport ? sent.exchange.transport
                                              : "what answers there gives no tokens");
}

static int refuse(const struct sl_consenting *consenting, struct json_object *doc,
                  struct sl_err *err)
{
    const char *error = sl_json_text(doc, "error"), *text = sl_json_text(doc, "error_description");

    error = error ? error : "no tokens came";
    text = text ? text : error;
    return sl_err_set(err, SL_ERR_AUTH, "%s: %s (%s)", consenting->account.adapter->name,
                      sl_printable(consenting->arena, text, strlen(text), 200),
                      sl_printable(consenting->arena, error, strlen(error), 60));
}

/* ---- Keeping ------------------------------------------------------------------------------- */

static bool has_word(const char *words, const char *word, size_t n)
{
    for (; *words; words += strspn(words, " ")) {
        size_t length = strcspn(words, " ");

        if (length == n && strncmp(words, word, n) == 0)
            return true;
        words += length;
    }
    return false;
}

/* Whether all that was asked for was given: a person may leave a tick away. */
static bool covers(const char *given, const char *asked)
{
    for (; *asked; asked += strspn(asked, " ")) {
        size_t n = strcspn(asked, " ");

        if (!has_word(given, asked, n))
            return false;
        asked += n;
    }
    return true;
}

static int keep(struct sl_consenting *consenting, struct json_object *doc, struct sl_err *err)
{
    const char *refresh = sl_json_text(doc, "refresh_token"), *scope = sl_json_text(doc, "scope");
    const struct sl_account *account = &consenting->account;
    const struct sl_change change = { account->adapter->consent->setting, refresh };
    const struct sl_config_set set = { .changes = &change, .n_changes = 1 };

    if (!sl_json_text(doc, "access_token"))
        return refuse(consenting, doc, err);
    if (scope && !covers(scope, consenting->ask.scope))
        return sl_err_set(err, SL_ERR_AUTH, "%s: not all that was asked for was allowed",
                          account->adapter->name);
    if (!refresh) {
        (void)sl_err_set(err, SL_ERR_AUTH, "%s: no refresh token came", account->adapter->name);
        return sl_err_hint(err, "take the app's access away in the account, then try again");
    }
    return sl_config_set(consenting->service, &account->school, account->adapter, &set, err);
}

/* ---- By a browser ---------------------------------------------------------------------------- */

static const char *chance(struct sl_arena *arena, size_t n)
{
    unsigned char bytes[VERIFIER];

    sl_random(bytes, n);
    return sl_base64url(arena, bytes, n);
}

const char *sl_consent_link(struct sl_consenting *consenting, const char *redirect)
{
    struct sl_buf query = sl_buf_new(consenting->arena);
    unsigned char sum[SL_SHA256_SIZE];

    consenting->redirect = redirect;
    consenting->state = chance(consenting->arena, STATE);
    consenting->verifier = chance(consenting->arena, VERIFIER);
    sl_sha256(consenting->verifier, strlen(consenting->verifier), sum);
    sl_form_add(&query, "client_id", consenting->ask.client_id);
    sl_form_add(&query, "redirect_uri", redirect);
    sl_form_add(&query, "response_type", "code");
    sl_form_add(&query, "scope", consenting->ask.scope);
    sl_form_add(&query, "code_challenge", sl_base64url(consenting->arena, sum, sizeof sum));
    sl_form_add(&query, "code_challenge_method", "S256");
    sl_form_add(&query, "state", consenting->state);
    return sl_arena_printf(consenting->arena, "%s?%s%s%s", consenting->ask.authorize_url,
                           query.data, consenting->ask.extra ? "&" : "",
                           consenting->ask.extra ? consenting->ask.extra : "");
}

/* The code of an address, of its query, or as it is. A state, where one came, is ours: else somebody
 * else's consent would be given to us. */
static int read_code(const struct sl_consenting *consenting, const char *answer, const char **code,
                     struct sl_err *err)
{
    const char *query = strchr(answer, '?'), *state, *error;

    query = query ? query + 1 : answer;
    if (!strchr(query, '=')) {
        *code = answer;
        return *answer ? 0 : sl_err_set(err, SL_ERR_DATA, "the code is empty");
    }
    state = sl_form_value(consenting->arena, query, strlen(query), "state");
    if (!state || strcmp(state, consenting->state) != 0)
        return sl_err_set(err, SL_ERR_DATA, "this is no answer to the address that was opened");
    error = sl_form_value(consenting->arena, query, strlen(query), "error");
    if (error)
        return sl_err_set(err, SL_ERR_AUTH, "%s: the consent was refused (%s)",
                          consenting->account.adapter->name,
                          sl_printable(consenting->arena, error, strlen(error), 60));
    *code = sl_form_value(consenting->arena, query, strlen(query), "code");
    return *code && **code ? 0 : sl_err_set(err, SL_ERR_DATA, "the address has no code in it");
}

/* From the audit trail, by its value: "code" names other things too. */
static void hide(struct sl_consenting *consenting, const char *code)
{
    struct sl_account *account = &consenting->account;
    const char **secrets = SL_NEW(consenting->arena, const char *, account->n_secrets + 1);

    for (size_t i = 0; i < account->n_secrets; i++)
        secrets[i] = account->secrets[i];
    secrets[account->n_secrets++] = code;
    account->secrets = secrets;
}

int sl_consent_finish(struct sl_consenting *consenting, const char *answer, struct sl_err *err)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;
    struct sl_buf form = sl_buf_new(consenting->arena);
    const char *code = NULL;

    if (read_code(consenting, answer, &code, err) < 0)
        return -1;
    hide(consenting, code);
    sl_form_add(&form, "code", code);
    sl_form_add(&form, "client_id", consenting->ask.client_id);
    sl_form_add(&form, "client_secret", consenting->ask.client_secret);
    sl_form_add(&form, "redirect_uri", consenting->redirect);
    sl_form_add(&form, "code_verifier", consenting->verifier);
    sl_form_add(&form, "grant_type", "authorization_code");
    if (post(consenting, consenting->ask.token_url, &form, &doc, err) < 0)
        return -1;
    return keep(consenting, doc, err);
}

/* ---- On another device ------------------------------------------------------------------------ */

int sl_consent_device(struct sl_consenting *consenting, struct sl_err *err)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;
    struct sl_buf form = sl_buf_new(consenting->arena);
    const char *page;

    if (!consenting->ask.device_url)
        return sl_err_set(err, SL_ERR_CONFIG, "%s asks for consent in a browser alone",
                          consenting->account.adapter->name);
    sl_form_add(&form, "client_id", consenting->ask.client_id);
    sl_form_add(&form, "scope", consenting->ask.scope);
    if (post(consenting, consenting->ask.device_url, &form, &doc, err) < 0)
        return -1;
    page = sl_json_text(doc, "verification_uri");
    page = page ? page : sl_json_text(doc, "verification_url"); /* Google's own name */
    if (!page || !sl_json_text(doc, "device_code") || !sl_json_text(doc, "user_code"))
        return refuse(consenting, doc, err);
    page = sl_printable(consenting->arena, page, strlen(page), 200);
    consenting->device_page = page;
    consenting->device_code = sl_arena_strdup(consenting->arena, sl_json_text(doc, "device_code"));
    consenting->user_code = sl_printable(consenting->arena, sl_json_text(doc, "user_code"),
                                         strlen(sl_json_text(doc, "user_code")), 40);
    consenting->interval_ms = sl_json_int(doc, "interval", 5) * 1000;
    consenting->until_ms = sl_now_ms() + sl_json_int(doc, "expires_in", LONGEST_S) * 1000;
    return 0;
}

int sl_consent_poll(struct sl_consenting *consenting, struct sl_err *err)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;
    struct sl_buf form = sl_buf_new(consenting->arena);
    const char *error;

    if (sl_now_ms() >= consenting->until_ms)
        return sl_err_set(err, SL_ERR_AUTH, "the code was not entered in time");
    sl_form_add(&form, "client_id", consenting->ask.client_id);
    sl_form_add(&form, "client_secret", consenting->ask.client_secret);
    sl_form_add(&form, "device_code", consenting->device_code);
    sl_form_add(&form, "grant_type", device_grant);
    if (post(consenting, consenting->ask.token_url, &form, &doc, err) < 0)
        return -1;
    error = sl_json_text(doc, "error");
    if (error && strcmp(error, "slow_down") == 0)
        consenting->interval_ms += SLOWER_MS;
    if (error && (strcmp(error, "authorization_pending") == 0 || strcmp(error, "slow_down") == 0))
        return 0;
    return keep(consenting, doc, err) < 0 ? -1 : 1;
}
