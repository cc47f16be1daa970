/* What must hold when a history is over, whatever happened in it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/json.h"
#include "lib/service/verify.h"
#include "lib/store/sql.h"
#include "sandbox/seen.h"
#include "tests/sim/sim.h"

static struct sl_service *service;
static struct sl_arena *arena;

static void must(int status, const struct sl_err *err)
{
    if (status < 0)
        history_fail("%s", err->text);
}

/* ---- What the providers saw --------------------------------------------------------------------------- */

static const char *read_seen(const char *code)
{
    struct sl_seen_cursor *cursor = sl_seen_begin(sim.box.seen, arena, code);
    struct sl_buf text = sl_buf_new(arena);
    char part[4096];
    size_t n;

    while ((n = sl_seen_read(cursor, part, sizeof part)) > 0)
        sl_buf_add(&text, part, n);
    return text.data;
}

struct seen {
    int n;          /* texts that were accepted, or pushes */
    char id[64];    /* of the last */
    char state[16]; /* of a push */
    char receipt[16];
};

static bool is(struct json_object *doc, const char *member, const char *value)
{
    const char *text = sl_json_text(doc, member);

    return text && strcmp(text, value) == 0;
}

static void see_text(struct json_object *doc, const struct op *op, size_t i, struct seen *seen)
{
    if (!is(doc, "operation", "send") || !is(doc, "to", op->to[i]) || !is(doc, "text", op->text) ||
        sl_json_int(doc, "code", 999) >= 200)
        return;
    seen->n++;
    (void)snprintf(seen->id, sizeof seen->id, "%s", sl_json_text(doc, "id"));
}

static void see_push(struct json_object *doc, const struct op *op, size_t i, struct seen *seen)
{
    (void)i;
    if (!is(doc, "operation", "stk_push") || !is(doc, "reference", op->text))
        return;
    seen->n++;
    (void)snprintf(seen->id, sizeof seen->id, "%s", sl_json_text(doc, "checkout_request_id"));
    (void)snprintf(seen->state, sizeof seen->state, "%s", sl_json_text(doc, "state"));
    (void)snprintf(seen->receipt, sizeof seen->receipt, "%s", sl_json_text(doc, "receipt"));
}

static struct seen look_at(const char *lines, const struct op *op, size_t i)
{
    struct seen seen = { 0 };

    for (const char *at = lines, *end; at && (end = strchr(at, '\n')); at = end + 1) {
        SL_AUTO(sl_json_free) struct json_object *doc = NULL;
        const char *mark = memmem(at, (size_t)(end - at), op->text, strlen(op->text));

        if (!mark)
            continue;
        doc = sl_json_parse(at, (size_t)(end - at));
        (op->pays ? see_push : see_text)(doc, op, i, &seen);
    }
    return seen;
}

/* ---- What we have ---------------------------------------------------------------------------------------- */

/* A message or a payment, as the database has it. */
struct kept {
    bool there;
    const char *status, *reference, *receipt, *waits_for, *row;
    bool doubted; /* there is a word on it, for a person */
};

static struct kept read_kept(const char *sql, const struct sl_value *params, size_t n)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    struct kept kept = { 0 };
    struct sl_err err;
    int found = sl_db_first(&rows, service->db, sql, params, n, &err);

    must(found, &err);
    if (found == 0)
        return kept;
    kept.there = true;
    kept.status = sl_arena_strdup(arena, sl_row_text(&rows, 0));
    kept.reference = sl_arena_strdup(arena, sl_row_text(&rows, 1));
    kept.receipt = sl_arena_strdup(arena, sl_row_text(&rows, 2));
    kept.row = sl_arena_strdup(arena, sl_row_text(&rows, 3));
    kept.waits_for = sl_arena_strdup(arena, sl_row_text(&rows, 4));
    kept.doubted = sl_row_int(&rows, 5) != 0;
    return kept;
}

static struct kept read_text(const struct op *op, size_t i)
{
    static const char sql[] =
        "SELECT m.status, m.external_reference, NULL, q.status, q.waits_for, m.error IS NOT NULL"
        " FROM message_batches b JOIN messages m ON m.batch_id = b.id"
        " LEFT JOIN integration_queue q ON q.id = m.queue_id"
        " WHERE b.idempotency_key = $1 AND m.address = $2";

    return read_kept(sql, SL_PARAMS(SL_TEXT(op->key), SL_TEXT(op->to[i])));
}

static struct kept read_payment(const struct op *op)
{
    static const char sql[] =
        "SELECT p.status, p.external_reference, p.receipt, q.status, q.waits_for,"
        " p.error IS NOT NULL OR p.mismatch IS NOT NULL"
        " FROM payments p LEFT JOIN integration_queue q ON q.id = p.queue_id"
        " WHERE p.reference = $1";

    return read_kept(sql, SL_PARAMS(SL_TEXT(op->text)));
}

static bool any_of(const char *status, const char *words)
{
    size_t n = strlen(status);

    for (const char *at = words; (at = strstr(at, status)) != NULL; at += n)
        if ((at == words || at[-1] == ' ') && (at[n] == ' ' || !at[n]))
            return true;
    return false;
}

/* ---- The two compared -------------------------------------------------------------------------------------- */

/* What somebody owns waits for a person. */
static void check_owned(const struct op *op, const struct kept *kept)
{
    bool waits = kept->waits_for && strcmp(kept->waits_for, "person") == 0;

    if (strcmp(kept->status, "unknown") == 0 && !waits && !(op->pays && kept->doubted))
        history_fail("%s is unknown, and nobody has it (its row is %s)", op->key, kept->row);
}

static void check_text(const struct op *op, size_t i, const char *lines)
{
    struct kept kept = read_text(op, i);
    struct seen seen = look_at(lines, op, i);

    sim_say("%s to %s: %s, the provider has %d", op->key, op->to[i],
            kept.there ? kept.status : "not there", seen.n);
    if (!kept.there && (op->acknowledged || seen.n > 0))
        history_fail("%s to %s was %s, and is lost", op->key, op->to[i],
                     op->acknowledged ? "acknowledged" : "sent");
    if (seen.n > 1)
        history_fail("%s to %s was sent %d times", op->key, op->to[i], seen.n);
    if (!kept.there)
        return;
    check_owned(op, &kept);
    if (!any_of(kept.status, seen.n ? "sent delivered undelivered unknown" : "failed unknown"))
        history_fail("%s to %s is %s, and the provider took it %d times", op->key, op->to[i],
                     kept.status, seen.n);
    if (seen.n && kept.reference && strcmp(kept.reference, seen.id) != 0)
        history_fail("%s to %s has the reference %s, not %s", op->key, op->to[i], kept.reference,
                     seen.id);
}

/* A callback about the push that was answered has these words in it. */
static bool was_told(const struct seen *seen, const char *words)
{
    for (size_t i = 0; i < history.n_acks; i++)
        if (strstr(history.acks[i].body, seen->id) && strstr(history.acks[i].body, words))
            return true;
    return false;
}

/* One that contradicts the genuine one, which was lost: who knows the token is believed a refusal. */
static bool was_told_no(const struct seen *seen)
{
    return was_told(seen, "\"ResultCode\":1032");
}

/* The query tells no amount: money counts if no callback tells another one alone. */
static bool was_told_other(const struct seen *seen)
{
    return was_told(seen, "\"Value\":1499.00") && !was_told(seen, "\"Value\":1500.00");
}

static void check_payment(const struct op *op, const char *lines)
{
    struct kept kept = read_payment(op);
    struct seen seen = look_at(lines, op, 0);
    bool paid = strcmp(seen.state, "paid") == 0;

    sim_say("%s: %s, the provider has %d, %s", op->key, kept.there ? kept.status : "not there",
            seen.n, seen.n ? seen.state : "none");
    if (!kept.there && (op->acknowledged || seen.n > 0))
        history_fail("%s was %s, and is lost", op->key, op->acknowledged ? "acknowledged" : "sent");
    if (seen.n > 1)
        history_fail("%s was pushed %d times", op->key, seen.n);
    if (!kept.there)
        return;
    check_owned(op, &kept);
    if (kept.waits_for && any_of(kept.status, "succeeded failed cancelled expired"))
        history_fail("%s is %s, and its row waits for a %s", op->key, kept.status, kept.waits_for);
    if (was_told_other(&seen) && strcmp(kept.status, "succeeded") == 0)
        history_fail("%s is succeeded, and callbacks tell another amount alone", op->key);
    if (paid && was_told_no(&seen) && strcmp(kept.status, "cancelled") == 0)
        return;
    if (strcmp(kept.status, "pending") == 0 && kept.waits_for &&
        strcmp(kept.waits_for, "person") == 0)
        return; /* it was heard of when nobody waited for it any more */
    if (!any_of(kept.status, paid ? "succeeded unknown" : "failed cancelled expired unknown"))
        history_fail("%s is %s, and at the provider %s", op->key, kept.status,
                     seen.n ? seen.state : "not there");
    if (paid && kept.receipt && strcmp(kept.receipt, seen.receipt) != 0)
        history_fail("%s has the receipt %s, not %s", op->key, kept.receipt, seen.receipt);
}

static int64_t number(const char *sql, const struct sl_value *params, size_t n)
{
    struct sl_err err;
    int64_t found = 0;

    must(sl_db_number(service->db, sql, params, n, &found, &err), &err);
    return found;
}

static void check_operations(void)
{
    const char *texts = read_seen("africastalking"), *pushes = read_seen("mpesa");

    for (size_t i = 0; i < history.n_ops; i++) {
        const struct op *op = &history.ops[i];

        if (op->pays)
            check_payment(op, pushes);
        for (size_t j = 0; j < op->n_to && !op->pays; j++)
            check_text(op, j, texts);
    }
}

static void check_callbacks(void)
{
    static const char sql[] = "SELECT count(*) FROM webhook_requests WHERE CAST(body AS TEXT) = $1";

    for (size_t i = 0; i < history.n_acks; i++)
        if (number(sql, SL_PARAMS(SL_TEXT(history.acks[i].body))) == 0)
            history_fail("the callback %s was answered, and is not there", history.acks[i].body);
}

static void check_chain(void)
{
    struct sl_verified *verified = SL_NEW(arena, struct sl_verified, 1);
    const struct sl_expected nothing = { 0 };
    struct sl_err err;

    must(sl_verify(service, &nothing, verified, &err), &err);
    if (verified->n_breaks > 0)
        history_fail("the chain is broken: %s", verified->breaks[0].text);
}

static void check_file(void)
{
    static const char whole[] =
        "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'";

    if (sim.cut && number(whole, SL_NO_PARAMS) > 0)
        history_fail("the database is damaged");
}

void history_check(void)
{
    struct sl_err err;

    arena = sl_arena_new();
    service = sim_service_look(&err);
    must(service ? 0 : -1, &err);
    check_operations();
    check_callbacks();
    check_chain();
    check_file();
    sl_arena_free(&arena);
}
