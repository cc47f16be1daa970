/* Twilio, simulated: one text to one number, its state, the list, the account
 * (docs/providers/twilio.md). */
#include "sandbox/twilio.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/err.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "sandbox/box.h"
#include "sandbox/registry.h"

static const char json_body[] = "application/json";
static const char root[] = "/2010-04-01/Accounts/";
static const char services[] = "/v1/Services/";

/* ---- Refusals ----------------------------------------------------------------------- */

void sl_twilio_refuse(struct sl_visit *visit, int status, int code, const char *message)
{
    sl_visit_begin(visit, status, json_body);
    sl_buf_printf(&visit->answer, "{\"code\":%d,\"message\":", code);
    sl_json_quote(&visit->answer, message);
    sl_buf_printf(&visit->answer,
                  ",\"more_info\":\"https://www.twilio.com/docs/errors/%d\",\"status\":%d}", code,
                  status);
}

bool sl_twilio_is_refused(struct sl_visit *visit)
{
    static const struct {
        int status, code;
        const char *text;
    } answers[] = {
        [SL_REFUSE_RATE] = { 429, 20429, "Too Many Requests" },
        [SL_REFUSE_BUSY] = { 503, 20503, "Service is unavailable" },
        [SL_REFUSE_BROKEN] = { 500, 20500, "An internal server error has occurred" },
    };
    enum sl_refusal refusal = sl_visit_refusal(visit);

    if (refusal == SL_REFUSE_NOT)
        return false;
    sl_twilio_refuse(visit, answers[refusal].status, answers[refusal].code, answers[refusal].text);
    if (refusal != SL_REFUSE_BROKEN)
        sl_visit_add_header(visit, "Retry-After", "1");
    return true;
}

/* ---- Who asks ----------------------------------------------------------------------- */

bool sl_twilio_sid(const char *text, const char *prefix)
{
    return strncmp(text, prefix, 2) == 0 && strspn(text + 2, "0123456789abcdef") == 32 &&
           strlen(text) == 34;
}

/* "user:password" of the request, or NULL. */
static const char *basic(const struct sl_visit *visit)
{
    const char *header = sl_visit_header(visit, "Authorization");
    size_t n;
    unsigned char *pair;

    if (!header || strncmp(header, "Basic ", 6) != 0)
        return NULL;
    pair = sl_unbase64(visit->arena, header + 6, &n);
    return pair ? sl_arena_memdup(visit->arena, (const char *)pair, n) : NULL;
}

/* The account's token opens its own account, an API key any; the account that is NULL too. */
static bool let_in(struct sl_visit *visit, const char *account_sid)
{
    const char *pair = basic(visit), *colon = pair ? strchr(pair, ':') : NULL;
    size_t n = colon ? (size_t)(colon - pair) : 0;
    bool own = n == 34 && (!account_sid || strncmp(pair, account_sid, n) == 0) &&
               strncmp(pair, "AC", 2) == 0 && strcmp(colon + 1, SL_TWILIO_TOKEN) == 0;
    bool key = n == 34 && strncmp(pair, "SK", 2) == 0 && strcmp(colon + 1, "sandbox-secret") == 0;

    if (own || key)
        return true;
    sl_twilio_refuse(visit, 401, 20003, "Authenticate");
    return false;
}

/* ---- Reading ------------------------------------------------------------------------ */

static void show_account(struct sl_visit *visit, const char *account_sid)
{
    sl_visit_begin(visit, 200, json_body);
    sl_buf_printf(&visit->answer,
                  "{\"sid\":\"%s\",\"status\":\"%s\",\"type\":\"Full\","
                  "\"friendly_name\":\"Sandbox\"}",
                  account_sid,
                  visit->scenario == SL_PLAY_INSUFFICIENT_BALANCE ? "suspended" : "active");
}

static void show_balance(struct sl_visit *visit, const char *account_sid)
{
    sl_visit_begin(visit, 200, json_body);
    sl_buf_printf(&visit->answer,
                  "{\"account_sid\":\"%s\",\"balance\":\"%s\",\"currency\":\"USD\"}", account_sid,
                  visit->scenario == SL_PLAY_INSUFFICIENT_BALANCE ? "0.0000" : "238.7470");
}

/* How many of a page, 1 to 1000. */
static int64_t page_size(const struct sl_visit *visit)
{
    const char *asked = sl_visit_query(visit, "PageSize");
    int64_t size = 50;

    if (asked)
        (void)sl_parse_int(asked, 1, 1000, &size); /* anything else: the usual one */
    return size;
}

static bool fits(const struct sl_visit *visit, const struct sl_twilio_message *message)
{
    const char *to = sl_visit_query(visit, "To"), *from = sl_visit_query(visit, "From");

    return (!to || strcmp(to, message->to) == 0) &&
           (!from || (message->from && strcmp(from, message->from) == 0));
}

/* The first page; that there is more is told. */
static void show_list(struct sl_visit *visit, const char *account_sid)
{
    static const struct sl_seen_kind kind = { .operation = "list", .names = { "to" } };
    const struct sl_twilio_account *account = visit->state;
    int64_t left = page_size(visit);
    const struct sl_twilio_message *at = account->newest;
    const char *comma = "";

    sl_seen_add(visit, &kind, (const char *const[]){ sl_visit_query(visit, "To") });
    sl_visit_begin(visit, 200, json_body);
    sl_buf_text(&visit->answer, "{\"messages\":[");
    for (; at && left > 0; at = at->older) {
        if (!fits(visit, at))
            continue;
        sl_buf_text(&visit->answer, comma);
        sl_twilio_print(&visit->answer, account_sid, at);
        comma = ",";
        left--;
    }
    while (at && !fits(visit, at))
        at = at->older;
    sl_buf_printf(&visit->answer, "],\"next_page_uri\":%s,\"page\":0,\"page_size\":%lld}",
                  at ? "\"/2010-04-01/next\"" : "null", (long long)page_size(visit));
}

static void show_message(struct sl_visit *visit, const char *account_sid, const char *sid)
{
    const struct sl_twilio_account *account = visit->state;
    const struct sl_twilio_message *message =
        sl_table_get(&account->by_sid, sl_hash_text(SL_HASH_BEGIN, sid));

    if (!message || strcmp(message->sid, sid) != 0) {
        sl_twilio_refuse(visit, 404, 20404, "The requested resource was not found");
        return;
    }
    sl_visit_begin(visit, 200, json_body);
    sl_twilio_print(&visit->answer, account_sid, message);
}

/* Every number is the account's, but those that end in 0000. */
static void show_numbers(struct sl_visit *visit, const char *account_sid)
{
    const char *number = sl_visit_query(visit, "PhoneNumber");
    size_t n = number ? strlen(number) : 0;

    (void)account_sid;
    sl_visit_begin(visit, 200, json_body);
    sl_buf_text(&visit->answer, "{\"incoming_phone_numbers\":[");
    if (n > 4 && strcmp(number + n - 4, "0000") != 0) {
        sl_buf_text(&visit->answer,
                    "{\"sid\":\"PN00000000000000000000000000000001\",\"phone_number\":");
        sl_json_quote(&visit->answer, number);
        sl_buf_text(&visit->answer, "}");
    }
    sl_buf_text(&visit->answer, "],\"next_page_uri\":null}");
}

/* ---- Which is meant ----------------------------------------------------------------- */

static const struct route {
    const char *rest; /* behind the account's sid */
    const char *method;
    void (*run)(struct sl_visit *visit, const char *account_sid);
} routes[] = {
    { "/Messages.json", "POST", sl_twilio_send },
    { "/Messages.json", "GET", show_list },
    { ".json", "GET", show_account },
    { "/Balance.json", "GET", show_balance },
    { "/IncomingPhoneNumbers.json", "GET", show_numbers },
};

static void read_message(struct sl_visit *visit, const char *account_sid, const char *rest)
{
    size_t n = strlen("/Messages/");

    if (strncmp(rest, "/Messages/", n) == 0 && strlen(rest) == n + 34 + 5 &&
        strcmp(rest + n + 34, ".json") == 0 && strcmp(visit->method, "GET") == 0)
        show_message(visit, account_sid, sl_arena_memdup(visit->arena, rest + n, 34));
    else
        sl_twilio_refuse(visit, 404, 20404, "The requested resource was not found");
}

static void answer_account(struct sl_visit *visit)
{
    const char *at = visit->path + sizeof root - 1;
    const char *account_sid = sl_arena_memdup(visit->arena, at, strcspn(at, "/."));
    const char *rest = at + strlen(account_sid);
    const struct route *route = NULL;

    for (size_t i = 0; i < SL_COUNT(routes) && !route; i++)
        if (strcmp(routes[i].rest, rest) == 0 && strcmp(routes[i].method, visit->method) == 0)
            route = &routes[i];
    if (!sl_twilio_sid(account_sid, "AC"))
        sl_twilio_refuse(visit, 404, 20404, "The requested resource was not found");
    else if (!let_in(visit, account_sid))
        return;
    else if (strcmp(account_sid, SL_TWILIO_TEST_ACCOUNT) == 0 &&
             (!route || route->run != sl_twilio_send))
        sl_twilio_refuse(visit, 403, 20008,
                         "Resource not accessible with Test Account Credentials");
    else if (!route)
        read_message(visit, account_sid, rest);
    else if (route->run == sl_twilio_send || !sl_twilio_is_refused(visit))
        route->run(visit, account_sid);
}

static void answer_service(struct sl_visit *visit)
{
    const char *sid = visit->path + sizeof services - 1;

    if (!let_in(visit, NULL))
        return;
    if (!sl_twilio_sid(sid, "MG") || strcmp(visit->method, "GET") != 0) {
        sl_twilio_refuse(visit, 404, 20404, "The requested resource was not found");
        return;
    }
    sl_visit_begin(visit, 200, json_body);
    sl_buf_printf(&visit->answer, "{\"sid\":\"%s\",\"friendly_name\":\"Sandbox\"}", sid);
}

static bool owns(const char *path)
{
    return strncmp(path, root, sizeof root - 1) == 0 ||
           strncmp(path, services, sizeof services - 1) == 0;
}

static void answer(struct sl_visit *visit)
{
    if (strncmp(visit->path, services, sizeof services - 1) == 0)
        answer_service(visit);
    else
        answer_account(visit);
}

/* ---- Control ------------------------------------------------------------------------ */

/* Reports go where each request says; only incoming texts have one address. */
static const char *set_callbacks(struct sl_visit *visit, struct json_object *doc)
{
    struct sl_twilio_account *account = visit->state;
    const char *url = sl_json_text(doc, "in");

    if (url && *url && !sl_callbacks_loopback(url))
        return "a callback goes to http on loopback only";
    if (!url)
        return NULL;
    free(account->in);
    account->in = *url ? strdup(url) : NULL;
    if (*url && !account->in)
        sl_out_of_memory();
    return NULL;
}

static const char *fire(struct sl_visit *visit, struct json_object *doc)
{
    const char *event = sl_json_text(doc, "event");

    return event && strcmp(event, "in") == 0 ? sl_twilio_incoming(visit, doc) : "event is in";
}

static void *open_account(void)
{
    struct sl_twilio_account *account = calloc(1, sizeof *account);

    if (!account)
        sl_out_of_memory();
    account->arena = sl_arena_new();
    return account;
}

static void forget(struct sl_twilio_account *account)
{
    sl_table_clear(&account->by_sid);
    sl_arena_free(&account->arena);
    free(account->in);
}

static void reset(void *state)
{
    struct sl_twilio_account *account = state;

    forget(account);
    *account = (struct sl_twilio_account){ .arena = sl_arena_new() };
}

static void close_account(void *state)
{
    forget(state);
    free(state);
}

const struct sl_simulator sl_sim_twilio = {
    .code = "twilio",
    .owns = owns,
    .open = open_account,
    .close = close_account,
    .reset = reset,
    .answer = answer,
    .set_callbacks = set_callbacks,
    .fire = fire,
};
