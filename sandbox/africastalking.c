/* Africa's Talking, simulated: bulk SMS by form and by JSON, balance, incoming messages
 * (docs/providers/africastalking.md). Texts of refusals are the standard ones of the
 * software that the provider's answers name, akka-http. */
#include "sandbox/africastalking.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "sandbox/box.h"
#include "sandbox/form.h"
#include "sandbox/registry.h"

static const char plain[] = "text/plain; charset=UTF-8";
static const char json_body[] = "application/json";
static const char form_type[] = "application/x-www-form-urlencoded";

/* ---- Refusals of a whole request ---------------------------------------------------- */

static void missing(struct sl_visit *visit, const char *what, const char *name)
{
    sl_visit_answer(visit, 400, plain,
                    sl_arena_printf(visit->arena, "Request is missing required %s '%s'", what,
                                    name));
}

static bool key_is_right(const struct sl_visit *visit, const char *username)
{
    const char *key = sl_visit_header(visit, "apiKey");

    return strcmp(username, "wrong") != 0 &&
           (strcmp(key, "sandbox-key") == 0 || strncmp(key, "atsk_sandbox", 12) == 0);
}

/* False, and answered, if there is no key at all. */
static bool has_key(struct sl_visit *visit)
{
    if (sl_visit_header(visit, "apiKey"))
        return true;
    sl_visit_answer(
        visit, 401, plain,
        "The resource requires authentication, which was not supplied with the request");
    sl_visit_add_header(visit, "WWW-Authenticate", "Basic realm=\"api\",charset=UTF-8");
    return false;
}

/* False, and answered, if the key does not open the account of this name. */
static bool let_in(struct sl_visit *visit, const char *username)
{
    if (key_is_right(visit, username))
        return true;
    sl_visit_answer(visit, 401, plain, "The supplied authentication is invalid");
    sl_visit_add_header(visit, "WWW-Authenticate", "Basic realm=\"api\",charset=UTF-8");
    return false;
}

/* ---- Sending ------------------------------------------------------------------------ */

static bool is_type(const struct sl_visit *visit, const char *wanted)
{
    const char *type = sl_visit_header(visit, "Content-Type");

    return type && strncasecmp(type, wanted, strlen(wanted)) == 0;
}

static void wrong_type(struct sl_visit *visit, const char *wanted)
{
    sl_visit_answer(visit, 415, plain,
                    sl_arena_printf(visit->arena,
                                    "The request's Content-Type is not supported. Expected:\n%s",
                                    wanted));
}

static void read_form(char *body, struct sl_at_message *message)
{
    char *name, *value;

    while (sl_form_next(&body, &name, &value)) {
        if (strcmp(name, "username") == 0)
            message->username = value;
        else if (strcmp(name, "to") == 0)
            message->to = value;
        else if (strcmp(name, "message") == 0)
            message->text = value;
        else if (strcmp(name, "from") == 0)
            message->from = value;
        else if (strcmp(name, "enqueue") == 0)
            message->at_once = strcmp(value, "0") == 0;
    }
}

static void send_form(struct sl_visit *visit)
{
    struct sl_at_message message = { 0 };

    if (!is_type(visit, form_type)) {
        wrong_type(visit, form_type);
        return;
    }
    read_form(visit->body, &message);
    if (!message.username || !*message.username)
        missing(visit, "form field", "username");
    else if (!let_in(visit, message.username))
        return;
    else if (!message.to || !*message.to)
        missing(visit, "form field", "to");
    else if (!message.text || !*message.text)
        missing(visit, "form field", "message");
    else if (!sl_utf8_valid(message.text, strlen(message.text)))
        sl_visit_answer(visit, 400, plain, "The request content was malformed:\nnot UTF-8");
    else
        sl_africastalking_send(visit, &message);
}

/* Numbers of the array, parted by commas; or the hashed one that stands in for it. */
static const char *join_numbers(struct sl_arena *arena, struct json_object *doc)
{
    struct json_object *numbers = sl_json_at(doc, "phoneNumbers");
    struct sl_buf to = sl_buf_new(arena);

    for (size_t i = 0; i < sl_json_length(numbers); i++) {
        const char *number = sl_json_text(json_object_array_get_idx(numbers, i), "");

        sl_buf_text(&to, i > 0 ? "," : "");
        sl_buf_text(&to, number ? number : "?");
    }
    if (!json_object_is_type(numbers, json_type_array))
        return NULL;
    return to.len > 0 ? to.data : sl_json_text(doc, "maskedNumber");
}

static void send_json(struct sl_visit *visit)
{
    SL_AUTO(sl_json_free) struct json_object *doc = sl_json_parse(visit->body, visit->n_body);
    struct sl_at_message message = {
        .username = sl_json_text(doc, "username"),
        .to = join_numbers(visit->arena, doc),
        .text = sl_json_text(doc, "message"),
        .from = sl_json_text(doc, "senderId"),
        .masked = sl_json_length(sl_json_at(doc, "phoneNumbers")) == 0,
        .at_once = sl_json_int(doc, "enqueue", 1) == 0,
    };

    if (!is_type(visit, json_body))
        wrong_type(visit, json_body);
    else if (!doc)
        sl_visit_answer(visit, 400, plain, "The request content was malformed:\nno JSON");
    else if (!message.username)
        missing(visit, "member", "username");
    else if (!let_in(visit, message.username))
        return;
    else if (!message.to || !*message.to)
        missing(visit, "member", "phoneNumbers");
    else if (!message.text || !*message.text)
        missing(visit, "member", "message");
    else if (!message.from)
        missing(visit, "member", "senderId");
    else if (message.masked && !sl_json_text(doc, "telco"))
        missing(visit, "member", "telco");
    else
        sl_africastalking_send(visit, &message);
}

/* ---- Reading ------------------------------------------------------------------------ */

/* Of what GET needs; false, and answered, if something is missing or wrong. */
static bool let_read(struct sl_visit *visit)
{
    const char *username = sl_visit_query(visit, "username");

    if (username)
        return let_in(visit, username) && !sl_africastalking_refused(visit);
    sl_visit_answer(visit, 404, plain, "Request is missing required query parameter 'username'");
    return false;
}

static void balance(struct sl_visit *visit)
{
    static const int64_t first = INT64_C(2387470531747);
    static const struct sl_seen_kind kind = { .operation = "balance", .names = { "username" } };
    const struct sl_at_account *account = visit->state;
    int64_t left = first - account->spent;

    if (!let_read(visit))
        return;
    if (visit->scenario == SL_PLAY_INSUFFICIENT_BALANCE)
        left = 0;
    sl_seen_add(visit, &kind, (const char *const[]){ sl_visit_query(visit, "username") });
    sl_visit_begin(visit, 200, json_body);
    sl_buf_printf(&visit->answer, "{\"UserData\":{\"balance\":\"%s %s\"}}",
                  visit->scenario == SL_PLAY_ESCAPES ? "KES\\u001b[2J" : "KES",
                  sl_print_decimal(visit->arena, left, 4, 4));
}

/* Nothing is kept for it: what comes in is told by callback (fire). */
static void fetch(struct sl_visit *visit)
{
    static const struct sl_seen_kind kind = { .operation = "fetch", .names = { "username" } };

    if (!let_read(visit))
        return;
    sl_seen_add(visit, &kind, (const char *const[]){ sl_visit_query(visit, "username") });
    sl_visit_answer(visit, 200, json_body, "{\"SMSMessageData\":{\"Messages\":[]}}");
}

/* ---- Control ------------------------------------------------------------------------ */

static void keep_url(char **kept, const char *url)
{
    if (!url)
        return;
    free(*kept);
    *kept = *url ? strdup(url) : NULL;
    if (*url && !*kept)
        sl_out_of_memory();
}

static const char *set_callbacks(struct sl_visit *visit, struct json_object *doc)
{
    static const char *const names[] = { "dlr", "in", "optout" };
    struct sl_at_account *account = visit->state;
    char **const kept[] = { &account->dlr, &account->in, &account->optout };

    for (size_t i = 0; i < SL_COUNT(names); i++) {
        const char *url = sl_json_text(doc, names[i]);

        if (url && *url && !sl_callbacks_loopback(url))
            return "a callback goes to http on loopback only";
    }
    for (size_t i = 0; i < SL_COUNT(names); i++)
        keep_url(kept[i], sl_json_text(doc, names[i]));
    return NULL;
}

static void post_form(struct sl_visit *visit, const char *url, const struct sl_buf *form)
{
    struct sl_callback callback = { .url = url, .type = form_type, .body = form->data };

    sl_callbacks_post(visit->box->callbacks, &callback, 1);
}

static const char *fire_optout(struct sl_visit *visit, struct json_object *doc)
{
    const struct sl_at_account *account = visit->state;
    struct sl_buf form = sl_buf_new(visit->arena);
    const char *sender = sl_json_text(doc, "sender");

    if (!account->optout || !sl_json_text(doc, "phone"))
        return "an opt-out wants a phone, and a URL set before";
    sl_form_put(&form, "senderId", sender ? sender : "AFRICASTKNG");
    sl_form_put(&form, "phoneNumber", sl_json_text(doc, "phone"));
    post_form(visit, account->optout, &form);
    return NULL;
}

static const char *fire_in(struct sl_visit *visit, struct json_object *doc)
{
    const struct sl_at_account *account = visit->state;
    struct sl_buf form = sl_buf_new(visit->arena);
    const char *to = sl_json_text(doc, "to"), *text = sl_json_text(doc, "text");
    char date[SL_TIME_SIZE];

    if (!account->in || !sl_json_text(doc, "phone"))
        return "an incoming message wants a phone, and a URL set before";
    sl_time_utc(sl_now_ms(), date);
    sl_form_put(&form, "linkId", "SampleLinkId123");
    sl_form_put(&form, "text", text ? text : "");
    sl_form_put(&form, "to", to ? to : "22384");
    sl_form_put(&form, "id",
                sl_arena_printf(visit->arena, "%016llx",
                                (unsigned long long)sl_box_id(visit->box)));
    sl_form_put(&form, "date", date);
    sl_form_put(&form, "from", sl_json_text(doc, "phone"));
    sl_form_put(&form, "networkCode", "99999");
    post_form(visit, account->in, &form);
    return NULL;
}

static const char *fire(struct sl_visit *visit, struct json_object *doc)
{
    const char *event = sl_json_text(doc, "event");

    if (event && strcmp(event, "optout") == 0)
        return fire_optout(visit, doc);
    if (event && strcmp(event, "in") == 0)
        return fire_in(visit, doc);
    return "event is optout or in";
}

/* ---- Which is meant ----------------------------------------------------------------- */

static const struct {
    const char *path, *method;
    void (*run)(struct sl_visit *visit);
} routes[] = {
    { "/version1/messaging", "POST", send_form },
    { "/version1/messaging", "GET", fetch },
    { "/version1/messaging/bulk", "POST", send_json },
    { "/version1/user", "GET", balance },
};

static void answer(struct sl_visit *visit)
{
    struct sl_buf allowed = sl_buf_new(visit->arena);

    for (size_t i = 0; i < SL_COUNT(routes); i++) {
        if (strcmp(routes[i].path, visit->path) != 0)
            continue;
        if (strcmp(routes[i].method, visit->method) == 0) {
            if (has_key(visit))
                routes[i].run(visit);
            return;
        }
        sl_buf_printf(&allowed, "%s%s", allowed.len > 0 ? ", " : "", routes[i].method);
    }
    if (allowed.len == 0)
        sl_visit_answer(visit, 404, plain, "The requested resource could not be found.");
    else
        sl_visit_answer(visit, 405, plain,
                        sl_arena_printf(visit->arena,
                                        "HTTP method not allowed, supported methods: %s",
                                        allowed.data));
}

static void too_large(struct sl_visit *visit)
{
    sl_visit_answer(visit, 413, plain, "Request was too large");
}

static bool owns(const char *path)
{
    return strncmp(path, "/version1/", 10) == 0;
}

static void *open_account(void)
{
    struct sl_at_account *account = calloc(1, sizeof *account);

    if (!account)
        sl_out_of_memory();
    return account;
}

static void reset(void *state)
{
    struct sl_at_account *account = state;

    free(account->dlr);
    free(account->in);
    free(account->optout);
    *account = (struct sl_at_account){ 0 };
}

static void close_account(void *state)
{
    reset(state);
    free(state);
}

const struct sl_simulator sl_sim_africastalking = {
    .code = "africastalking",
    .owns = owns,
    .open = open_account,
    .close = close_account,
    .reset = reset,
    .answer = answer,
    .too_large = too_large,
    .set_callbacks = set_callbacks,
    .fire = fire,
};
