/* Requests whose frame is a trick, sent as they are to sl-webhook.
 * usage: framing ADDRESS:PORT PATH JSON-PATH
 * PATH takes a form without a signature, JSON-PATH a body in JSON. A request that is read otherwise than it
 * should be tells of a report ATXid_smuggled, which must be nowhere afterwards. Prints tries and how many were
 * answered otherwise than they are to be; on standard error which. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/arena.h"
#include "tests/attacks/http.h"

#define REPORT "phoneNumber=%2B254711000001&id=ATXid_smuggled&status=Success"
#define FORM "Host: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
#define POST "POST @P HTTP/1.1\r\n" FORM
#define JSON                                                                                       \
    "POST @J HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: @L\r\n\r\n"
/* Behind a body that is shorter than it was said, or said twice: a request of its own? */
#define SMUGGLED POST "Content-Length: @N\r\n\r\n" REPORT
#define MEGABYTE (1 << 20)

/* Sent is head, and `times` times unit, and tail. In it @P and @J are the paths, @N the length of REPORT,
 * @L that of what is behind the head. */
static const struct trick {
    const char *name, *head, *unit;
    size_t times;
    const char *tail;
    const char *statuses; /* one of these is right; 0 is a connection that is closed */
} tricks[] = {
    /* Lengths */
    { "two lengths, the first short", POST "Content-Length: 0\r\nContent-Length: @L\r\n\r\n", "", 0,
      SMUGGLED, "400" },
    { "two lengths, the second short", POST "Content-Length: @L\r\nContent-Length: 0\r\n\r\n", "",
      0, SMUGGLED, "400" },
    { "two lengths that agree", POST "Content-Length: @N\r\nContent-Length: @N\r\n\r\n" REPORT, "",
      0, "", "400" },
    { "a list of lengths", POST "Content-Length: 0, @L\r\n\r\n", "", 0, SMUGGLED, "400" },
    { "chunked with a length", POST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", "",
      0, "0\r\n\r\n" SMUGGLED, "400" },
    { "a length with chunked", POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", "",
      0, "0\r\n\r\n" SMUGGLED, "400" },
    { "chunked twice", POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", "",
      0, "0\r\n\r\n" SMUGGLED, "400" },
    { "chunked and identity", POST "Transfer-Encoding: chunked, identity\r\n\r\n", "", 0,
      "0\r\n\r\n" SMUGGLED, "400" },
    { "an unknown encoding", POST "Transfer-Encoding: xchunked\r\n\r\n", "", 0,
      "0\r\n\r\n" SMUGGLED, "400" },
    { "a length below zero", POST "Content-Length: -1\r\n\r\n", "", 0, SMUGGLED, "400 413" },
    { "a length with a sign", POST "Content-Length: +@N\r\n\r\n" REPORT, "", 0, "", "400 413" },
    { "a length in hex", POST "Content-Length: 0x10\r\n\r\n", "", 0, SMUGGLED, "400 413" },
    { "a length past 64 bits", POST "Content-Length: 99999999999999999999999\r\n\r\n", "", 0,
      REPORT, "400 413" },
    { "a length of 5 MiB", POST "Content-Length: 5242880\r\n\r\n", "", 0, REPORT, "413" },
    { "a chunk that has no size", POST "Transfer-Encoding: chunked\r\n\r\n", "", 0,
      "zz\r\n" SMUGGLED, "400 0" },
    { "a chunk past 64 bits", POST "Transfer-Encoding: chunked\r\n\r\n", "", 0,
      "fffffffffffffffff\r\n" SMUGGLED, "400 413 0" },
    { "a chunk below zero", POST "Transfer-Encoding: chunked\r\n\r\n", "", 0, "-1\r\n" SMUGGLED,
      "400 413 0" },
    { "5 MiB in chunks", POST "Transfer-Encoding: chunked\r\n\r\n", "8\r\nxxxxxxxx\r\n",
      5 * MEGABYTE / 8, "0\r\n\r\n", "413" },
    /* Lines */
    { "a blank before the colon",
      "POST @P HTTP/1.1\r\nHost: x\r\nContent-Length : @N\r\n\r\n" REPORT, "", 0, "", "400 411 0" },
    { "a folded length", POST "Content-Length:\r\n @N\r\n\r\n", "", 0, REPORT, "400" },
    { "a folded header", "GET /hooks/at/0/dlr HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\n\r\n", "", 0, "",
      "400 404" },
    { "bare line feeds", "GET /hooks/at/0/dlr HTTP/1.1\nHost: x\n\n", "", 0, "", "400 404" },
    { "a header without a name", "GET /x HTTP/1.1\r\nHost: x\r\n: a\r\n\r\n", "", 0, "",
      "400 404 0" },
    { "a header without a colon", "GET /x HTTP/1.1\r\nHost: x\r\nabc\r\n\r\n", "", 0, "",
      "400 404 0" },
    { "no version", "GET /x\r\n\r\n", "", 0, "", "400 404 505 0" },
    { "a version that is none", "GET /x HTTP/9.9\r\nHost: x\r\n\r\n", "", 0, "", "400 404 505 0" },
    { "HTTP/2 by prior knowledge", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "", 0, "",
      "400 404 405 505 0" },
    { "TLS to a plain port", "\x16\x03\x01\x02\x01\x01\x01\xfc\x03\x03\r\n\r\n", "", 0, "",
      "400 404 0" },
    { "an empty line and no more", "\r\n\r\n\r\n\r\nGET /x HTTP/1.1\r\nHost: x\r\n\r\n", "", 0, "",
      "400 404 0" },
    /* Floods */
    { "10,000 headers", "GET /x HTTP/1.1\r\nHost: x\r\n", "A: b\r\n", 10000, "\r\n", "431 400 0" },
    { "a header of 1 MiB", "GET /x HTTP/1.1\r\nHost: x\r\nA: ", "a", MEGABYTE, "\r\n\r\n",
      "431 400 0" },
    { "a name of 1 MiB", "GET /x HTTP/1.1\r\nHost: x\r\n", "a", MEGABYTE, ": a\r\n\r\n",
      "431 400 0" },
    { "a path of 1 MiB", "GET /", "a", MEGABYTE, " HTTP/1.1\r\nHost: x\r\n\r\n", "414 431 400 0" },
    { "a query of 20 KiB", "GET /x?", "a=b&", 5000, " HTTP/1.1\r\nHost: x\r\n\r\n", "404 414 431" },
    { "a method of 1 MiB", "", "A", MEGABYTE, " /x HTTP/1.1\r\nHost: x\r\n\r\n",
      "400 405 414 431 501 0" },
    { "1 MiB of empty lines", "", "\r\n", MEGABYTE / 2, "", "400 414 431 0" },
    /* Paths: @P with parts in other spellings */
    { "%2f for a slash", "POST /hooks%2fat@T HTTP/1.1\r\n" FORM "Content-Length: @N\r\n\r\n" REPORT,
      "", 0, "", "404" },
    { "an escaped letter",
      "POST /hook%73/at@T HTTP/1.1\r\n" FORM "Content-Length: @N\r\n\r\n" REPORT, "", 0, "",
      "404" },
    { "%00 behind the path", "POST @P%00x HTTP/1.1\r\n" FORM "Content-Length: @N\r\n\r\n" REPORT,
      "", 0, "", "404" },
    { "a dot segment", "POST /hooks/./at@T HTTP/1.1\r\n" FORM "Content-Length: @N\r\n\r\n" REPORT,
      "", 0, "", "404" },
    { "dots that go up",
      "POST /x/../hooks/at@T HTTP/1.1\r\n" FORM "Content-Length: @N\r\n\r\n" REPORT, "", 0, "",
      "404" },
    { "two slashes", "POST //hooks/at@T HTTP/1.1\r\n" FORM "Content-Length: @N\r\n\r\n" REPORT, "",
      0, "", "404" },
    { "a backslash", "POST \\hooks\\at@T HTTP/1.1\r\n" FORM "Content-Length: @N\r\n\r\n" REPORT, "",
      0, "", "404 400" },
    { "a semicolon", "POST @P;x=1 HTTP/1.1\r\n" FORM "Content-Length: @N\r\n\r\n" REPORT, "", 0, "",
      "404" },
    { "a fragment", "POST @P#x HTTP/1.1\r\n" FORM "Content-Length: @N\r\n\r\n" REPORT, "", 0, "",
      "404" },
    { "capitals", "POST /HOOKS/at@T HTTP/1.1\r\n" FORM "Content-Length: @N\r\n\r\n" REPORT, "", 0,
      "", "404" },
    { "an absolute address",
      "POST http://x@P HTTP/1.1\r\n" FORM "Content-Length: @N\r\n\r\n" REPORT, "", 0, "", "404" },
    { "an absolute address elsewhere",
      "GET http://169.254.169.254/latest HTTP/1.1\r\nHost: x\r\n\r\n", "", 0, "", "404" },
    { "an authority", "CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n", "", 0, "", "405 400 404" },
    { "an asterisk", "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", "", 0, "", "405 400 404" },
    /* Bodies: M-Pesa is told 200 whatever the content, and what cannot be read is kept as that */
    { "100,000 arrays in arrays", JSON, "[", 100000, "", "200" },
    { "100,000 objects in objects", JSON, "{\"a\":", 100000, "1", "200" },
    { "an array of a million", JSON, "1,", MEGABYTE, "1", "200" },
    { "an array of two million", JSON "[", "1,", 2 * MEGABYTE - 8, "1]", "200" },
    { "two million empty objects", JSON "[", "{},", MEGABYTE, "1]", "200" },
    { "300,000 members", JSON "{\"TransID\":[", "{\"a\":1},", 500000, "1]}", "200" },
    { "one name 300,000 times", JSON "{", "\"TransID\":1,", 300000, "\"TransAmount\":5}", "200" },
    { "a number of a million digits", JSON "{\"TransAmount\":", "9", MEGABYTE, "}", "200" },
    { "a text of 4 MiB", JSON "{\"TransID\":\"", "a", 4 * MEGABYTE - 64, "\"}", "200" },
    { "a body of more than 4 MiB", JSON "{\"TransID\":\"", "a", 4 * MEGABYTE, "\"}", "413" },
    { "escapes for NUL", JSON, "", 0,
      "{\"TransID\":\"A\\u0000B\",\"TransAmount\":\"-5\",\"BusinessShortCode\":\"600984\"}",
      "200" },
    { "half a surrogate", JSON, "", 0,
      "{\"TransID\":\"\\ud800\",\"TransAmount\":\"x\",\"BusinessShortCode\":\"600984\"}", "200" },
    { "UTF-8 that is none", JSON, "", 0,
      "{\"TransID\":\"\xc0\xae\xff\",\"TransAmount\":\"5\",\"BusinessShortCode\":\"600984\"}",
      "200" },
    { "amounts that are none", JSON, "", 0,
      "{\"TransID\":\"A\",\"TransAmount\":1e400,\"BusinessShortCode\":\"600984\"}", "200" },
    { "an amount twice", JSON, "", 0,
      "{\"TransID\":\"A\",\"TransAmount\":\"5\",\"TransAmount\":\"0\",\"BusinessShortCode\":\"600984\"}",
      "200" },
    { "comments", JSON, "", 0,
      "{/*\"a\":*/\"TransID\":\"A\",\"TransAmount\":\"5\",\"BusinessShortCode\":\"600984\"}",
      "200" },
    { "single quotes", JSON, "", 0,
      "{'TransID':'A','TransAmount':'5','BusinessShortCode':'600984'}", "200" },
    { "something behind it", JSON, "", 0,
      "{\"TransID\":\"A\",\"TransAmount\":\"5\",\"BusinessShortCode\":\"600984\"}{}", "200" },
    { "a byte order mark", JSON, "", 0,
      "\xef\xbb\xbf{\"TransID\":\"A\",\"TransAmount\":\"5\",\"BusinessShortCode\":\"600984\"}",
      "200" },
    { "an empty body", JSON, "", 0, "", "200" },
    { "another type",
      "POST @J HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nContent-Length: @N\r\n\r\n" REPORT,
      "", 0, "", "415" },
    { "500,000 fields", POST "Content-Length: @L\r\n\r\n", "&a=b", 1000000, "", "400" },
    { "fields that are no UTF-8", POST "Content-Length: @L\r\n\r\n", "", 0,
      "id=%c0%ae&status=Success", "400" },
    { "a NUL in a field", POST "Content-Length: @L\r\n\r\n", "", 0,
      "id=%00ATXid_smuggled&status=Success", "400" },
};

/* What the letter behind an @ stands for; NULL: nothing. */
static const char *meaning(struct sl_arena *arena, char letter, char **paths, size_t n_body)
{
    switch (letter) {
    case 'P': return paths[0];
    case 'T': return paths[0] + strlen("/hooks/at");
    case 'J': return paths[1];
    case 'N': return sl_arena_printf(arena, "%zu", sizeof REPORT - 1);
    case 'L': return sl_arena_printf(arena, "%zu", n_body);
    default: return NULL;
    }
}

static void add_meant(struct sl_buf *out, const char *text, char **paths, size_t n_body)
{
    for (; *text; text++) {
        const char *meant = *text == '@' ? meaning(out->arena, text[1], paths, n_body) : NULL;

        if (meant)
            sl_buf_text(out, meant);
        else
            sl_buf_add(out, text, 1);
        text += meant != NULL;
    }
}

/* How long the body is that begins in the head. */
static size_t body_of(const struct trick *trick, size_t n_tail)
{
    const char *end = strstr(trick->head, "\r\n\r\n");

    return (end ? strlen(end + 4) : 0) + trick->times * strlen(trick->unit) + n_tail;
}

/* Whether it was answered as it is to be, and the daemon lives on. */
static bool is_foiled(const struct trick *trick, struct connection *connection, char **paths)
{
    static const char health[] = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct sl_buf bytes = sl_buf_new(arena), tail = sl_buf_new(arena);
    int status, healthy;

    sl_buf_text(&tail, "");
    add_meant(&tail, trick->tail, paths, 0);
    add_meant(&bytes, trick->head, paths, body_of(trick, tail.len));
    for (size_t i = 0; i < trick->times; i++)
        sl_buf_text(&bytes, trick->unit);
    sl_buf_add(&bytes, tail.data, tail.len);
    status = http_ask(connection, bytes.data, bytes.len);
    http_close(connection);
    healthy = http_ask(connection, health, sizeof health - 1);
    http_close(connection);
    if (strstr(trick->statuses, sl_arena_printf(arena, "%d", status)) && healthy == 200)
        return true;
    (void)fprintf(stderr, "framing: %s: answered %d, not %s; then /healthz %d\n", trick->name,
                  status, trick->statuses, healthy);
    return false;
}

int main(int argc, char **argv)
{
    struct connection connection;
    size_t n_wrong = 0;

    if (argc != 4)
        return 64;
    http_to(&connection, argv[1]);
    for (size_t i = 0; i < SL_COUNT(tricks); i++)
        n_wrong += !is_foiled(&tricks[i], &connection, argv + 2);
    (void)printf("%zu %zu\n", SL_COUNT(tricks), n_wrong);
    return 0;
}
