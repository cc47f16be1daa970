/* What lib/transfer/transfer.h promises about connections; the server is libmicrohttpd's, counts, and
 * answers each request with the port that it came from, which names the connection; /away leads
 * elsewhere, /busy wants to be left alone for a while, and at /drop it closes the connection. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <arpa/inet.h>
#include <microhttpd.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/transfer/transfer.h"

struct talk {
    struct sl_arena *arena;
    struct MHD_Daemon *server;
    struct sl_transfer *transfer;
    const char *base;
    volatile int n_requests; /* that came */
};

static enum MHD_Result serve(void *opaque, struct MHD_Connection *connection, const char *url,
                             const char *method, const char *version, const char *body,
                             size_t *n_body, void **state)
{
    struct talk *talk = opaque;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    struct sockaddr_in address;
    struct MHD_Response *response;
    enum MHD_Result result;
    char text[16];

    (void)method, (void)version, (void)body, (void)n_body;
    if (!*state) { /* answered before the request is read whole the connection is closed */
        *state = connection;
        return MHD_YES;
    }
    talk->n_requests++;
    if (strcmp(url, "/drop") == 0)
        return MHD_NO;
    memcpy(&address, info->client_addr, sizeof address);
    (void)snprintf(text, sizeof text, "%u", ntohs(address.sin_port));
    response = MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_COPY);
    if (strcmp(url, "/away") == 0)
        (void)MHD_add_response_header(response, "Location", "/");
    if (strcmp(url, "/busy") == 0)
        (void)MHD_add_response_header(response, "Retry-After", "7");
    if (strcmp(url, "/late") == 0)
        (void)MHD_add_response_header(response, "Date", "Tue, 24 Nov 2015 11:46:00 GMT");
    result = MHD_queue_response(connection,
                                strcmp(url, "/away") == 0   ? 302
                                : strcmp(url, "/busy") == 0 ? 429
                                                            : 200,
                                response);
    MHD_destroy_response(response);
    return result;
}

static int begin(void **state)
{
    static struct talk talk;
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct sl_err err;

    talk = (struct talk){ .arena = sl_arena_new() };
    talk.server = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, serve, &talk,
                                   MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_END);
    assert_non_null(talk.server);
    talk.base = sl_arena_printf(talk.arena, "http://127.0.0.1:%u",
                                MHD_get_daemon_info(talk.server, MHD_DAEMON_INFO_BIND_PORT)->port);
    assert_int_equal(sl_transfer_open(&talk.transfer, &err), 0);
    *state = &talk;
    return 0;
}

static int end(void **state)
{
    struct talk *talk = *state;

    sl_transfer_close(&talk->transfer);
    MHD_stop_daemon(talk->server);
    sl_arena_free(&talk->arena);
    return 0;
}

static struct sl_request *make_request(const struct talk *talk, const char *pool)
{
    struct sl_request *request = SL_NEW(talk->arena, struct sl_request, 1);

    *request =
        (struct sl_request){ .method = "GET", .base = talk->base, .path = "/", .pool = pool };
    return request;
}

static void start(const struct talk *talk, const struct sl_request *request, bool fresh,
                  void *owner)
{
    const struct sl_send send = { .request = request,
                                  .arena = talk->arena,
                                  .connect_ms = 5000,
                                  .answer_ms = 10000,
                                  .most_answer = 4096,
                                  .fresh_connection = fresh,
                                  .owner = owner };
    struct sl_err err;

    assert_int_equal(sl_transfer_start(talk->transfer, &send, &err), 0);
}

static struct sl_sent await(const struct talk *talk)
{
    struct sl_sent sent = { 0 };

    while (!sl_transfer_next(talk->transfer, &sent))
        sl_transfer_wait(talk->transfer, 1000);
    return sent;
}

/* The port that the request came from. */
static int64_t connection_of(const struct talk *talk, const char *pool, bool fresh)
{
    struct sl_sent sent;
    int64_t port = 0;

    start(talk, make_request(talk, pool), fresh, NULL);
    sent = await(talk);
    assert_int_equal(sent.exchange.reach, SL_ANSWERED);
    assert_true(sl_parse_int(sent.exchange.body, 1, 65535, &port));
    return port;
}

static void a_pool_keeps_its_connection_and_shares_it_with_no_other(void **state)
{
    const struct talk *talk = *state;
    int64_t one = connection_of(talk, "one", false), two = connection_of(talk, "two", false);
    int64_t none = connection_of(talk, NULL, false);

    assert_true(one != two && two != none && none != one);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(connection_of(talk, "two", false), two);
        assert_int_equal(connection_of(talk, NULL, false), none);
        assert_int_equal(connection_of(talk, "one", false), one);
    }
}

/* Which pool each of the ports belongs to is written down by the first answer over it. */
static void many_at_once_never_cross_from_pool_to_pool(void **state)
{
    const struct talk *talk = *state;
    static char names[3][2] = { "a", "b", "c" };
    static const char *owners[65536];

    for (int i = 0; i < 300; i++)
        start(talk, make_request(talk, names[i % 3]), false, names[i % 3]);
    for (int i = 0; i < 300; i++) {
        struct sl_sent sent = await(talk);
        int64_t port = 0;

        assert_true(sl_parse_int(sent.exchange.body, 1, 65535, &port));
        assert_true(!owners[port] || owners[port] == sent.owner);
        owners[port] = sent.owner;
    }
}

static void more_pools_than_are_kept_are_all_served(void **state)
{
    const struct talk *talk = *state;

    for (int i = 0; i < 200; i++)
        (void)connection_of(talk, sl_arena_printf(talk->arena, "pool %d", i), false);
}

static void a_fresh_connection_is_another_one(void **state)
{
    const struct talk *talk = *state;
    int64_t first = connection_of(talk, "one", false);

    assert_int_equal(connection_of(talk, "one", false), first);
    assert_true(connection_of(talk, "one", true) != first);
}

static struct sl_sent sent_to(const struct talk *talk, const char *method, const char *path)
{
    struct sl_request *request = make_request(talk, NULL);

    request->method = method;
    request->path = path;
    start(talk, request, false, NULL);
    return await(talk);
}

/* Over a connection that was used before, where curl would try again over another one. */
static void a_request_whose_connection_is_closed_is_sent_once(void **state)
{
    const struct talk *talk = *state;
    struct sl_sent sent;

    (void)sent_to(talk, "POST", "/");
    sent = sent_to(talk, "POST", "/drop");
    assert_int_equal(sent.exchange.reach, SL_SENT);
    assert_int_equal(talk->n_requests, 2);
}

static void a_redirect_is_an_answer_and_is_not_followed(void **state)
{
    const struct talk *talk = *state;
    struct sl_sent sent = sent_to(talk, "POST", "/away");

    assert_int_equal(sent.exchange.reach, SL_ANSWERED);
    assert_int_equal(sent.exchange.status, 302);
    assert_int_equal(talk->n_requests, 1);
}

static void an_answer_tells_when_to_come_again_or_that_it_does_not_say(void **state)
{
    const struct talk *talk = *state;

    assert_int_equal(sent_to(talk, "POST", "/busy").exchange.retry_after_ms, 7000);
    assert_int_equal(sent_to(talk, "POST", "/").exchange.retry_after_ms, -1);
}

static void an_answer_tells_by_its_date_whether_our_clock_is_right(void **state)
{
    const struct talk *talk = *state;
    struct sl_sent sent = sent_to(talk, "GET", "/");

    assert_true(sent.dated);
    assert_in_range(sent.ahead_ms + 2000, 0, 4000);
    sent = sent_to(talk, "GET", "/late");
    assert_true(sent.dated);
    assert_true(sent.ahead_ms > 10LL * 365 * 86400000);
    assert_false(sent_to(talk, "GET", "/drop").dated);
}

static void http_without_tls_goes_to_loopback_only(void **state)
{
    struct talk elsewhere = *(struct talk *)*state;
    struct sl_sent sent;

    elsewhere.base = "http://192.0.2.1";
    start(&elsewhere, make_request(&elsewhere, NULL), false, NULL);
    sent = await(&elsewhere);
    assert_int_equal(sent.exchange.reach, SL_NOT_SENT);
    assert_non_null(strstr(sent.exchange.transport, "http"));
    assert_true(sent.duration_ms < 1000);
}

/* 2130706433 is 127.0.0.1, but does not say so. */
static void what_is_not_public_is_reached_only_where_it_is_allowed(void **state)
{
    static const char *const hosts[] = { "https://2130706433:9",
                                         "https://0x7f.1:9",
                                         "https://0.0.0.0:9",
                                         "https://10.0.0.1:9",
                                         "https://[::ffff:127.0.0.1]:9",
                                         "https://[fe80::1]:9" };
    struct talk elsewhere = *(struct talk *)*state;
    struct sl_sent sent;

    for (size_t i = 0; i < SL_COUNT(hosts); i++) {
        elsewhere.base = hosts[i];
        start(&elsewhere, make_request(&elsewhere, NULL), false, NULL);
        sent = await(&elsewhere);
        assert_int_equal(sent.exchange.reach, SL_NOT_SENT);
        assert_true(strstr(sent.exchange.transport, "private_networks") ||
                    i == 4); /* which is loopback, written so */
    }
    sl_transfer_reach(elsewhere.transfer, "127.0.0.0/8");
    elsewhere.base = hosts[0];
    start(&elsewhere, make_request(&elsewhere, NULL), false, NULL);
    sent = await(&elsewhere);
    sl_transfer_reach(elsewhere.transfer, NULL);
    assert_int_equal(sent.exchange.reach, SL_NOT_SENT);
    assert_null(strstr(sent.exchange.transport, "private_networks")); /* nobody listened */
}

/* What reached nobody is tried for as long as it takes, a file that is gone is not. */
static void a_file_that_cannot_be_opened_is_told_apart_from_nobody_there(void **state)
{
    const struct talk *talk = *state;
    struct sl_request *request = make_request(talk, NULL);
    struct sl_sent sent;

    request->sink = "/none/there";
    start(talk, request, false, NULL);
    sent = await(talk);
    assert_int_equal(sent.exchange.reach, SL_NOT_SENT);
    assert_int_equal(sent.exchange.error, ENOENT);
    request->sink = NULL;
    request->base = "http://127.0.0.1:9";
    start(talk, request, false, NULL);
    sent = await(talk);
    assert_int_equal(sent.exchange.reach, SL_NOT_SENT);
    assert_int_equal(sent.exchange.error, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(a_pool_keeps_its_connection_and_shares_it_with_no_other),
        TEST(many_at_once_never_cross_from_pool_to_pool),
        TEST(more_pools_than_are_kept_are_all_served),
        TEST(a_fresh_connection_is_another_one),
        TEST(a_request_whose_connection_is_closed_is_sent_once),
        TEST(a_redirect_is_an_answer_and_is_not_followed),
        TEST(an_answer_tells_when_to_come_again_or_that_it_does_not_say),
        TEST(an_answer_tells_by_its_date_whether_our_clock_is_right),
        TEST(what_is_not_public_is_reached_only_where_it_is_allowed),
        TEST(http_without_tls_goes_to_loopback_only),
        TEST(a_file_that_cannot_be_opened_is_told_apart_from_nobody_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
