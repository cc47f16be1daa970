/* APNs, simulated: notifications to devices (docs/providers/apns.md). HTTP/1.1 here: the real one
 * speaks HTTP/2 alone, which a front has to bring (X-Client-Cert from it stands for a certificate
 * that it has seen).
 *
 * Device tokens ask for what becomes of them by how they begin: "dead" is no longer registered,
 * "bad0" of another environment, "0ff0" of another app, "1d1e" finds its connection idle once,
 * "5ce015" has scenario 15; all zeros are none. */
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "sandbox/box.h"
#include "sandbox/jwt.h"
#include "sandbox/keys.h"
#include "sandbox/registry.h"
#include "sandbox/sms.h"

enum {
    MOST_BYTES = 4096,
    MOST_COLLAPSE = 64,
    OLDEST_S = 3600,
    SKEW_S = 60,
    LEAST_AGE_MS = 20 * 60 * 1000,
    UUID_LENGTH = 36
};

struct apns {
    struct sl_arena *arena;
    const char *token; /* the last one; NULL: none yet */
    int64_t since_ms;  /* on the boot clock: when it was first seen */
};

static void refuse(struct sl_visit *visit, int status, const char *reason)
{
    sl_visit_begin(visit, status, "application/json");
    sl_buf_printf(&visit->answer, "{\"reason\":\"%s\"", reason);
    if (status == 410)
        sl_buf_text(&visit->answer, ",\"timestamp\":1700000000000");
    sl_buf_text(&visit->answer, "}");
}

/* ---- Who asks ------------------------------------------------------------------------- */

static const char *judge_token(struct sl_visit *visit, const char *token)
{
    SL_AUTO(sl_jwt_free) struct sl_jwt jwt = { 0 };
    bool whole = sl_jwt_read(visit->arena, token, &jwt);
    const char *alg = sl_json_text(jwt.header, "alg"), *kid = sl_json_text(jwt.header, "kid");
    const char *iss = sl_json_text(jwt.claims, "iss");
    int64_t age_s = sl_now_ms() / 1000 - sl_json_int(jwt.claims, "iat", 0);

    if (!whole || !alg || strcmp(alg, "ES256") != 0 || !kid ||
        strcmp(kid, SL_SANDBOX_KEY_ID) != 0 || !iss || strcmp(iss, SL_SANDBOX_TEAM_ID) != 0 ||
        age_s < -SKEW_S || !sl_jwt_signed_es256(visit->arena, token))
        return "InvalidProviderToken";
    return age_s > OLDEST_S ? "ExpiredProviderToken" : NULL;
}

/* Two that are made within twenty minutes are one too many. */
static bool is_another_too_soon(struct sl_visit *visit, const char *token)
{
    struct apns *apns = visit->state;
    int64_t now_ms = sl_boot_ms();

    if (apns->token && strcmp(apns->token, token) == 0)
        return false;
    if (apns->token && now_ms - apns->since_ms < LEAST_AGE_MS)
        return true;
    apns->token = sl_arena_strdup(apns->arena, token);
    apns->since_ms = now_ms;
    visit->box->counts.tokens++;
    return false;
}

/* Whether it may ask; else it is answered. */
static bool let_in(struct sl_visit *visit)
{
    const char *header = sl_visit_header(visit, "authorization"), *reason = NULL;

    if (!header && sl_visit_header(visit, "X-Client-Cert"))
        return true;
    if (!header || strncmp(header, "bearer ", 7) != 0)
        reason = "MissingProviderToken";
    else
        reason = judge_token(visit, header + 7);
    if (reason)
        refuse(visit, 403, reason);
    else if (is_another_too_soon(visit, header + 7))
        refuse(visit, 429, "TooManyProviderTokenUpdates");
    else
        return true;
    return false;
}

/* ---- Headers -------------------------------------------------------------------------- */

static bool is_digits(const char *text)
{
    size_t n = strspn(text, "0123456789");

    return n > 0 && n < 12 && !text[n];
}

static bool is_uuid(const char *text)
{
    for (size_t i = 0; i < UUID_LENGTH; i++) {
        bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;

        if (!text[i] || (hyphen ? text[i] != '-' : !strchr("0123456789abcdef", text[i])))
            return false;
    }
    return !text[UUID_LENGTH];
}

static bool is_one_of(const char *word, const char *words)
{
    const char *at = strstr(words, word);
    size_t n = strlen(word);

    return n > 0 && at && (at == words || at[-1] == ' ') && (at[n] == ' ' || at[n] == '\0');
}

/* What is wrong with them; NULL: nothing. */
static const char *judge_headers(const struct sl_visit *visit)
{
    const char *topic = sl_visit_header(visit, "apns-topic");
    const char *type = sl_visit_header(visit, "apns-push-type");
    const char *priority = sl_visit_header(visit, "apns-priority");
    const char *expiration = sl_visit_header(visit, "apns-expiration");
    const char *id = sl_visit_header(visit, "apns-id");
    const char *collapse = sl_visit_header(visit, "apns-collapse-id");

    if (!topic)
        return "MissingTopic";
    if (!strchr(topic, '.') || strpbrk(topic, " /"))
        return "BadTopic";
    if (strcmp(topic, "wrong.topic") == 0)
        return "TopicDisallowed";
    if (type && !is_one_of(type, "alert background location voip complication fileprovider mdm "
                                 "liveactivity pushtotalk widgets controls"))
        return "InvalidPushType";
    if (priority && !is_one_of(priority, "1 5 10"))
        return "BadPriority";
    if (type && strcmp(type, "background") == 0 && (!priority || strcmp(priority, "5") != 0))
        return "BadPriority";
    if (expiration && !is_digits(expiration))
        return "BadExpirationDate";
    if (id && !is_uuid(id))
        return "BadMessageId";
    return collapse && (!*collapse || strlen(collapse) > MOST_COLLAPSE) ? "BadCollapseId" : NULL;
}

/* ---- Device and body ------------------------------------------------------------------ */

/* Answers for a device that does not get it. */
static bool is_reached(struct sl_visit *visit, const char *device)
{
    uint64_t once = sl_hash_text(sl_hash_text(SL_HASH_BEGIN, "apns-idle"), device);

    if (strspn(device, "0") == strlen(device) || strncmp(device, "bad0", 4) == 0)
        refuse(visit, 400, "BadDeviceToken");
    else if (strncmp(device, "0ff0", 4) == 0)
        refuse(visit, 400, "DeviceTokenNotForTopic");
    else if (strncmp(device, "dead", 4) == 0)
        refuse(visit, 410, "Unregistered");
    else if (strncmp(device, "1d1e", 4) == 0 && sl_table_first(&visit->box->once, once))
        refuse(visit, 400, "IdleTimeout");
    else
        return true;
    return false;
}

static bool refused_by_scenario(struct sl_visit *visit, const char *device)
{
    static const struct {
        int status;
        const char *reason, *retry_after;
    } answers[] = {
        [SL_REFUSE_RATE] = { 429, "TooManyRequests", "1" },
        [SL_REFUSE_BUSY] = { 503, "ServiceUnavailable", "1" },
        [SL_REFUSE_BROKEN] = { 500, "InternalServerError", NULL },
    };
    enum sl_refusal refusal;
    int64_t number;

    if (strncmp(device, "5ce0", 4) == 0 &&
        sl_parse_int(sl_arena_printf(visit->arena, "%.2s", device + 4), 0, SL_N_SCENARIOS - 1,
                     &number))
        visit->scenario = (enum sl_scenario)number;
    refusal = sl_visit_refusal(visit);
    if (refusal == SL_REFUSE_NOT)
        return false;
    refuse(visit, answers[refusal].status, answers[refusal].reason);
    if (answers[refusal].retry_after)
        sl_visit_add_header(visit, "Retry-After", answers[refusal].retry_after);
    return true;
}

static const char *apns_id(struct sl_visit *visit)
{
    const char *id = sl_visit_header(visit, "apns-id");
    uint64_t high = sl_box_id(visit->box), low = sl_box_id(visit->box);

    return id ? sl_arena_strdup(visit->arena, id)
              : sl_arena_printf(visit->arena, "%08llx-%04llx-4%03llx-8%03llx-%012llx",
                                (unsigned long long)(high >> 32),
                                (unsigned long long)(high >> 16 & 0xffff),
                                (unsigned long long)(high & 0xfff), (unsigned long long)(low >> 52),
                                (unsigned long long)(low & 0xffffffffffff));
}

static void deliver(struct sl_visit *visit, struct json_object *doc, const char *device)
{
    static const struct sl_seen_kind kind = { .operation = "send",
                                              .names = { "device", "title", "body", "push_type",
                                                         "priority", "collapse", "topic" } };
    const char *title = sl_json_text(doc, "aps.alert.title");
    const char *body = sl_json_text(doc, "aps.alert.body");

    body = body ? body : sl_json_text(doc, "aps.alert");
    sl_seen_add(visit, &kind,
                (const char *const[]){ device, title, body,
                                       sl_visit_header(visit, "apns-push-type"),
                                       sl_visit_header(visit, "apns-priority"),
                                       sl_visit_header(visit, "apns-collapse-id"),
                                       sl_visit_header(visit, "apns-topic") });
    sl_sms_count(visit->box, device,
                 sl_arena_printf(visit->arena, "%s\n%s", title ? title : "", body ? body : ""));
    sl_visit_begin(visit, 200, NULL);
    sl_visit_add_header(visit, "apns-id", apns_id(visit));
    sl_visit_spoil(visit);
}

static void take(struct sl_visit *visit, const char *device)
{
    SL_AUTO(sl_json_free) struct json_object *doc = sl_json_parse(visit->body, visit->n_body);
    const char *wrong = judge_headers(visit);

    if (wrong)
        refuse(visit, 400, wrong);
    else if (visit->n_body == 0)
        refuse(visit, 400, "PayloadEmpty");
    else if (visit->n_body > MOST_BYTES)
        refuse(visit, 413, "PayloadTooLarge");
    else if (!json_object_is_type(sl_json_at(doc, "aps"), json_type_object))
        refuse(visit, 400, "PayloadEmpty");
    else if (!refused_by_scenario(visit, device) && is_reached(visit, device))
        deliver(visit, doc, device);
}

/* ---- The simulator -------------------------------------------------------------------- */

static const char devices[] = "/3/device/";

static bool owns(const char *path)
{
    return strncmp(path, "/3/", 3) == 0;
}

static void answer(struct sl_visit *visit)
{
    const char *device = visit->path + sizeof devices - 1;
    size_t n;

    if (strncmp(visit->path, devices, sizeof devices - 1) != 0) {
        refuse(visit, 404, "BadPath");
        return;
    }
    n = strspn(device, "0123456789abcdef");
    if (strcmp(visit->method, "POST") != 0)
        refuse(visit, 405, "MethodNotAllowed");
    else if (!let_in(visit))
        return;
    else if (!*device)
        refuse(visit, 400, "MissingDeviceToken");
    else if (device[n] || n % 2 != 0)
        refuse(visit, 400, "BadDeviceToken");
    else
        take(visit, device);
}

static void *open_state(void)
{
    struct apns *apns = calloc(1, sizeof *apns);

    if (!apns)
        sl_out_of_memory();
    apns->arena = sl_arena_new();
    return apns;
}

static void reset_state(void *state)
{
    struct apns *apns = state;

    apns->token = NULL;
    sl_arena_reset(apns->arena);
}

static void close_state(void *state)
{
    struct apns *apns = state;

    sl_arena_free(&apns->arena);
    free(apns);
}

const struct sl_simulator sl_sim_apns = {
    .code = "apns",
    .owns = owns,
    .open = open_state,
    .close = close_state,
    .reset = reset_state,
    .answer = answer,
};
