/* AWS Signature Version 4: the examples that AWS publishes, and others that were checked against a
 * server that verifies them. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "lib/adapter/sigv4.h"
#include "lib/base/crypto.h"
#include "lib/base/text.h"

static const struct sl_sigv4 published = {
    .access_key_id = "AKIAIOSFODNN7EXAMPLE",
    .secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    .region = "us-east-1",
    .service = "s3",
    .now_ms = 1369353600000, /* 20130524T000000Z */
};
static const struct sl_sigv4 captured = {
    .access_key_id = "AKIDFAKEEXAMPLE00000",
    .secret = "fakeSecretKey/EXAMPLE+0000000000000000000",
    .region = "af-south-1",
    .service = "s3",
    .now_ms = 1768464000000, /* 20260115T080000Z */
};
static const char example[] = "https://examplebucket.s3.amazonaws.com";

static const char *signature_of(struct sl_arena *arena, struct sl_request *request,
                                const struct sl_sigv4 *keys, const char *digest)
{
    const char *header, *at;

    sl_sigv4_sign(arena, request, keys, digest);
    header = request->headers[request->n_headers - 1].value;
    at = strstr(header, "Signature=");
    assert_non_null(at);
    return at + strlen("Signature=");
}

static void aws_published_examples(void **state)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct sl_request get = { .method = "GET", .base = example, .path = "/test.txt" };
    struct sl_request put = { .method = "PUT", .base = example, .path = "/test%24file.text" };
    struct sl_request lifecycle = { .method = "GET", .base = example, .path = "/?lifecycle=" };
    struct sl_request list = { .method = "GET", .base = example, .path = "/?max-keys=2&prefix=J" };
    unsigned char sum[SL_SHA256_SIZE];
    char digest[2 * SL_SHA256_SIZE + 1];

    (void)state;
    sl_request_header(&get, "Range", "bytes=0-9");
    assert_string_equal(signature_of(arena, &get, &published, sl_sigv4_empty),
                        "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
    sl_sha256("Welcome to Amazon S3.", 21, sum);
    sl_hex(sum, sizeof sum, digest);
    sl_request_header(&put, "Date", "Fri, 24 May 2013 00:00:00 GMT");
    sl_request_header(&put, "x-amz-storage-class", "REDUCED_REDUNDANCY");
    assert_string_equal(signature_of(arena, &put, &published, digest),
                        "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
    assert_string_equal(signature_of(arena, &lifecycle, &published, sl_sigv4_empty),
                        "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
    assert_string_equal(signature_of(arena, &list, &published, sl_sigv4_empty),
                        "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

static void an_address_that_opens_for_a_day(void **state)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    const char *url = sl_sigv4_url(arena, example, "/test.txt", &published, 86400);

    (void)state;
    assert_string_equal(
        url, "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&"
             "X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&"
             "X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&"
             "X-Amz-Signature="
             "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");
}

static void an_awkward_key_a_port_and_a_session_token(void **state)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct sl_sigv4 keys = captured;
    struct sl_request put = {
        .method = "PUT",
        .base = "http://127.0.0.1:9000",
        .path = "/greenhill-files/reports/2026/"
                "Term%201%20%E2%80%93%20results%20%28final%29%2Bv2%20%26%20~ok%27s.pdf",
    };

    (void)state;
    keys.session_token = "FwoGZXIvFAKE//SESSION+TOKEN==";
    assert_string_equal(signature_of(arena, &put, &keys, "UNSIGNED-PAYLOAD"),
                        "82911bb6e05dc7c33a51b1cdf41f65a91747f9fee69959fcea1dd12f4fae6ccf");
}

static void a_listing_with_a_query_that_is_encoded(void **state)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct sl_buf query = sl_buf_new(arena);
    struct sl_request list = { .method = "GET", .base = "http://127.0.0.1:9000" };

    (void)state;
    sl_sigv4_query_add(&query, "continuation-token", "1/FAKE+token==");
    sl_sigv4_query_add(&query, "delimiter", "/");
    sl_sigv4_query_add(&query, "list-type", "2");
    sl_sigv4_query_add(&query, "max-keys", "1000");
    sl_sigv4_query_add(&query, "prefix", "reports/2026/");
    list.path = sl_arena_printf(arena, "/greenhill-files?%s", query.data);
    assert_string_equal(signature_of(arena, &list, &captured, sl_sigv4_empty),
                        "b8a21c4a26baa5f512633f469843c8e01be8135ce6c77177f8daa4601b323d87");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(aws_published_examples),
        cmocka_unit_test(an_address_that_opens_for_a_day),
        cmocka_unit_test(an_awkward_key_a_port_and_a_session_token),
        cmocka_unit_test(a_listing_with_a_query_that_is_encoded),
    };

    sl_crypto_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
