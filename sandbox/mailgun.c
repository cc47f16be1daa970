/* Mailgun, simulated: messages, events, the domain, signed webhooks (docs/providers/mailgun.md). */
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/crypto.h"
#include "lib/base/err.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "sandbox/box.h"
#include "sandbox/mail.h"
#include "sandbox/multipart.h"
#include "sandbox/registry.h"

static const char json_body[] = "application/json";
static const char domain[] = "mg.school.test", signing_key[] = "sandbox-signing-key";

enum { MOST_BODY = 26 << 20, MOST_TO = 1000 };

/* What is known of one mail to one recipient. */
struct told {
    struct told *next;
    const char *id, *to, *variables, *last; /* last: its last event */
};

struct account {
    struct sl_arena *arena;
    struct told *mails;
    char *events; /* where they go; NULL: nowhere */
};

/* ---- Refusals -------------------------------------------------------------------------- */

static void say(struct sl_visit *visit, int status, const char *message)
{
    sl_visit_begin(visit, status, json_body);
    sl_buf_text(&visit->answer, "{\"message\":");
    sl_json_quote(&visit->answer, message);
    sl_buf_text(&visit->answer, "}");
}

static bool is_refused(struct sl_visit *visit)
{
    static const struct {
        int status;
        const char *text;
    } answers[] = {
        [SL_REFUSE_RATE] = { 429, "Too many requests" },
        [SL_REFUSE_BUSY] = { 503, "Service unavailable" },
        [SL_REFUSE_BROKEN] = { 500, "Internal server error" },
    };
    enum sl_refusal refusal = sl_visit_refusal(visit);

    if (refusal == SL_REFUSE_NOT)
        return false;
    say(visit, answers[refusal].status, answers[refusal].text);
    if (refusal == SL_REFUSE_RATE)
        sl_visit_add_header(visit, "Retry-After", "1");
    return true;
}

/* ---- Events ---------------------------------------------------------------------------- */

static void put_event(struct sl_buf *out, const struct told *mail, const char *word,
                      const char *event_id)
{
    bool failed = strcmp(word, "failed") == 0;

    sl_buf_printf(out,
                  "{\"event\":\"%s\",\"id\":\"%s\",\"timestamp\":%lld.5,%s\"recipient\":", word,
                  event_id, (long long)(sl_now_ms() / 1000),
                  failed ? "\"severity\":\"permanent\",\"reason\":\"bounce\"," : "");
    sl_json_quote(out, mail->to);
    sl_buf_text(out, ",\"user-variables\":");
    sl_buf_text(out, mail->variables);
    sl_buf_text(out, ",\"message\":{\"headers\":{\"message-id\":");
    sl_json_quote(out, mail->id);
    sl_buf_printf(out, "}},\"delivery-status\":{\"code\":%d,\"message\":\"%s\"}}",
                  failed ? 550 : 250, failed ? "no such user" : "OK");
}

/* Only time and token are signed. */
static const char *webhook(struct sl_visit *visit, const struct told *mail, const char *word,
                           const char *key)
{
    unsigned long long id = (unsigned long long)sl_box_id(visit->box);
    const char *time = sl_arena_printf(visit->arena, "%lld", (long long)(sl_now_ms() / 1000));
    const char *token = sl_arena_printf(visit->arena, "%050llx", id);
    const char *text = sl_arena_printf(visit->arena, "%s%s", time, token);
    unsigned char mac[SL_SHA256_SIZE];
    char hex[2 * SL_SHA256_SIZE + 1];
    struct sl_buf out = sl_buf_new(visit->arena);

    sl_hmac_sha256(key, strlen(key), text, strlen(text), mac);
    sl_hex(mac, sizeof mac, hex);
    sl_buf_printf(&out,
                  "{\"signature\":{\"timestamp\":\"%s\",\"token\":\"%s\",\"signature\":\"%s\"},"
                  "\"event-data\":",
                  time, token, hex);
    put_event(&out, mail, word, sl_arena_printf(visit->arena, "E%llx", id));
    sl_buf_text(&out, "}");
    return out.data;
}

static void tell(struct sl_visit *visit, struct told *mail)
{
    const struct account *account = visit->state;
    bool failed = visit->scenario == SL_PLAY_DLR_FAILED;
    struct sl_script script = {
        .url = account->events,
        .type = json_body,
        .delay_ms = visit->box->settings.callback_ms,
        .late_ms = visit->box->settings.late_ms,
    };

    mail->last = failed ? "failed" : "delivered";
    if (!account->events)
        return;
    script.genuine = webhook(visit, mail, mail->last, signing_key);
    script.other = webhook(visit, mail, failed ? "delivered" : "failed", "another-key");
    script.contrary = webhook(visit, mail, failed ? "delivered" : "failed", signing_key);
    sl_callbacks_play(visit->box->callbacks, visit->scenario, visit, &script);
}

static void show_events(struct sl_visit *visit)
{
    static const struct sl_seen_kind kind = { .operation = "events", .names = { "id" } };
    const struct account *account = visit->state;
    const char *id = sl_visit_query(visit, "message-id"), *comma = "";

    sl_seen_add(visit, &kind, (const char *const[]){ id });
    sl_visit_begin(visit, 200, json_body);
    sl_buf_text(&visit->answer, "{\"items\":[");
    for (const struct told *mail = account->mails; mail; mail = mail->next) {
        if (id && strcmp(mail->id, id) != 0)
            continue;
        sl_buf_text(&visit->answer, comma);
        put_event(&visit->answer, mail, "accepted", "EA");
        sl_buf_text(&visit->answer, ",");
        put_event(&visit->answer, mail, mail->last, "EB");
        comma = ",";
    }
    sl_buf_text(&visit->answer, "],\"paging\":{}}");
}

/* ---- Taking ---------------------------------------------------------------------------- */

static bool has_header_end(const char *text)
{
    return strpbrk(text, "\r\n") != NULL;
}

/* NULL, or what is wrong with the form. */
static const char *problem(const struct sl_visit *visit, const struct sl_part *parts, int n)
{
    const char *from = sl_parts_value(parts, n, "from");
    int n_to = 0, n_bodies = 0;

    for (int i = 0; i < n; i++) {
        bool box = strcmp(parts[i].name, "to") == 0 || strcmp(parts[i].name, "cc") == 0 ||
                   strcmp(parts[i].name, "bcc") == 0;

        n_to += strcmp(parts[i].name, "to") == 0;
        n_bodies += strcmp(parts[i].name, "text") == 0 || strcmp(parts[i].name, "html") == 0;
        if (box && !sl_mail_is_address(sl_mail_address(visit->arena, parts[i].value)))
            return "'to' parameter is not a valid address. please check documentation";
        if (strncmp(parts[i].name, "h:", 2) == 0 && has_header_end(parts[i].value))
            return "a header has a line's end in it";
    }
    if (!from || !sl_mail_is_address(sl_mail_address(visit->arena, from)))
        return "from parameter is missing or not a valid address";
    if (n_to == 0)
        return "to parameter is missing";
    if (n_to > MOST_TO)
        return "to parameter has too many addresses";
    return n_bodies > 0 ? NULL : "Need at least one of 'text', 'html', 'amp-html' or 'template'";
}

/* {"NAME":"VALUE"} of the v: fields. */
static const char *variables_of(struct sl_visit *visit, const struct sl_part *parts, int n)
{
    struct account *account = visit->state;
    struct sl_buf out = sl_buf_new(account->arena);

    sl_buf_text(&out, "{");
    for (int i = 0; i < n; i++) {
        if (strncmp(parts[i].name, "v:", 2) != 0)
            continue;
        sl_buf_text(&out, out.len > 1 ? "," : "");
        sl_json_quote(&out, parts[i].name + 2);
        sl_buf_text(&out, ":");
        sl_json_quote(&out, parts[i].value);
    }
    sl_buf_text(&out, "}");
    return out.data;
}

static const char *names_of(struct sl_visit *visit, const struct sl_part *parts, int n)
{
    struct sl_buf out = sl_buf_new(visit->arena);

    for (int i = 0; i < n; i++)
        if (parts[i].filename && strcmp(parts[i].name, "attachment") == 0) {
            sl_buf_text(&out, out.len > 0 ? "," : "");
            sl_buf_text(&out, parts[i].filename);
        }
    return out.len > 0 ? out.data : NULL;
}

static void take(struct sl_visit *visit, const struct sl_part *parts, int n, const char *id)
{
    struct account *account = visit->state;
    const char *subject = sl_parts_value(parts, n, "subject");
    const char *text = sl_parts_value(parts, n, "text"), *html = sl_parts_value(parts, n, "html");
    const char *variables = variables_of(visit, parts, n), *files = names_of(visit, parts, n);

    for (int i = 0; i < n; i++) {
        struct told *mail;

        if (strcmp(parts[i].name, "to") != 0 && strcmp(parts[i].name, "cc") != 0 &&
            strcmp(parts[i].name, "bcc") != 0)
            continue;
        mail = SL_NEW(account->arena, struct told, 1);
        *mail = (struct told){ account->mails, id,
                               sl_arena_strdup(account->arena,
                                               sl_mail_address(visit->arena, parts[i].value)),
                               variables, "accepted" };
        account->mails = mail;
        sl_mail_take(visit, &(struct sl_mail_seen){ mail->to, subject ? subject : "",
                                                    text ? text : html, id, files, NULL });
        tell(visit, mail);
    }
}

static void send_mail(struct sl_visit *visit)
{
    struct account *account = visit->state;
    struct sl_part *parts;
    int n = sl_parts_read(visit, &parts);
    const char *wrong = n < 0 ? "the body is no multipart/form-data" : problem(visit, parts, n);
    const char *given = wrong ? NULL : sl_parts_value(parts, n, "h:Message-Id");
    const char *id;

    if (wrong) {
        say(visit, 400, wrong);
        return;
    }
    id = given ? sl_mail_address(visit->arena, given)
               : sl_arena_printf(visit->arena, "%016llx@%s",
                                 (unsigned long long)sl_box_id(visit->box), domain);
    id = sl_arena_strdup(account->arena, id);
    take(visit, parts, n, id);
    sl_visit_begin(visit, 200, json_body);
    sl_buf_text(&visit->answer, "{\"id\":");
    sl_json_quote(&visit->answer, sl_arena_printf(visit->arena, "<%s>", id));
    sl_buf_text(&visit->answer, ",\"message\":\"Queued. Thank you.\"}");
    sl_visit_spoil(visit);
}

static void show_domain(struct sl_visit *visit)
{
    sl_visit_answer(visit, 200, json_body,
                    "{\"domain\":{\"name\":\"mg.school.test\",\"state\":\"active\","
                    "\"type\":\"custom\",\"is_disabled\":false}}");
}

/* ---- Which is meant -------------------------------------------------------------------- */

static const struct route {
    const char *path, *method;
    void (*run)(struct sl_visit *visit);
} routes[] = {
    { "/v3/mg.school.test/messages", "POST", send_mail },
    { "/v3/mg.school.test/events", "GET", show_events },
    { "/v4/domains/mg.school.test", "GET", show_domain },
};

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), n_end = strlen(end);

    return n > n_end && strcmp(text + n - n_end, end) == 0;
}

static bool owns(const char *path)
{
    return strncmp(path, "/v4/domains/", 12) == 0 ||
           (strncmp(path, "/v3/", 4) == 0 &&
            (ends_with(path, "/messages") || ends_with(path, "/events")));
}

/* "api:sandbox-key" */
static bool let_in(struct sl_visit *visit)
{
    const char *header = sl_visit_header(visit, "Authorization");

    if (header && strcmp(header, "Basic YXBpOnNhbmRib3gta2V5") == 0)
        return true;
    sl_visit_answer(visit, 401, "text/plain", "Forbidden");
    return false;
}

static void answer(struct sl_visit *visit)
{
    const struct route *route = NULL;

    for (size_t i = 0; i < SL_COUNT(routes) && !route; i++)
        if (strcmp(routes[i].path, visit->path) == 0 &&
            strcmp(routes[i].method, visit->method) == 0)
            route = &routes[i];
    if (!let_in(visit))
        return;
    if (!route)
        say(visit, 404, "Domain not found");
    else if (visit->scenario == SL_PLAY_INSUFFICIENT_BALANCE && route->run == send_mail)
        say(visit, 402, "Domain mg.school.test is not allowed to send: plan limit");
    else if (!is_refused(visit))
        route->run(visit);
}

/* ---- Control --------------------------------------------------------------------------- */

static const char *set_callbacks(struct sl_visit *visit, struct json_object *doc)
{
    struct account *account = visit->state;
    const char *url = sl_json_text(doc, "events");

    if (url && *url && !sl_callbacks_loopback(url))
        return "a callback goes to http on loopback only";
    free(account->events);
    account->events = url && *url ? strdup(url) : NULL;
    return NULL;
}

/* {"event": "unsubscribed", "email": …}: what a recipient does. */
static const char *fire(struct sl_visit *visit, struct json_object *doc)
{
    const struct account *account = visit->state;
    const char *word = sl_json_text(doc, "event"), *email = sl_json_text(doc, "email");
    const struct told mail = { .id = "sandbox@mg.school.test", .to = email, .variables = "{}" };
    struct sl_callback callback = { .url = account->events, .type = json_body };

    if (!account->events || !word || !email)
        return "an event wants event and email, and a URL set before";
    callback.body = webhook(visit, &mail, word, signing_key);
    sl_callbacks_post(visit->box->callbacks, &callback, 1);
    return NULL;
}

static void *open_account(void)
{
    struct account *account = calloc(1, sizeof *account);

    if (!account)
        sl_out_of_memory();
    account->arena = sl_arena_new();
    return account;
}

static void reset(void *state)
{
    struct account *account = state;

    free(account->events);
    sl_arena_free(&account->arena);
    *account = (struct account){ .arena = sl_arena_new() };
}

static void close_account(void *state)
{
    struct account *account = state;

    free(account->events);
    sl_arena_free(&account->arena);
    free(account);
}

const struct sl_simulator sl_sim_mailgun = {
    .code = "mailgun",
    .most_body = MOST_BODY,
    .owns = owns,
    .open = open_account,
    .close = close_account,
    .reset = reset,
    .answer = answer,
    .set_callbacks = set_callbacks,
    .fire = fire,
};
