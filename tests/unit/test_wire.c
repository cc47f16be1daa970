/* Runs every line of tests/wire/CODE.jsonl against the adapter CODE, and then what every
 * adapter must stand whatever it is for. A new adapter is tested by writing cases, not code.
 *
 * A line is one JSON object. Members that nobody knows are refused; of what is expected only
 * the members that are given are compared, and null there means that there must be none.
 *
 * An operation:
 *   case        what is promised, in words
 *   op          "sms.send", or "grant" for the step that gets a token; step: 0, 1 … of it
 *   config      settings by name; {"file":PATH} is the content of a file of the tree. Defaults
 *               are filled in. environment, base_url, school {name, country, currency}
 *   in          by the kind of input: sms {from, text, to[]}; payment {phone, amount_minor,
 *               currency, reference, description, email, name, external, external2, receipt,
 *               checkout_url, asked_ms}; refund {receipt, external, payment_external,
 *               payment_external2, amount_minor, paid_minor, currency, reason, reference,
 *               requested, asked_ms}; c2b {phone, amount_minor, reference}; storage {key, keys[],
 *               file {path, name, type, size, sha256}, no_clobber, sink, expires_s, public};
 *               messages {from, text, messages [{id, to, external}], sent_ms}; push {title, body,
 *               data {NAME: VALUE}, priority, ttl, collapse, sound, image, category, thread,
 *               badge, to, topic}; email {from, reply_to, subject, text, html, files[], to[],
 *               cc[], bcc[], each[], bulk, date_ms}, an address as text or {address, name}: the
 *               items are to, cc, bcc and each; lms {field, values[], course, user, text, group, users[],
 *               enrolments[], groups[], members[]}, with the members of their structs
 *   id, token, attempts, now_ms, nonce (64 hex digits), callback_base, memory: of the call
 *   facts       {"KIND KEY": VALUE}: what is known of the account; digest: of a file's part
 *   request     {method, url, headers, and one of: body (exact text), json (compared as
 *               structure), form (list of [name, value], decoded, in order)}. The headers are
 *               all there are; their names compare without case. "method": null: nothing is
 *               sent. Without body, json and form the request has no body. json_ignore:
 *               members of json that only have to be some text (a random padding in them).
 *               files {act, root, key, after, most, no_clobber, sync}: a step on files; sink;
 *               pieces: all of them: {as ("bytes", "file", "base64", "mime"), bytes, file: its
 *               name, offset, n}. A header's value may end with "…": any end. pool, http2 (true), cert ("pem", "p12"): how it is sent
 *               smtp {from, to[], starttls ("true"), user, password, bearer, mechanism,
 *               message_id, sender, reply_to, date_ms, header}: a mail transaction
 *   refuses     instead: "data" or "config", with error: a fragment of the text
 *   answer      {status, body (text or object), content_type, retry_after_ms, reach
 *               ("not_sent", "sent", "cut"), transport, too_large: true; headers: the step gets
 *               those that it wants; of a mail transaction replies ["to 0 250 OK"], fault
 *               ("certificate", "no_tls", "no_auth"), reused: true}. A request with method null has no answer, only outcomes
 *   outcomes    one for each item: a verdict ("ok", "retry", "rate_limited", "auth",
 *               "permanent", "ambiguous", "absent") or {verdict, concerns ("item", "batch", "account"),
 *               cure ("none", "fresh_connection", "halve"), learned ("nothing",
 *               "dead_address", "opted_out"), after_ms, code, text, external, cost, currency,
 *               segments, delivery (as of an event)}
 *   matches     all of them: {item, outcome}
 *   payment     {id, state ("pending", "paid", "failed", "cancelled", "expired", "refunded",
 *               "unknown"), external, external2, receipt, reference, phone, payer, code, text,
 *               currency, amount_minor, amount_unread, checkout_url}
 *   token_result {access, refresh, type, lives_ms}; balance, balance_currency
 *   findings    all of them: a fragment of the text, or {grade ("good", "warn"), text}
 *   next        "done", "again", "next"; remembers: JSON
 *   learned     all facts: {kind, key, value, lives_ms, first}; rows: all records; done_bytes
 *   needs       paths into the answer's body, "a.b.0.c": with any of them damaged or absent
 *               fewer items are ok than before
 *
 * A callback:
 *   hook        its word; config (only what judges callbacks reaches it), method (POST), url,
 *               query, headers (the hook gets those that it wants), content_type (form; JSON
 *               where the body is an object), body, now_ms; proven: true: read again
 *   proof       "proven", "forged", "malformed"; why: a fragment
 *   events      all of them: {kind ("note", "delivery", "incoming", "optout", "optin",
 *               "payment", "validation", "received", "result"), key ("{digest}" in it is the body's),
 *               external, message, phone, text, code, delivery ("none", "sent", "undelivered",
 *               "failed", "delivered"), payment, outcome, result_text, fact {kind, key, value, lives_ms},
 *               owner}
 *   reply, refused  {status, content_type, body}: what the provider is told
 *
 * A check of settings: check: true, config (no defaults filled in), error: a fragment, or null
 * if they are good.
 *
 * "note" is for the reader, everywhere. */
#include "lib/adapter/mail.h"
#include "tests/unit/wire_case.h"
#include "tests/unit/wire_suite.h"

static const char *const concerns[] = { "item", "batch", "account" };
static const char *const cures[] = { "none", "fresh_connection", "halve" };
static const char *const learnings[] = { "nothing", "dead_address", "opted_out" };
static const char *const acts[] = { "probe", "put", "get", "stat", "list", "remove" };
static const char *const piece_kinds[] = { "bytes", "file", "base64", "mime" };
static const char *const nexts[] = { "done", "again", "next" };
static const char *const states[] = { "pending", "paid",     "failed", "cancelled",
                                      "expired", "refunded", "unknown" };
static const char *const grades[] = { "good", "warn" };
static const char *const proofs[] = { "proven", "forged", "malformed" };
static const char *const kinds[] = { "note",    "delivery",   "incoming", "optout", "optin",
                                     "payment", "validation", "received", "result" };
static const char *const deliveries[] = { "none", "sent", "undelivered", "failed", "delivered" };

/* ---- Comparing members --------------------------------------------------------------- */

/* Whether the member is given; *text is its text, or NULL for null. */
static bool given(struct json_object *want, const char *name, const char **text)
{
    struct json_object *value;

    if (!json_object_object_get_ex(want, name, &value))
        return false;
    *text = value ? json_object_get_string(value) : NULL;
    return true;
}

static void match_text(const struct wire_case *wire, struct json_object *want, const char *name,
                       const char *got)
{
    const char *text;

    if (!given(want, name, &text) || (!text && !got))
        return;
    if (!text || !got || strcmp(text, got) != 0)
        blame(wire, "%s is \"%s\", not \"%s\"", name, got ? got : "(none)", text ? text : "(none)");
}

static void match_fragment(const struct wire_case *wire, struct json_object *want, const char *name,
                           const char *got)
{
    const char *text;

    if (!given(want, name, &text) || (!text && !got))
        return;
    if (!text || !got || !strstr(got, text))
        blame(wire, "%s is \"%s\", without \"%s\"", name, got ? got : "(none)",
              text ? text : "(none)");
}

static void match_number(const struct wire_case *wire, struct json_object *want, const char *name,
                         int64_t got)
{
    int64_t number = sl_json_int(want, name, INT64_MIN);

    if (sl_json_at(want, name) && number != got)
        blame(wire, "%s is %lld, not %s", name, (long long)got,
              json_object_get_string(sl_json_at(want, name)));
}

static void match_word(const struct wire_case *wire, struct json_object *want, const char *name,
                       const char *got)
{
    const char *text;

    if (given(want, name, &text) && (!text || strcmp(text, got) != 0))
        blame(wire, "%s is %s, not %s", name, got, text ? text : "null");
}

static void match_outcome(const struct wire_case *wire, struct json_object *want,
                          const struct sl_outcome *got)
{
    if (json_object_is_type(want, json_type_string)) {
        if (strcmp(json_object_get_string(want), verdicts[got->verdict]) != 0)
            blame(wire, "an outcome is %s, not %s", verdicts[got->verdict],
                  json_object_get_string(want));
        return;
    }
    only_known(wire, want,
               "verdict concerns cure learned after_ms code text external cost currency segments "
               "delivery");
    match_word(wire, want, "verdict", verdicts[got->verdict]);
    match_word(wire, want, "concerns", concerns[got->concerns]);
    match_word(wire, want, "cure", cures[got->cure]);
    match_word(wire, want, "learned", learnings[got->learned]);
    match_number(wire, want, "after_ms", got->after_ms);
    match_text(wire, want, "code", got->code);
    match_text(wire, want, "text", got->text);
    match_text(wire, want, "external", got->external);
    match_text(wire, want, "cost", got->cost);
    match_text(wire, want, "currency", got->currency);
    match_number(wire, want, "segments", got->segments);
    match_word(wire, want, "delivery", deliveries[got->delivery]);
}

static void match_payment(const struct wire_case *wire, struct json_object *want,
                          const struct sl_payment_news *got)
{
    if (!want)
        return;
    only_known(wire, want,
               "id state external external2 receipt reference phone payer code text currency "
               "amount_minor amount_unread checkout_url");
    match_word(wire, want, "state", states[got->state]);
    match_text(wire, want, "id", got->id);
    match_text(wire, want, "external", got->external);
    match_text(wire, want, "external2", got->external2);
    match_text(wire, want, "receipt", got->receipt);
    match_text(wire, want, "reference", got->reference);
    match_text(wire, want, "phone", got->phone);
    match_text(wire, want, "payer", got->payer);
    match_text(wire, want, "code", got->code);
    match_text(wire, want, "text", got->text);
    match_text(wire, want, "currency", got->currency);
    match_number(wire, want, "amount_minor", got->amount_minor);
    match_text(wire, want, "amount_unread", got->amount_unread);
    match_text(wire, want, "checkout_url", got->checkout_url);
}

/* ---- Requests ------------------------------------------------------------------------ */

/* A value that ends with "…" stands for all that begin like it: a signature is tested elsewhere. */
static bool same_value(const char *want, const char *got)
{
    static const char more[] = "…";
    size_t n = strlen(want), n_more = sizeof more - 1;

    if (n >= n_more && strcmp(want + n - n_more, more) == 0)
        return strncmp(want, got, n - n_more) == 0;
    return strcmp(want, got) == 0;
}

static void match_headers(const struct wire_case *wire, struct json_object *want,
                          const struct sl_request *request)
{
    for (size_t i = 0; i < request->n_headers; i++) {
        const char *value = NULL;

        json_object_object_foreach(want, name, wanted)
        {
            if (strcasecmp(name, request->headers[i].name) == 0)
                value = json_object_get_string(wanted);
        }
        if (!value || !same_value(value, request->headers[i].value))
            blame(wire, "header %s is \"%s\", not \"%s\"", request->headers[i].name,
                  request->headers[i].value, value ? value : "(none)");
    }
    if (request->n_headers != (want ? (size_t)json_object_object_length(want) : 0))
        blame(wire, "%zu headers, not %s", request->n_headers, json_object_get_string(want));
}

/* Decodes one half of a field by itself: what is tested must not test itself. */
static const char *decoded(struct sl_arena *arena, const char *from, size_t n)
{
    struct sl_buf out = sl_buf_new(arena);

    for (size_t i = 0; i < n; i++) {
        char byte = from[i] == '+' ? ' ' : from[i];

        if (byte == '%' && n - i > 2) {
            byte = (char)strtol((char[]){ from[i + 1], from[i + 2], '\0' }, NULL, 16);
            i += 2;
        }
        sl_buf_add(&out, &byte, 1);
    }
    return out.data;
}

static void match_form(const struct wire_case *wire, struct json_object *pairs, const char *body)
{
    size_t n = sl_json_length(pairs);

    for (size_t i = 0; i < n; i++) {
        struct json_object *pair = json_object_array_get_idx(pairs, i);
        const char *want_name = json_object_get_string(json_object_array_get_idx(pair, 0));
        const char *want_value = json_object_get_string(json_object_array_get_idx(pair, 1));
        size_t n_field = strcspn(body, "&"), n_name = strcspn(body, "=&");
        const char *name = decoded(wire->arena, body, n_name), *value;

        value = n_name < n_field ? decoded(wire->arena, body + n_name + 1, n_field - n_name - 1)
                                 : "(none)";
        if (strcmp(name, want_name) != 0 || strcmp(value, want_value) != 0)
            blame(wire, "field %zu is %s=%s, not %s=%s", i, name, value, want_name, want_value);
        body += n_field + (body[n_field] == '&');
    }
    if (*body)
        blame(wire, "the form goes on with \"%s\"", body);
}

/* Takes them away on both sides, where they must be there. */
static void ignore_members(const struct wire_case *wire, struct json_object *names,
                           struct json_object *want, struct json_object *got)
{
    for (size_t i = 0; i < sl_json_length(names); i++) {
        const char *name = json_object_get_string(json_object_array_get_idx(names, i));
        const char *text = sl_json_text(got, name);

        if (!text || !*text)
            blame(wire, "the body has no text %s", name);
        json_object_object_del(got, name);
        json_object_object_del(want, name);
    }
}

static void match_json(const struct wire_case *wire, struct json_object *want,
                       const struct sl_request *request)
{
    SL_AUTO(sl_json_free)
    struct json_object *got = sl_json_parse(or_empty(request->body), request->n_body);

    ignore_members(wire, sl_json_at(wire->line, "request.json_ignore"), want, got);
    if (!got || !json_object_equal(got, want))
        blame(wire, "the body is %s, not %s", or_empty(request->body),
              sl_json_print(wire->arena, want));
}

static void match_files(const struct wire_case *wire, struct json_object *want,
                        const struct sl_file_step *got)
{
    if (!want != !got)
        blame(wire, got ? "it is a step on files" : "it is no step on files");
    if (!want)
        return;
    only_known(wire, want, "act root key after most no_clobber sync file_mode dir_mode min_free");
    match_word(wire, want, "act", acts[got->act]);
    match_text(wire, want, "root", got->root);
    match_text(wire, want, "key", got->key);
    match_text(wire, want, "after", got->after);
    match_number(wire, want, "most", (int64_t)got->most);
    match_number(wire, want, "no_clobber", got->no_clobber);
    match_number(wire, want, "sync", got->sync);
    match_number(wire, want, "file_mode", got->file_mode);
    match_number(wire, want, "dir_mode", got->dir_mode);
    match_number(wire, want, "min_free", got->min_free);
}

static void match_pieces(const struct wire_case *wire, struct json_object *want,
                         const struct sl_request *request)
{
    if (sl_json_length(want) != request->n_pieces)
        blame(wire, "%zu pieces, not %zu", request->n_pieces, sl_json_length(want));
    for (size_t i = 0; i < request->n_pieces; i++) {
        const struct sl_piece *got = &request->pieces[i];
        struct json_object *piece = json_object_array_get_idx(want, i);

        only_known(wire, piece, "bytes file as offset n");
        match_word(wire, piece, "as", piece_kinds[got->kind]);
        match_number(wire, piece, "offset", got->offset);
        match_number(wire, piece, "n", got->n);
        match_text(wire, piece, "file", got->file ? got->file->name : NULL);
        match_text(wire, piece, "bytes",
                   got->bytes ? sl_arena_memdup(wire->arena, got->bytes, (size_t)got->n) : NULL);
    }
}

/* How it is signed in, from whom and to whom, and what the mail says of itself. */
static void match_smtp(const struct wire_case *wire, struct json_object *want,
                       const struct sl_smtp *got)
{
    struct json_object *to = sl_json_at(want, "to");
    const struct sl_mail *mail = got ? got->mail : NULL;

    if (!want != !got)
        blame(wire, got ? "it is a mail transaction" : "it is no mail transaction");
    if (!want)
        return;
    only_known(wire, want,
               "from to starttls user password bearer mechanism message_id sender reply_to date_ms "
               "header");
    for (size_t i = 0; i < got->n_to && i < sl_json_length(to); i++)
        if (strcmp(json_object_get_string(json_object_array_get_idx(to, i)), got->to[i]) != 0)
            blame(wire, "recipient %zu is %s", i, got->to[i]);
    if (to && sl_json_length(to) != got->n_to)
        blame(wire, "%zu recipients", got->n_to);
    match_text(wire, want, "from", got->from);
    match_text(wire, want, "starttls", got->starttls ? "true" : "false");
    match_text(wire, want, "user", got->user);
    match_text(wire, want, "password", got->password);
    match_text(wire, want, "bearer", got->bearer);
    match_text(wire, want, "mechanism", got->mechanism);
    match_text(wire, want, "message_id", mail ? mail->message_id : NULL);
    match_text(wire, want, "sender", mail ? mail->from.name : NULL);
    match_text(wire, want, "reply_to", mail ? mail->reply_to : NULL);
    match_number(wire, want, "date_ms", mail ? mail->date_ms : 0);
    match_text(wire, want, "header", mail && mail->n_headers > 0 ? mail->headers[0].name : NULL);
}

static void match_sending(const struct wire_case *wire, struct json_object *want,
                          const struct sl_request *request)
{
    const struct sl_client_cert *cert = request->cert;

    match_text(wire, want, "pool", request->pool);
    match_text(wire, want, "cert", !cert ? NULL : cert->pem ? "pem" : "p12");
    if (sl_json_at(want, "http2") && !request->http2)
        blame(wire, "any version of HTTP will do");
}

static void match_request(const struct wire_case *wire, struct json_object *want,
                          const struct sl_request *request)
{
    struct json_object *json = sl_json_at(want, "json"), *form = sl_json_at(want, "form");
    const char *body = or_empty(request->body), *method;

    only_known(
        wire, want,
        "method url headers body json json_ignore form files smtp sink pieces pool http2 cert");
    match_pieces(wire, sl_json_at(want, "pieces"), request);
    match_files(wire, sl_json_at(want, "files"), request->files);
    match_text(wire, want, "sink", request->sink);
    match_text(wire, want, "method", request->method);
    if (!request->method)
        return;
    if (!given(want, "method", &method) || !sl_json_text(want, "url"))
        blame(wire, "\"request\" needs method and url");
    match_text(wire, want, "url",
               sl_arena_printf(wire->arena, "%s%s", request->base, request->path));
    match_headers(wire, sl_json_at(want, "headers"), request);
    match_smtp(wire, sl_json_at(want, "smtp"), request->smtp);
    match_sending(wire, want, request);
    match_text(wire, want, "body", body);
    if (strlen(body) != request->n_body || (!request->body && request->n_body > 0))
        blame(wire, "n_body is %zu, the body has %zu bytes", request->n_body, strlen(body));
    if (form)
        match_form(wire, form, body);
    if (json)
        match_json(wire, json, request);
    if (!form && !json && !sl_json_text(want, "body") && request->n_body > 0)
        blame(wire, "there is a body: %s", body);
}

static void match_refusal(const struct wire_case *wire, int failed, const struct sl_err *err)
{
    const char *word = sl_json_text(wire->line, "refuses");

    if (!failed)
        blame(wire, "build() takes what it should refuse");
    match_word(wire, wire->line, "refuses", sl_err_name(err->code));
    match_fragment(wire, wire->line, "error", err->text);
    if (strcmp(word, "data") != 0 && strcmp(word, "config") != 0)
        blame(wire, "build() may refuse with data or config, not with %s", word);
}

/* ---- Answers ------------------------------------------------------------------------- */

static void match_findings(const struct wire_case *wire, struct json_object *want,
                           const struct sl_result *got)
{
    size_t n = sl_json_length(want);

    if (!want)
        return;
    for (size_t i = 0; i < got->n_findings && i < n; i++) {
        struct json_object *finding = json_object_array_get_idx(want, i);
        const char *text = json_object_is_type(finding, json_type_string)
                               ? json_object_get_string(finding)
                               : or_empty(sl_json_text(finding, "text"));

        match_word(wire, finding, "grade", grades[got->findings[i].grade]);
        if (!strstr(got->findings[i].text, text))
            blame(wire, "a finding is \"%s\", without \"%s\"", got->findings[i].text, text);
    }
    if (n != got->n_findings)
        blame(wire, "%zu findings, not %zu", got->n_findings, n);
}

static void match_fact(const struct wire_case *wire, struct json_object *want,
                       const struct sl_fact *got)
{
    only_known(wire, want, "kind key value lives_ms first");
    match_text(wire, want, "kind", got->kind);
    match_text(wire, want, "key", got->key);
    match_text(wire, want, "value", got->value);
    match_number(wire, want, "lives_ms", got->lives_ms);
    match_number(wire, want, "first", got->first);
}

static void match_learned(const struct wire_case *wire, struct json_object *want,
                          const struct sl_result *got)
{
    if (sl_json_length(want) != got->n_facts)
        blame(wire, "%zu facts learned, not %zu", got->n_facts, sl_json_length(want));
    for (size_t i = 0; i < got->n_facts; i++)
        match_fact(wire, json_object_array_get_idx(want, i), &got->facts[i]);
}

static void match_matches(const struct wire_case *wire, struct json_object *want,
                          const struct sl_result *got)
{
    if (sl_json_length(want) != got->n_matches)
        blame(wire, "%zu matches, not %zu", got->n_matches, sl_json_length(want));
    for (size_t i = 0; i < got->n_matches; i++) {
        struct json_object *one = json_object_array_get_idx(want, i);

        only_known(wire, one, "item outcome");
        match_number(wire, one, "item", (int64_t)got->matches[i].item);
        match_outcome(wire, sl_json_at(one, "outcome"), &got->matches[i].outcome);
    }
}

static void match_result(const struct wire_case *wire, const struct sl_result *got)
{
    struct json_object *line = wire->line, *outcomes = sl_json_at(line, "outcomes");
    struct json_object *token = sl_json_at(line, "token_result"), *memory, *rows;

    if (sl_json_length(outcomes) != got->n_items)
        blame(wire, "%zu outcomes for %zu items", sl_json_length(outcomes), got->n_items);
    for (size_t i = 0; i < got->n_items; i++)
        match_outcome(wire, json_object_array_get_idx(outcomes, i), &got->items[i]);
    match_payment(wire, sl_json_at(line, "payment"), &got->payment);
    only_known(wire, token, "access refresh type lives_ms");
    match_text(wire, token, "access", got->token.access);
    match_text(wire, token, "refresh", got->token.refresh);
    match_text(wire, token, "type", got->token.type);
    match_number(wire, token, "lives_ms", got->token.lives_ms);
    match_text(wire, line, "balance", got->balance);
    match_text(wire, line, "balance_currency", got->balance_currency);
    match_findings(wire, sl_json_at(line, "findings"), got);
    match_learned(wire, sl_json_at(line, "learned"), got);
    match_number(wire, line, "done_bytes", got->done_bytes);
    if (json_object_object_get_ex(line, "rows", &rows) && !json_object_equal(rows, got->rows))
        blame(wire, "its rows are %s", sl_json_print(wire->arena, got->rows));
    match_matches(wire, sl_json_at(line, "matches"), got);
    match_word(wire, line, "next", nexts[got->next]);
    if (json_object_object_get_ex(line, "remembers", &memory) &&
        !json_object_equal(memory, got->memory))
        blame(wire, "it remembers %s", sl_json_print(wire->arena, got->memory));
}

static void run_operation(struct wire_case *wire)
{
    struct json_object *line = wire->line, *request = sl_json_at(line, "request");
    SL_AUTO(free_result) struct sl_result result = no_result(wire);
    struct sl_request built = { 0 };
    struct sl_exchange exchange;
    struct sl_err err;
    int failed = wire->step->build(&wire->call, &built, &err);

    if (sl_json_at(line, "refuses")) {
        match_refusal(wire, failed, &err);
        return;
    }
    if (failed)
        blame(wire, "build(): %s", err.text);
    if (json_object_object_get_ex(line, "request", NULL))
        match_request(wire, request, &built);
    if (sl_json_at(line, "answer") || sl_json_at(line, "outcomes")) {
        exchange = read_answer(wire);
        wire->step->parse(&wire->call, &exchange, &result);
        match_result(wire, &result);
    } else if (!request) {
        blame(wire, "neither request, nor refuses, nor answer: nothing is tested");
    }
}

/* ---- Callbacks and settings ---------------------------------------------------------- */

static const char *with_digest(const struct sl_inbound *inbound, const char *key)
{
    const char *at = key ? strstr(key, "{digest}") : NULL;

    return at ? sl_arena_printf(inbound->arena, "%.*s%s%s", (int)(at - key), key, inbound->digest,
                                at + strlen("{digest}"))
              : key;
}

static void match_event(const struct wire_case *wire, struct json_object *want,
                        const struct sl_inbound *inbound, const struct sl_event *got)
{
    const char *key;

    only_known(wire, want,
               "kind key external message phone text code delivery payment outcome result_text "
               "fact owner");
    match_word(wire, want, "kind", kinds[got->kind]);
    if (given(want, "key", &key) && key)
        sl_json_put_text(want, "key", with_digest(inbound, key));
    match_text(wire, want, "key", got->key);
    match_text(wire, want, "external", got->external);
    match_text(wire, want, "message", got->message);
    match_text(wire, want, "phone", got->phone);
    match_text(wire, want, "text", got->text);
    match_text(wire, want, "code", got->code);
    match_text(wire, want, "owner", got->owner);
    if (sl_json_at(want, "fact"))
        match_fact(wire, sl_json_at(want, "fact"), &got->fact);
    match_word(wire, want, "delivery", deliveries[got->delivery]);
    match_payment(wire, sl_json_at(want, "payment"), &got->payment);
    if (sl_json_at(want, "outcome"))
        match_outcome(wire, sl_json_at(want, "outcome"), &got->outcome);
    match_text(wire, want, "result_text", got->result_text);
}

static void match_reply(const struct wire_case *wire, const char *name, const struct sl_reply *got)
{
    struct json_object *want = sl_json_at(wire->line, name);

    only_known(wire, want, "status content_type body");
    match_number(wire, want, "status", got->status);
    match_text(wire, want, "content_type", got->content_type);
    match_text(wire, want, "body", got->body);
}

static void run_callback(struct wire_case *wire)
{
    struct json_object *events = sl_json_at(wire->line, "events");
    struct sl_inbound inbound = read_inbound(wire);
    struct sl_heard heard = { 0 };

    if (!sl_json_text(wire->line, "proof"))
        blame(wire, "\"proof\" is missing");
    wire->hook->hear(&inbound, &heard);
    match_word(wire, wire->line, "proof", proofs[heard.proof]);
    match_fragment(wire, wire->line, "why", heard.why);
    if (heard.n_events != sl_json_length(events))
        blame(wire, "%zu events, not %zu", heard.n_events, sl_json_length(events));
    for (size_t i = 0; i < heard.n_events; i++)
        match_event(wire, json_object_array_get_idx(events, i), &inbound, &heard.events[i]);
    match_reply(wire, "reply", heard.reply.status ? &heard.reply : &wire->hook->taken);
    match_reply(wire, "refused", &wire->hook->refused);
}

static void run_check(struct wire_case *wire)
{
    struct sl_err err = { 0 };
    const char *fragment;
    int failed =
        wire->adapter->check ? wire->adapter->check(wire->arena, &wire->settings, &err) : 0;

    if (!given(wire->line, "error", &fragment))
        blame(wire, "\"error\" is missing");
    if (failed && err.code != SL_ERR_CONFIG)
        blame(wire, "settings are refused with %s, not with config", sl_err_name(err.code));
    match_fragment(wire, wire->line, "error", failed ? err.text : NULL);
}

static void run_case(struct wire_case *wire)
{
    if (wire->step)
        run_operation(wire);
    else if (wire->hook)
        run_callback(wire);
    else
        run_check(wire);
}

static void every_adapter_meets_its_wire_cases(void **state)
{
    (void)state;
    each_case(run_case);
}

/* ---- Tables -------------------------------------------------------------------------- */

static enum sl_shown shown_as(const struct sl_adapter *adapter, const char *name, bool *listed)
{
    *listed = false;
    for (size_t i = 0; i < adapter->n_wire_fields; i++)
        if (strcasecmp(adapter->wire_fields[i].name, name) == 0) {
            *listed = true;
            return adapter->wire_fields[i].shown;
        }
    return SL_SHOW_SECRET;
}

static void look_for_secrets(struct wire_case *wire)
{
    struct sl_request request = { 0 };
    struct sl_err err;

    if (!wire->step || wire->step->build(&wire->call, &request, &err) != 0)
        return;
    for (size_t i = 0; i < request.n_headers; i++) {
        const struct sl_pair *header = &request.headers[i];
        bool secret = strcasecmp(header->name, "Authorization") == 0, listed;

        for (size_t k = 0; k < wire->adapter->n_fields; k++)
            secret |= wire->adapter->fields[k].secret && wire->settings.values[k] &&
                      strstr(header->value, wire->settings.values[k]);
        if (secret && (shown_as(wire->adapter, header->name, &listed) != SL_SHOW_SECRET || !listed))
            blame(wire, "header %s has a secret, and no wire field says so", header->name);
    }
}

static void a_header_with_a_secret_is_named_as_one(void **state)
{
    (void)state;
    each_case(look_for_secrets);
}

/* What the visits below look for, and whether they found it. */
static struct {
    const struct sl_adapter *adapter;
    const struct sl_step *step;
    const struct sl_hook *hook;
    bool found;
} sought;

static void seek(struct wire_case *wire)
{
    const char *proof = sl_json_text(wire->line, "proof");
    SL_AUTO(free_result) struct sl_result result = no_result(wire);
    struct sl_exchange exchange;

    if (wire->adapter != sought.adapter || sought.found)
        return;
    if (sought.hook)
        sought.found = wire->hook == sought.hook && strcmp(or_empty(proof), "proven") == 0;
    if (!sought.step || wire->step != sought.step || !sl_json_at(wire->line, "outcomes"))
        return;
    exchange = read_answer(wire);
    wire->step->parse(&wire->call, &exchange, &result);
    sought.found = result.items[0].verdict == SL_OK;
}

static void expect_case(const struct sl_adapter *adapter, const struct sl_step *step,
                        const struct sl_hook *hook, const char *name)
{
    sought.adapter = adapter;
    sought.step = step;
    sought.hook = hook;
    sought.found = false;
    each_case(seek);
    if (!sought.found)
        fail_msg("tests/wire/%s.jsonl has no case in which %s goes well", adapter->code, name);
}

static void every_operation_and_hook_has_a_case_that_goes_well(void **state)
{
    (void)state;
    for (size_t i = 0; sl_adapters[i]; i++) {
        const struct sl_adapter *adapter = sl_adapters[i];

        if (adapter->grant)
            expect_case(adapter, &adapter->grant->step, NULL, "the grant");
        for (size_t k = 0; k < adapter->n_ops; k++)
            for (size_t step = 0; step < adapter->ops[k].n_steps; step++)
                expect_case(adapter, &adapter->ops[k].steps[step], NULL, adapter->ops[k].name);
        for (size_t k = 0; k < adapter->n_hooks; k++)
            expect_case(adapter, NULL, &adapter->hooks[k], adapter->hooks[k].word);
    }
}

static void expect_names(const struct sl_adapter *adapter, const struct sl_settle *settle)
{
    if (settle->query && !sl_adapter_op(adapter, settle->query))
        fail_msg("%s asks by %s, which it cannot do", adapter->code, settle->query);
    if (settle->callback && !sl_adapter_hook(adapter, settle->callback))
        fail_msg("%s waits for %s, which it does not hear", adapter->code, settle->callback);
}

static void what_a_table_names_is_there(void **state)
{
    (void)state;
    for (size_t i = 0; sl_adapters[i]; i++) {
        const struct sl_adapter *adapter = sl_adapters[i];

        assert_ptr_equal(sl_adapter_find(adapter->code), adapter);
        assert_true(adapter->name && adapter->adapter_class && adapter->environment);
        assert_non_null(sl_adapter_op(adapter, "test"));
        assert_true(!adapter->n_hooks || adapter->hook_alias);
        for (size_t k = 0; k < adapter->n_fields; k++) {
            assert_true(adapter->fields[k].name && adapter->fields[k].help);
            assert_true((adapter->fields[k].kind == SL_FIELD_CHOICE) ==
                        (adapter->fields[k].choices != NULL));
        }
        for (size_t k = 0; k < adapter->n_ops; k++) {
            expect_names(adapter, &adapter->ops[k].accepted);
            for (size_t step = 0; step < adapter->ops[k].n_steps; step++)
                expect_names(adapter, &adapter->ops[k].steps[step].ambiguous);
        }
        for (size_t k = 0; k < adapter->n_hooks; k++) {
            assert_true(adapter->hooks[k].taken.status >= 200 && adapter->hooks[k].taken.body);
            assert_true(adapter->hooks[k].methods && adapter->hooks[k].endpoint);
        }
    }
}

static void what_stands_in_for_a_message_is_one_setting(void **state)
{
    (void)state;
    for (size_t i = 0; sl_adapters[i]; i++) {
        int n[SL_STANDS_FOR_TOPIC + 1] = { 0 };

        for (size_t k = 0; k < sl_adapters[i]->n_fields; k++)
            n[sl_adapters[i]->fields[k].stands_for]++;
        assert_in_range(n[SL_STANDS_FOR_COUNTRY], 0, 1);
        assert_in_range(n[SL_STANDS_FOR_TOPIC], 0, 1);
        assert_int_equal(n[SL_STANDS_FOR_LANGUAGE],
                         sl_adapter_op(sl_adapters[i], "whatsapp.templates") != NULL);
    }
}

static void settings_that_nobody_gave_are_no_crash(void **state)
{
    (void)state;
    for (size_t i = 0; sl_adapters[i]; i++) {
        SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
        const struct sl_adapter *adapter = sl_adapters[i];
        struct sl_settings settings = {
            .values = SL_NEW(arena, const char *, adapter->n_fields),
            .environment = adapter->environment,
        };
        struct sl_err err;

        if (adapter->check)
            (void)adapter->check(arena, &settings, &err);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_adapter_meets_its_wire_cases),
        cmocka_unit_test(every_operation_and_hook_has_a_case_that_goes_well),
        cmocka_unit_test(an_empty_answer_or_a_web_page_is_never_success),
        cmocka_unit_test(a_cut_answer_is_never_success),
        cmocka_unit_test(a_refusal_by_status_is_read_the_same_everywhere),
        cmocka_unit_test(without_an_answer_nothing_is_known),
        cmocka_unit_test(a_damaged_answer_makes_nothing_succeed),
        cmocka_unit_test(a_damaged_callback_makes_nothing_paid),
        cmocka_unit_test(a_header_with_a_secret_is_named_as_one),
        cmocka_unit_test(what_a_table_names_is_there),
        cmocka_unit_test(what_stands_in_for_a_message_is_one_setting),
        cmocka_unit_test(settings_that_nobody_gave_are_no_crash),
    };

    sl_crypto_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
