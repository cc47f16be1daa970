/* Flutterwave (v3), simulated: written from its documentation (docs/providers/flutterwave.md). */
#include "sandbox/flutterwave.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/err.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "sandbox/box.h"
#include "sandbox/registry.h"

static const char json_body[] = "application/json";

/* ---- Answers ------------------------------------------------------------------------ */

void sl_flutterwave_fail(struct sl_visit *visit, int status, const char *text)
{
    sl_visit_begin(visit, status, json_body);
    sl_buf_text(&visit->answer, "{\"status\":\"error\",\"message\":");
    sl_json_quote(&visit->answer, text);
    sl_buf_text(&visit->answer, ",\"data\":null}");
}

void sl_flutterwave_begin(struct sl_visit *visit, const char *message)
{
    sl_visit_begin(visit, 200, json_body);
    sl_buf_text(&visit->answer, "{\"status\":\"success\",\"message\":");
    sl_json_quote(&visit->answer, message);
    sl_buf_text(&visit->answer, ",\"data\":");
}

/* True, and answered, if the scenario refuses the request. Busy is a page of the layer in front:
 * the interface itself was not reached. */
bool sl_flutterwave_refused(struct sl_visit *visit)
{
    switch (sl_visit_refusal(visit)) {
    case SL_REFUSE_NOT: return false;
    case SL_REFUSE_RATE: sl_flutterwave_fail(visit, 429, "Too many requests"); return true;
    case SL_REFUSE_BUSY:
        sl_visit_answer(visit, 503, "text/html", "<p>Busy</p>");
        sl_visit_add_header(visit, "Retry-After", "1");
        return true;
    case SL_REFUSE_BROKEN: sl_flutterwave_fail(visit, 500, "An error occurred"); return true;
    }
    return false;
}

/* ---- Names and amounts -------------------------------------------------------------- */

uint64_t sl_flutterwave_hash(const char *kind, const char *name)
{
    return sl_hash_text(sl_hash_text(SL_HASH_BEGIN, kind), name);
}

const char *sl_flutterwave_amount(struct sl_arena *arena, int64_t amount_minor)
{
    return sl_print_decimal(arena, amount_minor, 2, 0);
}

/* ---- Which is meant ----------------------------------------------------------------- */

static const struct {
    const char *method, *path;
    void (*run)(struct sl_visit *visit, struct json_object *doc);
} routes[] = {
    { "POST", "/v3/charges", sl_flutterwave_charge },
    { "POST", "/v3/payments", sl_flutterwave_link },
    { "GET", "/v3/transactions/verify_by_reference", sl_flutterwave_verify },
    { "GET", "/v3/transactions", sl_flutterwave_list },
    { "GET", "/v3/refunds", sl_flutterwave_list_refunds },
};

/* The digits behind `before`, in the arena, and what stands behind them; NULL if it is not so. */
static const char *read_number(const struct sl_visit *visit, const char *before, const char **rest)
{
    size_t n = strlen(before);
    const char *digits = visit->path + n;
    size_t n_digits = strspn(digits, "0123456789");

    if (strncmp(visit->path, before, n) != 0 || n_digits == 0)
        return NULL;
    *rest = digits + n_digits;
    return sl_arena_memdup(visit->arena, digits, n_digits);
}

/* Paths with a number in them. False: it is none of these. */
static bool run_numbered(struct sl_visit *visit, struct json_object *doc)
{
    struct sl_flutterwave *flutterwave = visit->state;
    bool gets = strcmp(visit->method, "GET") == 0;
    const char *rest, *number = read_number(visit, "/v3/refunds/", &rest);
    struct sl_page *page;

    if (number && gets && !*rest) {
        sl_flutterwave_show_refund(visit, number);
        return true;
    }
    number = read_number(visit, "/v3/transactions/", &rest);
    if (!number || strcmp(rest, gets ? "/verify" : "/refund") != 0)
        return false;
    page = sl_table_get(&flutterwave->pages, sl_flutterwave_hash("id", number));
    if (!gets)
        sl_flutterwave_refund(visit, page, doc);
    else if (!sl_flutterwave_refused(visit))
        sl_flutterwave_show(visit, page);
    return true;
}

static void run(struct sl_visit *visit)
{
    SL_AUTO(sl_json_free) struct json_object *doc = sl_json_parse(visit->body, visit->n_body);
    const char *type = sl_visit_header(visit, "Content-Type");

    if (strcmp(visit->method, "POST") == 0 &&
        (!json_object_is_type(doc, json_type_object) || !type ||
         strncasecmp(type, json_body, strlen(json_body)) != 0)) {
        sl_flutterwave_fail(visit, 400, "The body is no JSON");
        return;
    }
    for (size_t i = 0; i < SL_COUNT(routes); i++)
        if (strcmp(routes[i].path, visit->path) == 0 &&
            strcmp(routes[i].method, visit->method) == 0) {
            routes[i].run(visit, doc);
            return;
        }
    if (!run_numbered(visit, doc))
        sl_flutterwave_fail(visit, 404, "Cannot find this path");
}

static void answer(struct sl_visit *visit)
{
    static const char hosted[] = "/hosted/pay/", bearer[] = "Bearer FLWSECK_TEST-";
    struct sl_flutterwave *flutterwave = visit->state;
    const char *key = sl_visit_header(visit, "Authorization");
    struct sl_page *page;

    if (strncmp(visit->path, hosted, strlen(hosted)) == 0) {
        visit->scenario = SL_PLAY_OK;
        page = sl_table_get(&flutterwave->pages,
                            sl_flutterwave_hash("page", visit->path + strlen(hosted)));
        if (page)
            sl_page_open(visit, page);
        else
            sl_visit_answer(visit, 404, "text/html", "<p>There is no such page.</p>\n");
    } else if (!key) {
        sl_flutterwave_fail(visit, 401, "Authorization required");
    } else if (strncmp(key, bearer, strlen(bearer)) != 0) {
        sl_flutterwave_fail(visit, 401, "Invalid authorization key");
    } else {
        run(visit);
    }
}

static bool owns(const char *path)
{
    static const char *const begins[] = { "/v3/charges", "/v3/payments", "/v3/transactions",
                                          "/v3/refunds", "/hosted/pay/" };

    for (size_t i = 0; i < SL_COUNT(begins); i++)
        if (strncmp(path, begins[i], strlen(begins[i])) == 0)
            return true;
    return false;
}

/* ---- Control ------------------------------------------------------------------------ */

static const char *set_callbacks(struct sl_visit *visit, struct json_object *doc)
{
    struct sl_flutterwave *flutterwave = visit->state;
    const char *url = sl_json_text(doc, "event");

    if (!url || !sl_callbacks_loopback(url))
        return "event is an address on this machine";
    flutterwave->webhook = sl_arena_strdup(flutterwave->arena, url);
    return NULL;
}

static void *open_flutterwave(void)
{
    struct sl_flutterwave *flutterwave = calloc(1, sizeof *flutterwave);

    if (!flutterwave)
        sl_out_of_memory();
    flutterwave->arena = sl_arena_new();
    return flutterwave;
}

static void clear(struct sl_flutterwave *flutterwave)
{
    sl_arena_free(&flutterwave->arena);
    sl_table_clear(&flutterwave->pages);
    flutterwave->refunds = NULL;
    flutterwave->webhook = NULL;
}

static void reset(void *state)
{
    struct sl_flutterwave *flutterwave = state;

    clear(flutterwave);
    flutterwave->arena = sl_arena_new();
}

static void close_flutterwave(void *state)
{
    clear(state);
    free(state);
}

const struct sl_simulator sl_sim_flutterwave = {
    .code = "flutterwave",
    .owns = owns,
    .open = open_flutterwave,
    .close = close_flutterwave,
    .reset = reset,
    .answer = answer,
    .set_callbacks = set_callbacks,
};
