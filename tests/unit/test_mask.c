/* What the log shows of what was sent and came: nothing secret, no number of a person. */
#include <stdarg.h> /* cmocka.h wants these four before it */
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/service/audit.h"
#include "lib/service/mask.h"
#include "lib/service/mask_text.h"
#include "lib/store/sql.h"

static const struct sl_wire_field fields[] = {
    { "apiKey", SL_SHOW_SECRET }, { "wstoken", SL_SHOW_SECRET }, { "Password", SL_SHOW_SECRET },
    { "number", SL_SHOW_PHONE },  { "to", SL_SHOW_PHONES },      { "Value", SL_SHOW_PHONES },
    { "RequestID", SL_SHOW_ID },
};
static const struct sl_adapter adapter = { .code = "example",
                                           .wire_fields = fields,
                                           .n_wire_fields = SL_COUNT(fields) };
static const char *const secrets[] = { "s3cr3t-key-of-the-school" };
static const struct sl_account account = { .adapter = &adapter,
                                           .secrets = secrets,
                                           .n_secrets = SL_COUNT(secrets) };

static void assert_shown(const char *text, const char *expected)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();

    assert_string_equal(sl_audit_mask_text(arena, text), expected);
}

static void assert_body(const char *type, const char *body, const char *expected)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    const struct sl_exchange exchange = {
        .reach = SL_ANSWERED, .content_type = type, .body = body, .n_body = strlen(body)
    };
    const char *whole = sl_arena_printf(arena, "{\"body\":%s}", expected);

    assert_string_equal(sl_audit_answer(arena, &account, "token-0815", &exchange), whole);
}

/* ---- Text -------------------------------------------------------------------------------- */

static void an_id_that_ends_with_a_number_is_shown_without_it(void **state)
{
    (void)state;
    assert_shown("ws_CO_241120261905150000013711000002", "ws_CO_2411202619051500000137••••0002");
    assert_shown("ws_CO_2411202619051500000137••••0002", "ws_CO_2411202619051500000137••••0002");
    assert_shown("ws_CO_191220191020363925", "ws_CO_191220191020363925");
    assert_shown("AG_20261124_0000478c3a1b2c3d4e5f", "AG_20261124_0000478c3a1b2c3d4e5f");
    assert_body("application/json", "{\"CheckoutRequestID\":\"ws_CO_241120261905150001711000002\"}",
                "{\"CheckoutRequestID\":\"ws_CO_2411202619051500017••••0002\"}");
}

static void an_id_that_hides_a_number_is_shown_by_its_end(void **state)
{
    (void)state;
    assert_body(
        "application/json",
        "{\"RequestID\":\"wamid.HBgMMjU0NzExMDAwMDAxFQIAERgSQTFCMkMzRDRFNUY2MDcxODI5AA==\"}",
        "{\"RequestID\":\"••••MDcxODI5AA==\"}");
    assert_body("application/json",
                "{\"RequestID\":\"wamid.HBg000000000000000100000000deadbeef==\"}",
                "{\"RequestID\":\"wamid.HBg000000000000000100000000deadbeef==\"}");
    assert_body("application/json", "{\"RequestID\":\"29115-34620561-1\"}",
                "{\"RequestID\":\"29115-34620561-1\"}");
}

static void phones_are_masked_however_they_are_written(void **state)
{
    static const char *const ways[] = {
        "+254712345678",    "254712345678",     "00254712345678",
        "+254 712 345 678", "+254-712-345-678", "254 712 345 678",
    };

    (void)state;
    for (size_t i = 0; i < SL_COUNT(ways); i++)
        assert_shown(ways[i], "2547••••5678");
    assert_shown("0712345678", "07••••5678");
    assert_shown("0712 345 678", "07••••5678");
    assert_shown("0712 345678", "07••••5678");
    assert_shown("712345678", "7••••5678");
    assert_shown("+447911123456", "44••••3456");
    assert_shown("to=%2B254712345678&x", "to=%2B2547••••5678&x");
    assert_shown("tel:0712345678, or 0112345678.", "tel:07••••5678, or 01••••5678.");
    assert_shown("+254712345678 1500", "2547••••5678 1500");
    assert_shown("FEES254712345678", "FEES2547••••5678");
}

static void what_is_no_phone_stays_readable(void **state)
{
    static const char *const stay[] = {
        "",
        "KES 1500.00",
        "1500000",
        "12345678",
        "123456789.50",
        "20260105143000",
        "1795500000",
        "1795500000123",
        "ATXid_0a1b2c3d4e5f60718293a4b5c6d7e8f9",
        "ws_CO_191220191020363925",
        "29115-34620561-1",
        "2026-11-24T05:30:00Z",
        "10.0.0.1:8480",
        "NLJ7RT61SV",
        "+",
        "+12",
        "a/b/c",
    };

    (void)state;
    for (size_t i = 0; i < SL_COUNT(stay); i++)
        assert_shown(stay[i], stay[i]);
}

static void cards_are_masked_and_what_fails_luhn_is_not(void **state)
{
    (void)state;
    assert_shown("card 4242424242424242 refused", "card ••••4242 refused");
    assert_shown("4242 4242 4242 4242", "••••4242");
    assert_shown("3782-822463-10005", "••••0005");
    assert_shown("4242424242424243", "4242424242424243");
}

static void the_token_of_a_callback_address_is_masked(void **state)
{
    (void)state;
    assert_shown("https://s.example/hooks/k/0123456789abcdef0123456789abcdef/stk",
                 "https://s.example/hooks/k/••••/stk");
    assert_shown("/webhooks/mpesa/callback/0123456789abcdef0123456789abcdef",
                 "/webhooks/mpesa/callback/••••");
    assert_shown("/objects/0123456789abcdef0123456789abcdef",
                 "/objects/0123456789abcdef0123456789abcdef");
}

/* ---- JSON -------------------------------------------------------------------------------- */

static void json_is_copied_with_its_secrets_and_phones_masked(void **state)
{
    (void)state;
    assert_body(
        "application/json",
        "{ \"apiKey\" : \"abc\", \"number\":\"+254712345678\", \"ok\":true, \"n\":[1, 2.50,-3e2] }",
        "{\"apiKey\":\"••••\",\"number\":\"2547••••5678\",\"ok\":true,\"n\":[1,2.50,-3e2]}");
    assert_body("",
                "{\"Item\":[{\"Name\":\"Amount\",\"Value\":1.00},"
                "{\"Name\":\"TransactionDate\",\"Value\":20191219102115},"
                "{\"Name\":\"PhoneNumber\",\"Value\":254708374149}]}",
                "{\"Item\":[{\"Name\":\"Amount\",\"Value\":1.00},"
                "{\"Name\":\"TransactionDate\",\"Value\":20191219102115},"
                "{\"Name\":\"PhoneNumber\",\"Value\":\"2547••••4149\"}]}");
    assert_body("application/json",
                "{\"Password\":{\"a\":[1]},\"apikey\":12,\"access_token\":\"x\"}",
                "{\"Password\":\"••••\",\"apikey\":\"••••\",\"access_token\":\"••••\"}");
    assert_body("application/json", "{\"to\":\"+254712345678,+254712345679\"}",
                "{\"to\":\"2547••••5678,2547••••5679\"}");
    assert_body("application/json", "{\"254712345678\":null}", "{\"2547••••5678\":null}");
}

static void the_ids_of_a_provider_stay_whole_but_hide_nothing_else(void **state)
{
    (void)state;
    assert_body("application/json", "{\"RequestID\":\"29115-712345678-1\"}",
                "{\"RequestID\":\"29115-712345678-1\"}");
    assert_body("application/json", "{\"Other\":\"29115-712345678-1\"}",
                "{\"Other\":\"29115-7••••5678-1\"}");
    assert_body("application/json", "{\"RequestID\":\"254712345678\"}",
                "{\"RequestID\":\"2547••••5678\"}");
    assert_body("application/json", "{\"RequestID\":254712345678}",
                "{\"RequestID\":\"2547••••5678\"}");
    assert_body("application/json", "{\"RequestID\":\"x-s3cr3t-key-of-the-school\"}",
                "{\"RequestID\":\"x-••••\"}");
}

static void secrets_are_masked_wherever_they_stand(void **state)
{
    (void)state;
    assert_body("application/json", "{\"m\":\"key s3cr3t-key-of-the-school is bad\"}",
                "{\"m\":\"key •••• is bad\"}");
    assert_body("application/json", "{\"m\":\"s3cr3t\\u002dkey-of-the-school\"}",
                "{\"m\":\"••••\"}");
    assert_body("application/json", "{\"s3cr3t-key-of-the-school\":\"Bearer token-0815\"}",
                "{\"••••\":\"Bearer ••••\"}");
    assert_body("text/plain", "no such key: s3cr3t-key-of-the-school", "\"no such key: ••••\"");
    assert_body("application/x-www-form-urlencoded", "a=s3cr3t%2Dkey-of-the-school&b=1",
                "{\"a\":\"••••\",\"b\":\"1\"}");
}

static void escapes_are_read_before_anything_is_looked_for(void **state)
{
    (void)state;
    assert_body("application/json", "{\"a\":\"\\u002b254\\u003712345678\"}",
                "{\"a\":\"2547••••5678\"}");
    assert_body("application/json", "{\"a\":\"x\\\"y\\\\z\\n\\ud83d\\ude00\"}",
                "{\"a\":\"x\\\"y\\\\z\\u000a😀\"}");
    assert_body("application/json", "{\"a\":\"\\u0000\\ud800!\"}", "{\"a\":\"\ufffd\ufffd!\"}");
}

static void long_lists_and_texts_are_cut(void **state)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct sl_buf body = sl_buf_new(arena);
    const char *shown;

    (void)state;
    sl_buf_text(&body, "[");
    for (int i = 0; i < 100; i++)
        sl_buf_printf(&body, "%s%d", i ? "," : "", i);
    sl_buf_text(&body, "]");
    shown = sl_audit_body(arena, &adapter, "application/json", body.data, body.len);
    assert_non_null(strstr(shown, "19,\"… 80 more\"]"));

    body.len = 0;
    for (int i = 0; i < 3000; i++)
        sl_buf_text(&body, "é");
    shown = sl_audit_body(arena, &adapter, "text/plain", body.data, body.len);
    assert_int_equal(sl_utf8_length(shown), SL_MASK_CHARACTERS + 3); /* quotes and … */
}

static void a_number_or_secret_at_the_cut_is_not_shown_in_part(void **state)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();

    (void)state;
    for (size_t n = SL_MASK_CHARACTERS - 40; n < SL_MASK_CHARACTERS + 10; n++) {
        char *body = sl_arena_alloc(arena, 40000, 1);
        const char *shown;
        struct sl_mask mask = sl_mask_new(arena, fields, SL_COUNT(fields));
        struct sl_buf out = sl_buf_new(arena);

        memset(body, 'x', 39000);
        memcpy(body + n, " +254712345678 ", 15);
        memcpy(body + n + 15, secrets[0], strlen(secrets[0]));
        sl_mask_secrets(&mask, secrets, 1, NULL);
        sl_mask_body(&out, &mask, "text/plain", body, 39000);
        shown = out.data;
        assert_null(strstr(shown, "+2"));
        assert_null(strstr(shown, "2547123"));
        assert_null(strstr(shown, "s3"));
    }
}

static void what_is_no_json_is_shown_as_text_without_its_secrets(void **state)
{
    (void)state;
    assert_body("application/json", "<html>0712345678</html>", "\"<html>07••••5678</html>\"");
    assert_body("application/json", "{\"access_token\": \"abc\\\"def\", \"x\":",
                "\"{\\\"access_token\\\": \\\"••••\\\", \\\"x\\\":\"");
    assert_body("application/json", "{\"a\":1}x", "\"{\\\"a\\\":1}x\"");
    assert_body("text/xml", "<r><Password>hunter2</Password><b>1</b></r>",
                "\"<r><Password>••••</Password><b>1</b></r>\"");
    assert_body("text/plain", "apiKey=abc&x=1", "\"apiKey=••••&x=1\"");
    assert_body("text/plain", "bad \xff byte", "\"bad ? byte\"");
}

/* ---- Forms, addresses, headers ----------------------------------------------------------- */

static void a_request_shows_method_address_headers_and_body(void **state)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct sl_request request = {
        .method = "POST",
        .base = "https://api.example",
        .path = "/v1/send/%2B254712345678?wstoken=abc&q=a%20b",
        .body =
            "username=x&to=%2B254712345678%2C0712345679&message=Dear+parent&users[0][wstoken]=y",
        .headers = { { "Authorization", "Basic abc" },
                     { "APIKEY", "abc" },
                     { "Content-Type", "application/x-www-form-urlencoded" } },
        .n_headers = 3,
    };

    (void)state;
    request.n_body = strlen(request.body);
    assert_string_equal(sl_audit_request(arena, &account, NULL, &request),
                        "{\"method\":\"POST\","
                        "\"url\":\"https://api.example/v1/send/2547••••5678?wstoken=••••&q=a%20b\","
                        "\"headers\":{\"Authorization\":\"••••\",\"APIKEY\":\"••••\","
                        "\"Content-Type\":\"application/x-www-form-urlencoded\"},"
                        "\"body\":{\"username\":\"x\",\"to\":\"2547••••5678,07••••5679\","
                        "\"message\":\"Dear parent\",\"users[0][wstoken]\":\"••••\"}}");
    request.method = NULL;
    assert_null(sl_audit_request(arena, &account, NULL, &request));
}

static void an_answer_that_did_not_come_says_how_far_it_was(void **state)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    const struct sl_exchange exchange = {
        .reach = SL_SENT, .content_type = "", .body = "", .transport = "connection reset"
    };

    (void)state;
    assert_string_equal(sl_audit_answer(arena, &account, NULL, &exchange),
                        "{\"reach\":\"sent\",\"transport\":\"connection reset\"}");
}

/* ---- Any bytes --------------------------------------------------------------------------- */

static const char valid_sql[] = "SELECT json_valid($1)";

static void assert_storable(struct sl_db *db, const char *shown)
{
    struct sl_err err;
    int64_t valid = 0;

    assert_true(sl_utf8_valid(shown, strlen(shown)));
    assert_int_equal(sl_db_number(db, valid_sql, SL_PARAMS(SL_TEXT(shown)), &valid, &err), 1);
    if (!valid)
        fail_msg("no JSON: %s", shown);
}

/* The seeds, with a byte or two changed, cut and joined: always JSON, never a crash. */
static void any_bytes_become_json_that_the_database_takes(void **state)
{
    static const char *const seeds[] = {
        "{\"a\":\"\\u00e9\\ud83d\\ude00\",\"b\":[1,-0.5e+3,true,null,{\"to\":\"+254712345678\"}]}",
        "username=x&to=%2B254712345678&apiKey=%ff&=&&a",
        "<Password>x</Password> 4242 4242 4242 4242 é",
        "[[[[\"\\\\\",\"\\\"\"]]],254712345678901234567890,01,1.]",
    };
    static const char *const types[] = { "application/json", "application/x-www-form-urlencoded",
                                         "" };
    SL_AUTO(sl_db_close) struct sl_db *db = NULL;
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct sl_err err;
    char bytes[128];

    (void)state;
    assert_int_equal(sl_db_open(&db, ":memory:", &err), 0);
    srand(1);
    for (int round = 0; round < 60000; round++) {
        const char *seed = seeds[rand() % (int)SL_COUNT(seeds)];
        size_t n = strlen(seed);

        memcpy(bytes, seed, n);
        for (int i = rand() % 3; i >= 0; i--)
            bytes[rand() % (int)n] =
                (char)(rand() % 3 ? "\"\\{}[],:u0+. \x01"[rand() % 15] : rand());
        if (rand() % 4 == 0)
            n = (size_t)rand() % n;
        assert_storable(db, sl_audit_body(arena, &adapter, types[rand() % 3],
                                          sl_arena_memdup(arena, bytes, n), n));
        sl_arena_reset(arena);
    }
}

static void nested_too_deep_is_text(void **state)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    char deep[100001];

    (void)state;
    memset(deep, '[', sizeof deep - 1);
    deep[sizeof deep - 1] = '\0';
    assert_int_equal(*sl_audit_body(arena, NULL, "application/json", deep, sizeof deep - 1), '"');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_id_that_ends_with_a_number_is_shown_without_it),
        cmocka_unit_test(an_id_that_hides_a_number_is_shown_by_its_end),
        cmocka_unit_test(phones_are_masked_however_they_are_written),
        cmocka_unit_test(what_is_no_phone_stays_readable),
        cmocka_unit_test(cards_are_masked_and_what_fails_luhn_is_not),
        cmocka_unit_test(the_token_of_a_callback_address_is_masked),
        cmocka_unit_test(json_is_copied_with_its_secrets_and_phones_masked),
        cmocka_unit_test(the_ids_of_a_provider_stay_whole_but_hide_nothing_else),
        cmocka_unit_test(secrets_are_masked_wherever_they_stand),
        cmocka_unit_test(escapes_are_read_before_anything_is_looked_for),
        cmocka_unit_test(long_lists_and_texts_are_cut),
        cmocka_unit_test(a_number_or_secret_at_the_cut_is_not_shown_in_part),
        cmocka_unit_test(what_is_no_json_is_shown_as_text_without_its_secrets),
        cmocka_unit_test(a_request_shows_method_address_headers_and_body),
        cmocka_unit_test(an_answer_that_did_not_come_says_how_far_it_was),
        cmocka_unit_test(any_bytes_become_json_that_the_database_takes),
        cmocka_unit_test(nested_too_deep_is_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
