#include "lib/transfer/exchange.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/mime/mime.h"
#include "lib/transfer/option.h"

/* ---- What curl calls -------------------------------------------------------------------- */

/* Returns fewer than n if it cannot be written: curl ends the exchange then. */
static size_t sink(struct slot *slot, const char *bytes, size_t n)
{
    for (size_t done = 0; done < n;) {
        ssize_t written = write(slot->sink, bytes + done, n - done);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0) {
            (void)snprintf(slot->reason, sizeof slot->reason, "%s", strerror(errno));
            return done;
        }
        done += (size_t)written;
        slot->n_sunk += written;
    }
    return n;
}

static bool goes_into_sink(const struct slot *slot)
{
    long status = 0;

    (void)curl_easy_getinfo(slot->easy, CURLINFO_RESPONSE_CODE, &status);
    return slot->sink >= 0 && status >= 200 && status < 300;
}

static size_t on_body(char *bytes, size_t size, size_t n, void *opaque)
{
    struct slot *slot = opaque;
    size_t left = slot->send.most_answer - slot->body.len;

    n *= size;
    if (goes_into_sink(slot))
        return sink(slot, bytes, n);
    if (n > left) {
        slot->too_large = true;
        sl_buf_add(&slot->body, bytes, left);
        return 0;
    }
    sl_buf_add(&slot->body, bytes, n);
    return n;
}

static size_t on_read(char *bytes, size_t size, size_t n, void *opaque)
{
    struct slot *slot = opaque;
    ssize_t got = sl_pieces_read(slot->pieces, bytes, size * n);

    return got < 0 ? CURL_READFUNC_ABORT : (size_t)got;
}

/* The last mail of a connection that has carried as many as it may closes it. */
static void count_mail(struct slot *slot, int port)
{
    int most = slot->send.request->smtp->most_mails;
    long connects = 0;

    (void)curl_easy_getinfo(slot->easy, CURLINFO_NUM_CONNECTS, &connects);
    if (sl_pool_carried(slot->pool, port, connects > 0) >= most && most > 0)
        set_option(slot->easy, CURLOPT_FORBID_REUSE, 1L);
}

/* Called just before a request's first byte; a second time when curl is about to repeat it. */
static int before_request(void *opaque, char *theirs, char *ours, int their_port, int our_port)
{
    struct slot *slot = opaque;

    (void)theirs, (void)ours, (void)their_port;
    if (slot->begun) {
        slot->repeated = true;
        return CURL_PREREQFUNC_ABORT;
    }
    slot->begun = true;
    if (slot->send.request->smtp)
        count_mail(slot, our_port);
    return CURL_PREREQFUNC_OK;
}

/* ---- Setting up ------------------------------------------------------------------------- */

void exchange_prepare(struct slot *slot)
{
    CURL *easy = slot->easy;

    set_option(easy, CURLOPT_PRIVATE, slot);
    set_option(easy, CURLOPT_NOSIGNAL, 1L);
    set_option(easy, CURLOPT_FOLLOWLOCATION, 0L);
    set_option(easy, CURLOPT_USERAGENT, "ShuleLabs/" SL_VERSION);
    set_option(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    set_option(easy, CURLOPT_PATH_AS_IS, 1L);
    set_option(easy, CURLOPT_ERRORBUFFER, slot->reason);
    set_option(easy, CURLOPT_WRITEFUNCTION, on_body);
    set_option(easy, CURLOPT_WRITEDATA, slot);
    set_option(easy, CURLOPT_READFUNCTION, on_read);
    set_option(easy, CURLOPT_READDATA, slot);
    set_option(easy, CURLOPT_PREREQFUNCTION, before_request);
    set_option(easy, CURLOPT_PREREQDATA, slot);
    set_option(easy, CURLOPT_OPENSOCKETFUNCTION, reach_connect);
    set_option(easy, CURLOPT_OPENSOCKETDATA, &slot->reach);
}

static void add_header(struct slot *slot, const char *line)
{
    struct curl_slist *longer = curl_slist_append(slot->headers, line);

    if (!longer)
        sl_out_of_memory();
    slot->headers = longer;
}

static bool has_header(const struct sl_request *request, const char *name)
{
    for (size_t i = 0; i < request->n_headers; i++)
        if (strcasecmp(request->headers[i].name, name) == 0)
            return true;
    return false;
}

static void set_headers(struct slot *slot)
{
    const struct sl_request *request = slot->send.request;

    for (size_t i = 0; i < request->n_headers; i++)
        add_header(slot, sl_arena_printf(slot->send.arena, "%s: %s", request->headers[i].name,
                                         request->headers[i].value));
    add_header(slot, "Expect:"); /* no pause to be told to go on */
    if (!has_header(request, "Content-Type"))
        add_header(slot, "Content-Type:"); /* curl would call every body a form */
    set_option(slot->easy, CURLOPT_HTTPHEADER, slot->headers);
}

static void set_body(struct slot *slot)
{
    const struct sl_request *request = slot->send.request;
    int64_t size = (int64_t)request->n_body;
    const char *body = size > 0 ? request->body : "";

    if (slot->pieces) {
        size = sl_pieces_size(request->pieces, request->n_pieces);
        body = NULL; /* then it is read */
    }
    set_option(slot->easy, CURLOPT_POSTFIELDS, body);
    set_option(slot->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)size);
}

/* Of a handle that may have had another method before. */
static void set_method(struct slot *slot)
{
    const char *method = slot->send.request->method;
    bool head = strcmp(method, "HEAD") == 0, get = strcmp(method, "GET") == 0;

    set_option(slot->easy, CURLOPT_NOBODY, (long)head);
    set_option(slot->easy, CURLOPT_CUSTOMREQUEST,
               head || get || strcmp(method, "POST") == 0 ? NULL : method);
    if (head)
        return;
    set_option(slot->easy, get ? CURLOPT_HTTPGET : CURLOPT_POST, 1L);
    if (!get)
        set_body(slot);
}

static bool is_tls(const char *base)
{
    return strncasecmp(base, "https:", 6) == 0;
}

static void set_blob(CURL *easy, CURLoption option, const void *bytes, size_t n)
{
    struct curl_blob blob = { (void *)(uintptr_t)bytes, n, CURL_BLOB_COPY };

    set_option(easy, option, bytes ? &blob : NULL);
}

static void set_cert(CURL *easy, const struct sl_client_cert *cert)
{
    static const struct sl_client_cert none;
    const char *pem;

    cert = cert ? cert : &none;
    pem = cert->pem;
    set_option(easy, CURLOPT_SSLCERTTYPE, pem ? "PEM" : "P12");
    set_blob(easy, CURLOPT_SSLCERT_BLOB, pem ? (const void *)pem : cert->p12,
             pem ? strlen(pem) : cert->n_p12);
    set_blob(easy, CURLOPT_SSLKEY_BLOB, pem, pem ? strlen(pem) : 0);
    set_option(easy, CURLOPT_KEYPASSWD, cert->password);
}

static void set_address(struct slot *slot, const char *ca_file)
{
    const struct sl_request *request = slot->send.request;
    const char *url = sl_arena_printf(slot->send.arena, "%s%s", request->base, request->path);
    bool loopback = reach_is_loopback(slot->send.arena, request->base);

    slot->reach.loopback = loopback;
    set_option(slot->easy, CURLOPT_URL, url);
    set_option(slot->easy, CURLOPT_PROXY, loopback ? "" : NULL);
    set_option(slot->easy, CURLOPT_PROTOCOLS_STR, loopback ? "http,https" : "https");
    /* over TLS a request waits for a connection that may take many, instead of opening its own */
    set_option(slot->easy, CURLOPT_PIPEWAIT, is_tls(request->base) ? 1L : 0L);
    set_option(slot->easy, CURLOPT_FRESH_CONNECT, slot->send.fresh_connection ? 1L : 0L);
    set_option(slot->easy, CURLOPT_CAINFO, slot->send.ca_file ? slot->send.ca_file : ca_file);
    set_option(slot->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)slot->send.connect_ms);
    set_option(slot->easy, CURLOPT_TIMEOUT_MS, (long)slot->send.answer_ms);
}

static int open_sink(struct slot *slot)
{
    const char *path = slot->send.request->sink;

    if (!path)
        return 0;
    slot->sink = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    return slot->sink < 0 ? -1 : 0;
}

void exchange_begin(struct slot *slot, const struct sl_send *send)
{
    slot->send = *send;
    slot->body = sl_buf_new(send->arena);
    slot->active = true;
    slot->begun = slot->too_large = slot->repeated = false;
    slot->error = 0;
    slot->code = CURLE_OK;
    slot->reason[0] = slot->reach.refused[0] = '\0';
    slot->sink = -1;
    slot->n_sunk = 0;
}

/* A mail, whose message is made now and whose files are read while it is sent; or NOOP. */
static int set_mail(struct slot *slot, const char *ca_file, struct sl_err *err)
{
    const struct sl_smtp *smtp = slot->send.request->smtp;
    const struct sl_piece *pieces = NULL;
    size_t n = 0;

    smtp_log_begin(&slot->mail, slot->send.arena);
    if (smtp->n_to > 0 && (sl_mime_pieces(slot->send.arena, smtp->mail, &pieces, &n, err) < 0 ||
                           sl_pieces_open(&slot->pieces, slot->send.arena, pieces, n, err) < 0)) {
        slot->error = EIO;
        return -1;
    }
    set_address(slot, ca_file);
    smtp_set(slot->easy, smtp, sl_pieces_size(pieces, n), &slot->mail, &slot->headers);
    return 0;
}

int exchange_set(struct slot *slot, const char *ca_file, struct sl_err *err)
{
    const struct sl_request *request = slot->send.request;

    if (request->smtp)
        return set_mail(slot, ca_file, err);
    if (request->n_pieces > 0 && sl_pieces_open(&slot->pieces, slot->send.arena, request->pieces,
                                                request->n_pieces, err) < 0) {
        slot->error = EIO;
        return -1;
    }
    if (open_sink(slot) < 0) {
        slot->error = errno;
        return sl_err_set(err, SL_ERR_IO, "%s", strerror(slot->error));
    }
    set_address(slot, ca_file);
    if (request->cert)
        set_cert(slot->easy, request->cert);
    set_method(slot);
    set_headers(slot);
    return 0;
}

/* ---- What came of it -------------------------------------------------------------------- */

/* Whether the answer came in the version that is wanted. Only the answer tells. */
static bool is_version(const struct slot *slot)
{
    const struct sl_request *request = slot->send.request;
    long version = CURL_HTTP_VERSION_NONE;

    (void)curl_easy_getinfo(slot->easy, CURLINFO_HTTP_VERSION, &version);
    return !request->http2 || !is_tls(request->base) || version == CURL_HTTP_VERSION_NONE ||
           version == CURL_HTTP_VERSION_2_0;
}

/* Curl's answer to "did the request leave?" is whether it was about to write its first
 * byte. From there on nothing is certain until an answer is whole. */
static enum sl_reach reach_of(const struct slot *slot, long status)
{
    if (!slot->begun)
        return SL_NOT_SENT;
    if (slot->repeated || !is_version(slot))
        return SL_SENT;
    if (slot->code == CURLE_OK)
        return SL_ANSWERED;
    return status > 0 ? SL_CUT : SL_SENT;
}

static const char *transport_of(const struct slot *slot)
{
    if (!is_version(slot))
        return "the server answered in HTTP/1.1, where HTTP/2 is spoken";
    if (slot->code == CURLE_OK || slot->too_large)
        return NULL;
    if (slot->reach.refused[0] && !slot->begun)
        return sl_arena_printf(slot->send.arena,
                               "%s is not public, and no network of private_networks has it",
                               slot->reach.refused);
    if (slot->repeated || slot->code == CURLE_SEND_FAIL_REWIND)
        return "the connection was closed before an answer came";
    return sl_arena_strdup(slot->send.arena,
                           slot->reason[0] ? slot->reason : curl_easy_strerror(slot->code));
}

/* Those of the headers that were asked for and came. */
static void take_headers(const struct slot *slot, struct sl_exchange *exchange)
{
    const char *const *wanted = slot->send.answer_headers;
    struct curl_header *header;
    struct sl_pair *pairs;
    size_t n = 0;

    while (wanted && wanted[n])
        n++;
    if (n == 0 || !slot->begun)
        return;
    pairs = SL_NEW(slot->send.arena, struct sl_pair, n);
    for (size_t i = 0; i < n; i++)
        if (curl_easy_header(slot->easy, wanted[i], 0, CURLH_HEADER, -1, &header) == CURLHE_OK)
            pairs[exchange->n_headers++] =
                (struct sl_pair){ wanted[i], sl_arena_strdup(slot->send.arena, header->value) };
    exchange->headers = pairs;
}

/* A Date is of whole seconds, and of when the answer was begun: at most as old as the exchange. */
static void compare_clocks(const struct slot *slot, struct sl_sent *sent)
{
    enum { DATE_MS = 1000 };
    int64_t oldest_ms = sent->duration_ms + DATE_MS, date_ms;
    struct curl_header *header;

    if (!slot->begun ||
        curl_easy_header(slot->easy, "Date", 0, CURLH_HEADER, -1, &header) != CURLHE_OK)
        return;
    date_ms = (int64_t)curl_getdate(header->value, NULL) * 1000;
    if (date_ms < 0)
        return;
    sent->dated = true;
    sent->ahead_ms = sl_now_ms() - date_ms;
    if (sent->ahead_ms > 0)
        sent->ahead_ms = sent->ahead_ms > oldest_ms ? sent->ahead_ms - oldest_ms : 0;
}

/* Of what an answer names, or -1. Nothing is waited for longer than a year. */
static int64_t milliseconds(curl_off_t seconds)
{
    const curl_off_t most = 366 * 86400;

    if (seconds <= 0)
        return -1;
    return (seconds < most ? seconds : most) * 1000;
}

void exchange_tell(struct slot *slot, struct sl_sent *sent)
{
    curl_off_t retry_after = 0, took = 0;
    char *content_type = NULL;
    long status = 0, connects = 0;

    (void)curl_easy_getinfo(slot->easy, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(slot->easy, CURLINFO_NUM_CONNECTS, &connects);
    (void)curl_easy_getinfo(slot->easy, CURLINFO_RETRY_AFTER, &retry_after);
    (void)curl_easy_getinfo(slot->easy, CURLINFO_TOTAL_TIME_T, &took);
    (void)curl_easy_getinfo(slot->easy, CURLINFO_CONTENT_TYPE, &content_type);
    sent->duration_ms = took / 1000;
    sent->exchange = (struct sl_exchange){
        .reach = slot->too_large ? SL_CUT : reach_of(slot, status),
        .status = slot->begun ? (int)status : 0, /* else it may be that of the last exchange */
        .retry_after_ms = milliseconds(retry_after),
        .content_type = content_type ? sl_arena_strdup(slot->send.arena, content_type) : "",
        .body = slot->body.data,
        .n_body = slot->body.len,
        .n_sunk = slot->n_sunk,
        .error = slot->error,
        .too_large = slot->too_large,
        .reused = slot->begun && connects == 0,
        .transport = transport_of(slot),
    };
    if (slot->send.request->smtp) {
        smtp_tell(&slot->mail, slot->code, &sent->exchange);
        return;
    }
    take_headers(slot, &sent->exchange);
    compare_clocks(slot, sent);
}

/* ---- And free again --------------------------------------------------------------------- */

static void free_headers(struct slot *slot)
{
    curl_slist_free_all(slot->headers);
    slot->headers = NULL;
}

static void close_files(struct slot *slot)
{
    sl_pieces_close(&slot->pieces);
    if (slot->sink >= 0)
        (void)close(slot->sink);
    slot->sink = -1;
}

void exchange_clear(struct slot *slot)
{
    if (slot->send.request->smtp) { /* its options are not those of HTTP */
        curl_easy_reset(slot->easy);
        exchange_prepare(slot);
    }
    set_option(slot->easy, CURLOPT_HTTPHEADER, NULL);
    if (slot->send.request->cert)
        set_cert(slot->easy, NULL);
    free_headers(slot);
    close_files(slot);
    sl_files_end(&slot->files);
    slot->active = false;
    slot->send.owner = NULL;
}
