/* Any bytes as the key of a stored object: no crash, a reason for every refusal, and what is
 * accepted leaves no folder, becomes a path of a URL that is read as the key, and can be signed. */
#include "tests/fuzz/fuzz.h"

#include "lib/adapter/listing.h"
#include "lib/adapter/sigv4.h"
#include "lib/base/crypto.h"
#include "lib/text/key.h"

static const struct sl_sigv4 keys = {
    .access_key_id = "AKIDFAKEEXAMPLE00000",
    .secret = "fakeSecretKey/EXAMPLE+0000000000000000000",
    .region = "af-south-1",
    .service = "s3",
    .now_ms = 1768464000000,
};

static void expect_inside(const char *key)
{
    must(*key != '/' && strcmp(key, "..") != 0 && strncmp(key, "../", 3) != 0);
    must(!strstr(key, "/../") && !strstr(key, "//") && fuzz_is_line(key));
    must(strlen(key) < 3 || strcmp(key + strlen(key) - 3, "/..") != 0);
}

static void expect_path(const char *path, const char *key)
{
    for (; *path; key++) {
        unsigned char byte = (unsigned char)*path;

        if (*path == '%')
            must(sl_unhex((char[]){ path[1], path[2], '\0' }, &byte, 1));
        must(byte == (unsigned char)*key);
        path += *path == '%' ? 3 : 1;
    }
    must(!*key);
}

static void sign(struct sl_arena *arena, const char *key, const char *path)
{
    struct sl_buf query = sl_buf_new(arena);
    struct sl_request request = { .method = "GET", .base = "https://bucket.s3.amazonaws.com" };
    const char *header, *url;

    sl_sigv4_query_add(&query, "prefix", key);
    request.path = sl_arena_printf(arena, "/%s?%s", path, query.data);
    sl_request_header(&request, "x-amz-meta-name", key);
    sl_sigv4_sign(arena, &request, &keys, sl_sigv4_empty);
    header = request.headers[request.n_headers - 1].value;
    must(strstr(header, "Signature=") && strlen(strstr(header, "Signature=")) == 10 + 64);
    url = sl_sigv4_url(arena, request.base, sl_arena_printf(arena, "/%s", path), &keys, 60);
    must(!strpbrk(url, " \r\n\"<>") && strstr(url, "X-Amz-Signature="));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct fuzz fuzz = fuzz_begin(arena, data, size);
    const char *key = fuzz_rest(&fuzz), *path;
    struct sl_err err;

    sl_crypto_init();
    (void)sl_media_type(key);
    (void)sl_key_check_prefix(key, &err);
    if (sl_key_check(key, &err) < 0) {
        must(err.code == SL_ERR_DATA && *err.text);
        return 0;
    }
    expect_inside(key);
    path = sl_listing_path(arena, key);
    expect_path(path, key);
    sign(arena, key, path);
    return 0;
}
