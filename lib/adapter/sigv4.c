#include "lib/adapter/sigv4.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base/clock.h"
#include "lib/base/crypto.h"
#include "lib/base/text.h"

enum { DATE = 8, STAMP = 16, HEX = 2 * SL_SHA256_SIZE + 1 };

const char sl_sigv4_empty[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/* ---- Encoding ---------------------------------------------------------------------------- */

static void add_encoded(struct sl_buf *out, const char *text)
{
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;

        if ((byte < 0x80 && isalnum(byte)) || strchr("-_.~", byte))
            sl_buf_add(out, text, 1);
        else
            sl_buf_printf(out, "%%%02X", byte);
    }
}

void sl_sigv4_query_add(struct sl_buf *query, const char *name, const char *value)
{
    if (query->len > 0)
        sl_buf_text(query, "&");
    add_encoded(query, name);
    sl_buf_text(query, "=");
    add_encoded(query, value);
}

/* "20261124T114600Z" from "2026-11-24T11:46:00.000Z" */
static void print_stamp(int64_t ms, char stamp[STAMP + 1])
{
    char text[SL_TIME_SIZE];
    size_t n = 0;

    sl_time_utc(ms, text);
    for (const char *at = text; *at && *at != '.' && n < STAMP - 1; at++)
        if (*at != '-' && *at != ':' && *at != 'Z')
            stamp[n++] = *at;
    stamp[n++] = 'Z';
    stamp[n] = '\0';
}

static void hash_hex(const char *text, size_t n, char hex[HEX])
{
    unsigned char sum[SL_SHA256_SIZE];

    sl_sha256(text, n, sum);
    sl_hex(sum, sizeof sum, hex);
}

/* ---- The canonical request ------------------------------------------------------------------ */

static int by_name(const void *a, const void *b)
{
    return strcasecmp(((const struct sl_pair *)a)->name, ((const struct sl_pair *)b)->name);
}

static void add_lower(struct sl_buf *out, const char *name)
{
    for (; *name; name++)
        sl_buf_add(out, (char[]){ (char)tolower((unsigned char)*name) }, 1);
}

/* Without blanks at its ends, and runs of them as one. */
static void add_trimmed(struct sl_buf *out, const char *value)
{
    value += strspn(value, " \t");
    while (*value) {
        size_t n = strcspn(value, " \t");

        sl_buf_add(out, value, n);
        value += n + strspn(value + n, " \t");
        if (*value)
            sl_buf_text(out, " ");
    }
}

/* "127.0.0.1:9000": what curl sends as Host, which leaves out the scheme's own port. */
static const char *host_of(struct sl_arena *arena, const char *base)
{
    const char *scheme = strstr(base, "://"), *host = scheme ? scheme + 3 : base;
    size_t n = strcspn(host, "/");
    bool tls = strncasecmp(base, "https:", 6) == 0;

    if (n > 4 && tls && strncmp(host + n - 4, ":443", 4) == 0)
        n -= 4;
    else if (n > 3 && !tls && strncmp(host + n - 3, ":80", 3) == 0)
        n -= 3;
    return sl_arena_memdup(arena, host, n);
}

/* The path of the base counts too: a store may live beneath one. */
static const char *path_of(struct sl_arena *arena, const char *base, const char *path)
{
    const char *scheme = strstr(base, "://"), *host = scheme ? scheme + 3 : base;

    return sl_arena_printf(arena, "%s%s", host + strcspn(host, "/"), path);
}

struct canonical {
    struct sl_buf text, signed_headers;
};

static void add_headers(struct canonical *canonical, struct sl_pair *headers, size_t n)
{
    qsort(headers, n, sizeof *headers, by_name);
    for (size_t i = 0; i < n; i++) {
        add_lower(&canonical->text, headers[i].name);
        sl_buf_text(&canonical->text, ":");
        add_trimmed(&canonical->text, headers[i].value);
        sl_buf_text(&canonical->text, "\n");
        if (i > 0)
            sl_buf_text(&canonical->signed_headers, ";");
        add_lower(&canonical->signed_headers, headers[i].name);
    }
}

static struct canonical canonical_of(struct sl_arena *arena, const char *method, const char *path,
                                     struct sl_pair *headers, size_t n, const char *digest)
{
    struct canonical canonical = { sl_buf_new(arena), sl_buf_new(arena) };
    size_t n_path = strcspn(path, "?");

    sl_buf_printf(&canonical.text, "%s\n", method);
    sl_buf_add(&canonical.text, path, n_path);
    sl_buf_printf(&canonical.text, "\n%s\n", path[n_path] ? path + n_path + 1 : "");
    add_headers(&canonical, headers, n);
    sl_buf_printf(&canonical.text, "\n%s\n%s", canonical.signed_headers.data, digest);
    return canonical;
}

/* ---- The signature ---------------------------------------------------------------------------- */

static void hmac(unsigned char key[SL_SHA256_SIZE], const char *text)
{
    unsigned char out[SL_SHA256_SIZE];

    sl_hmac_sha256(key, SL_SHA256_SIZE, text, strlen(text), out);
    memcpy(key, out, sizeof out);
    explicit_bzero(out, sizeof out);
}

static const char *scope_of(struct sl_arena *arena, const struct sl_sigv4 *keys, const char *stamp)
{
    return sl_arena_printf(arena, "%.*s/%s/%s/aws4_request", DATE, stamp, keys->region,
                           keys->service);
}

static void sign(struct sl_arena *arena, const struct sl_sigv4 *keys, const char *stamp,
                 const struct sl_buf *canonical, char signature[HEX])
{
    const char *first = sl_arena_printf(arena, "AWS4%s", keys->secret);
    unsigned char key[SL_SHA256_SIZE];
    char digest[HEX];

    hash_hex(canonical->data, canonical->len, digest);
    sl_hmac_sha256(first, strlen(first), stamp, DATE, key);
    hmac(key, keys->region);
    hmac(key, keys->service);
    hmac(key, "aws4_request");
    hmac(key, sl_arena_printf(arena, "AWS4-HMAC-SHA256\n%s\n%s\n%s", stamp,
                              scope_of(arena, keys, stamp), digest));
    sl_hex(key, sizeof key, signature);
    explicit_bzero(key, sizeof key);
}

void sl_sigv4_sign(struct sl_arena *arena, struct sl_request *request, const struct sl_sigv4 *keys,
                   const char *digest)
{
    char *stamp = sl_arena_alloc(arena, STAMP + 1, 1), signature[HEX];
    struct sl_pair headers[SL_MOST_HEADERS + 1];
    struct canonical canonical;

    print_stamp(keys->now_ms, stamp);
    sl_request_header(request, "x-amz-content-sha256", digest);
    sl_request_header(request, "x-amz-date", stamp);
    if (keys->session_token)
        sl_request_header(request, "x-amz-security-token", keys->session_token);
    memcpy(headers, request->headers, request->n_headers * sizeof *headers);
    headers[request->n_headers] = (struct sl_pair){ "host", host_of(arena, request->base) };
    canonical = canonical_of(arena, request->method, path_of(arena, request->base, request->path),
                             headers, request->n_headers + 1, digest);
    sign(arena, keys, stamp, &canonical.text, signature);
    sl_request_header(request, "Authorization",
                      sl_arena_printf(arena,
                                      "AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, "
                                      "Signature=%s",
                                      keys->access_key_id, scope_of(arena, keys, stamp),
                                      canonical.signed_headers.data, signature));
}

const char *sl_sigv4_url(struct sl_arena *arena, const char *base, const char *path,
                         const struct sl_sigv4 *keys, int64_t expires_s)
{
    struct sl_pair host = { "host", host_of(arena, base) };
    struct sl_buf query = sl_buf_new(arena);
    struct canonical canonical;
    char stamp[STAMP + 1], signature[HEX];

    print_stamp(keys->now_ms, stamp);
    sl_sigv4_query_add(&query, "X-Amz-Algorithm", "AWS4-HMAC-SHA256");
    sl_sigv4_query_add(&query, "X-Amz-Credential",
                       sl_arena_printf(arena, "%s/%s", keys->access_key_id,
                                       scope_of(arena, keys, stamp)));
    sl_sigv4_query_add(&query, "X-Amz-Date", stamp);
    sl_sigv4_query_add(&query, "X-Amz-Expires",
                       sl_arena_printf(arena, "%lld", (long long)expires_s));
    if (keys->session_token)
        sl_sigv4_query_add(&query, "X-Amz-Security-Token", keys->session_token);
    sl_sigv4_query_add(&query, "X-Amz-SignedHeaders", "host");
    canonical =
        canonical_of(arena, "GET",
                     sl_arena_printf(arena, "%s?%s", path_of(arena, base, path), query.data), &host,
                     1, "UNSIGNED-PAYLOAD");
    sign(arena, keys, stamp, &canonical.text, signature);
    return sl_arena_printf(arena, "%s%s?%s&X-Amz-Signature=%s", base, path, query.data, signature);
}
