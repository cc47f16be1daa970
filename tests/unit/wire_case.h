/* One line of tests/wire/CODE.jsonl, and what it makes of an adapter's arguments. The forms
 * of a line are described at the top of test_wire.c, which includes this (and wire_suite.h after
 * it); the fuzz targets take their cases from here too (tests/fuzz/wire.h). */
#ifndef SL_TESTS_UNIT_WIRE_CASE_H
#define SL_TESTS_UNIT_WIRE_CASE_H

#include <stdarg.h> /* cmocka.h wants these four before it */
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/adapter/adapter.h"
#include "lib/adapter/whatsapp.h"
#include "lib/base/crypto.h"
#include "lib/base/text.h"

static const char *const verdicts[] = {
    [SL_AMBIGUOUS] = "ambiguous", [SL_OK] = "ok",
    [SL_RETRY] = "retry",         [SL_RATE_LIMITED] = "rate_limited",
    [SL_AUTH] = "auth",           [SL_PERMANENT] = "permanent",
    [SL_ABSENT] = "absent",
};

struct wire_case {
    struct sl_arena *arena;
    const struct sl_adapter *adapter;
    struct json_object *line;
    size_t number; /* of the line */
    bool kept;     /* set by a visitor that keeps the case: it then owns arena and line */

    const struct sl_step *step; /* NULL: a case of a hook or of check() */
    const struct sl_hook *hook;
    struct sl_settings settings;
    struct sl_call call;
    size_t n_items;

    struct sl_sms_send sms; /* whichever the operation takes */
    struct sl_payment_ask payment;
    struct sl_refund_ask refund;
    struct sl_c2b_pay c2b;
    struct sl_storage_ask storage;
    struct sl_file file;
    struct sl_messages_ask asked;
    struct sl_push_send push;
    struct sl_email_send email;
    struct sl_lms_ask lms;
};

/* Fails the test, naming file, line and case. */
__attribute__((format(printf, 2, 3))) static void blame(const struct wire_case *wire,
                                                        const char *format, ...)
{
    char text[2000];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    fail_msg("tests/wire/%s.jsonl:%zu: \"%s\": %s", wire->adapter->code, wire->number,
             sl_json_text(wire->line, "case"), text);
}

/* A misspelt member would test nothing: `names` has all that may be there. */
static void only_known(const struct wire_case *wire, struct json_object *object, const char *names)
{
    if (!json_object_is_type(object, json_type_object))
        return;
    json_object_object_foreach(object, name, value)
    {
        const char *at = names;
        size_t n = strlen(name);

        (void)value;
        while (at && (strncmp(at, name, n) != 0 || (at[n] != ' ' && at[n] != '\0'))) {
            at = strchr(at, ' ');
            at = at ? at + 1 : NULL;
        }
        if (!at)
            blame(wire, "\"%s\" is none of: %s", name, names);
    }
}

/* ---- Settings ------------------------------------------------------------------------ */

/* {"file":PATH}, relative to the top of the tree. */
static const char *read_file(const struct wire_case *wire, const char *path)
{
    char *bytes = sl_arena_alloc(wire->arena, 65536, 1);
    FILE *file = fopen(path, "r");

    if (!file || fread(bytes, 1, 65535, file) == 0)
        blame(wire, "%s cannot be read", path);
    (void)fclose(file);
    return bytes;
}

static const char *read_setting(const struct wire_case *wire, struct json_object *config,
                                const char *name)
{
    struct json_object *value = sl_json_at(config, name);

    if (json_object_is_type(value, json_type_object))
        return read_file(wire, sl_json_text(value, "file"));
    return value ? json_object_get_string(value) : NULL;
}

/* Defaults are filled in but for check(), which is told only what was given; a hook gets the
 * fields that judge callbacks and no others. */
static void read_settings(struct wire_case *wire)
{
    const struct sl_adapter *adapter = wire->adapter;
    struct json_object *line = wire->line, *config = sl_json_at(line, "config");
    const char **values = SL_NEW(wire->arena, const char *, adapter->n_fields + 1);
    struct sl_buf known = sl_buf_new(wire->arena);
    const char *environment = sl_json_text(line, "environment");
    const char *country = sl_json_text(line, "school.country");
    const char *currency = sl_json_text(line, "school.currency");
    const char *school = sl_json_text(line, "school.name");

    for (size_t i = 0; i < adapter->n_fields; i++) {
        const struct sl_field *field = &adapter->fields[i];

        sl_buf_printf(&known, "%s%s", i > 0 ? " " : "", field->name);
        values[i] = read_setting(wire, config, field->name);
        if (!values[i] && !sl_json_at(line, "check"))
            values[i] = field->otherwise;
        if (wire->step && !values[i] && field->required)
            blame(wire, "the config lacks %s", field->name);
        if (wire->hook && !field->callback)
            values[i] = NULL;
    }
    only_known(wire, config, known.data);
    wire->settings = (struct sl_settings){
        .values = values,
        .environment = environment ? environment : adapter->environment,
        .base_url = sl_json_text(line, "base_url"),
        .country = country ? country : "KE",
        .currency = currency ? currency : "KES",
        .school = school ? school : "Greenhill Academy",
    };
}

/* ---- Inputs, by kind ----------------------------------------------------------------- */

static void read_sms(struct wire_case *wire, struct json_object *in)
{
    struct json_object *to = sl_json_at(in, "to");
    size_t n = sl_json_length(to);
    const char **numbers = SL_NEW(wire->arena, const char *, n + 1);

    only_known(wire, in, "from text to");
    for (size_t i = 0; i < n; i++)
        numbers[i] = json_object_get_string(json_object_array_get_idx(to, i));
    if (n == 0 || !sl_json_text(in, "text"))
        blame(wire, "\"in\" needs text and to");
    wire->sms =
        (struct sl_sms_send){ sl_json_text(in, "from"), sl_json_text(in, "text"), numbers, n };
    wire->call.in.sms = &wire->sms;
    wire->n_items = n;
}

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

static void read_payment(struct wire_case *wire, struct json_object *in)
{
    only_known(wire, in,
               "phone amount_minor currency reference description email name external "
               "external2 receipt checkout_url asked_ms");
    wire->payment = (struct sl_payment_ask){
        .phone = sl_json_text(in, "phone"),
        .amount_minor = sl_json_int(in, "amount_minor", 0),
        .currency = sl_json_text(in, "currency"),
        .reference = sl_json_text(in, "reference"),
        .description = or_empty(sl_json_text(in, "description")),
        .email = sl_json_text(in, "email"),
        .name = sl_json_text(in, "name"),
        .external = sl_json_text(in, "external"),
        .external2 = sl_json_text(in, "external2"),
        .receipt = sl_json_text(in, "receipt"),
        .checkout_url = sl_json_text(in, "checkout_url"),
        .asked_ms = sl_json_int(in, "asked_ms", wire->call.now_ms),
    };
    if (!wire->payment.currency)
        wire->payment.currency = wire->settings.currency;
    wire->call.in.payment = &wire->payment;
}

static void read_refund(struct wire_case *wire, struct json_object *in)
{
    only_known(
        wire, in,
        "receipt external payment_external payment_external2 amount_minor paid_minor currency "
        "reason reference requested asked_ms");
    wire->refund = (struct sl_refund_ask){
        .receipt = sl_json_text(in, "receipt"),
        .external = sl_json_text(in, "external"),
        .amount_minor = sl_json_int(in, "amount_minor", 0),
        .paid_minor = sl_json_int(in, "paid_minor", 0),
        .currency = sl_json_text(in, "currency"),
        .reason = or_empty(sl_json_text(in, "reason")),
        .reference = sl_json_text(in, "reference"),
        .requested = json_object_get_boolean(json_object_object_get(in, "requested")),
        .payment_external = sl_json_text(in, "payment_external"),
        .payment_external2 = sl_json_text(in, "payment_external2"),
        .asked_ms = sl_json_int(in, "asked_ms", wire->call.now_ms),
    };
    if (!wire->refund.currency)
        wire->refund.currency = wire->settings.currency;
    wire->call.in.refund = &wire->refund;
}

static void read_c2b(struct wire_case *wire, struct json_object *in)
{
    only_known(wire, in, "phone amount_minor reference");
    wire->c2b = (struct sl_c2b_pay){ sl_json_text(in, "phone"), sl_json_int(in, "amount_minor", 0),
                                     sl_json_text(in, "reference") };
    wire->call.in.c2b = &wire->c2b;
}

static const struct sl_file *read_file_in(struct wire_case *wire, struct json_object *in)
{
    if (!in)
        return NULL;
    only_known(wire, in, "path name type size sha256");
    wire->file = (struct sl_file){
        .path = sl_json_text(in, "path"),
        .name = sl_json_text(in, "name"),
        .type = sl_json_text(in, "type"),
        .size = sl_json_int(in, "size", 0),
        .sha256 = sl_json_text(in, "sha256"),
    };
    return &wire->file;
}

static void read_storage(struct wire_case *wire, struct json_object *in)
{
    struct json_object *keys = sl_json_at(in, "keys");
    size_t n = sl_json_length(keys);
    const char **list = SL_NEW(wire->arena, const char *, n + 1);

    only_known(wire, in, "key keys file no_clobber sink expires_s public");
    for (size_t i = 0; i < n; i++)
        list[i] = json_object_get_string(json_object_array_get_idx(keys, i));
    wire->storage = (struct sl_storage_ask){
        .key = sl_json_text(in, "key"),
        .keys = list,
        .n_keys = n,
        .file = read_file_in(wire, sl_json_at(in, "file")),
        .no_clobber = json_object_get_boolean(sl_json_at(in, "no_clobber")),
        .sink = sl_json_text(in, "sink"),
        .expires_s = sl_json_int(in, "expires_s", 0),
        .is_public = json_object_get_boolean(sl_json_at(in, "public")),
    };
    wire->call.in.storage = &wire->storage;
    wire->n_items = n > 0 ? n : 1;
}

static void read_asked(struct wire_case *wire, struct json_object *in)
{
    struct json_object *list = sl_json_at(in, "messages");
    size_t n = sl_json_length(list);
    struct sl_message_asked *messages = SL_NEW(wire->arena, struct sl_message_asked, n + 1);

    only_known(wire, in, "from text messages sent_ms");
    for (size_t i = 0; i < n; i++) {
        struct json_object *one = json_object_array_get_idx(list, i);

        only_known(wire, one, "id to external");
        messages[i] = (struct sl_message_asked){ sl_json_text(one, "id"), sl_json_text(one, "to"),
                                                 sl_json_text(one, "external") };
        if (!messages[i].id || !messages[i].to)
            blame(wire, "a message needs id and to");
    }
    if (n == 0)
        blame(wire, "\"in\" needs messages");
    wire->asked = (struct sl_messages_ask){ .from = sl_json_text(in, "from"),
                                            .text = or_empty(sl_json_text(in, "text")),
                                            .messages = messages,
                                            .n_messages = n,
                                            .sent_ms = sl_json_int(in, "sent_ms", 1795512792000) };
    wire->call.in.asked = &wire->asked;
    wire->n_items = n;
}

/* The pairs of {"name":"value"}, in their order. */
static const struct sl_pair *read_pairs(const struct wire_case *wire, struct json_object *object,
                                        size_t *n)
{
    struct sl_pair *pairs = NULL;

    *n = 0;
    if (!json_object_is_type(object, json_type_object))
        return NULL;
    pairs = SL_NEW(wire->arena, struct sl_pair, (size_t)json_object_object_length(object) + 1);
    json_object_object_foreach(object, name, value)
    {
        pairs[(*n)++] = (struct sl_pair){ name, json_object_get_string(value) };
    }
    return pairs;
}

static void read_push(struct wire_case *wire, struct json_object *in)
{
    only_known(wire, in,
               "title body data priority ttl collapse sound image category thread badge to topic");
    wire->push = (struct sl_push_send){
        .title = sl_json_text(in, "title"),
        .body = sl_json_text(in, "body"),
        .priority = sl_json_text(in, "priority"),
        .ttl_s = sl_json_int(in, "ttl", -1),
        .collapse = sl_json_text(in, "collapse"),
        .sound = sl_json_text(in, "sound"),
        .image = sl_json_text(in, "image"),
        .category = sl_json_text(in, "category"),
        .thread = sl_json_text(in, "thread"),
        .badge = sl_json_int(in, "badge", -1),
        .to = sl_json_text(in, "to"),
        .topic = sl_json_text(in, "topic"),
    };
    wire->push.data = read_pairs(wire, sl_json_at(in, "data"), &wire->push.n_data);
    wire->call.in.push = &wire->push;
}

/* "a@b.example", or {address, name}. */
static struct sl_mailbox read_box(struct json_object *box)
{
    if (json_object_is_type(box, json_type_string))
        return (struct sl_mailbox){ .address = json_object_get_string(box) };
    return (struct sl_mailbox){ sl_json_text(box, "address"), sl_json_text(box, "name") };
}

static const struct sl_mailbox *read_boxes(struct wire_case *wire, struct json_object *array,
                                           size_t *n)
{
    struct sl_mailbox *boxes = SL_NEW(wire->arena, struct sl_mailbox, sl_json_length(array) + 1);

    *n = sl_json_length(array);
    for (size_t i = 0; i < *n; i++)
        boxes[i] = read_box(json_object_array_get_idx(array, i));
    return boxes;
}

/* All of to, cc and bcc; of a list, `each` gets a mail of its own. Ids are BATCH-1 and so on. */
static void read_recipients(struct wire_case *wire, struct json_object *in)
{
    static const char *const kinds[] = { "to", "cc", "bcc", "each" };
    struct sl_email_recipient *all = SL_NEW(wire->arena, struct sl_email_recipient, 2000);
    size_t n = 0;

    for (size_t kind = 0; kind < SL_COUNT(kinds); kind++) {
        struct json_object *array = sl_json_at(in, kinds[kind]);

        for (size_t i = 0; i < sl_json_length(array) && n < 2000; i++, n++)
            all[n] = (struct sl_email_recipient){
                .box = read_box(json_object_array_get_idx(array, i)),
                .id = sl_arena_printf(wire->arena, "BATCH-%zu", n + 1),
                .kind = kind < 3 ? (enum sl_email_kind)kind : SL_EMAIL_TO,
            };
    }
    wire->email.recipients = all;
    wire->email.n_recipients = wire->n_items = n;
}

static void read_email(struct wire_case *wire, struct json_object *in)
{
    struct json_object *files = sl_json_at(in, "files");
    struct sl_file *list = SL_NEW(wire->arena, struct sl_file, sl_json_length(files) + 1);

    only_known(wire, in, "from reply_to subject text html files to cc bcc each bulk date_ms");
    wire->email = (struct sl_email_send){
        .from = read_box(sl_json_at(in, "from")),
        .reply_to = sl_json_text(in, "reply_to"),
        .subject = sl_json_text(in, "subject"),
        .text = sl_json_text(in, "text"),
        .html = sl_json_text(in, "html"),
        .files = list,
        .n_files = sl_json_length(files),
        .bulk = json_object_get_boolean(sl_json_at(in, "bulk")),
        .date_ms = sl_json_int(in, "date_ms", 1795512852000),
    };
    for (size_t i = 0; i < wire->email.n_files; i++)
        list[i] = *read_file_in(wire, json_object_array_get_idx(files, i));
    wire->email.to = read_boxes(wire, sl_json_at(in, "to"), &wire->email.n_to);
    wire->email.cc = read_boxes(wire, sl_json_at(in, "cc"), &wire->email.n_cc);
    read_recipients(wire, in);
    wire->call.in.email = &wire->email;
}

static const char *const *read_texts(struct wire_case *wire, struct json_object *list, size_t *n)
{
    const char **texts = SL_NEW(wire->arena, const char *, sl_json_length(list) + 1);

    for (*n = 0; *n < sl_json_length(list); (*n)++)
        texts[*n] = json_object_get_string(json_object_array_get_idx(list, *n));
    return texts;
}

static void read_lms_users(struct wire_case *wire, struct json_object *list)
{
    struct sl_lms_user *users = SL_NEW(wire->arena, struct sl_lms_user, sl_json_length(list) + 1);

    for (size_t i = 0; i < sl_json_length(list); i++) {
        struct json_object *one = json_object_array_get_idx(list, i);

        only_known(wire, one, "id username firstname lastname email idnumber");
        users[i] = (struct sl_lms_user){
            sl_json_text(one, "id"),        sl_json_text(one, "username"),
            sl_json_text(one, "firstname"), sl_json_text(one, "lastname"),
            sl_json_text(one, "email"),     sl_json_text(one, "idnumber"),
        };
    }
    wire->lms.users = users;
    wire->lms.n_users = sl_json_length(list);
}

static void read_lms_enrolments(struct wire_case *wire, struct json_object *list)
{
    struct sl_lms_enrolment *all =
        SL_NEW(wire->arena, struct sl_lms_enrolment, sl_json_length(list) + 1);

    for (size_t i = 0; i < sl_json_length(list); i++) {
        struct json_object *one = json_object_array_get_idx(list, i);

        only_known(wire, one, "user course role suspended");
        all[i] = (struct sl_lms_enrolment){ sl_json_text(one, "user"), sl_json_text(one, "course"),
                                            sl_json_text(one, "role"),
                                            json_object_get_boolean(sl_json_at(one, "suspended")) };
    }
    wire->lms.enrolments = all;
    wire->lms.n_enrolments = sl_json_length(list);
}

static void read_lms_groups(struct wire_case *wire, struct json_object *groups,
                            struct json_object *members)
{
    struct sl_lms_group *all = SL_NEW(wire->arena, struct sl_lms_group, sl_json_length(groups) + 1);
    struct sl_lms_member *who =
        SL_NEW(wire->arena, struct sl_lms_member, sl_json_length(members) + 1);

    for (size_t i = 0; i < sl_json_length(groups); i++) {
        struct json_object *one = json_object_array_get_idx(groups, i);

        only_known(wire, one, "name idnumber");
        all[i] = (struct sl_lms_group){ sl_json_text(one, "name"), sl_json_text(one, "idnumber") };
    }
    for (size_t i = 0; i < sl_json_length(members); i++) {
        struct json_object *one = json_object_array_get_idx(members, i);

        only_known(wire, one, "group user");
        who[i] = (struct sl_lms_member){ sl_json_text(one, "group"), sl_json_text(one, "user") };
    }
    wire->lms.groups = all;
    wire->lms.n_groups = sl_json_length(groups);
    wire->lms.members = who;
    wire->lms.n_members = sl_json_length(members);
}

static void read_lms(struct wire_case *wire, struct json_object *in)
{
    size_t n;

    only_known(wire, in, "field values course user text group users enrolments groups members");
    wire->lms = (struct sl_lms_ask){
        .field = sl_json_text(in, "field"),
        .course = sl_json_text(in, "course"),
        .user = sl_json_text(in, "user"),
        .text = sl_json_text(in, "text"),
        .group = sl_json_text(in, "group"),
    };
    wire->lms.values = read_texts(wire, sl_json_at(in, "values"), &wire->lms.n_values);
    read_lms_users(wire, sl_json_at(in, "users"));
    read_lms_enrolments(wire, sl_json_at(in, "enrolments"));
    read_lms_groups(wire, sl_json_at(in, "groups"), sl_json_at(in, "members"));
    wire->call.in.lms = &wire->lms;
    n = wire->lms.n_users + wire->lms.n_enrolments + wire->lms.n_groups + wire->lms.n_members;
    wire->n_items = n > 0 ? n : 1;
}

static void read_whatsapp(struct wire_case *wire, struct json_object *in)
{
    struct sl_whatsapp_send *send;

    only_known(wire, in, "to text preview choices template media location message in_spite");
    only_known(wire, sl_json_at(in, "media"), "kind file link id name caption");
    only_known(wire, sl_json_at(in, "template"), "name language values");
    send = sl_whatsapp_read(wire->arena, in, read_file_in(wire, sl_json_at(in, "media.file")));
    send->to = sl_json_text(in, "to");
    wire->call.in.whatsapp = send;
}

static void read_input(struct wire_case *wire, enum sl_input_kind kind)
{
    struct json_object *in = sl_json_at(wire->line, "in");

    wire->n_items = 1;
    switch (kind) {
    case SL_INPUT_NONE: only_known(wire, in, ""); return;
    case SL_INPUT_SMS: read_sms(wire, in); return;
    case SL_INPUT_PAYMENT: read_payment(wire, in); return;
    case SL_INPUT_REFUND: read_refund(wire, in); return;
    case SL_INPUT_C2B: read_c2b(wire, in); return;
    case SL_INPUT_STORAGE: read_storage(wire, in); return;
    case SL_INPUT_MESSAGES: read_asked(wire, in); return;
    case SL_INPUT_EVENT: blame(wire, "hooks are no provider's"); return;
    case SL_INPUT_PUSH: read_push(wire, in); return;
    case SL_INPUT_EMAIL: read_email(wire, in); return;
    case SL_INPUT_LMS: read_lms(wire, in); return;
    case SL_INPUT_WHATSAPP: read_whatsapp(wire, in); return;
    }
}

/* ---- A case -------------------------------------------------------------------------- */

/* Those that the step names, from "facts": {"KIND KEY": VALUE}. */
static void read_facts(struct wire_case *wire)
{
    struct json_object *facts = sl_json_at(wire->line, "facts");
    struct sl_fact wanted[SL_MOST_FACTS] = { 0 };
    size_t n = wire->step->facts ? wire->step->facts(&wire->call, wanted) : 0, found = 0;

    for (size_t i = 0; i < n; i++) {
        const char *name = sl_arena_printf(wire->arena, "%s %s", wanted[i].kind, wanted[i].key);
        struct json_object *value = json_object_object_get(facts, name);

        wire->call.facts[i] = value ? json_object_get_string(value) : NULL;
        found += value != NULL;
    }
    if (facts && found != (size_t)json_object_object_length(facts))
        blame(wire, "the step asks for other facts than those of the case");
}

static void read_call(struct wire_case *wire)
{
    struct json_object *line = wire->line;
    const char *id = sl_json_text(line, "id"), *token = sl_json_text(line, "token");
    const char *nonce = sl_json_text(line, "nonce");
    bool granted = wire->adapter->grant && wire->step != &wire->adapter->grant->step;

    wire->call.arena = wire->arena;
    wire->call.settings = &wire->settings;
    wire->call.token = granted && !token ? "TOKEN" : token;
    wire->call.id = id ? id : "7K2M9QX4";
    wire->call.now_ms = sl_json_int(line, "now_ms", 1795512852000);
    wire->call.attempts = sl_json_int(line, "attempts", 0);
    wire->call.callback_base = sl_json_text(line, "callback_base");
    wire->call.memory = sl_json_at(line, "memory");
    wire->call.digest = sl_json_text(line, "digest");
    if (nonce && !sl_unhex(nonce, wire->call.nonce, sizeof wire->call.nonce))
        blame(wire, "\"nonce\" is not 64 hexadecimal digits");
}

static void find_step(struct wire_case *wire, const char *name)
{
    const struct sl_adapter *adapter = wire->adapter;
    const struct sl_op *op = sl_adapter_op(adapter, name);
    size_t step = (size_t)sl_json_int(wire->line, "step", 0);
    bool grant = strcmp(name, "grant") == 0;

    if (grant ? !adapter->grant : !op || step >= op->n_steps)
        blame(wire, "there is no operation %s, or no such step", name);
    wire->step = grant ? &adapter->grant->step : &op->steps[step];
    read_settings(wire);
    read_call(wire);
    read_input(wire, grant ? SL_INPUT_NONE : op->input);
    read_facts(wire);
}

static const char operation_members[] =
    "case op step environment config base_url school in id token attempts now_ms nonce "
    "callback_base memory digest facts rows done_bytes request refuses error answer outcomes payment token_result balance "
    "balance_currency findings next remembers learned matches needs note";
static const char hook_members[] =
    "case hook environment config school method url query headers content_type body proven proof "
    "why events reply refused now_ms note";
static const char check_members[] = "case check config environment base_url school error note";

static void read_case(struct wire_case *wire)
{
    const char *op = sl_json_text(wire->line, "op"), *hook = sl_json_text(wire->line, "hook");

    if (!sl_json_text(wire->line, "case"))
        blame(wire, "this is no JSON, or has no \"case\"");
    only_known(wire, wire->line, op ? operation_members : hook ? hook_members : check_members);
    if (op) {
        find_step(wire, op);
        return;
    }
    wire->hook = hook ? sl_adapter_hook(wire->adapter, hook) : NULL;
    if (hook ? !wire->hook : !sl_json_at(wire->line, "check"))
        blame(wire, "neither op, nor hook that exists, nor check");
    read_settings(wire);
}

static void visit_line(const struct sl_adapter *adapter, struct json_object *doc, size_t number,
                       void (*visit)(struct wire_case *))
{
    struct sl_arena *arena = sl_arena_new();
    struct wire_case *wire = SL_NEW(arena, struct wire_case, 1);

    *wire = (struct wire_case){
        .arena = arena, .adapter = adapter, .line = doc, .number = number, .n_items = 1
    };
    read_case(wire);
    visit(wire);
    if (wire->kept)
        return;
    sl_arena_free(&arena);
    sl_json_free(&doc);
}

static void each_case_of(const struct sl_adapter *adapter, void (*visit)(struct wire_case *))
{
    char path[256], *line = NULL;
    size_t capacity = 0, number = 0;
    ssize_t n;
    FILE *file;

    (void)snprintf(path, sizeof path, "tests/wire/%s.jsonl", adapter->code);
    file = fopen(path, "r");
    if (!file)
        fail_msg("%s is missing", path);
    while ((n = getline(&line, &capacity, file)) > 0)
        visit_line(adapter, sl_json_parse(line, (size_t)n), ++number, visit);
    assert_true(number > 0);
    free(line);
    (void)fclose(file);
}

/* Visits every case of every adapter, in the order of the files. */
static inline void each_case(void (*visit)(struct wire_case *))
{
    for (size_t i = 0; sl_adapters[i]; i++)
        each_case_of(sl_adapters[i], visit);
}

/* ---- What came ----------------------------------------------------------------------- */

/* A body written as an object is JSON, written as text it is itself. */
static void read_body(const struct wire_case *wire, struct json_object *body, const char **bytes,
                      size_t *n)
{
    if (!body) {
        *bytes = "";
        *n = 0;
    } else if (json_object_is_type(body, json_type_string)) {
        *bytes = json_object_get_string(body);
        *n = (size_t)json_object_get_string_len(body);
    } else {
        *bytes = sl_json_print(wire->arena, body);
        *n = strlen(*bytes);
    }
}

static enum sl_reach read_reach(const struct wire_case *wire, struct json_object *answer)
{
    static const char *const names[] = { "not_sent", "sent", "cut", "answered" };
    const char *reach = sl_json_text(answer, "reach");

    if (!reach)
        return sl_json_at(answer, "status") || sl_json_at(answer, "error") ||
                       sl_json_at(answer, "replies")
                   ? SL_ANSWERED
                   : SL_NOT_SENT;
    for (size_t i = 0; i < SL_COUNT(names); i++)
        if (strcmp(names[i], reach) == 0)
            return (enum sl_reach)i;
    blame(wire, "reach \"%s\" is unknown", reach);
    return SL_NOT_SENT;
}

/* Those of `wanted` that the object has, whatever the case of their names. */
static const struct sl_pair *read_headers(const struct wire_case *wire, struct json_object *headers,
                                          const char *const *wanted, size_t *n)
{
    struct sl_pair *pairs = SL_NEW(wire->arena, struct sl_pair, SL_MOST_HEADERS);

    *n = 0;
    for (; headers && wanted && *wanted; wanted++) {
        json_object_object_foreach(headers, name, value)
        {
            if (strcasecmp(name, *wanted) == 0)
                pairs[(*n)++] = (struct sl_pair){ *wanted, json_object_get_string(value) };
        }
    }
    return pairs;
}

static int read_errno(const struct wire_case *wire, const char *name)
{
    for (int error = 1; name && error < 200; error++)
        if (strerrorname_np(error) && strcmp(strerrorname_np(error), name) == 0)
            return error;
    if (name)
        blame(wire, "error \"%s\" is none", name);
    return 0;
}

/* "to 1 550 5.1.1 No such user": phase, place if it is "to", code, text. */
static struct sl_smtp_reply read_reply(const struct wire_case *wire, const char *line)
{
    static const char *const phases[] = { "greeting", "hello", "starttls", "auth", "from",
                                          "to",       "data",  "end",      "other" };
    struct sl_smtp_reply reply = { .text = "" };
    char word[16], text[200] = "";
    int phase = -1, at = 0;

    (void)sscanf(line, "%15s%n", word, &at);
    for (size_t i = 0; i < SL_COUNT(phases); i++)
        if (strcmp(word, phases[i]) == 0)
            phase = (int)i;
    reply.phase = (enum sl_smtp_phase)phase;
    if (phase < 0 ||
        (phase == SL_SMTP_TO
             ? sscanf(line + at, "%zu %d %199[^\n]", &reply.place, &reply.code, text) < 2
             : sscanf(line + at, "%d %199[^\n]", &reply.code, text) < 1))
        blame(wire, "\"%s\" is no reply", line);
    reply.text = sl_arena_strdup(wire->arena, text);
    return reply;
}

static void read_replies(const struct wire_case *wire, struct json_object *lines,
                         struct sl_exchange *exchange)
{
    size_t n = sl_json_length(lines);
    struct sl_smtp_reply *replies = SL_NEW(wire->arena, struct sl_smtp_reply, n + 1);

    for (size_t i = 0; i < n; i++)
        replies[i] = read_reply(wire, json_object_get_string(json_object_array_get_idx(lines, i)));
    exchange->replies = replies;
    exchange->n_replies = n;
    if (n > 0)
        exchange->status = replies[n - 1].code;
}

static enum sl_fault read_fault(const struct wire_case *wire, const char *name)
{
    static const char *const names[] = { "none", "certificate", "no_tls", "no_auth" };

    for (size_t i = 0; i < SL_COUNT(names); i++)
        if (!name || strcmp(name, names[i]) == 0)
            return (enum sl_fault)i;
    blame(wire, "fault \"%s\" is unknown", name);
    return SL_NO_FAULT;
}

static inline struct sl_exchange read_answer(const struct wire_case *wire)
{
    struct json_object *answer = sl_json_at(wire->line, "answer");
    struct json_object *body = sl_json_at(answer, "body");
    const char *type = sl_json_text(answer, "content_type");
    struct sl_exchange exchange = {
        .reach = read_reach(wire, answer),
        .status = (int)sl_json_int(answer, "status", 0),
        .retry_after_ms = sl_json_int(answer, "retry_after_ms", -1),
        .too_large = sl_json_at(answer, "too_large") != NULL,
        .error = read_errno(wire, sl_json_text(answer, "error")),
        .n_sunk = sl_json_int(answer, "n_sunk", 0),
        .transport = sl_json_text(answer, "transport"),
        .fault = read_fault(wire, sl_json_text(answer, "fault")),
        .reused = json_object_get_boolean(sl_json_at(answer, "reused")),
    };

    only_known(wire, answer,
               "status headers content_type retry_after_ms body reach too_large transport error "
               "n_sunk replies fault reused");
    read_replies(wire, sl_json_at(answer, "replies"), &exchange);
    if (!type)
        type = json_object_is_type(body, json_type_object) ? "application/json" : "";
    exchange.content_type = type;
    exchange.headers = read_headers(wire, sl_json_at(answer, "headers"), wire->step->answer_headers,
                                    &exchange.n_headers);
    read_body(wire, body, &exchange.body, &exchange.n_body);
    return exchange;
}

/* The digest of any body, as the daemon makes it. */
static const char *digest_of(struct sl_arena *arena, const char *bytes, size_t n)
{
    unsigned char hash[SL_SHA256_SIZE];
    char *text = sl_arena_alloc(arena, 17, 1);

    sl_sha256(bytes, n, hash);
    sl_hex(hash, 8, text);
    return text;
}

static inline struct sl_inbound read_inbound(const struct wire_case *wire)
{
    struct json_object *line = wire->line, *body = sl_json_at(line, "body");
    const char *method = sl_json_text(line, "method"), *query = sl_json_text(line, "query");
    const char *type = sl_json_text(line, "content_type"), *url = sl_json_text(line, "url");
    struct sl_inbound inbound = {
        .arena = wire->arena,
        .settings = &wire->settings,
        .method = method ? method : "POST",
        .query = query ? query : "",
        .url = url ? url : "",
        .proven = json_object_get_boolean(sl_json_at(line, "proven")),
        .now_ms = sl_json_int(line, "now_ms", 1795512852000),
    };

    if (!type)
        type = json_object_is_type(body, json_type_object) ? "application/json"
                                                           : "application/x-www-form-urlencoded";
    inbound.content_type = type;
    inbound.headers =
        read_headers(wire, sl_json_at(line, "headers"), wire->hook->headers, &inbound.n_headers);
    read_body(wire, body, &inbound.body, &inbound.n_body);
    inbound.digest = digest_of(wire->arena, inbound.body, inbound.n_body);
    return inbound;
}

/* A result as parse() gets it. */
static inline struct sl_result no_result(const struct wire_case *wire)
{
    return (struct sl_result){ .items = SL_NEW(wire->arena, struct sl_outcome, wire->n_items),
                               .n_items = wire->n_items };
}

static inline void free_result(struct sl_result *result)
{
    sl_json_free(&result->memory);
    sl_json_free(&result->rows);
}

#endif
