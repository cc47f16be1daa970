/* SendGrid, simulated: mail/send, scopes, signed events (docs/providers/sendgrid.md). */
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "sandbox/box.h"
#include "sandbox/keys.h"
#include "sandbox/mail.h"
#include "sandbox/registry.h"

static const char json_body[] = "application/json";

enum { MOST_BODY = 30 << 20, MOST_PEOPLE = 1000 };

struct account {
    char *events; /* where they go; NULL: nowhere */
};

/* ---- Refusals -------------------------------------------------------------------------- */

static void refuse(struct sl_visit *visit, int status, const char *message, const char *field)
{
    sl_visit_begin(visit, status, json_body);
    sl_buf_text(&visit->answer, "{\"errors\":[{\"message\":");
    sl_json_quote(&visit->answer, message);
    sl_buf_text(&visit->answer, ",\"field\":");
    if (field)
        sl_json_quote(&visit->answer, field);
    else
        sl_buf_text(&visit->answer, "null");
    sl_buf_text(&visit->answer, ",\"help\":null}]}");
}

static bool is_refused(struct sl_visit *visit)
{
    static const struct {
        int status;
        const char *text;
    } answers[] = {
        [SL_REFUSE_RATE] = { 429, "too many requests" },
        [SL_REFUSE_BUSY] = { 503, "service unavailable" },
        [SL_REFUSE_BROKEN] = { 500, "internal server error" },
    };
    enum sl_refusal refusal = sl_visit_refusal(visit);

    if (refusal == SL_REFUSE_NOT)
        return false;
    refuse(visit, answers[refusal].status, answers[refusal].text, NULL);
    if (refusal == SL_REFUSE_RATE)
        sl_visit_add_header(visit, "X-RateLimit-Reset",
                            sl_arena_printf(visit->arena, "%lld",
                                            (long long)(sl_now_ms() / 1000 + 1)));
    return true;
}

/* ---- Looking --------------------------------------------------------------------------- */

/* One mail that is being looked at. */
struct mail {
    struct sl_visit *visit;
    struct json_object *doc;
    const char *subject, *text, *files;
    const char *id; /* X-Message-Id */
    size_t n_people;
};

static bool fail(struct mail *mail, const char *message, const char *field)
{
    refuse(mail->visit, 400, message, field);
    return false;
}

static bool has_member(struct json_object *doc, const char *name)
{
    return sl_json_at(doc, name) != NULL;
}

/* Those of one kind; each address only once within a personalization. */
static bool check_boxes(struct mail *mail, struct json_object *person, size_t place,
                        const char *kind, struct sl_table *known)
{
    struct json_object *boxes = sl_json_at(person, kind);

    if (has_member(person, kind) && sl_json_length(boxes) == 0)
        return fail(mail, "The array must not be empty.", kind);
    for (size_t i = 0; i < sl_json_length(boxes); i++) {
        const char *address = sl_json_text(json_object_array_get_idx(boxes, i), "email");
        const char *field = sl_arena_printf(mail->visit->arena, "personalizations.%zu.%s.%zu.email",
                                            place, kind, i);

        if (!address || !sl_mail_is_address(address))
            return fail(mail, "Does not contain a valid address.", field);
        if (!sl_table_first(known, sl_hash_text(SL_HASH_BEGIN, address)))
            return fail(mail, "Each email address in the personalization block should be unique.",
                        "personalizations");
        mail->n_people++;
    }
    return true;
}

static bool check_args(struct mail *mail, struct json_object *person)
{
    struct json_object *args = sl_json_at(person, "custom_args");

    if (!args)
        return true;
    if (!json_object_is_type(args, json_type_object))
        return fail(mail, "custom_args must be an object.", "personalizations.custom_args");
    json_object_object_foreach(args, name, value)
    {
        (void)name;
        if (!json_object_is_type(value, json_type_string))
            return fail(mail, "The custom_args values must be strings.",
                        "personalizations.custom_args");
    }
    return true;
}

static bool check_people(struct mail *mail)
{
    static const char *const kinds[] = { "to", "cc", "bcc" };
    struct json_object *people = sl_json_at(mail->doc, "personalizations");

    if (sl_json_length(people) == 0 || sl_json_length(people) > MOST_PEOPLE)
        return fail(mail, "The personalizations field is required, 1 to 1000.", "personalizations");
    for (size_t i = 0; i < sl_json_length(people); i++) {
        struct json_object *person = json_object_array_get_idx(people, i);
        SL_AUTO(sl_table_clear) struct sl_table known = { 0 };

        if (sl_json_length(sl_json_at(person, "to")) == 0)
            return fail(mail, "The to array is required for all personalization objects.",
                        "personalizations");
        for (size_t k = 0; k < SL_COUNT(kinds); k++)
            if (!check_boxes(mail, person, i, kinds[k], &known))
                return false;
        if (!check_args(mail, person))
            return false;
    }
    return mail->n_people <= MOST_PEOPLE ||
           fail(mail, "A request has at most 1000 recipients.", "personalizations");
}

static bool check_content(struct mail *mail)
{
    struct json_object *content = sl_json_at(mail->doc, "content");
    bool html = false;

    if (sl_json_length(content) == 0)
        return fail(mail, "The content field is required.", "content");
    for (size_t i = 0; i < sl_json_length(content); i++) {
        struct json_object *part = json_object_array_get_idx(content, i);
        const char *type = sl_json_text(part, "type"), *value = sl_json_text(part, "value");
        bool plain = type && strcmp(type, "text/plain") == 0;

        if (!type || !value || !*value)
            return fail(mail,
                        "The content value must be a string at least one character in length.",
                        "content.0.value");
        if (plain && html)
            return fail(mail, "text/plain must be first, followed by text/html.", "content");
        html |= !plain;
        if (i == 0)
            mail->text = value;
    }
    return true;
}

static bool check_files(struct mail *mail)
{
    struct json_object *files = sl_json_at(mail->doc, "attachments");
    struct sl_buf names = sl_buf_new(mail->visit->arena);

    if (has_member(mail->doc, "attachments") && sl_json_length(files) == 0)
        return fail(mail, "The array must not be empty.", "attachments");
    for (size_t i = 0; i < sl_json_length(files); i++) {
        struct json_object *file = json_object_array_get_idx(files, i);
        const char *name = sl_json_text(file, "filename"), *content = sl_json_text(file, "content");
        size_t n;

        if (!name || !*name || strpbrk(name, ";\r\n"))
            return fail(mail, "The filename is required, without CRLF or ;.", "attachments");
        if (!content || strpbrk(content, " \r\n") || !sl_unbase64(mail->visit->arena, content, &n))
            return fail(mail, "The attachment content must be base64 encoded.", "attachments");
        sl_buf_text(&names, i > 0 ? "," : "");
        sl_buf_text(&names, name);
    }
    mail->files = names.len > 0 ? names.data : NULL;
    return true;
}

static bool check_mail(struct mail *mail)
{
    const char *from = sl_json_text(mail->doc, "from.email");

    mail->subject = sl_json_text(mail->doc, "subject");
    if (!mail->doc)
        return fail(mail, "Bad Request", NULL);
    if (!from || !sl_mail_is_address(from))
        return fail(mail, "The from object must be provided with a valid address.", "from.email");
    if (!mail->subject || !*mail->subject)
        return fail(mail, "The subject is required.", "subject");
    return check_people(mail) && check_content(mail) && check_files(mail);
}

/* ---- Events ---------------------------------------------------------------------------- */

static const char *sign(struct sl_arena *arena, const char *url, const char *body)
{
    const char *time = sl_arena_printf(arena, "%lld", (long long)(sl_now_ms() / 1000));
    const char *text = sl_arena_printf(arena, "%s%s", time, body);

    (void)url;
    return sl_arena_printf(arena,
                           "X-Twilio-Email-Event-Webhook-Signature: %s\n"
                           "X-Twilio-Email-Event-Webhook-Timestamp: %s",
                           sl_sandbox_sign_p256(arena, text, strlen(text)), time);
}

/* Each ends with CRLF, as theirs do. */
static const char *event(const struct mail *mail, const char *to, const char *message_id,
                         const char *word)
{
    struct sl_visit *visit = mail->visit;
    struct sl_buf out = sl_buf_new(visit->arena);

    sl_buf_text(&out, "[{\"email\":");
    sl_json_quote(&out, to);
    sl_buf_printf(&out,
                  ",\"timestamp\":%lld,\"event\":\"%s\",\"sg_event_id\":\"%016llx\","
                  "\"sg_message_id\":\"%s.recvd-sandbox-0\"",
                  (long long)(sl_now_ms() / 1000), word, (unsigned long long)sl_box_id(visit->box),
                  mail->id);
    if (strcmp(word, "bounce") == 0)
        sl_buf_text(&out,
                    ",\"reason\":\"550 no such user\",\"status\":\"5.1.1\",\"type\":\"bounce\"");
    if (message_id) {
        sl_buf_text(&out, ",\"message_id\":");
        sl_json_quote(&out, message_id);
    }
    sl_buf_text(&out, "}]\r\n");
    return out.data;
}

static void tell(const struct mail *mail, const char *to, const char *message_id)
{
    struct sl_visit *visit = mail->visit;
    const struct account *account = visit->state;
    bool failed = visit->scenario == SL_PLAY_DLR_FAILED;
    struct sl_script script = {
        .url = account->events,
        .type = "application/json; charset=utf-8",
        .genuine = event(mail, to, message_id, failed ? "bounce" : "delivered"),
        .other = event(mail, "other@example.test", message_id, "delivered"),
        .contrary = event(mail, to, message_id, failed ? "delivered" : "bounce"),
        .delay_ms = visit->box->settings.callback_ms,
        .late_ms = visit->box->settings.late_ms,
        .sign = sign,
    };

    if (account->events)
        sl_callbacks_play(visit->box->callbacks, visit->scenario, visit, &script);
}

/* ---- Taking ---------------------------------------------------------------------------- */

static void take_boxes(const struct mail *mail, struct json_object *person, const char *kind)
{
    struct json_object *boxes = sl_json_at(person, kind);
    const char *message_id = sl_json_text(person, "custom_args.message_id");

    for (size_t i = 0; i < sl_json_length(boxes); i++) {
        const char *to = sl_json_text(json_object_array_get_idx(boxes, i), "email");

        sl_mail_take(mail->visit, &(struct sl_mail_seen){ to, mail->subject, mail->text, message_id,
                                                          mail->files, NULL });
        tell(mail, to, message_id);
    }
}

static void send_mail(struct sl_visit *visit)
{
    SL_AUTO(sl_json_free)
    struct json_object *doc = sl_json_parse(visit->body, visit->n_body);
    struct mail mail = { .visit = visit, .doc = doc };
    struct json_object *people = sl_json_at(doc, "personalizations");
    const char *type = sl_visit_header(visit, "Content-Type");
    bool sandbox = json_object_get_boolean(sl_json_at(doc, "mail_settings.sandbox_mode.enable"));

    if (!type || strncmp(type, json_body, sizeof json_body - 1) != 0) {
        refuse(visit, 415, "Content-Type should be application/json.", NULL);
        return;
    }
    if (!check_mail(&mail))
        return;
    mail.id = sl_arena_printf(visit->arena, "%016llx", (unsigned long long)sl_box_id(visit->box));
    sl_visit_begin(visit, sandbox ? 200 : 202, NULL);
    if (!sandbox)
        sl_visit_add_header(visit, "X-Message-Id", mail.id);
    for (size_t i = 0; i < sl_json_length(people) && !sandbox; i++) {
        struct json_object *person = json_object_array_get_idx(people, i);

        take_boxes(&mail, person, "to");
        take_boxes(&mail, person, "cc");
        take_boxes(&mail, person, "bcc");
    }
    sl_visit_spoil(visit);
}

/* ---- Which is meant -------------------------------------------------------------------- */

static bool owns(const char *path)
{
    return strcmp(path, "/v3/mail/send") == 0 || strcmp(path, "/v3/scopes") == 0;
}

static void answer(struct sl_visit *visit)
{
    const char *key = sl_visit_header(visit, "Authorization");
    bool sends = strcmp(visit->path, "/v3/mail/send") == 0;

    if (!key || strcmp(key, "Bearer SG.sandbox-key") != 0)
        refuse(visit, 401, "The provided authorization grant is invalid, expired, or revoked",
               NULL);
    else if (strcmp(visit->method, sends ? "POST" : "GET") != 0)
        refuse(visit, 405, "method not allowed", NULL);
    else if (visit->scenario == SL_PLAY_INSUFFICIENT_BALANCE && sends)
        refuse(visit, 401, "Maximum credits exceeded", NULL);
    else if (is_refused(visit))
        return;
    else if (sends)
        send_mail(visit);
    else
        sl_visit_answer(visit, 200, json_body, "{\"scopes\":[\"mail.send\"]}");
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

/* {"event": "unsubscribe", "email": …}: what a recipient does. */
static const char *fire(struct sl_visit *visit, struct json_object *doc)
{
    const struct account *account = visit->state;
    const struct mail mail = { .visit = visit, .id = "sandbox" };
    const char *word = sl_json_text(doc, "event"), *email = sl_json_text(doc, "email");
    struct sl_callback callback = { .url = account->events, .type = json_body };

    if (!account->events || !word || !email)
        return "an event wants event and email, and a URL set before";
    callback.body = event(&mail, email, NULL, word);
    callback.header = sign(visit->arena, account->events, callback.body);
    sl_callbacks_post(visit->box->callbacks, &callback, 1);
    return NULL;
}

static void *open_account(void)
{
    struct account *account = calloc(1, sizeof *account);

    if (!account)
        sl_out_of_memory();
    return account;
}

static void reset(void *state)
{
    struct account *account = state;

    free(account->events);
    account->events = NULL;
}

static void close_account(void *state)
{
    reset(state);
    free(state);
}

const struct sl_simulator sl_sim_sendgrid = {
    .code = "sendgrid",
    .most_body = MOST_BODY,
    .owns = owns,
    .open = open_account,
    .close = close_account,
    .reset = reset,
    .answer = answer,
    .set_callbacks = set_callbacks,
    .fire = fire,
};
