/* How messages are settled whose answer was lost: through the engine and the daemon's library, with
 * a provider that is none and sends nothing. */
#include "tests/unit/installation.h"
#include "tests/unit/expect_ok.h"

#include "lib/adapter/form.h"
#include "lib/service/endpoints.h"
#include "lib/service/engine.h"
#include "lib/service/inbound.h"
#include "lib/service/sms.h"
#include "lib/store/sql.h"

/* ---- The provider ---------------------------------------------------------------------------- */

/* What it says next, and what it was asked. */
static struct {
    enum sl_verdict sent, asked;
    const char *matches[4]; /* references that may be the message; asked is then not said */
    const char *callback;   /* the last row's own address */
    const char *asked_id, *asked_to, *asked_text;
    void (*meanwhile)(void); /* happens before the answer is read */
    bool away;               /* nobody can be connected to */
    int n_sent, n_asked;
} provider;

static struct world {
    struct installation *in;
    struct sl_service *daemon;
    struct sl_inbox *inbox;
    const char *token;
} world;

static int build_nothing(const struct sl_call *call, struct sl_request *request,
                         struct sl_err *error)
{
    (void)call, (void)request, (void)error;
    return 0;
}

static int build_send(const struct sl_call *call, struct sl_request *request, struct sl_err *error)
{
    (void)error;
    if (provider.away) {
        request->method = "GET";
        request->base = "http://127.0.0.1:9"; /* nobody listens there */
        request->path = "/";
    }
    provider.callback =
        call->callback_base ? sl_arena_strdup(world.in->arena, call->callback_base) : NULL;
    return 0;
}

static void parse_send(const struct sl_call *call, const struct sl_exchange *exchange,
                       struct sl_result *result)
{
    (void)call;
    if (sl_result_unanswered(exchange, result))
        return;
    provider.n_sent++;
    if (provider.meanwhile)
        provider.meanwhile();
    sl_result_all(result,
                  (struct sl_outcome){ .verdict = provider.sent,
                                       .external = provider.sent == SL_OK ? "X-answer" : NULL });
}

static void parse_status(const struct sl_call *call, const struct sl_exchange *exchange,
                         struct sl_result *result)
{
    const struct sl_messages_ask *asked = call->in.asked;
    struct sl_match *matches = SL_NEW(call->arena, struct sl_match, SL_COUNT(provider.matches));

    (void)exchange;
    provider.n_asked++;
    provider.asked_id = sl_arena_strdup(world.in->arena, asked->messages[0].id);
    provider.asked_to = sl_arena_strdup(world.in->arena, asked->messages[0].to);
    provider.asked_text = sl_arena_strdup(world.in->arena, asked->text);
    sl_result_all(result,
                  (struct sl_outcome){ .verdict = provider.asked,
                                       .delivery = SL_DELIVERY_DELIVERED,
                                       .external = provider.asked == SL_OK ? "X-asked" : NULL });
    result->matches = matches;
    for (; result->n_matches < SL_COUNT(provider.matches) && provider.matches[result->n_matches];
         result->n_matches++)
        matches[result->n_matches].outcome =
            (struct sl_outcome){ .verdict = SL_OK,
                                 .external = provider.matches[result->n_matches] };
}

static const char *field(const struct sl_inbound *inbound, const char *name)
{
    return sl_form_value(inbound->arena, inbound->body, inbound->n_body, name);
}

static void hear(const struct sl_inbound *inbound, struct sl_heard *heard)
{
    struct sl_event *event = SL_NEW(inbound->arena, struct sl_event, 1);

    *event = (struct sl_event){ .kind = SL_EVENT_DELIVERY,
                                .external = field(inbound, "ref"),
                                .message = field(inbound, "id"),
                                .phone = field(inbound, "to"),
                                .delivery = SL_DELIVERY_DELIVERED };
    if (field(inbound, "failed")) {
        event->delivery = SL_DELIVERY_FAILED;
        event->text = "switched off";
    }
    heard->events = event;
    heard->n_events = 1;
}

static const struct sl_field fields[] = { { .name = "key", .help = "A key", .identity = true } };

static const struct sl_hook hooks[] = {
    { .word = "dlr",
      .endpoint = "/webhooks/fake/dlr",
      .methods = "POST",
      .help = "its page",
      .hear = hear,
      .taken = { 200, NULL, "" } },
    { .word = "own",
      .endpoint = "/webhooks/fake/own",
      .methods = "POST",
      .per_operation = true,
      .hear = hear,
      .taken = { 200, NULL, "" } },
};

static const struct sl_step status[] = { { build_nothing, parse_status,
                                           .ambiguous = { .last = SL_RESEND } } };

/* Asks about what was lost. */
static const struct sl_step send_asking[] = {
    { build_send, parse_send,
      .ambiguous = { .callback = "dlr",
                     .query = "sms.status",
                     .ask_at_s = { 60, 180 },
                     .until_s = 600,
                     .last = SL_RESEND_IF_ABSENT } },
};
static const struct sl_op ops_asking[] = {
    { .name = "sms.send", .input = SL_INPUT_SMS, .steps = send_asking, .n_steps = 1 },
    { .name = "sms.status", .input = SL_INPUT_MESSAGES, .steps = status, .n_steps = 1 },
};
static const struct sl_adapter asking = {
    .code = "asking",
    .name = "Asking",
    .adapter_class = "AskingAdapter",
    .category = SL_SMS,
    .environment = "sandbox",
    .limits = { .batch_size = 1 },
    .fields = fields,
    .n_fields = SL_COUNT(fields),
    .ops = ops_asking,
    .n_ops = SL_COUNT(ops_asking),
    .hook_alias = "a",
    .hooks = hooks,
    .n_hooks = SL_COUNT(hooks),
};

/* Waits for a callback of the request's own, and may repeat. */
static const struct sl_step send_waiting[] = {
    { build_send, parse_send, .ambiguous = { .callback = "own", .wait_s = 60, .last = SL_RESEND } },
};
static const struct sl_op ops_waiting[] = {
    { .name = "sms.send",
      .input = SL_INPUT_SMS,
      .steps = send_waiting,
      .n_steps = 1,
      .callback = true },
};
static const struct sl_adapter waiting = {
    .code = "waiting",
    .name = "Waiting",
    .adapter_class = "WaitingAdapter",
    .category = SL_SMS,
    .environment = "sandbox",
    .limits = { .batch_size = 2 },
    .fields = fields,
    .n_fields = SL_COUNT(fields),
    .ops = ops_waiting,
    .n_ops = SL_COUNT(ops_waiting),
    .hook_alias = "w",
    .hooks = hooks,
    .n_hooks = SL_COUNT(hooks),
};

const struct sl_adapter *const sl_adapters[] = { &asking, &waiting, NULL };

/* ---- A school that uses it --------------------------------------------------------------------- */

static int setup(void **state)
{
    static const struct sl_change change = { "key", "k" };
    const struct sl_config_set set = { .changes = &change, .n_changes = 1 };
    struct sl_endpoint_made made;

    memset(&provider, 0, sizeof provider);
    if (installation_setup(state) != 0)
        return -1;
    world.in = *state;
    world.in->service->settings.public_url = "https://school.example";
    for (size_t i = 0; sl_adapters[i]; i++)
        OK(sl_config_set(world.in->service, &world.in->school, sl_adapters[i], &set, &err));
    OK(sl_endpoint_add(world.in->service, world.in->arena, &world.in->school, "asking", NULL, &made,
                       &err));
    world.token = made.token;
    world.daemon = open_again(world.in, SL_WEBHOOK_KEYS);
    world.inbox = sl_inbox_new(world.daemon);
    return 0;
}

static int teardown(void **state)
{
    sl_inbox_free(&world.inbox);
    sl_service_close(&world.daemon);
    return installation_teardown(state);
}

static void work_only(struct sl_work_filter filter)
{
    const struct sl_engine_options options = { .program = "test", .filter = filter };
    struct sl_engine_counts counts = { 0 };

    OK(sl_engine_run(world.in->service, &options, &counts, &err));
}

static void work(void)
{
    work_only((struct sl_work_filter){ 0 });
}

static struct sl_batch send(const char *code, const char *text, const char *const *numbers,
                            size_t n)
{
    const struct sl_sms_options options = { .provider = code, .text = text };
    struct sl_sending sending;
    struct sl_batch batch;
    bool fresh;

    OK(sl_sms_prepare(world.in->service, world.in->arena, &world.in->school, &options, numbers, n,
                      &sending, &err));
    OK(sl_send_record(world.in->service, world.in->arena, &world.in->school, &sending, &batch,
                      &fresh, &err));
    return batch;
}

/* One message whose answer is lost. */
static struct sl_batch lose(const char *code)
{
    static const char *const number = "0711000001";
    struct sl_batch batch = send(code, "Habari", &number, 1);

    work();
    return batch;
}

static void script(const char *sql)
{
    OK(sl_db_script(world.in->service->db, sql, &err));
}

static void end_waits(void)
{
    script("UPDATE integration_queue SET next_attempt_at = 1 WHERE waits_for IS NOT NULL");
}

/* The time of the next question, or the end of patience, has come. */
static void wait(void)
{
    end_waits();
    work(); /* puts the question */
    work();
}

static void end_patience(void)
{
    script("UPDATE integration_queue SET last_attempt_at = last_attempt_at - 700000");
    wait();
}

static const char *text_of(const char *sql, int64_t id)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };

    assert_int_equal(sl_db_query(&rows, world.in->service->db, sql, SL_PARAMS(SL_INT(id)), &err),
                     0);
    assert_int_equal(sl_rows_next(&rows, &err), 1);
    return sl_arena_strdup(world.in->arena, sl_row_text(&rows, 0) ? sl_row_text(&rows, 0) : "");
}

static void assert_message(int64_t id, const char *status_wanted, const char *reference)
{
    assert_string_equal(text_of("SELECT status FROM messages WHERE id = $1", id), status_wanted);
    assert_string_equal(text_of("SELECT external_reference FROM messages WHERE id = $1", id),
                        reference);
}

/* Of its queue row, which is the first. */
static void assert_row(const char *status_wanted, const char *waits_for)
{
    assert_string_equal(text_of("SELECT status FROM integration_queue WHERE id = $1", 1),
                        status_wanted);
    assert_string_equal(text_of("SELECT waits_for FROM integration_queue WHERE id = $1", 1),
                        waits_for);
}

static void report(const char *path, const char *body)
{
    struct sl_received received = { .arena = world.in->arena,
                                    .method = "POST",
                                    .path = path,
                                    .query = "",
                                    .content_type = "application/x-www-form-urlencoded",
                                    .body = body,
                                    .n_body = strlen(body) };
    struct sl_received *const one = &received;

    OK(sl_inbound_receive_all(world.inbox, &one, 1, &err));
    assert_int_equal(received.reply.status, 200);
    OK(sl_inbound_apply(world.daemon, &err));
}

static void report_id(const struct sl_batch *batch, const char *rest)
{
    report(sl_arena_printf(world.in->arena, "/hooks/a/%s/dlr", world.token),
           sl_arena_printf(world.in->arena, "id=%s-1&%s", batch->public_id, rest));
}

/* ---- By a callback ------------------------------------------------------------------------------- */

/* Message, row, log: where the last of it cannot be written nothing of the answer is, and the row is in
 * flight as if it had been lost. */
static void an_answer_that_cannot_be_stored_whole_is_not_stored(void **state)
{
    static const char *const number = "0711000001";
    const struct sl_engine_options options = { .program = "test" };
    struct sl_engine_counts counts = { 0 };

    (void)state;
    (void)send("asking", "Habari", &number, 1);
    script("CREATE TRIGGER full BEFORE INSERT ON integration_logs"
           " BEGIN SELECT RAISE(ABORT, 'no room'); END");
    assert_int_equal(sl_engine_run(world.in->service, &options, &counts, &err), -1);
    assert_message(1, "queued", "");
    assert_string_equal(text_of("SELECT status || in_flight || attempts FROM integration_queue"
                                " WHERE id = $1",
                                1),
                        "processing11");
}

static void a_report_with_our_id_settles_a_lost_message_and_its_row(void **state)
{
    struct sl_batch batch = lose("asking");

    (void)state;
    assert_message(1, "unknown", "");
    assert_row("processing", "callback");
    report_id(&batch, "ref=X1&to=254711000001");
    assert_message(1, "delivered", "X1");
    assert_row("completed", "");
    assert_int_equal(provider.n_sent, 1);
}

static void a_lost_message_that_a_report_calls_failed_has_its_reason(void **state)
{
    struct sl_batch batch = lose("asking");

    (void)state;
    report_id(&batch, "ref=X1&failed=1");
    assert_message(1, "failed", "X1");
    assert_string_equal(text_of("SELECT error FROM messages WHERE id = $1", 1), "switched off");
}

static void a_report_about_another_number_settles_nothing(void **state)
{
    struct sl_batch batch = lose("asking");

    (void)state;
    report_id(&batch, "ref=X1&to=254711000002");
    assert_message(1, "unknown", "");
    assert_string_equal(text_of("SELECT state FROM webhook_events WHERE id = $1", 1), "held");
}

static void a_report_with_an_id_of_nobody_is_held(void **state)
{
    (void)state;
    report(sl_arena_printf(world.in->arena, "/hooks/a/%s/dlr", world.token),
           "id=01NOBODY-1&ref=X1");
    assert_string_equal(text_of("SELECT state FROM webhook_events WHERE id = $1", 1), "held");
}

static struct sl_batch being_sent;

static void report_now(void)
{
    report_id(&being_sent, "ref=X1");
}

static void a_report_that_comes_before_the_answer_is_lost_is_not_forgotten(void **state)
{
    static const char *const number = "0711000001";

    (void)state;
    being_sent = send("asking", "Habari", &number, 1);
    provider.meanwhile = report_now;
    work();
    assert_message(1, "delivered", "X1");
    assert_row("completed", "");
}

static void a_report_that_comes_before_a_good_answer_keeps_the_last_word(void **state)
{
    static const char *const number = "0711000001";

    (void)state;
    being_sent = send("asking", "Habari", &number, 1);
    provider.meanwhile = report_now;
    provider.sent = SL_OK;
    work();
    assert_message(1, "delivered", "X-answer");
    assert_row("completed", "");
}

static void a_report_under_the_token_of_the_row_settles_the_message_of_its_number(void **state)
{
    static const char *const numbers[] = { "0711000001", "0711000002" };

    (void)state;
    (void)send("waiting", "Habari", numbers, 2);
    work();
    assert_row("processing", "callback");
    report(strstr(sl_arena_printf(world.in->arena, "%s/own", provider.callback), "/hooks/"),
           "ref=X2&to=254711000002");
    assert_message(1, "unknown", "");
    assert_message(2, "delivered", "X2");
    assert_row("processing", "callback");
    report(strstr(sl_arena_printf(world.in->arena, "%s/own", provider.callback), "/hooks/"),
           "ref=X1");
    assert_message(1, "delivered", "X1");
    assert_row("completed", "");
}

/* ---- Nobody there ------------------------------------------------------------------------------- */

static int64_t number_of(const char *sql)
{
    int64_t number = 0;

    assert_int_equal(sl_db_number(world.in->service->db, sql, SL_NO_PARAMS, &number, &err), 1);
    return number;
}

/* The pauses of row and account are over. */
static void try_again(void)
{
    script("UPDATE integration_queue SET next_attempt_at = 1 WHERE status = 'pending';"
           "UPDATE accounts SET open_boot_ms = 0");
    work();
}

static void what_reaches_nobody_is_no_attempt_and_the_pause_grows(void **state)
{
    (void)state;
    provider.away = true;
    provider.sent = SL_OK;
    (void)lose("asking");
    for (int i = 0; i < 7; i++)
        try_again();
    assert_row("pending", "");
    assert_int_equal(number_of("SELECT attempts FROM integration_queue"), 0);
    assert_int_equal(number_of("SELECT json_array_length(error_log) FROM integration_queue"), 8);
    assert_int_equal(number_of("SELECT max(opened) FROM accounts"), 4);
    provider.away = false;
    try_again();
    assert_int_equal(provider.n_sent, 1);
    assert_message(1, "sent", "X-answer");
    assert_row("completed", "");
}

static void what_is_too_old_ends_though_nobody_could_be_reached(void **state)
{
    (void)state;
    provider.away = true;
    (void)lose("asking");
    script("UPDATE integration_queue SET expires_at = 2");
    try_again();
    assert_row("failed", "");
    assert_message(1, "failed", "");
}

static void what_may_be_repeated_is_sent_again_when_no_callback_came(void **state)
{
    (void)state;
    (void)lose("waiting");
    assert_message(1, "unknown", "");
    provider.sent = SL_OK;
    wait();
    assert_int_equal(provider.n_sent, 2);
    assert_message(1, "sent", "X-answer");
    assert_row("completed", "");
}

/* ---- By asking ------------------------------------------------------------------------------------ */

static void what_the_provider_has_is_settled_by_asking(void **state)
{
    struct sl_batch batch = lose("asking");

    (void)state;
    provider.asked = SL_OK;
    wait();
    assert_message(1, "delivered", "X-asked");
    assert_row("completed", "");
    assert_string_equal(provider.asked_id,
                        sl_arena_printf(world.in->arena, "%s-1", batch.public_id));
    assert_string_equal(provider.asked_to, "+254711000001");
    assert_string_equal(provider.asked_text, "Habari");
    assert_int_equal(provider.n_sent, 1);
}

static void what_the_provider_refused_is_failed_by_asking(void **state)
{
    (void)state;
    (void)lose("asking");
    provider.asked = SL_PERMANENT;
    wait();
    assert_message(1, "failed", "");
    assert_row("completed", "");
}

static void what_the_last_question_found_absent_and_a_report_then_told_is_not_sent_again(
    void **state)
{
    struct sl_batch batch = lose("asking");

    (void)state;
    provider.asked = SL_ABSENT;
    wait();
    wait();
    report_id(&batch, "ref=X1");
    end_patience();
    assert_int_equal(provider.n_sent, 1);
    assert_message(1, "delivered", "X1");
    assert_row("completed", "");
}

static void what_was_absent_and_is_open_at_the_last_question_is_a_persons(void **state)
{
    (void)state;
    (void)lose("asking");
    provider.asked = SL_ABSENT;
    wait();
    provider.asked = SL_AMBIGUOUS;
    wait();
    end_patience();
    assert_int_equal(provider.n_sent, 1);
    assert_row("processing", "person");
}

static void what_is_absent_is_sent_again_once_when_patience_is_over(void **state)
{
    (void)state;
    (void)lose("asking");
    provider.asked = SL_ABSENT;
    wait();
    assert_int_equal(provider.n_asked, 1);
    assert_int_equal(provider.n_sent, 1);
    assert_message(1, "unknown", "");
    wait();
    assert_int_equal(provider.n_asked, 2);
    assert_int_equal(provider.n_sent, 1);
    end_patience();
    assert_int_equal(provider.n_sent, 2);
    assert_row("processing", "callback");
    wait();
    wait();
    assert_int_equal(provider.n_asked, 4);
    end_patience();
    assert_int_equal(provider.n_sent, 2);
    assert_message(1, "unknown", "");
    assert_row("processing", "person");
}

static void what_is_still_open_after_the_last_question_is_a_persons(void **state)
{
    (void)state;
    (void)lose("asking");
    provider.asked = SL_AMBIGUOUS;
    wait();
    wait();
    end_patience();
    assert_int_equal(provider.n_asked, 2);
    assert_int_equal(provider.n_sent, 1);
    assert_row("processing", "person");
}

static void what_a_report_has_settled_is_not_asked_about(void **state)
{
    struct sl_batch batch = lose("asking");

    (void)state;
    end_waits();
    report_id(&batch, "ref=X1");
    work();
    work();
    assert_int_equal(provider.n_asked, 0);
}

static void who_works_one_school_asks_about_its_rows_and_no_others(void **state)
{
    struct sl_school other;

    (void)state;
    add_school(world.in, "lakeside", &other);
    (void)lose("asking");
    provider.asked = SL_OK;
    end_waits();
    work_only((struct sl_work_filter){ .school_id = other.id });
    work_only((struct sl_work_filter){ .item_id = 1 });
    work_only((struct sl_work_filter){ .school_id = other.id });
    assert_int_equal(provider.n_asked, 0);
    work_only((struct sl_work_filter){ .school_id = world.in->school.id });
    assert_int_equal(provider.n_asked, 1);
    assert_message(1, "delivered", "X-asked");
}

static void a_cancelled_batch_is_not_sent_again(void **state)
{
    (void)state;
    (void)lose("asking");
    script("UPDATE message_batches SET state = 'cancelled'");
    provider.asked = SL_ABSENT;
    wait();
    wait();
    end_patience();
    assert_int_equal(provider.n_sent, 1);
    assert_message(1, "unknown", "");
    assert_row("processing", "person");
}

/* ---- Where only number and text can be asked by ----------------------------------------------------- */

static void as_many_as_are_alike_are_given_out_in_order(void **state)
{
    (void)state;
    (void)lose("asking");
    (void)lose("asking");
    provider.matches[0] = "M1";
    wait();
    assert_message(1, "unknown", ""); /* one of two: whose it is, nobody knows */
    assert_message(2, "unknown", "");
    provider.matches[1] = "M2";
    wait();
    assert_message(1, "sent", "M1");
    assert_message(2, "sent", "M2");
}

static void what_is_another_messages_is_given_to_nobody(void **state)
{
    (void)state;
    provider.sent = SL_OK;
    (void)lose("asking");
    provider.sent = SL_AMBIGUOUS;
    (void)lose("asking");
    assert_message(1, "sent", "X-answer");
    provider.matches[0] = "X-answer";
    wait();
    assert_message(2, "unknown", "");
    provider.matches[1] = "M2";
    wait();
    assert_message(2, "sent", "M2");
}

#define PROMISE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

/* ---- The program that asks dies -------------------------------------------------------------------- */

/* Its question is put again, by whoever comes, and belongs to no person meanwhile: else another runner
 * could give it up while it is on its way. */
static void a_question_of_a_dead_runner_is_put_again(void **state)
{
    (void)state;
    (void)lose("asking");
    wait();
    script("UPDATE integration_queue SET status = 'processing', in_flight = 1, runner = 999,"
           " completed_at = NULL WHERE operation = 'sms.status'");
    work();
    assert_string_equal(text_of("SELECT status || coalesce(waits_for, '') FROM integration_queue"
                                " WHERE operation = 'sms.status' AND id > $1",
                                0),
                        "pending");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PROMISE(an_answer_that_cannot_be_stored_whole_is_not_stored),
        PROMISE(a_report_with_our_id_settles_a_lost_message_and_its_row),
        PROMISE(a_lost_message_that_a_report_calls_failed_has_its_reason),
        PROMISE(a_report_about_another_number_settles_nothing),
        PROMISE(a_report_with_an_id_of_nobody_is_held),
        PROMISE(a_report_that_comes_before_the_answer_is_lost_is_not_forgotten),
        PROMISE(a_report_that_comes_before_a_good_answer_keeps_the_last_word),
        PROMISE(a_report_under_the_token_of_the_row_settles_the_message_of_its_number),
        PROMISE(what_reaches_nobody_is_no_attempt_and_the_pause_grows),
        PROMISE(what_is_too_old_ends_though_nobody_could_be_reached),
        PROMISE(what_may_be_repeated_is_sent_again_when_no_callback_came),
        PROMISE(what_the_provider_has_is_settled_by_asking),
        PROMISE(what_the_provider_refused_is_failed_by_asking),
        PROMISE(what_is_absent_is_sent_again_once_when_patience_is_over),
        PROMISE(what_the_last_question_found_absent_and_a_report_then_told_is_not_sent_again),
        PROMISE(what_was_absent_and_is_open_at_the_last_question_is_a_persons),
        PROMISE(what_is_still_open_after_the_last_question_is_a_persons),
        PROMISE(what_a_report_has_settled_is_not_asked_about),
        PROMISE(who_works_one_school_asks_about_its_rows_and_no_others),
        PROMISE(a_cancelled_batch_is_not_sent_again),
        PROMISE(as_many_as_are_alike_are_given_out_in_order),
        PROMISE(what_is_another_messages_is_given_to_nobody),
        PROMISE(a_question_of_a_dead_runner_is_put_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
