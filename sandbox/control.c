#include "sandbox/control.h"

#include <string.h>

#include "lib/base/json.h"
#include "sandbox/box.h"
#include "sandbox/registry.h"

static const char prefix[] = "/_sandbox/";
static const char json[] = "application/json";

static void refuse(struct sl_visit *visit, int status, const char *problem)
{
    sl_visit_begin(visit, status, json);
    sl_buf_text(&visit->answer, "{\"error\":");
    sl_json_quote(&visit->answer, problem);
    sl_buf_text(&visit->answer, "}\n");
}

static void agree(struct sl_visit *visit)
{
    sl_visit_answer(visit, 200, json, "{\"status\":\"ok\"}\n");
}

/* ---- What can be asked -------------------------------------------------------------- */

static void health(struct sl_visit *visit)
{
    sl_visit_begin(visit, 200, json);
    sl_buf_printf(&visit->answer, "{\"status\":\"ok\",\"scenario\":\"%s\",\"smtp_port\":%d}\n",
                  sl_sandbox_scenario(visit->box->scenario, NULL), visit->box->smtp_port);
}

static void list_scenarios(struct sl_visit *visit)
{
    const char *name, *meaning;

    sl_visit_begin(visit, 200, json);
    for (size_t i = 0; (name = sl_sandbox_scenario(i, &meaning)) != NULL; i++) {
        sl_buf_printf(&visit->answer,
                      "%s{\"number\":%zu,\"name\":\"%s\",\"meaning\":", i > 0 ? "," : "[", i, name);
        sl_json_quote(&visit->answer, meaning);
        sl_buf_text(&visit->answer, "}");
    }
    sl_buf_text(&visit->answer, "]\n");
}

static void counts(struct sl_visit *visit)
{
    const struct sl_counts *c = &visit->box->counts;
    const struct {
        const char *name;
        int64_t n;
    } rows[] = {
        { "requests", c->requests },
        { "refused", c->refused },
        { "lost", c->lost },
        { "messages", c->messages },
        { "rejected", c->rejected },
        { "distinct", c->distinct },
        { "duplicated", c->duplicated },
        { "tokens", c->tokens },
        { "pushes", c->pushes },
        { "paid", c->paid },
        { "unpaid", c->unpaid },
        { "reversed", c->reversed },
        { "callbacks_answered", c->callbacks_answered },
        { "callbacks_failed", c->callbacks_failed },
        { "callbacks_forbidden", c->callbacks_forbidden },
        { "callbacks_dropped", c->callbacks_dropped },
        { "seen_dropped", c->seen_dropped },
    };

    sl_visit_begin(visit, 200, json);
    for (size_t i = 0; i < SL_COUNT(rows); i++)
        sl_buf_printf(&visit->answer, "%s\"%s\":%lld", i > 0 ? "," : "{", rows[i].name,
                      (long long)rows[i].n);
    sl_buf_printf(&visit->answer, ",\"checksum\":\"%016llx\"}\n", (unsigned long long)c->checksum);
}

static void seen(struct sl_visit *visit)
{
    const char *code = sl_visit_query(visit, "provider");

    if (code && sl_simulator_find(code) < 0) {
        refuse(visit, 404, "no provider of that code is simulated");
        return;
    }
    sl_visit_begin(visit, 200, "application/x-ndjson");
    visit->pour =
        sl_seen_begin(visit->box->seen, visit->arena, sl_arena_strdup(visit->arena, code));
}

/* ---- What can be set ---------------------------------------------------------------- */

static void set_scenario(struct sl_visit *visit, struct json_object *doc)
{
    const char *name = sl_json_text(doc, "name");

    if (!name || !sl_scenario_find(name, &visit->box->scenario)) {
        refuse(visit, 422, "name is none of GET /_sandbox/scenarios");
        return;
    }
    sl_table_clear(&visit->box->once);
    health(visit);
}

/* False if the member is there and is no time that makes sense. */
static bool read_ms(struct json_object *doc, const char *name, int64_t *ms)
{
    int64_t value = sl_json_int(doc, name, sl_json_at(doc, name) ? -1 : *ms);

    if (value < 0 || value > 3600000)
        return false;
    *ms = value;
    return true;
}

static bool read_rate(struct json_object *doc, double *rate)
{
    struct json_object *value = sl_json_at(doc, "fail_rate");
    double asked = value ? json_object_get_double(value) : *rate;

    if (value && !json_object_is_type(value, json_type_double) &&
        !json_object_is_type(value, json_type_int))
        return false;
    if (!(asked >= 0 && asked <= 1))
        return false;
    *rate = asked;
    return true;
}

static void set_settings(struct sl_visit *visit, struct json_object *doc)
{
    struct sl_box_settings settings = visit->box->settings;

    if (!read_ms(doc, "latency_ms", &settings.latency_ms) ||
        !read_ms(doc, "callback_ms", &settings.callback_ms) ||
        !read_ms(doc, "late_ms", &settings.late_ms) ||
        !read_ms(doc, "slow_ms", &settings.slow_ms) || !read_rate(doc, &settings.fail_rate)) {
        refuse(visit, 422, "times are 0 to 3600000 ms, fail_rate is 0 to 1");
        return;
    }
    visit->box->settings = settings;
    agree(visit);
}

static void reset(struct sl_visit *visit)
{
    sl_box_reset(visit->box);
    agree(visit);
}

/* ---- Which is meant ----------------------------------------------------------------- */

static const struct {
    const char *method, *name;
    void (*run)(struct sl_visit *visit);
    void (*set)(struct sl_visit *visit, struct json_object *doc); /* takes a JSON object */
} routes[] = {
    { .method = "GET", .name = "health", .run = health },
    { .method = "GET", .name = "scenarios", .run = list_scenarios },
    { .method = "GET", .name = "seen", .run = seen },
    { .method = "GET", .name = "counts", .run = counts },
    { .method = "POST", .name = "reset", .run = reset },
    { .method = "POST", .name = "scenario", .set = set_scenario },
    { .method = "POST", .name = "settings", .set = set_settings },
};

/* callbacks/CODE and fire/CODE are the provider's to do. */
static void delegate(struct sl_visit *visit, const char *name, struct json_object *doc)
{
    const char *code = strchrnul(name, '/');
    int i = *code ? sl_simulator_find(code + 1) : -1;
    const char *(*act)(struct sl_visit *, struct json_object *) = NULL;
    const char *problem;

    if (i >= 0 && strncmp(name, "callbacks/", 10) == 0)
        act = sl_simulators[i]->set_callbacks;
    else if (i >= 0 && strncmp(name, "fire/", 5) == 0)
        act = sl_simulators[i]->fire;
    if (!act) {
        refuse(visit, 404, "sandbox/sandbox.h lists what there is");
        return;
    }
    visit->state = visit->box->states[i];
    problem = act(visit, doc);
    if (problem)
        refuse(visit, 422, problem);
    else
        agree(visit);
}

bool sl_control_owns(const char *path)
{
    return strncmp(path, prefix, sizeof prefix - 1) == 0;
}

void sl_control_answer(struct sl_visit *visit)
{
    SL_AUTO(sl_json_free) struct json_object *doc = sl_json_parse(visit->body, visit->n_body);
    const char *name = visit->path + sizeof prefix - 1;

    for (size_t i = 0; i < SL_COUNT(routes); i++) {
        if (strcmp(routes[i].name, name) != 0)
            continue;
        if (strcmp(routes[i].method, visit->method) != 0)
            refuse(visit, 405, "another method is wanted");
        else if (routes[i].run)
            routes[i].run(visit);
        else if (json_object_is_type(doc, json_type_object))
            routes[i].set(visit, doc);
        else
            refuse(visit, 400, "the body is no JSON object");
        return;
    }
    if (strcmp(visit->method, "POST") != 0)
        refuse(visit, 404, "sandbox/sandbox.h lists what there is");
    else if (!json_object_is_type(doc, json_type_object))
        refuse(visit, 400, "the body is no JSON object");
    else
        delegate(visit, name, doc);
}
