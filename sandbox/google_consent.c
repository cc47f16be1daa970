/* Consent, simulated: who opens the page has allowed what it asks (in the scenario cancelled: has
 * refused it), and who opens the device's page with its code (docs/providers/gdrive.md, 3). */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "lib/base/clock.h"
#include "lib/base/crypto.h"
#include "lib/base/text.h"
#include "sandbox/box.h"
#include "sandbox/form.h"
#include "sandbox/google.h"

enum { CODE_MS = 600000, DEVICE_S = 1800 };

/* A code that is to be exchanged, a device's, or a refresh token. */
struct paper {
    enum { CODE, DEVICE, REFRESH } kind;
    const char *scope, *redirect, *challenge, *user_code;
    int64_t until_ms;
    bool used, allowed, refused;
};

static uint64_t hash_paper(const char *text)
{
    return sl_hash_text(sl_hash_text(SL_HASH_BEGIN, "google-paper"), text);
}

static struct paper *find(struct sl_visit *visit, const char *text, int kind)
{
    struct paper *paper =
        text ? sl_table_get(&sl_google_of(visit)->papers, hash_paper(text)) : NULL;

    return paper && (int)paper->kind == kind ? paper : NULL;
}

static const char *keep(struct sl_visit *visit, const char *prefix, struct paper paper)
{
    struct sl_arena *arena = sl_google_of(visit)->arena;
    struct paper *kept = SL_NEW(arena, struct paper, 1);
    const char *text =
        sl_arena_printf(arena, "%s%016llx", prefix, (unsigned long long)sl_box_id(visit->box));

    *kept = paper;
    kept->scope = sl_arena_strdup(arena, paper.scope);
    kept->redirect = sl_arena_strdup(arena, paper.redirect);
    kept->challenge = sl_arena_strdup(arena, paper.challenge);
    kept->user_code = sl_arena_strdup(arena, paper.user_code);
    sl_table_set(&sl_google_of(visit)->papers, hash_paper(text), kept);
    return text;
}

/* ---- The page ------------------------------------------------------------------------------- */

static bool is(const char *text, const char *wanted)
{
    return text && strcmp(text, wanted) == 0;
}

static const char *fault_of(const struct sl_visit *visit)
{
    const char *redirect = sl_visit_query(visit, "redirect_uri");
    const char *challenge = sl_visit_query(visit, "code_challenge");

    if (!is(sl_visit_query(visit, "client_id"), SL_SANDBOX_CLIENT_ID))
        return "invalid_client";
    if (!redirect || strncmp(redirect, "http://127.0.0.1:", 17) != 0)
        return "redirect_uri_mismatch";
    if (!is(sl_visit_query(visit, "response_type"), "code") || !sl_visit_query(visit, "scope") ||
        !sl_visit_query(visit, "state") || !challenge || strlen(challenge) != 43 ||
        !is(sl_visit_query(visit, "code_challenge_method"), "S256"))
        return "invalid_request";
    return NULL;
}

/* Only who asks for offline access, and anew, is given a refresh token. */
static bool is_offline(const struct sl_visit *visit)
{
    return is(sl_visit_query(visit, "access_type"), "offline") &&
           is(sl_visit_query(visit, "prompt"), "consent");
}

static void allow(struct sl_visit *visit)
{
    const char *redirect = sl_visit_query(visit, "redirect_uri"), *fault = fault_of(visit);
    const char *result = "error=access_denied";
    struct sl_buf state = sl_buf_new(visit->arena);

    if (fault) {
        sl_visit_answer(visit, 400, "text/plain", fault);
        return;
    }
    if (visit->scenario != SL_PLAY_CANCELLED)
        result = sl_arena_printf(visit->arena, "code=%s",
                                 keep(visit, "4-sandbox-",
                                      (struct paper){ .kind = CODE,
                                                      .scope = sl_visit_query(visit, "scope"),
                                                      .redirect = redirect,
                                                      .challenge =
                                                          sl_visit_query(visit, "code_challenge"),
                                                      .allowed = is_offline(visit),
                                                      .until_ms = sl_boot_ms() + CODE_MS }));
    sl_form_put(&state, "state", sl_visit_query(visit, "state"));
    sl_visit_answer(visit, 302, NULL, "");
    sl_visit_add_header(visit, "Location",
                        sl_arena_printf(visit->arena, "%s/?%s&%s", redirect, state.data, result));
}

/* ---- A device --------------------------------------------------------------------------------- */

static void begin_device(struct sl_visit *visit)
{
    const struct sl_google_form form = sl_google_form(visit);
    const char *host = sl_visit_header(visit, "Host"), *text;
    char user_code[12];

    if (!is(form.client_id, SL_SANDBOX_CLIENT_ID) || !form.scope) {
        sl_google_refuse(visit, 401, "invalid_client", "The OAuth client was not found.");
        return;
    }
    (void)snprintf(user_code, sizeof user_code, "SB-%06llu",
                   (unsigned long long)(sl_box_id(visit->box) % 1000000));
    text = keep(visit, "device-",
                (struct paper){ .kind = DEVICE,
                                .scope = form.scope,
                                .user_code = user_code,
                                .refused = visit->scenario == SL_PLAY_CANCELLED,
                                .until_ms = sl_boot_ms() + DEVICE_S * 1000 });
    sl_table_set(&sl_google_of(visit)->papers, hash_paper(user_code), find(visit, text, DEVICE));
    sl_visit_begin(visit, 200, "application/json");
    sl_buf_printf(&visit->answer,
                  "{\"device_code\":\"%s\",\"user_code\":\"%s\",\"verification_url\":"
                  "\"http://%s/device\",\"expires_in\":%d,\"interval\":1}",
                  text, user_code, host ? host : "127.0.0.1", DEVICE_S);
}

static void enter_code(struct sl_visit *visit)
{
    struct paper *paper = find(visit, sl_visit_query(visit, "user_code"), DEVICE);

    if (paper)
        paper->allowed = true;
    sl_visit_answer(visit, paper ? 200 : 404, "text/plain", paper ? "allowed\n" : "no such code\n");
}

/* ---- Tokens for it ------------------------------------------------------------------------------ */

static bool is_client(struct sl_visit *visit, const struct sl_google_form *form)
{
    if (is(form->client_id, SL_SANDBOX_CLIENT_ID) &&
        is(form->client_secret, SL_SANDBOX_CLIENT_SECRET))
        return true;
    sl_google_refuse(visit, 401, "invalid_client", "The OAuth client was not found.");
    return false;
}

static void give_both(struct sl_visit *visit, const struct paper *paper)
{
    const char *refresh =
        paper->allowed
            ? keep(visit, "1//sandbox-", (struct paper){ .kind = REFRESH, .scope = paper->scope })
            : NULL;

    sl_google_give(visit, paper->scope, refresh);
}

static bool is_proven(const struct sl_google_form *form, const struct paper *paper)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    unsigned char sum[SL_SHA256_SIZE];
    char *digits;

    if (!form->code_verifier)
        return false;
    sl_sha256(form->code_verifier, strlen(form->code_verifier), sum);
    digits = sl_base64(arena, sum, sizeof sum);
    for (char *at = digits; *at; at++)
        *at = *at == '+' ? '-' : *at == '/' ? '_' : *at == '=' ? '\0' : *at;
    return strcmp(digits, paper->challenge) == 0;
}

void sl_google_exchange_code(struct sl_visit *visit, const struct sl_google_form *form)
{
    struct paper *paper = find(visit, form->code, CODE);

    if (!is_client(visit, form))
        return;
    if (!paper || paper->used || sl_boot_ms() > paper->until_ms || !is_proven(form, paper) ||
        !is(form->redirect_uri, paper->redirect)) {
        sl_google_refuse(visit, 400, "invalid_grant", "Bad Request");
        return;
    }
    paper->used = true;
    give_both(visit, paper);
}

void sl_google_exchange_device(struct sl_visit *visit, const struct sl_google_form *form)
{
    struct paper *paper = find(visit, form->device_code, DEVICE);

    if (!is_client(visit, form))
        return;
    if (!paper || paper->used || sl_boot_ms() > paper->until_ms)
        sl_google_refuse(visit, 400, "expired_token", "The device code has expired.");
    else if (paper->refused)
        sl_google_refuse(visit, 403, "access_denied", "Forbidden");
    else if (!paper->allowed)
        sl_google_refuse(visit, 428, "authorization_pending", "Precondition Required");
    else {
        paper->used = true;
        give_both(visit, paper);
    }
}

void sl_google_exchange_refresh(struct sl_visit *visit, const struct sl_google_form *form)
{
    const struct paper *paper = find(visit, form->refresh_token, REFRESH);

    if (!is_client(visit, form))
        return;
    if (!paper || paper->refused)
        sl_google_refuse(visit, 400, "invalid_grant", "Token has been expired or revoked.");
    else
        sl_google_give(visit, paper->scope, NULL);
}

/* Of one consent, as a person takes it away in the account's settings. */
static void revoke(struct sl_visit *visit)
{
    const struct sl_google_form form = sl_google_form(visit);
    struct paper *paper = find(visit, form.token, REFRESH);

    if (paper)
        paper->refused = true;
    sl_visit_answer(visit, paper ? 200 : 400, "application/json", "{}");
}

bool sl_google_consents(struct sl_visit *visit)
{
    static const struct {
        const char *method, *path;
        void (*run)(struct sl_visit *visit);
    } routes[] = {
        { "GET", "/o/oauth2/v2/auth", allow },
        { "POST", "/device/code", begin_device },
        { "GET", "/device", enter_code },
        { "POST", "/revoke", revoke },
    };

    for (size_t i = 0; i < SL_COUNT(routes); i++)
        if (strcmp(routes[i].path, visit->path) == 0 && is(visit->method, routes[i].method)) {
            routes[i].run(visit);
            return true;
        }
    return false;
}
