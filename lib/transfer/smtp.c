#include "lib/transfer/smtp.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/transfer/option.h"

enum { MOST_TEXT = 500, REPLY_MS = 600000 /* RFC 5321, section 4.5.3.2.6: ten minutes */ };

/* ---- Which reply belongs to which command ---------------------------------------------------- */

void smtp_log_begin(struct smtp_log *log, struct sl_arena *arena)
{
    *log = (struct smtp_log){ .arena = arena,
                              .text = sl_buf_new(arena),
                              .replies = sl_buf_new(arena) };
}

/* Of a line that answers a challenge only its place tells that it is no command. */
static bool is_challenged(const struct smtp_log *log)
{
    return log->phase == SL_SMTP_AUTH && log->last_code == 334;
}

static bool is_word(const char *line, size_t n, const char *word)
{
    size_t n_word = strlen(word);

    return n >= n_word && strncasecmp(line, word, n_word) == 0;
}

/* Lines that are no command belong to the one before. */
static void sent(struct smtp_log *log, const char *line, size_t n)
{
    static const struct {
        const char *word;
        enum sl_smtp_phase phase;
    } commands[] = {
        { "EHLO", SL_SMTP_HELLO }, { "HELO", SL_SMTP_HELLO },     { "STARTTLS", SL_SMTP_STARTTLS },
        { "AUTH", SL_SMTP_AUTH },  { "MAIL FROM", SL_SMTP_FROM }, { "RCPT TO", SL_SMTP_TO },
        { "DATA", SL_SMTP_DATA },  { "NOOP", SL_SMTP_OTHER },     { "RSET", SL_SMTP_OTHER },
    };

    log->leaving = is_word(line, n, "QUIT");
    if (is_challenged(log))
        return;
    for (size_t i = 0; i < SL_COUNT(commands); i++) {
        if (!is_word(line, n, commands[i].word))
            continue;
        log->phase = commands[i].phase;
        log->n_to += log->phase == SL_SMTP_TO;
        return;
    }
}

static void end_reply(struct smtp_log *log, int code)
{
    const struct sl_smtp_reply reply = {
        .phase = log->phase,
        .place = log->n_to > 0 ? log->n_to - 1 : 0,
        .code = code,
        .text = sl_printable(log->arena, log->text.data, log->text.len, MOST_TEXT),
    };

    sl_buf_add(&log->replies, (const char *)&reply, sizeof reply);
    log->text = sl_buf_new(log->arena);
    log->last_code = code;
    if (log->phase == SL_SMTP_DATA && code == 354) {
        log->accepted = true;
        log->phase = SL_SMTP_END;
    }
}

/* "250-text" goes on, "250 text" ends it. */
static void got(struct smtp_log *log, const char *line, size_t n)
{
    while (n > 0 && (line[n - 1] == '\n' || line[n - 1] == '\r'))
        n--;
    if (log->leaving || n < 3 || strspn(line, "0123456789") < 3)
        return;
    if (log->text.len > 0)
        sl_buf_text(&log->text, " ");
    if (n > 4)
        sl_buf_add(&log->text, line + 4, n - 4);
    if (n == 3 || line[3] != '-')
        end_reply(log, (line[0] - '0') * 100 + (line[1] - '0') * 10 + line[2] - '0');
}

int smtp_log_hear(CURL *easy, curl_infotype type, char *bytes, size_t n, void *log)
{
    (void)easy;
    if (type == CURLINFO_HEADER_OUT)
        sent(log, bytes, n);
    else if (type == CURLINFO_HEADER_IN)
        got(log, bytes, n);
    return 0;
}

/* ---- Asking libcurl for it -------------------------------------------------------------------- */

static void set_sign_in(CURL *easy, const struct sl_smtp *smtp, struct sl_arena *arena)
{
    if (!smtp->user)
        return;
    set_option(easy, CURLOPT_USERNAME, smtp->user);
    if (smtp->bearer)
        set_option(easy, CURLOPT_XOAUTH2_BEARER, smtp->bearer);
    else
        set_option(easy, CURLOPT_PASSWORD, smtp->password ? smtp->password : "");
    if (smtp->mechanism)
        set_option(easy, CURLOPT_LOGIN_OPTIONS, sl_arena_printf(arena, "AUTH=%s", smtp->mechanism));
}

void smtp_set(CURL *easy, const struct sl_smtp *smtp, int64_t size, struct smtp_log *log,
              struct curl_slist **list)
{
    set_option(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    set_option(easy, CURLOPT_USE_SSL, (long)(smtp->starttls ? CURLUSESSL_ALL : CURLUSESSL_NONE));
    set_option(easy, CURLOPT_SERVER_RESPONSE_TIMEOUT, REPLY_MS / 1000L);
    set_option(easy, CURLOPT_VERBOSE, 1L); /* for the debug function: nothing is shown */
    set_option(easy, CURLOPT_DEBUGFUNCTION, smtp_log_hear);
    set_option(easy, CURLOPT_DEBUGDATA, log);
    set_sign_in(easy, smtp, log->arena);
    if (smtp->n_to == 0) {
        set_option(easy, CURLOPT_NOBODY, 1L);
        set_option(easy, CURLOPT_CUSTOMREQUEST, "NOOP");
        return;
    }
    for (size_t i = 0; i < smtp->n_to; i++) {
        struct curl_slist *longer = curl_slist_append(*list, smtp->to[i]);

        if (!longer)
            sl_out_of_memory();
        *list = longer;
    }
    set_option(easy, CURLOPT_MAIL_FROM, smtp->from);
    set_option(easy, CURLOPT_MAIL_RCPT, *list);
    set_option(easy, CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L); /* so it is spelt */
    set_option(easy, CURLOPT_UPLOAD, 1L);
    set_option(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)size);
}

/* ---- What came of it --------------------------------------------------------------------------- */

static const struct sl_smtp_reply *last_reply(const struct sl_exchange *exchange)
{
    return exchange->n_replies > 0 ? &exchange->replies[exchange->n_replies - 1] : NULL;
}

static enum sl_fault fault_of(CURLcode code, const struct sl_smtp_reply *last)
{
    switch ((int)code) {
    case CURLE_PEER_FAILED_VERIFICATION: return SL_FAULT_CERTIFICATE;
    case CURLE_USE_SSL_FAILED: return SL_FAULT_NO_TLS;
    case CURLE_LOGIN_DENIED: return last && last->code < 300 ? SL_FAULT_NO_AUTH : SL_NO_FAULT;
    default: return SL_NO_FAULT;
    }
}

/* Up to the 354 nothing was given to the server; from there on only the reply to the end of the
 * message says what became of it. That our own reading stopped means that its end never came. */
static enum sl_reach reach_of(const struct smtp_log *log, CURLcode code,
                              const struct sl_smtp_reply *last)
{
    bool refused = last && (last->code >= 400 || last->code == 334);

    if (code == CURLE_OK || (last && last->phase == SL_SMTP_END) || refused)
        return SL_ANSWERED;
    if (!log->accepted || code == CURLE_ABORTED_BY_CALLBACK)
        return SL_NOT_SENT;
    return SL_SENT;
}

void smtp_tell(const struct smtp_log *log, CURLcode code, struct sl_exchange *exchange)
{
    const struct sl_smtp_reply *last;

    size_t n = log->replies.len / sizeof *exchange->replies;
    struct sl_smtp_reply *replies = SL_NEW(log->arena, struct sl_smtp_reply, n + 1);

    memcpy(replies, log->replies.data, log->replies.len);
    exchange->replies = replies;
    exchange->n_replies = n;
    last = last_reply(exchange);
    exchange->status = last ? last->code : 0;
    exchange->fault = fault_of(code, last);
    exchange->reach = exchange->fault ? SL_NOT_SENT : reach_of(log, code, last);
}
