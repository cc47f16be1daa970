/* Twilio, simulated: what it refuses of a request to send (docs/providers/twilio.md, 4.2, 4.8, 5). */
#include <string.h>
#include <strings.h>

#include "lib/base/text.h"
#include "sandbox/box.h"
#include "sandbox/form.h"
#include "sandbox/sms.h"
#include "sandbox/twilio.h"

static const char test_number[] = "+15005550006";

static void read_form(char *body, struct sl_twilio_form *form)
{
    const struct {
        const char *name, **value;
    } known[] = {
        { "To", &form->to },
        { "From", &form->from },
        { "MessagingServiceSid", &form->service },
        { "Body", &form->body },
        { "StatusCallback", &form->callback },
        { "ValidityPeriod", &form->validity },
        { "MediaUrl", &form->media },
    };
    char *name, *value;

    while (sl_form_next(&body, &name, &value))
        for (size_t i = 0; i < SL_COUNT(known); i++)
            if (strcmp(known[i].name, name) == 0 && *value)
                *known[i].value = value;
}

/* In UTF-16 units. */
static size_t length_of(const char *text)
{
    size_t n = 0;
    uint32_t point;

    while ((point = sl_utf8_next(&text)) != 0)
        n += point > 0xffff ? 2 : 1;
    return n;
}

static bool is_callback(const char *url)
{
    const char *host = strstr(url, "://");

    return host && strncmp(url, "http", 4) == 0 &&
           !memchr(host + 3, '_', strcspn(host + 3, "/:?#"));
}

static bool is_name(const char *from)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    return strlen(from) <= 11 && strpbrk(from, letters) &&
           !from[strspn(from, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                              "0123456789 +-_&")] &&
           strcmp(from, "UNKNOWN") != 0;
}

static bool is_sender(const char *from)
{
    size_t n = strlen(from);

    return sl_sms_is_e164(from) || is_name(from) ||
           (n >= 3 && n <= 6 && strspn(from, "0123456789") == n);
}

/* The test numbers: what they answer is the same for every account. */
static const struct magic {
    const char *number;
    int code;
    const char *text;
} magic_from[] = {
    { "+15005550001", 21212, "The 'From' number is not a valid phone number" },
    { "+15005550007", 21606, "The 'From' phone number provided is not a valid sender" },
    { "+15005550008", 21611, "This 'From' number has exceeded the maximum number of queued messages" },
},
  magic_to[] = {
      { "+15005550001", 21211, "The 'To' number is not a valid phone number" },
      { "+15005550002", 21612, "The 'To' phone number is not currently reachable" },
      { "+15005550003", 21408, "Permission to send an SMS has not been enabled for the region" },
      { "+15005550004", 21610, "Attempt to send to unsubscribed recipient" },
      { "+15005550009", 21614, "'To' number is not a valid mobile number" },
};

static const struct magic *find_magic(const struct magic *rows, size_t n, const char *number)
{
    for (size_t i = 0; number && i < n; i++)
        if (strcmp(rows[i].number, number) == 0)
            return &rows[i];
    return NULL;
}

/* False, and answered, if something is missing or malformed. */
static bool form_is_whole(struct sl_visit *visit, const struct sl_twilio_form *form)
{
    int64_t seconds;

    if (!form->to)
        sl_twilio_refuse(visit, 400, 21604, "A 'To' phone number is required.");
    else if (!form->from && !form->service)
        sl_twilio_refuse(visit, 400, 21603, "A 'From' phone number is required.");
    else if (!form->body && !form->media)
        sl_twilio_refuse(visit, 400, 21602, "Message body is required.");
    else if (form->body && !sl_utf8_valid(form->body, strlen(form->body)))
        sl_twilio_refuse(visit, 400, 20001, "Body is not UTF-8");
    else if (form->body && length_of(form->body) > 1600)
        sl_twilio_refuse(visit, 400, 21617,
                         "The concatenated message body exceeds the 1600 character limit");
    else if (form->callback && !is_callback(form->callback))
        sl_twilio_refuse(visit, 400, 21609, "The 'StatusCallback' URL is not a valid URL.");
    else if (form->validity && !sl_parse_int(form->validity, 1, 36000, &seconds))
        sl_twilio_refuse(visit, 400, 20001, "ValidityPeriod is invalid");
    else
        return true;
    return false;
}

static bool sender_is_good(struct sl_visit *visit, const struct sl_twilio_form *form, bool test)
{
    const struct magic *magic = find_magic(magic_from, SL_COUNT(magic_from), form->from);

    if (magic)
        sl_twilio_refuse(visit, magic->code == 21611 ? 429 : 400, magic->code, magic->text);
    else if (form->service && !sl_twilio_sid(form->service, "MG"))
        sl_twilio_refuse(visit, 400, 21701, "The Messaging Service does not exist");
    else if (test && (!form->from || form->service || strcmp(form->from, test_number) != 0))
        sl_twilio_refuse(visit, 400, 21606,
                         "The 'From' phone number provided is not a valid sender");
    else if (form->from && (!is_sender(form->from) || visit->scenario == SL_PLAY_INVALID_SENDER))
        sl_twilio_refuse(visit, 400,
                         is_name(form->from) || sl_sms_is_e164(form->from) ? 21606 : 21212,
                         "The 'From' phone number provided is not a valid sender");
    else
        return true;
    return false;
}

static bool recipient_is_good(struct sl_visit *visit, const struct sl_twilio_form *form)
{
    const struct magic *magic = find_magic(magic_to, SL_COUNT(magic_to), form->to);

    if (magic)
        sl_twilio_refuse(visit, 400, magic->code, magic->text);
    else if (!sl_sms_is_e164(form->to))
        sl_twilio_refuse(visit, 400, 21211,
                         sl_arena_printf(visit->arena,
                                         "The 'To' number %s is not a valid phone number.",
                                         form->to));
    else if (visit->scenario == SL_PLAY_ESCAPES)
        sl_twilio_refuse(visit, 400, 21211, "not valid\x1b[31m\x1b]0;owned\a");
    else if (form->from && strcmp(form->from, form->to) == 0)
        sl_twilio_refuse(visit, 400, 21266, "'To' and 'From' number cannot be the same");
    else if (visit->scenario == SL_PLAY_BLACKLISTED)
        sl_twilio_refuse(visit, 400, 21610, "Attempt to send to unsubscribed recipient");
    else if (visit->scenario == SL_PLAY_INSUFFICIENT_BALANCE)
        sl_twilio_refuse(visit, 401, 20005, "Account not active");
    else
        return true;
    return false;
}

static bool is_form(const struct sl_visit *visit)
{
    static const char wanted[] = "application/x-www-form-urlencoded";
    const char *type = sl_visit_header(visit, "Content-Type");

    return type && strncasecmp(type, wanted, sizeof wanted - 1) == 0;
}

void sl_twilio_send(struct sl_visit *visit, const char *account_sid)
{
    struct sl_twilio_form form = { 0 };
    struct sl_magic magic;

    if (is_form(visit)) /* a body of another type has no fields */
        read_form(visit->body, &form);
    magic = sl_magic_of(form.to ? form.to : "");
    if (magic.plays)
        visit->scenario = magic.scenario;
    if (sl_twilio_is_refused(visit) || !form_is_whole(visit, &form) ||
        !sender_is_good(visit, &form, strcmp(account_sid, SL_TWILIO_TEST_ACCOUNT) == 0) ||
        !recipient_is_good(visit, &form))
        return;
    if (strcmp(account_sid, SL_TWILIO_TEST_ACCOUNT) == 0)
        form.callback = NULL;
    sl_twilio_take(visit, account_sid, &form);
}
