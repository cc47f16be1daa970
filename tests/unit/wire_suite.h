/* What every adapter must stand, whatever it is for (STYLE.md, section 12): each answer and
 * each callback of its wire cases empty, foreign, cut and damaged, and the refusals that are
 * the same everywhere. Included by test_wire.c alone. */
#ifndef SL_TESTS_UNIT_WIRE_SUITE_H
#define SL_TESTS_UNIT_WIRE_SUITE_H

#include "tests/unit/wire_case.h"

/* What is compared across answers: which items are ok, and whether money came. */
struct belief {
    bool *ok;
    size_t n_ok;
    bool paid;
};

static size_t touch(const char *text)
{
    return text ? strlen(text) : 0;
}

/* Looks at all of a result: under AddressSanitizer a text that is borrowed from the answer or
 * from its document is a failure here. */
static void look_through(const struct wire_case *wire, const struct sl_result *result)
{
    const struct sl_payment_news *news = &result->payment;

    if (result->n_items != wire->n_items || result->n_findings > SL_MOST_FINDINGS)
        blame(wire, "parse() changed how many items there are, or found too much");
    for (size_t i = 0; i < result->n_items; i++) {
        const struct sl_outcome *item = &result->items[i];

        if (item->verdict > SL_ABSENT || item->concerns > SL_ACCOUNT || item->cure > SL_HALVE ||
            item->learned > SL_OPTED_OUT || item->after_ms < 0 || item->segments < 0)
            blame(wire, "an outcome is out of range");
        (void)(touch(item->code) + touch(item->text) + touch(item->external) + touch(item->cost) +
               touch(item->currency));
    }
    for (size_t i = 0; i < result->n_findings; i++)
        (void)touch(result->findings[i].text);
    for (size_t i = 0; i < result->n_facts; i++)
        (void)(touch(result->facts[i].kind) + touch(result->facts[i].key) +
               touch(result->facts[i].value));
    if (news->state > SL_PAY_UNKNOWN || result->next > SL_STEP_NEXT)
        blame(wire, "a payment or the next step is out of range");
    (void)(touch(news->external) + touch(news->external2) + touch(news->receipt) +
           touch(news->reference) + touch(news->phone) + touch(news->payer) + touch(news->code) +
           touch(news->text) + touch(news->currency) + touch(news->id) + touch(news->checkout_url) +
           touch(result->balance) + touch(result->balance_currency) + touch(result->token.access) +
           touch(result->token.refresh) + touch(result->token.type));
}

/* Reads n bytes as the answer's body, from memory that ends right behind their NUL. */
static struct belief believe(const struct wire_case *wire, struct sl_exchange exchange,
                             const char *bytes, size_t n, struct sl_outcome **items)
{
    SL_AUTO(free_result) struct sl_result result = no_result(wire);
    struct belief belief = { .ok = SL_NEW(wire->arena, bool, wire->n_items) };
    char *body = malloc(n + 1);

    assert_non_null(body);
    memcpy(body, bytes, n);
    body[n] = '\0';
    exchange.body = body;
    exchange.n_body = n;
    wire->step->parse(&wire->call, &exchange, &result);
    explicit_bzero(body, n);
    free(body);
    look_through(wire, &result);
    for (size_t i = 0; i < result.n_items; i++) {
        belief.ok[i] = result.items[i].verdict == SL_OK;
        belief.n_ok += belief.ok[i];
    }
    belief.paid = result.payment.state == SL_PAY_PAID;
    if (items)
        *items = result.items;
    return belief;
}

/* Whether this case has a whole answer from the network that a test can damage. */
static bool has_answer(const struct wire_case *wire)
{
    struct sl_request request = { 0 };
    struct sl_err err;

    return wire->step && sl_json_at(wire->line, "answer") && read_answer(wire).status > 0 &&
           wire->step->build(&wire->call, &request, &err) == 0 && request.method &&
           !request.files && !request.smtp; /* what answers there has no body */
}

static void expect_none_ok(const struct wire_case *wire, struct sl_exchange exchange,
                           const char *bytes, size_t n, const char *what)
{
    struct belief belief = believe(wire, exchange, bytes, n, NULL);

    if (belief.n_ok > 0 || belief.paid)
        blame(wire, "%s is taken for success", what);
}

/* A body that a case of the same step has as a good answer: a word or an empty list may be all that
 * there is to say. */
static struct good_answer {
    const struct sl_step *step;
    const char *body;
    bool found;
} good;

static void seek_good(struct wire_case *wire)
{
    SL_AUTO(free_result) struct sl_result result = no_result(wire);
    struct sl_exchange exchange;

    if (wire->step != good.step || !has_answer(wire))
        return;
    exchange = read_answer(wire);
    if (strcmp(exchange.body, good.body) != 0)
        return;
    wire->step->parse(&wire->call, &exchange, &result);
    good.found = good.found || result.items[0].verdict == SL_OK;
}

static bool is_good_answer(const struct wire_case *wire, const char *body)
{
    good = (struct good_answer){ .step = wire->step, .body = body };
    each_case(seek_good);
    return good.found;
}

static void answer_nonsense(struct wire_case *wire)
{
    static const char page[] = "<!DOCTYPE html><html><body>Welcome to Cafe WiFi</body></html>";
    static const char *const bodies[] = { "", "null", "0", "\"ok\"", "[]", "{}", "[{}]", "\xff" };
    struct sl_exchange exchange = { 0 };

    if (!has_answer(wire))
        return;
    exchange = read_answer(wire);
    if (exchange.n_body == 0)
        return;
    for (size_t i = 0; i < SL_COUNT(bodies); i++)
        if (believe(wire, exchange, bodies[i], strlen(bodies[i]), NULL).n_ok > 0 &&
            !is_good_answer(wire, bodies[i]))
            blame(wire, "%s is taken for success", bodies[i]);
    exchange.content_type = "text/html; charset=utf-8";
    expect_none_ok(wire, exchange, page, sizeof page - 1, "a web page");
}

static void an_empty_answer_or_a_web_page_is_never_success(void **state)
{
    (void)state;
    each_case(answer_nonsense);
}

static void answer_in_part(struct wire_case *wire)
{
    struct sl_exchange exchange = { 0 };
    bool json;

    if (!has_answer(wire))
        return;
    exchange = read_answer(wire);
    json = json_object_is_type(sl_json_at(wire->line, "answer.body"), json_type_object);
    for (size_t n = 0; n < exchange.n_body; n++) {
        struct sl_exchange cut = exchange;

        if (json)
            expect_none_ok(wire, exchange, exchange.body, n, "the beginning of an answer");
        else
            (void)believe(wire, exchange, exchange.body, n, NULL);
        cut.reach = SL_CUT;
        expect_none_ok(wire, cut, exchange.body, n, "a cut answer");
    }
    exchange.too_large = true;
    expect_none_ok(wire, exchange, exchange.body, exchange.n_body, "an answer that was too large");
}

static void a_cut_answer_is_never_success(void **state)
{
    (void)state;
    each_case(answer_in_part);
}

/* What a status says when nothing else does. */
static const struct refusal {
    const char *what;
    int status;
    int64_t retry_after_ms;
    const char *verdicts; /* any of these */
} refusals[] = {
    /* a provider with nothing to renew may call it permanent */
    { "401", 401, -1, "auth permanent" },
    { "403", 403, -1, "auth permanent" },
    { "429", 429, -1, "rate_limited" },
    { "429 with Retry-After", 429, 7000, "rate_limited" },
    /* what only asks may be asked again */
    { "500", 500, -1, "ambiguous retry" },
    { "503", 503, -1, "ambiguous retry" },
    { "503 with Retry-After", 503, 7000, "retry" },
    { "502", 502, -1, "ambiguous retry" },
};

static void answer_refusals(struct wire_case *wire)
{
    static const char *const bodies[] = { "", "<html><body>Sorry</body></html>" };

    if (!has_answer(wire))
        return;
    for (size_t i = 0; i < SL_COUNT(refusals) * 2; i++) {
        const struct refusal *refusal = &refusals[i / 2];
        struct sl_exchange exchange = { .reach = SL_ANSWERED,
                                        .status = refusal->status,
                                        .retry_after_ms = refusal->retry_after_ms,
                                        .content_type = i % 2 ? "text/html" : "" };
        struct sl_outcome *items;

        (void)believe(wire, exchange, bodies[i % 2], strlen(bodies[i % 2]), &items);
        for (size_t k = 0; k < wire->n_items; k++) {
            if (!strstr(refusal->verdicts, verdicts[items[k].verdict]))
                blame(wire, "%s is %s, not %s", refusal->what, verdicts[items[k].verdict],
                      refusal->verdicts);
            if (items[k].after_ms < refusal->retry_after_ms)
                blame(wire, "%s: asked again after %lld ms", refusal->what,
                      (long long)items[k].after_ms);
        }
    }
}

static void a_refusal_by_status_is_read_the_same_everywhere(void **state)
{
    (void)state;
    each_case(answer_refusals);
}

static void answer_not_at_all(struct wire_case *wire)
{
    struct sl_exchange exchange = { .reach = SL_NOT_SENT,
                                    .retry_after_ms = -1,
                                    .content_type = "" };
    struct sl_outcome *items;

    if (!has_answer(wire))
        return;
    (void)believe(wire, exchange, "", 0, &items);
    for (size_t i = 0; i < wire->n_items; i++)
        if (items[i].verdict != SL_RETRY)
            blame(wire, "what was never sent is %s", verdicts[items[i].verdict]);
    exchange.reach = SL_SENT;
    (void)believe(wire, exchange, "", 0, &items);
    for (size_t i = 0; i < wire->n_items; i++)
        if (items[i].verdict != SL_AMBIGUOUS && items[i].verdict != SL_RETRY)
            blame(wire, "what nobody answered is %s", verdicts[items[i].verdict]);
}

static void without_an_answer_nothing_is_known(void **state)
{
    (void)state;
    each_case(answer_not_at_all);
}

/* ---- Damage -------------------------------------------------------------------------- */

enum damage { A_NULL, A_NUMBER, A_WORD, NO_WORD, A_LIST, AN_OBJECT, A_FRACTION, A_TRUTH, ABSENT };

static struct json_object *damaged_value(enum damage how)
{
    switch (how) {
    case A_NUMBER: return json_object_new_int(7);
    case A_WORD: return json_object_new_string("x");
    case NO_WORD: return json_object_new_string("");
    case A_LIST: return json_object_new_array();
    case AN_OBJECT: return json_object_new_object();
    case A_FRACTION: return json_object_new_double(-0.5);
    case A_TRUTH: return json_object_new_boolean(1);
    case A_NULL:
    case ABSENT: break;
    }
    return NULL;
}

static bool damage_inside(struct json_object *node, size_t *countdown, enum damage how,
                          struct sl_buf *path);

static bool damage_member(struct json_object *object, size_t *countdown, enum damage how,
                          struct sl_buf *path)
{
    size_t n_path = path->len;

    json_object_object_foreach(object, name, value)
    {
        path->len = n_path;
        sl_buf_printf(path, "%s%s", n_path > 0 ? "." : "", name);
        if (*countdown == 0 && how == ABSENT)
            json_object_object_del(object, name);
        else if (*countdown == 0)
            json_object_object_add(object, name, damaged_value(how));
        if ((*countdown)-- == 0 || damage_inside(value, countdown, how, path))
            return true;
    }
    return false;
}

static bool damage_element(struct json_object *array, size_t *countdown, enum damage how,
                           struct sl_buf *path)
{
    size_t n_path = path->len;

    for (size_t i = 0; i < json_object_array_length(array); i++) {
        struct json_object *value = json_object_array_get_idx(array, i);

        path->len = n_path;
        sl_buf_printf(path, "%s%zu", n_path > 0 ? "." : "", i);
        if (*countdown == 0 && how == ABSENT)
            json_object_array_del_idx(array, i, 1);
        else if (*countdown == 0)
            json_object_array_put_idx(array, i, damaged_value(how));
        if ((*countdown)-- == 0 || damage_inside(value, countdown, how, path))
            return true;
    }
    return false;
}

/* Damages the member that comes *countdown-th, counted from the top, and tells its path. False
 * if there are not so many. */
static bool damage_inside(struct json_object *node, size_t *countdown, enum damage how,
                          struct sl_buf *path)
{
    if (json_object_is_type(node, json_type_object))
        return damage_member(node, countdown, how, path);
    return json_object_is_type(node, json_type_array) && damage_element(node, countdown, how, path);
}

static bool is_needed(const struct wire_case *wire, const char *path)
{
    struct json_object *needs = sl_json_at(wire->line, "needs");

    for (size_t i = 0; i < sl_json_length(needs); i++)
        if (strcmp(json_object_get_string(json_object_array_get_idx(needs, i)), path) == 0)
            return true;
    return false;
}

/* One damage; false when there are no more members. Where nothing went well before, the damage
 * may happen to mend what was wrong. */
static bool answer_one_damage(struct wire_case *wire, const struct belief *whole, size_t which,
                              enum damage how, size_t *n_needed)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;
    struct sl_exchange exchange = read_answer(wire);
    struct sl_buf path = sl_buf_new(wire->arena);
    struct belief damaged;
    const char *body;
    bool needed;

    json_object_deep_copy(sl_json_at(wire->line, "answer.body"), &doc, NULL);
    if (!damage_inside(doc, &which, how, &path))
        return false;
    body = sl_json_print(wire->arena, doc);
    damaged = believe(wire, exchange, body, strlen(body), NULL);
    for (size_t i = 0; i < wire->n_items; i++)
        if (damaged.ok[i] && !whole->ok[i] && whole->n_ok > 0)
            blame(wire, "with %s damaged item %zu becomes ok: %s", path.data, i, body);
    if (damaged.paid && !whole->paid)
        blame(wire, "with %s damaged it is paid: %s", path.data, body);
    needed = is_needed(wire, path.data);
    *n_needed += needed;
    if (needed && damaged.n_ok >= whole->n_ok)
        blame(wire, "%s proves nothing: %s", path.data, body);
    return true;
}

static void answer_damaged(struct wire_case *wire)
{
    struct sl_exchange exchange;
    struct belief whole;
    size_t n_needed = 0, n_needs = sl_json_length(sl_json_at(wire->line, "needs"));
    bool more = true;

    if (!has_answer(wire) ||
        !json_object_is_type(sl_json_at(wire->line, "answer.body"), json_type_object))
        return;
    exchange = read_answer(wire);
    whole = believe(wire, exchange, exchange.body, exchange.n_body, NULL);
    for (size_t which = 0; more; which++)
        for (enum damage how = A_NULL; how <= ABSENT && more; how++)
            more = answer_one_damage(wire, &whole, which, how, &n_needed);
    if (n_needed != n_needs * (ABSENT + 1))
        blame(wire, "\"needs\" names what is not in the answer");
}

static void a_damaged_answer_makes_nothing_succeed(void **state)
{
    (void)state;
    each_case(answer_damaged);
}

/* Returns whether an event says that money came. */
static bool hear(const struct wire_case *wire, struct sl_inbound inbound, const char *bytes,
                 size_t n)
{
    struct sl_heard heard = { 0 };
    char *body = malloc(n + 1);
    bool paid = false;

    assert_non_null(body);
    memcpy(body, bytes, n);
    body[n] = '\0';
    inbound.body = body;
    inbound.n_body = n;
    inbound.digest = digest_of(wire->arena, body, n);
    wire->hook->hear(&inbound, &heard);
    explicit_bzero(body, n);
    free(body);
    if (heard.proof > SL_MALFORMED || (heard.proof == SL_PROVEN) == (heard.why != NULL))
        blame(wire, "what is not proven says why, and nothing else does: %.*s", (int)n, bytes);
    if (heard.proof != SL_PROVEN && heard.n_events > 0)
        blame(wire, "there are events that nothing proves: %.*s", (int)n, bytes);
    for (size_t i = 0; i < heard.n_events; i++) {
        const struct sl_event *event = &heard.events[i];

        if (event->kind > SL_EVENT_RESULT || event->delivery > SL_DELIVERY_DELIVERED ||
            event->payment.state > SL_PAY_UNKNOWN || event->outcome.verdict > SL_PERMANENT)
            blame(wire, "an event is out of range: %.*s", (int)n, bytes);
        if ((event->kind == SL_EVENT_DELIVERY && !event->external) ||
            (event->kind == SL_EVENT_INCOMING && (!event->phone || !event->text)) ||
            (event->kind == SL_EVENT_OPTOUT && !event->phone))
            blame(wire, "an event lacks what it is about: %.*s", (int)n, bytes);
        paid |= event->payment.state == SL_PAY_PAID;
        (void)(touch(event->key) + touch(event->external) + touch(event->phone) +
               touch(event->text) + touch(event->code) + touch(event->result_text));
    }
    return paid;
}

static void hear_damaged(struct wire_case *wire)
{
    struct sl_inbound inbound;
    bool paid, more = true;

    if (!wire->hook)
        return;
    inbound = read_inbound(wire);
    paid = hear(wire, inbound, inbound.body, inbound.n_body);
    for (size_t n = 0; n < inbound.n_body; n++)
        if (hear(wire, inbound, inbound.body, n) && !paid)
            blame(wire, "cut after %zu bytes it is paid", n);
    for (size_t i = 0; more; i++) {
        SL_AUTO(sl_json_free) struct json_object *doc = NULL;
        struct sl_buf path = sl_buf_new(wire->arena);
        size_t which = i / (ABSENT + 1);
        const char *body;

        json_object_deep_copy(sl_json_at(wire->line, "body"), &doc, NULL);
        more = damage_inside(doc, &which, (enum damage)(i % (ABSENT + 1)), &path);
        body = sl_json_print(wire->arena, doc);
        if (more && hear(wire, inbound, body, strlen(body)) && !paid)
            blame(wire, "with %s damaged it is paid: %s", path.data, body);
    }
}

static void a_damaged_callback_makes_nothing_paid(void **state)
{
    (void)state;
    each_case(hear_damaged);
}

#endif
