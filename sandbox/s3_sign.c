/* Signature Version 4 as a server checks it: it writes the request down anew, from what it got, and
 * compares (docs/providers/s3.md, 3). Nothing is shared with what signs. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base/clock.h"
#include "lib/base/crypto.h"
#include "lib/base/text.h"
#include "sandbox/s3.h"

enum { SKEW_MS = 15 * 60 * 1000, MOST_PARAMETERS = 32, WEEK_S = 604800, STAMP = 16 };

static const char unsigned_body[] = "UNSIGNED-PAYLOAD";

/* What a signature says of itself. */
struct claim {
    const char *credential, *headers, *signature, *stamp, *digest;
    int64_t expires_s; /* of an address; 0: it is a header */
};

/* ---- Reading it ------------------------------------------------------------------------- */

/* "Name=value" up to a comma, in a list like "Credential=…, SignedHeaders=…, Signature=…". */
static const char *member(struct sl_visit *visit, const char *list, const char *name)
{
    const char *at = strstr(list, name);

    at = at ? at + strlen(name) : NULL;
    return at ? sl_arena_memdup(visit->arena, at, strcspn(at, ", ")) : NULL;
}

static bool read_claim(struct sl_visit *visit, struct claim *claim)
{
    static const char scheme[] = "AWS4-HMAC-SHA256 ";
    const char *header = sl_visit_header(visit, "Authorization");
    const char *expires = sl_visit_query(visit, "X-Amz-Expires");

    *claim = (struct claim){ .digest = unsigned_body };
    if (header && strncmp(header, scheme, sizeof scheme - 1) == 0) {
        claim->credential = member(visit, header, "Credential=");
        claim->headers = member(visit, header, "SignedHeaders=");
        claim->signature = member(visit, header, "Signature=");
        claim->stamp = sl_visit_header(visit, "x-amz-date");
        claim->digest = sl_visit_header(visit, "x-amz-content-sha256");
    } else if (expires) {
        claim->credential = sl_visit_query(visit, "X-Amz-Credential");
        claim->headers = sl_visit_query(visit, "X-Amz-SignedHeaders");
        claim->signature = sl_visit_query(visit, "X-Amz-Signature");
        claim->stamp = sl_visit_query(visit, "X-Amz-Date");
        if (!sl_parse_int(expires, 1, WEEK_S, &claim->expires_s))
            return false;
    }
    return claim->credential && claim->headers && claim->signature && claim->stamp;
}

/* "20260115T080000Z"; -1 if it is none. */
static int64_t read_stamp(struct sl_visit *visit, const char *stamp)
{
    int64_t ms;

    if (strlen(stamp) != STAMP || stamp[8] != 'T' || stamp[15] != 'Z')
        return -1;
    if (sl_time_parse(sl_arena_printf(visit->arena, "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", stamp,
                                      stamp + 4, stamp + 6, stamp + 9, stamp + 11, stamp + 13),
                      "UTC", 0, &ms) < 0)
        return -1;
    return ms;
}

/* ---- Writing the request down ------------------------------------------------------------ */

/* As the server would encode it itself: decoded first, so that who encodes otherwise is refused. */
static void add_encoded(struct sl_buf *out, const char *text, size_t n, bool slashes)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char byte = (unsigned char)text[i], pair[1];
        char digits[3] = "";

        if (byte == '%' && i + 2 < n) {
            memcpy(digits, text + i + 1, 2);
            if (sl_unhex(digits, pair, 1)) {
                byte = pair[0];
                i += 2;
            }
        }
        if ((byte < 0x80 && isalnum(byte)) || strchr("-_.~", byte) || (slashes && byte == '/'))
            sl_buf_add(out, (const char *)&byte, 1);
        else
            sl_buf_printf(out, "%%%02X", byte);
    }
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* In the order of the names, without the signature itself. */
static void add_query(struct sl_visit *visit, struct sl_buf *out, const char *query)
{
    const char *list[MOST_PARAMETERS] = { NULL };
    size_t n = 0;

    while (*query && n < MOST_PARAMETERS) {
        struct sl_buf one = sl_buf_new(visit->arena);
        size_t length = strcspn(query, "&"), name = strcspn(query, "=&");

        add_encoded(&one, query, name, false);
        sl_buf_text(&one, "=");
        if (name < length)
            add_encoded(&one, query + name + 1, length - name - 1, false);
        if (strncmp(one.data, "X-Amz-Signature=", 16) != 0)
            list[n++] = one.data;
        query += length + (query[length] == '&');
    }
    qsort(list, n, sizeof *list, by_text);
    for (size_t i = 0; i < n; i++)
        sl_buf_printf(out, "%s%s", i > 0 ? "&" : "", list[i]);
}

/* False if a header is signed that is not there, or Host is not signed. */
static bool add_headers(struct sl_visit *visit, struct sl_buf *out, const char *names)
{
    bool host = false;

    while (*names) {
        size_t n = strcspn(names, ";");
        const char *name = sl_arena_memdup(visit->arena, names, n);
        const char *value = sl_visit_header(visit, name);

        if (!value)
            return false;
        host = host || strcmp(name, "host") == 0;
        sl_buf_printf(out, "%s:%s\n", name, value);
        names += n + (names[n] == ';');
    }
    return host;
}

static bool write_down(struct sl_visit *visit, const struct claim *claim, struct sl_buf *out)
{
    size_t n = strcspn(visit->target, "?");

    sl_buf_printf(out, "%s\n", visit->method);
    add_encoded(out, visit->target, n, true);
    sl_buf_text(out, "\n");
    add_query(visit, out, visit->target[n] ? visit->target + n + 1 : "");
    sl_buf_text(out, "\n");
    if (!add_headers(visit, out, claim->headers))
        return false;
    sl_buf_printf(out, "\n%s\n%s", claim->headers, claim->digest);
    return true;
}

/* ---- The signature ------------------------------------------------------------------------ */

static const char *hash_hex(struct sl_visit *visit, const char *bytes, size_t n)
{
    char *hex = sl_arena_alloc(visit->arena, 2 * SL_SHA256_SIZE + 1, 1);
    unsigned char sum[SL_SHA256_SIZE];

    sl_sha256(bytes, n, sum);
    sl_hex(sum, sizeof sum, hex);
    return hex;
}

static bool is_right(struct sl_visit *visit, const struct claim *claim, const char *scope)
{
    struct sl_buf request = sl_buf_new(visit->arena);
    unsigned char key[SL_SHA256_SIZE], next[SL_SHA256_SIZE];
    char hex[2 * SL_SHA256_SIZE + 1];
    const char *texts[] = { SL_S3_REGION, "s3", "aws4_request", NULL };

    if (!write_down(visit, claim, &request))
        return false;
    texts[3] = sl_arena_printf(visit->arena, "AWS4-HMAC-SHA256\n%s\n%s\n%s", claim->stamp, scope,
                               hash_hex(visit, request.data, request.len));
    sl_hmac_sha256("AWS4" SL_S3_SECRET, strlen("AWS4" SL_S3_SECRET), claim->stamp, 8, key);
    for (size_t i = 0; i < SL_COUNT(texts); i++) {
        sl_hmac_sha256(key, sizeof key, texts[i], strlen(texts[i]), next);
        memcpy(key, next, sizeof key);
    }
    sl_hex(key, sizeof key, hex);
    return strlen(claim->signature) == strlen(hex) &&
           sl_equal_secret(claim->signature, hex, strlen(hex));
}

static bool is_in_time(struct sl_visit *visit, const struct claim *claim, int64_t at_ms)
{
    int64_t age_ms = sl_now_ms() - at_ms;

    if (claim->expires_s > 0 && age_ms > claim->expires_s * 1000)
        sl_s3_fail(visit, 403, "AccessDenied", "Request has expired");
    else if (age_ms < -SKEW_MS || (claim->expires_s == 0 && age_ms > SKEW_MS))
        sl_s3_fail(visit, 403, "RequestTimeTooSkewed",
                   "The difference between the request time and the current time is too large.");
    else
        return true;
    return false;
}

/* Whether all that counts is signed: the body's hash, and each header of theirs. */
static bool body_is_right(struct sl_visit *visit, const struct claim *claim)
{
    if (!claim->digest)
        sl_s3_fail(visit, 400, "InvalidRequest",
                   "Missing required header for this request: x-amz-content-sha256");
    else if (strcmp(claim->digest, unsigned_body) != 0 &&
             strcmp(claim->digest, hash_hex(visit, visit->body, visit->n_body)) != 0)
        sl_s3_fail(visit, 400, "XAmzContentSHA256Mismatch",
                   "The provided 'x-amz-content-sha256' header does not match what was computed.");
    else if (claim->expires_s == 0 && (!strstr(claim->headers, "x-amz-date") ||
                                       !strstr(claim->headers, "x-amz-content-sha256")))
        sl_s3_fail(visit, 403, "AccessDenied", "There were headers present which were not signed");
    else
        return true;
    return false;
}

bool sl_s3_is_signed(struct sl_visit *visit)
{
    struct claim claim;
    const char *scope, *right;
    int64_t at_ms;

    if (!read_claim(visit, &claim) || (at_ms = read_stamp(visit, claim.stamp)) < 0) {
        sl_s3_fail(visit, 403, "AccessDenied", "Access Denied");
        return false;
    }
    scope = strchr(claim.credential, '/');
    right = sl_arena_printf(visit->arena, "%.8s/%s/s3/aws4_request", claim.stamp, SL_S3_REGION);
    if (!scope || strncmp(claim.credential, SL_S3_KEY_ID "/", sizeof SL_S3_KEY_ID) != 0)
        sl_s3_fail(visit, 403, "InvalidAccessKeyId",
                   "The AWS Access Key Id you provided does not exist in our records.");
    else if (strcmp(scope + 1, right) != 0)
        sl_s3_fail_region(visit, 400, "AuthorizationHeaderMalformed", SL_S3_REGION);
    else if (is_in_time(visit, &claim, at_ms) && body_is_right(visit, &claim)) {
        if (is_right(visit, &claim, right))
            return true;
        sl_s3_fail(
            visit, 403, "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided.");
    }
    return false;
}
