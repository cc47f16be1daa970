/* SMTP: from replies to outcomes. What decides is the phase that was reached and the code of the
 * reply (docs/providers/smtp.md, 5). */
#include <string.h>

#include "adapters/email/smtp.h"
#include "lib/base/text.h"

enum { MINUTE = 60000, GREYLISTED_MS = 5 * MINUTE, SOON_MS = 1000 };

/* ---- Replies ------------------------------------------------------------------------- */

static const struct sl_smtp_reply *last_of(const struct sl_exchange *exchange)
{
    return exchange->n_replies > 0 ? &exchange->replies[exchange->n_replies - 1] : NULL;
}

static const struct sl_smtp_reply *reply_to(const struct sl_exchange *exchange, size_t place)
{
    for (size_t i = 0; i < exchange->n_replies; i++)
        if (exchange->replies[i].phase == SL_SMTP_TO && exchange->replies[i].place == place)
            return &exchange->replies[i];
    return NULL;
}

/* "550 5.1.1 No such user", for a person. */
static const char *words(const struct sl_call *call, const struct sl_smtp_reply *reply)
{
    return sl_arena_printf(call->arena, "%d %s", reply->code, reply->text);
}

/* "5.1.1 …" */
static bool has_status(const struct sl_smtp_reply *reply, const char *status)
{
    size_t n = strlen(status);

    return strncmp(reply->text, status, n) == 0 && (reply->text[n] == ' ' || !reply->text[n]);
}

/* What a refusal says of one recipient, or of the mail; of the account where it concerns it. */
static struct sl_outcome refused(const struct sl_call *call, const struct sl_smtp_reply *reply)
{
    struct sl_outcome outcome = { .text = words(call, reply) };

    outcome.verdict = reply->code / 100 == 5 ? SL_PERMANENT : SL_RETRY;
    if (reply->code / 100 != 4 && reply->code / 100 != 5)
        outcome.verdict = SL_RETRY; /* the mail was not handed over */
    return outcome;
}

static struct sl_outcome recipient_refused(const struct sl_call *call,
                                           const struct sl_smtp_reply *reply)
{
    struct sl_outcome outcome = refused(call, reply);

    if (reply->code == 452)
        outcome.after_ms = SOON_MS; /* too many at once */
    else if (outcome.verdict == SL_RETRY)
        outcome.after_ms = GREYLISTED_MS;
    if (reply->code == 530) {
        outcome.concerns = SL_BATCH;
        outcome.text = sl_arena_printf(call->arena, "the server wants username and password (%s)",
                                       outcome.text);
    }
    if (outcome.verdict == SL_PERMANENT && has_status(reply, "5.1.1"))
        outcome.learned = SL_DEAD_ADDRESS;
    return outcome;
}

/* ---- Before the message --------------------------------------------------------------- */

static struct sl_outcome sign_in_refused(const struct sl_call *call,
                                         const struct sl_smtp_reply *reply)
{
    struct sl_outcome outcome = refused(call, reply);

    outcome.concerns = SL_ACCOUNT;
    if (reply->code / 100 != 4) /* 334 is a challenge that says no: XOAUTH2 */
        outcome.verdict = SL_AUTH;
    if (reply->code == 334)
        outcome.text = "the token is refused";
    else if (has_status(reply, "5.7.139"))
        outcome.text =
            sl_arena_printf(call->arena, "signing in is switched off for this mailbox (%s)",
                            outcome.text);
    return outcome;
}

static struct sl_outcome sender_refused(const struct sl_call *call,
                                        const struct sl_exchange *exchange,
                                        const struct sl_smtp_reply *reply)
{
    struct sl_outcome outcome = refused(call, reply);

    if (reply->code == 421 && exchange->reused)
        outcome.cure = SL_FRESH_CONNECTION; /* it has had enough mails over this one */
    if (reply->code == 530)
        outcome.text = sl_arena_printf(call->arena, "the server wants username and password (%s)",
                                       outcome.text);
    /* what is wrong with the sender is wrong for the whole list, a mail's size is not */
    if (outcome.verdict == SL_PERMANENT && reply->code != 552)
        outcome.concerns = SL_BATCH;
    return outcome;
}

static struct sl_outcome fault(const struct sl_call *call, const struct sl_exchange *exchange)
{
    static const char *const texts[] = {
        [SL_FAULT_CERTIFICATE] =
            "the certificate of the server is not trusted, or of another name; "
            "for a CA of your own set ca_file",
        [SL_FAULT_NO_TLS] = "the server offers no STARTTLS; for TLS from the first byte set "
                            "security=tls",
        [SL_FAULT_NO_AUTH] = "the server offers no way to sign in that is allowed here",
    };
    const char *text = texts[exchange->fault];

    if (exchange->transport)
        text = sl_arena_printf(call->arena, "%s (%s)", text, exchange->transport);
    return (struct sl_outcome){ .verdict = SL_PERMANENT, .concerns = SL_BATCH, .text = text };
}

/* Nothing of the message was given to the server. */
static struct sl_outcome not_sent(const struct sl_exchange *exchange)
{
    return (struct sl_outcome){
        .verdict = SL_RETRY,
        .cure = exchange->reused ? SL_FRESH_CONNECTION : SL_NO_CURE,
        .text = exchange->transport,
    };
}

/* What became of the mail as a whole, by the last reply. */
static struct sl_outcome judge(const struct sl_call *call, const struct sl_exchange *exchange)
{
    const struct sl_smtp_reply *last = last_of(exchange);
    struct sl_outcome outcome;

    if (exchange->fault)
        return fault(call, exchange);
    if (exchange->reach == SL_NOT_SENT)
        return not_sent(exchange);
    if (exchange->reach != SL_ANSWERED || !last)
        return (struct sl_outcome){ .verdict = SL_AMBIGUOUS, .text = exchange->transport };
    switch (last->phase) {
    case SL_SMTP_AUTH: return sign_in_refused(call, last);
    case SL_SMTP_FROM: return sender_refused(call, exchange, last);
    case SL_SMTP_TO:
    case SL_SMTP_OTHER: return not_sent(exchange);
    case SL_SMTP_GREETING:
    case SL_SMTP_HELLO:
    case SL_SMTP_STARTTLS:
        outcome = refused(call, last);
        outcome.concerns = outcome.verdict == SL_RETRY ? SL_ACCOUNT : SL_BATCH;
        return outcome;
    case SL_SMTP_DATA: return refused(call, last);
    case SL_SMTP_END: break;
    }
    if (last->code / 100 != 2)
        return refused(call, last);
    return (struct sl_outcome){ .verdict = SL_OK, .external = last->text };
}

void sl_smtp_parse_send(const struct sl_call *call, const struct sl_exchange *exchange,
                        struct sl_result *result)
{
    struct sl_outcome whole = judge(call, exchange);

    for (size_t i = 0; i < result->n_items; i++) {
        const struct sl_smtp_reply *reply = reply_to(exchange, i);

        if (reply && reply->code >= 400)
            result->items[i] = recipient_refused(call, reply);
        else if (whole.verdict == SL_OK && (!reply || reply->code / 100 != 2))
            result->items[i] = (struct sl_outcome){ .text = "no reply named this recipient" };
        else
            result->items[i] = whole;
    }
}

/* ---- test ------------------------------------------------------------------------------ */

void sl_smtp_parse_test(const struct sl_call *call, const struct sl_exchange *exchange,
                        struct sl_result *result)
{
    const char *user = call->settings->values[USERNAME];
    const struct sl_smtp_reply *last = last_of(exchange);
    struct sl_outcome outcome = { .verdict = SL_OK };

    if (exchange->fault || exchange->reach != SL_ANSWERED || !last ||
        last->phase != SL_SMTP_OTHER || last->code != 250)
        outcome = judge(call, exchange);
    sl_result_all(result, outcome);
    sl_result_repeatable(result);
    if (outcome.verdict != SL_OK)
        return;
    sl_result_found(result, (struct sl_finding){
                                SL_FINDING_GOOD,
                                user ? sl_arena_printf(call->arena, "signed in as %s", user)
                                     : "the server is there; nobody signs in" });
}
