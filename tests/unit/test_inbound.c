/* What lib/service/inbound.h promises, with the real adapters and a real database; and with the
 * webhook ring alone, which is all that the daemon has. */
#include "tests/unit/installation.h"
#include "tests/unit/expect_ok.h"

#include "lib/base/clock.h"
#include "lib/service/endpoints.h"
#include "lib/service/inbound.h"
#include "lib/service/payments.h"
#include "lib/service/verify.h"
#include "lib/store/inbound.h"
#include "lib/store/messages.h"
#include "lib/store/optouts.h"
#include "lib/store/sql.h"

enum { MPESA, AFRICASTALKING, N_PROVIDERS };

static const char *const codes[] = { "mpesa", "africastalking" };

struct world {
    struct installation *in;
    struct sl_service *daemon; /* with the webhook ring alone */
    struct sl_inbox *inbox;
    struct sl_arena *arena;
    int64_t webhook_id[N_PROVIDERS];
    const char *token[N_PROVIDERS];
};

/* ---- A school that is called ----------------------------------------------------------------- */

static void set(struct world *world, int provider, const char *name, const char *value)
{
    const struct sl_change change = { name, value };
    const struct sl_config_set set = { .changes = &change, .n_changes = 1, .partial = true };

    OK(sl_config_set(world->in->service, &world->in->school, sl_adapter_find(codes[provider]), &set,
                     &err));
}

static void add_endpoint(struct world *world, int provider)
{
    struct sl_endpoint_made made;

    OK(sl_endpoint_add(world->in->service, world->arena, &world->in->school, codes[provider], NULL,
                       &made, &err));
    world->webhook_id[provider] = made.id;
    for (const char *at = made.urls[0].url; (at = strchr(at, '/')) != NULL; at++)
        if (strspn(at + 1, "0123456789abcdef") == SL_CALLBACK_TOKEN_SIZE - 1)
            world->token[provider] =
                sl_arena_memdup(world->arena, at + 1, SL_CALLBACK_TOKEN_SIZE - 1);
    assert_non_null(world->token[provider]);
}

static int setup(void **state)
{
    static const char *const settings[][3] = {
        { "consumer_key", "key-of-a-test" },
        { "consumer_secret", "secret-of-a-test" },
        { "shortcode", "600966" },
        { "passkey", "passkey-of-a-test" },
        { "callback_base_url", "https://school.example" },
    };
    struct world *world = calloc(1, sizeof *world);

    if (!world || installation_setup((void **)&world->in) != 0)
        return -1;
    world->arena = sl_arena_new();
    world->in->service->settings.public_url = "https://school.example";
    for (size_t i = 0; i < SL_COUNT(settings); i++)
        set(world, MPESA, settings[i][0], settings[i][1]);
    set(world, AFRICASTALKING, "username", "greenhill");
    set(world, AFRICASTALKING, "api_key", "key-of-a-test");
    add_endpoint(world, MPESA);
    add_endpoint(world, AFRICASTALKING);
    world->daemon = open_again(world->in, SL_WEBHOOK_KEYS);
    world->inbox = sl_inbox_new(world->daemon);
    *state = world;
    return 0;
}

/* Whatever happened, the audit trail is whole. */
static int teardown(void **state)
{
    struct world *world = *state;
    struct sl_expected nothing = { 0 };
    struct sl_verified *verified = SL_NEW(world->arena, struct sl_verified, 1);
    void *in = world->in;

    OK(sl_verify(world->in->service, &nothing, verified, &err));
    assert_int_equal(verified->n_breaks, 0);

    sl_inbox_free(&world->inbox);
    sl_service_close(&world->daemon);
    sl_arena_free(&world->arena);
    free(world);
    return installation_teardown(&in);
}

/* ---- What comes -------------------------------------------------------------------------------- */

static struct sl_received request_to(struct world *world, int provider, const char *word,
                                     const char *body)
{
    static const char *const aliases[] = { "k", "at" };
    static const char *const types[] = { "application/json", "application/x-www-form-urlencoded" };

    return (struct sl_received){
        .arena = world->arena,
        .method = "POST",
        .path = sl_arena_printf(world->arena, "/hooks/%s/%s/%s", aliases[provider],
                                world->token[provider], word),
        .query = "",
        .content_type = types[provider],
        .body = body,
        .n_body = strlen(body),
        .ip_address = "192.0.2.7",
    };
}

static int receive(struct world *world, struct sl_received *received)
{
    struct sl_received *const one = received;

    OK(sl_inbound_receive_all(world->inbox, &one, 1, &err));
    return received->reply.status;
}

static int post(struct world *world, int provider, const char *word, const char *body)
{
    struct sl_received received = request_to(world, provider, word, body);

    return receive(world, &received);
}

static void apply(struct world *world)
{
    int applied;

    do {
        applied = sl_inbound_apply(world->daemon, &err);
        OK(applied);
    } while (applied > 0);
}

static int64_t number(struct world *world, const char *sql)
{
    int64_t n = -1;

    OK(sl_db_number(world->in->service->db, sql, SL_NO_PARAMS, &n, &err));
    return n;
}

static void script(struct world *world, const char *sql)
{
    OK(sl_db_script(world->in->service->db, sql, &err));
}

static struct sl_webhook_event event_of(struct world *world, int64_t id)
{
    struct sl_webhook_request request;
    struct sl_webhook_event event;

    assert_int_equal(sl_webhook_events_get(world->daemon->db, world->arena, id, &event, &request,
                                           &err),
                     1);
    return event;
}

static void assert_state(struct world *world, int64_t id, const char *state)
{
    const struct sl_webhook_event event = event_of(world, id);

    if (strcmp(event.state, state) != 0)
        fail_msg("event %d is %s (%s), not %s", (int)id, event.state, event.note ? event.note : "",
                 state);
}

static const char money[] =
    "{\"TransactionType\":\"Pay Bill\",\"TransID\":\"RKL51ZDR4F\",\"TransTime\":\"20231121121325\","
    "\"TransAmount\":\"5.00\",\"BusinessShortCode\":\"600966\",\"BillRefNumber\":\"adm1024\","
    "\"MSISDN\":\"2547 ***** 126\",\"FirstName\":\"NICHOLAS\"}";

/* ---- Messages ------------------------------------------------------------------------------------ */

static int64_t add_message(struct world *world)
{
    struct sl_batch batch = { .public_id = "01TESTBATCH",
                              .school_id = world->in->school.id,
                              .kind = "sms.send" };
    struct sl_message message = {
        .line = 1, .address_given = "0711000001", .address = "+254711000001", .status = "queued"
    };
    struct sl_db *db = world->in->service->db;
    struct sl_provider provider;
    bool duplicate;

    OK(sl_providers_find(db, world->arena, "africastalking", &provider, &err));
    batch.provider_id = provider.id;
    OK(sl_batches_add(db, &batch, 1000, &err));
    message.batch_id = batch.id;
    OK(sl_messages_add(db, &message, 1000, &duplicate, &err));
    return number(world, "SELECT max(id) FROM messages");
}

static void send_message(struct world *world, int64_t id, const char *reference)
{
    const struct sl_message_news news = { .status = "sent", .external_reference = reference };

    OK(sl_messages_settle(world->in->service->db, id, &news, 2000, &err));
}

static bool is_delivered(struct world *world)
{
    return number(world, "SELECT count(*) FROM messages WHERE status = 'delivered'") == 1;
}

static const char delivered[] =
    "phoneNumber=%2B254711000001&retryCount=0&id=ATXid_1&status=Success&networkCode=63902";

static void a_report_of_a_known_message_moves_it_up(void **state)
{
    struct world *world = *state;

    send_message(world, add_message(world), "ATXid_1");
    assert_int_equal(post(world, AFRICASTALKING, "dlr", delivered), 200);
    assert_state(world, 1, "new");
    apply(world);
    assert_state(world, 1, "done");
    assert_true(is_delivered(world));
    assert_int_equal(post(world, AFRICASTALKING, "dlr",
                          "phoneNumber=%2B254711000001&id=ATXid_1&status=Sent"),
                     200);
    apply(world);
    assert_state(world, 2, "done");
    assert_true(is_delivered(world));
}

static void a_report_that_overtakes_our_answer_waits_for_it(void **state)
{
    struct world *world = *state;
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };
    int64_t id = add_message(world);

    assert_int_equal(post(world, AFRICASTALKING, "dlr", delivered), 200);
    apply(world);
    assert_state(world, 1, "held");
    OK(sl_tx_begin(&tx, world->in->service->db, &err));
    send_message(world, id, "ATXid_1");
    assert_int_equal(sl_inbound_release(world->in->service, "ATXid_other", 3000, &err), 0);
    assert_int_equal(sl_inbound_release(world->in->service, "ATXid_1", 3000, &err), 1);
    OK(sl_tx_commit(&tx, &err));
    assert_state(world, 1, "done");
    assert_true(is_delivered(world));
    assert_int_equal(
        number(world, "SELECT count(*) FROM integration_logs WHERE operation = 'webhook.dlr'"), 1);
}

static void a_report_that_nobody_knows_is_given_up_after_a_day(void **state)
{
    struct world *world = *state;

    assert_int_equal(post(world, AFRICASTALKING, "dlr", delivered), 200);
    assert_int_equal(sl_inbound_maintain(world->daemon, &err), 1);
    assert_int_equal(sl_inbound_maintain(world->daemon, &err), 0);
    assert_state(world, 1, "held");
    script(world, "UPDATE webhook_events SET created_at = created_at - 86500000");
    OK(sl_inbound_maintain(world->daemon, &err));
    assert_state(world, 1, "ignored");
}

static void a_report_about_another_number_changes_nothing(void **state)
{
    struct world *world = *state;

    send_message(world, add_message(world), "ATXid_1");
    (void)post(world, AFRICASTALKING, "dlr",
               "phoneNumber=%2B254711000002&id=ATXid_1&status=Success");
    apply(world);
    assert_false(is_delivered(world));
}

static void a_repetition_is_answered_alike_and_stored_once(void **state)
{
    struct world *world = *state;
    struct sl_received twice[] = { request_to(world, AFRICASTALKING, "dlr", delivered),
                                   request_to(world, AFRICASTALKING, "dlr", delivered) };
    struct sl_received *const group[] = { &twice[0], &twice[1] };

    OK(sl_inbound_receive_all(world->inbox, group, 2, &err)); /* within one commit */
    assert_int_equal(twice[0].reply.status, 200);
    assert_int_equal(twice[1].reply.status, 200);
    assert_int_equal(post(world, AFRICASTALKING, "dlr", delivered), 200); /* and behind it */
    assert_int_equal(number(world, "SELECT count(*) FROM webhook_requests"), 1);
    assert_int_equal(number(world, "SELECT count(*) FROM webhook_events"), 1);
    assert_int_equal(number(world, "SELECT receive_count FROM integration_webhooks WHERE id = 2"),
                     3);
}

static void what_was_stored_by_a_daemon_that_died_is_applied_by_the_next(void **state)
{
    struct world *world = *state;

    send_message(world, add_message(world), "ATXid_1");
    assert_int_equal(post(world, AFRICASTALKING, "dlr", delivered), 200);
    sl_inbox_free(&world->inbox);
    sl_service_close(&world->daemon);
    world->daemon = open_again(world->in, SL_WEBHOOK_KEYS);
    apply(world);
    assert_true(is_delivered(world));
}

/* ---- Opting out ------------------------------------------------------------------------------------ */

static bool has_opted_out(struct world *world, const char *address)
{
    int has = sl_optouts_has(world->daemon->db, world->in->school.id, "sms", address, &err);

    OK(has);
    return has > 0;
}

static void a_text_that_says_stop_opts_out_and_others_do_not(void **state)
{
    static const struct {
        const char *text;
        bool stops;
    } rows[] = {
        { "STOP", true },    { "stop+greenhill", true },       { "+Stop.", true },
        { "STOPALL", true }, { "Stopped+at+the+gate", false }, { "please+STOP", false },
        { "", false },
    };
    struct world *world = *state;

    for (size_t i = 0; i < SL_COUNT(rows); i++) {
        const char *body =
            sl_arena_printf(world->arena, "from=%%2B25471100001%zu&to=22384&id=%zu&text=%s", i, i,
                            rows[i].text);

        assert_int_equal(post(world, AFRICASTALKING, "in", body), 200);
        apply(world);
        if (has_opted_out(world, sl_arena_printf(world->arena, "+25471100001%zu", i)) !=
            rows[i].stops)
            fail_msg("'%s'", rows[i].text);
    }
}

static void who_opts_out_is_kept_as_we_would_send_to_him(void **state)
{
    struct world *world = *state;

    assert_int_equal(post(world, AFRICASTALKING, "optout", "senderId=G&phoneNumber=0711000009"),
                     200);
    apply(world);
    assert_true(has_opted_out(world, "+254711000009"));
    assert_int_equal(number(world, "SELECT count(*) FROM optouts WHERE source = 'africastalking'"),
                     1);
}

static void an_event_that_fails_does_not_stop_those_behind_it(void **state)
{
    struct world *world = *state;

    script(world, "CREATE TRIGGER no BEFORE INSERT ON optouts WHEN new.address = '+254711000002'"
                  " BEGIN SELECT RAISE(ABORT, 'not this one'); END");
    (void)post(world, AFRICASTALKING, "optout", "phoneNumber=%2B254711000001");
    (void)post(world, AFRICASTALKING, "optout", "phoneNumber=%2B254711000002");
    (void)post(world, AFRICASTALKING, "optout", "phoneNumber=nobody");
    (void)post(world, AFRICASTALKING, "optout", "phoneNumber=%2B254711000004");
    apply(world);
    assert_state(world, 1, "done");
    assert_state(world, 2, "ignored");
    assert_non_null(strstr(event_of(world, 2).note, "not this one"));
    assert_state(world, 3, "ignored");
    assert_state(world, 4, "done");
    assert_true(has_opted_out(world, "+254711000004"));
}

static void an_event_whose_key_is_missing_stays_and_the_others_go_on(void **state)
{
    struct world *world = *state;

    (void)post(world, MPESA, "confirm", money);
    (void)post(world, AFRICASTALKING, "optout", "phoneNumber=%2B254711000001");
    script(world, "UPDATE integration_webhooks SET secret_key = 'sl1:gone:AAAA' WHERE id = 1");
    assert_int_equal(sl_inbound_apply(world->daemon, &err), 1);
    assert_int_equal(sl_inbound_apply(world->daemon, &err), -1);
    assert_int_equal(err.code, SL_ERR_CONFIG);
    assert_int_equal(sl_inbound_maintain(world->daemon, &err), 0); /* nor the runner */
    assert_state(world, 1, "new");
    assert_true(has_opted_out(world, "+254711000001"));
    assert_int_equal(post(world, MPESA, "confirm", "{}"), 503);
}

/* ---- Who is let in ----------------------------------------------------------------------------------- */

static void what_belongs_to_nobody_is_not_found(void **state)
{
    struct world *world = *state;
    struct sl_received received = request_to(world, AFRICASTALKING, "dlr", delivered);
    const char *token = world->token[AFRICASTALKING];
    const char *const paths[] = {
        "/",
        "",
        "/hooks/at",
        "/hooks/at/00000000000000000000000000000000/dlr",
        sl_arena_printf(world->arena, "/hooks/at/%s", token),
        sl_arena_printf(world->arena, "/hooks/at/%s/", token),
        sl_arena_printf(world->arena, "/hooks/at/%s/stk", token),
        sl_arena_printf(world->arena, "/hooks/at/%s/dlr/more", token),
        sl_arena_printf(world->arena, "/hooks/at/%s0/dlr", token),
        sl_arena_printf(world->arena, "/hooks/k/%s/confirm", token), /* another provider's */
        sl_arena_printf(world->arena, "/hooks/k/%s/stk", token),     /* no operation's */
        sl_arena_printf(world->arena, "/hooks//%s/dlr", token),
        "/webhooks/sms/delivery",
        sl_arena_printf(world->arena, "/webhooks/sms/delivery%s", token),
    };

    for (size_t i = 0; i < SL_COUNT(paths); i++) {
        received.path = paths[i];
        if (receive(world, &received) != 404)
            fail_msg("%s", paths[i]);
    }
    assert_int_equal(number(world, "SELECT count(*) FROM webhook_requests"), 0);
    assert_int_equal(number(world, sl_arena_printf(world->arena,
                                                   "SELECT count(*) FROM integration_logs"
                                                   " WHERE request_data LIKE '%%%s%%'",
                                                   token)),
                     0);
}

static void both_paths_lead_to_the_same_with_or_without_a_slash(void **state)
{
    struct world *world = *state;
    struct sl_received received = request_to(world, AFRICASTALKING, "dlr", delivered);
    const char *token = world->token[AFRICASTALKING];

    received.path = sl_arena_printf(world->arena, "/webhooks/sms/delivery/%s", token);
    assert_int_equal(receive(world, &received), 200);
    received.path = sl_arena_printf(world->arena, "/webhooks/sms/delivery/%s/", token);
    assert_int_equal(receive(world, &received), 200);
    received.path = sl_arena_printf(world->arena, "/hooks/at/%s/dlr/", token);
    assert_int_equal(receive(world, &received), 200);
    assert_int_equal(number(world, "SELECT count(*) FROM webhook_events"), 1);
}

static void a_method_body_or_address_that_is_not_wanted_is_refused_by_name(void **state)
{
    struct world *world = *state;
    struct sl_received received = request_to(world, AFRICASTALKING, "dlr", delivered);

    received.method = "GET";
    assert_int_equal(receive(world, &received), 405);
    assert_string_equal(received.allow, "POST");
    received.method = "TRACE";
    assert_int_equal(receive(world, &received), 405);
    received.method = "POST";
    received.too_large = true;
    assert_int_equal(receive(world, &received), 413);
    received.too_large = false;
    set(world, AFRICASTALKING, "callback_cidrs", "192.0.2.8,198.51.100.0/24");
    assert_int_equal(receive(world, &received), 403);
    received.ip_address = "198.51.100.77";
    assert_int_equal(receive(world, &received), 200);
    assert_int_equal(number(world, "SELECT count(*) FROM integration_logs"
                                   " WHERE direction = 'inbound' AND status = 'failed'"
                                   " AND school_id IS NOT NULL AND operation = 'webhook.dlr'"),
                     3);
}

static void an_endpoint_that_was_rotated_or_disabled_is_not_found(void **state)
{
    struct world *world = *state;
    struct sl_endpoint_made made;

    OK(sl_endpoint_rotate(world->in->service, world->arena, world->webhook_id[AFRICASTALKING],
                          &made, &err));
    assert_int_equal(post(world, AFRICASTALKING, "dlr", delivered), 404);
    OK(sl_endpoint_disable(world->in->service, world->webhook_id[MPESA], &err));
    assert_int_equal(post(world, MPESA, "confirm", "{}"), 404);
}

static void scanners_do_not_fill_the_log(void **state)
{
    struct world *world = *state;
    struct sl_received received = request_to(world, AFRICASTALKING, "dlr", "");
    int64_t from_ms = sl_now_ms() / 1000;

    received.path = "/wp-login.php?token=0123456789abcdef0123456789abcdef";
    for (int i = 0; i < 200; i++)
        assert_int_equal(receive(world, &received), 404);
    assert_true(number(world, "SELECT count(*) FROM integration_logs WHERE status_code = 404") <=
                10 * (sl_now_ms() / 1000 - from_ms + 1));
    assert_int_equal(number(world, "SELECT count(*) FROM integration_logs"
                                   " WHERE request_data LIKE '%0123456789abcdef%'"),
                     0);
}

static void a_body_without_sense_is_answered_as_its_provider_expects_and_kept_once(void **state)
{
    struct world *world = *state;
    struct sl_received received = request_to(world, MPESA, "confirm", "<html>");

    assert_int_equal(post(world, AFRICASTALKING, "dlr", "status=Success"), 400);
    assert_int_equal(post(world, AFRICASTALKING, "dlr", "status=Success"), 400);
    assert_int_equal(receive(world, &received), 200);
    assert_string_equal(received.reply.body, "{\"ResultCode\":0,\"ResultDesc\":\"Success\"}");
    received = request_to(world, MPESA, "validate", "<html>");
    assert_int_equal(receive(world, &received), 200);
    assert_non_null(strstr(received.reply.body, "Rejected"));
    assert_int_equal(number(world, "SELECT count(*) FROM webhook_requests"), 3);
    assert_int_equal(number(world, "SELECT count(*) FROM webhook_events WHERE kind = 'unreadable'"
                                   " AND state = 'ignored' AND length(note) > 0"),
                     3);
    apply(world);
    assert_int_equal(number(world, "SELECT count(*) FROM integration_logs WHERE status = 'failed'"),
                     4);
    assert_int_equal(sl_inbound_replay(world->in->service, SL_REPLAY_EVENT, 1, &err), 1);
    assert_state(world, 1, "ignored");
    assert_int_equal(number(world, "SELECT count(*) FROM webhook_events WHERE id = 1"
                                   " AND note = 'the report has no id'"),
                     1);
}

static void a_body_that_is_said_to_be_something_else_is_not_heard(void **state)
{
    static const struct {
        const char *type;
        int status;
    } cases[] = { { "text/plain", 415 },        { "application/x-www-form-urlencoded", 415 },
                  { "application/jsonp", 415 }, { "application/json; charset=utf-8", 200 },
                  { "Application/JSON", 200 },  { "", 200 } };
    struct world *world = *state;

    for (size_t i = 0; i < SL_COUNT(cases); i++) {
        struct sl_received received = request_to(world, MPESA, "confirm", money);

        received.content_type = cases[i].type;
        if (receive(world, &received) != cases[i].status)
            fail_msg("%s: %d", cases[i].type, received.reply.status);
    }
    assert_int_equal(number(world, "SELECT count(*) FROM webhook_events"), 1);
}

/* Who shares a commit with a right token does not share its address. */
static void each_of_a_group_needs_a_token_of_its_own(void **state)
{
    static const char body[] = "id=ATXid_1&status=Sent";
    struct world *world = *state;
    const char *first = world->token[AFRICASTALKING], *second;
    struct sl_received three[3];
    struct sl_received *const all[] = { &three[0], &three[1], &three[2] };

    add_endpoint(world, AFRICASTALKING);
    second = world->token[AFRICASTALKING];
    for (size_t i = 0; i < SL_COUNT(three); i++) {
        world->token[AFRICASTALKING] = i == 0   ? first
                                       : i == 1 ? second
                                                : "0123456789abcdef0123456789abcdef";
        three[i] = request_to(world, AFRICASTALKING, "dlr", body);
    }
    OK(sl_inbound_receive_all(world->inbox, all, SL_COUNT(all), &err));
    assert_int_equal(three[0].reply.status, 200);
    assert_int_equal(three[1].reply.status, 200);
    assert_int_equal(three[2].reply.status, 404);
    assert_int_equal(number(world, "SELECT count(DISTINCT webhook_id) FROM webhook_requests"), 2);
}

static void one_that_cannot_be_stored_does_not_take_the_others_with_it(void **state)
{
    struct world *world = *state;
    struct sl_received three[] = {
        request_to(world, AFRICASTALKING, "dlr", "id=ATXid_1&status=Sent"),
        request_to(world, AFRICASTALKING, "dlr", "id=ATXid_2&status=Sent"),
        request_to(world, AFRICASTALKING, "dlr", "id=ATXid_3&status=Sent"),
    };
    struct sl_received *const group[] = { &three[0], &three[1], &three[2] };

    script(world, "CREATE TRIGGER no BEFORE INSERT ON webhook_events"
                  " WHEN new.external_reference = 'ATXid_2'"
                  " BEGIN SELECT RAISE(ABORT, 'not this one'); END");
    assert_int_equal(sl_inbound_receive_all(world->inbox, group, 3, &err), -1);
    assert_int_equal(three[0].reply.status, 200);
    assert_int_equal(three[1].reply.status, 503);
    assert_true(three[1].retry_after_s > 0);
    assert_int_equal(three[2].reply.status, 200);
    assert_int_equal(number(world, "SELECT count(*) FROM webhook_events"), 2);
    assert_int_equal(number(world, "SELECT count(*) FROM webhook_requests"), 2);
}

/* ---- Payments ------------------------------------------------------------------------------------------ */

static void money_that_comes_twice_is_one_payment(void **state)
{
    struct world *world = *state;

    assert_int_equal(post(world, MPESA, "confirm", money), 200);
    assert_int_equal(post(world, MPESA, "confirm", money), 200);
    apply(world);
    assert_int_equal(post(world, MPESA, "confirm", money), 200);
    apply(world);
    assert_int_equal(number(world, "SELECT count(*) FROM payments"), 1);
    assert_int_equal(sl_inbound_replay(world->in->service, SL_REPLAY_EVENT, 1, &err), 1);
    assert_int_equal(number(world, "SELECT count(*) FROM payments"), 1);
    assert_state(world, 1, "done");
}

static void money_for_another_shortcode_is_ignored_with_the_reason(void **state)
{
    struct world *world = *state;
    char *other = sl_arena_strdup(world->arena, money), *number_of = strstr(other, "600966");

    memcpy(number_of, "600967", 6);
    assert_int_equal(post(world, MPESA, "confirm", other), 200);
    apply(world);
    assert_int_equal(number(world, "SELECT count(*) FROM payments"), 0);
    assert_state(world, 1, "ignored");
    assert_string_equal(event_of(world, 1).note, "paid to a shortcode that is not in the settings");
}

static const char *text_of(struct world *world, const char *sql)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };

    OK(sl_db_query(&rows, world->in->service->db, sql, SL_NO_PARAMS, &err));
    assert_int_equal(sl_rows_next(&rows, &err), 1);
    return sl_arena_strdup(world->arena, sl_row_text(&rows, 0));
}

static const char *referring_to(struct world *world, const char *receipt, const char *reference)
{
    return sl_arena_printf(world->arena,
                           "{\"TransID\":\"%s\",\"TransAmount\":\"5.00\","
                           "\"BusinessShortCode\":\"600966\",\"BillRefNumber\":\"%s\"}",
                           receipt, reference);
}

static void a_reference_that_nobody_can_type_is_cut_and_noted(void **state)
{
    static const char cut[] = "its reference is longer than 20 characters and was cut";
    struct world *world = *state;

    assert_int_equal(post(world, MPESA, "confirm",
                          referring_to(world, "RKL51ZDR4F", "ADM10245678901234567890")),
                     200);
    assert_int_equal(post(world, MPESA, "confirm", referring_to(world, "RKL51ZDR4G", "A\\u0000B")),
                     200);
    apply(world);
    assert_string_equal(event_of(world, 1).note, cut);
    assert_string_equal(text_of(world, "SELECT reference FROM payments ORDER BY id"),
                        "ADM10245678901234567");
    assert_null(event_of(world, 2).note);
    assert_string_equal(text_of(world, "SELECT reference FROM payments ORDER BY id DESC"),
                        "A\xef\xbf\xbd"
                        "B");
}

static const char *validate(struct world *world, enum sl_may_come may_come)
{
    struct sl_received received = request_to(world, MPESA, "validate", money);

    received.may_come = may_come;
    if (receive(world, &received) != 200 && !received.ask)
        return "unreachable";
    if (received.ask)
        return strcmp(received.ask, "/bin/false") == 0 ? received.question : received.ask;
    return strstr(received.reply.body, "Accepted") ? "yes" : "no";
}

static void a_payer_hears_the_same_answer_however_often_he_is_validated(void **state)
{
    struct world *world = *state;

    set(world, MPESA, "c2b_validation", "known");
    assert_string_equal(validate(world, SL_MAY_UNDECIDED), "no");
    script(world, "INSERT INTO payment_references (school_id, reference) VALUES (2, 'ADM1024')");
    assert_string_equal(validate(world, SL_MAY_UNDECIDED), "no");
    apply(world);
    assert_string_equal(validate(world, SL_MAY_UNDECIDED), "no");
    assert_state(world, 1, "done");
    assert_int_equal(number(world, "SELECT count(*) FROM webhook_events"), 1);
    script(world, "DELETE FROM webhook_events");
    assert_string_equal(validate(world, SL_MAY_UNDECIDED), "yes");
}

static void a_schools_program_is_asked_before_anything_is_stored(void **state)
{
    struct world *world = *state;

    set(world, MPESA, "c2b_validation", "exec:/bin/false");
    assert_string_equal(
        validate(world, SL_MAY_UNDECIDED),
        "{\"school\":\"greenhill\",\"provider\":\"mpesa\",\"reference\":\"adm1024\","
        "\"amount\":\"5.00\",\"currency\":\"KES\",\"phone\":\"2547 ***** 126\","
        "\"payer\":\"NICHOLAS\",\"receipt\":\"RKL51ZDR4F\"}");
    assert_string_equal(validate(world, SL_MAY_UNKNOWN), "unreachable");
    assert_int_equal(number(world, "SELECT count(*) FROM webhook_events"), 0);
    assert_string_equal(validate(world, SL_MAY_NO), "no");
    assert_string_equal(validate(world, SL_MAY_YES), "no"); /* it was said already */
    assert_string_equal(validate(world, SL_MAY_UNDECIDED), "no");
}

static const char stk[] =
    "{\"Body\":{\"stkCallback\":{\"MerchantRequestID\":\"1\",\"CheckoutRequestID\":\"ws_CO_1\","
    "\"ResultCode\":1032,\"ResultDesc\":\"Request cancelled by user\"}}}";

static void a_payments_own_token_brings_its_news(void **state)
{
    const struct sl_payment_request usual = { .phone = "0708374149",
                                              .amount = "1500",
                                              .reference = "ADM1024" };
    struct world *world = *state;
    char token[SL_CALLBACK_TOKEN_SIZE], hash[SL_TOKEN_HASH_SIZE];
    struct sl_received received;
    struct sl_payment payment;
    int64_t item_id;

    OK(sl_payments_request(world->in->service, world->arena, &world->in->school, &usual, &payment,
                           &item_id, &err));
    sl_callback_token(token, hash);
    script(world, sl_arena_printf(world->arena,
                                  "UPDATE integration_queue SET callback_token = '%s'", hash));
    world->token[MPESA] = token;
    received = request_to(world, MPESA, "stk", stk);
    assert_int_equal(receive(world, &received), 200);
    assert_int_equal(receive(world, &received), 200);
    assert_int_equal(post(world, MPESA, "confirm", money), 404); /* it opens nothing else */
    assert_int_equal(post(world, MPESA, "result", "{\"Result\":{\"ResultCode\":0}}"), 404);
    assert_int_equal(post(world, MPESA, "timeout", "{\"Result\":{\"ResultCode\":0}}"), 404);
    apply(world);
    assert_state(world, 1, "done");
    assert_int_equal(number(world, "SELECT count(*) FROM webhook_events"), 1);
    assert_int_equal(number(world, "SELECT count(*) FROM payments WHERE status = 'cancelled'"), 1);
    assert_int_equal(number(world, "SELECT count(*) FROM integration_logs WHERE operation ="
                                   " 'webhook.stk' AND reference_type = 'payment'"),
                     1);
}

/* ---- By people --------------------------------------------------------------------------------------------- */

static void an_event_can_be_applied_again_by_a_person(void **state)
{
    struct world *world = *state;
    int64_t id = add_message(world);

    (void)post(world, AFRICASTALKING, "dlr", delivered);
    apply(world);
    script(world, "UPDATE webhook_events SET state = 'ignored'");
    send_message(world, id, "ATXid_1");
    assert_int_equal(sl_inbound_replay(world->in->service, SL_REPLAY_EVENT, 1, &err), 1);
    assert_true(is_delivered(world));
    assert_int_equal(sl_inbound_replay(world->in->service, SL_REPLAY_REQUEST, 1, &err), 1);
    assert_int_equal(number(world, "SELECT count(*) FROM integration_logs"
                                   " WHERE operation = 'webhook.replay' AND actor IS NOT NULL"),
                     2);
    assert_int_equal(sl_inbound_replay(world->in->service, SL_REPLAY_EVENT, 99, &err), -1);
    assert_int_equal(err.code, SL_ERR_DATA);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_report_of_a_known_message_moves_it_up),
        TEST(a_report_that_overtakes_our_answer_waits_for_it),
        TEST(a_report_that_nobody_knows_is_given_up_after_a_day),
        TEST(a_report_about_another_number_changes_nothing),
        TEST(a_repetition_is_answered_alike_and_stored_once),
        TEST(what_was_stored_by_a_daemon_that_died_is_applied_by_the_next),
        TEST(a_text_that_says_stop_opts_out_and_others_do_not),
        TEST(who_opts_out_is_kept_as_we_would_send_to_him),
        TEST(an_event_that_fails_does_not_stop_those_behind_it),
        TEST(an_event_whose_key_is_missing_stays_and_the_others_go_on),
        TEST(what_belongs_to_nobody_is_not_found),
        TEST(both_paths_lead_to_the_same_with_or_without_a_slash),
        TEST(a_method_body_or_address_that_is_not_wanted_is_refused_by_name),
        TEST(an_endpoint_that_was_rotated_or_disabled_is_not_found),
        TEST(scanners_do_not_fill_the_log),
        TEST(a_body_without_sense_is_answered_as_its_provider_expects_and_kept_once),
        TEST(a_body_that_is_said_to_be_something_else_is_not_heard),
        TEST(each_of_a_group_needs_a_token_of_its_own),
        TEST(one_that_cannot_be_stored_does_not_take_the_others_with_it),
        TEST(money_that_comes_twice_is_one_payment),
        TEST(a_reference_that_nobody_can_type_is_cut_and_noted),
        TEST(money_for_another_shortcode_is_ignored_with_the_reason),
        TEST(a_payer_hears_the_same_answer_however_often_he_is_validated),
        TEST(a_schools_program_is_asked_before_anything_is_stored),
        TEST(a_payments_own_token_brings_its_news),
        TEST(an_event_can_be_applied_again_by_a_person),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
