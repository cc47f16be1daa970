#include "lib/service/email.h"

#include <string.h>

#include "lib/base/email.h"
#include "lib/base/text.h"
#include "lib/service/config.h"
#include "lib/service/email_private.h"
#include "lib/service/lost.h"
#include "lib/service/messages_private.h"
#include "lib/service/spool.h"
#include "lib/text/segments.h"

static const char operation[] = "email.send";

const struct sl_channel sl_email_channel = { "email", SL_EMAIL, operation, "mails", "email" };

/* ---- What is looked at before anything is recorded ------------------------------------------ */

const char *email_subject_problem(const char *subject)
{
    if (!subject[strspn(subject, " \t\r\n")])
        return "the subject is empty";
    if (!sl_utf8_valid(subject, strlen(subject)))
        return "the subject is not UTF-8";
    for (; *subject; subject++)
        if ((unsigned char)*subject < ' ' || *subject == 0x7f)
            return "the subject has a control character";
    return NULL;
}

const char *email_body_problem(struct sl_arena *arena, const char *text, const char *html)
{
    const char *const bodies[] = { text, html };
    bool any = false;

    for (size_t i = 0; i < SL_COUNT(bodies); i++) {
        const char *body = bodies[i];
        size_t control;

        if (!body)
            continue;
        if (!sl_utf8_valid(body, strlen(body)))
            return "the text is not UTF-8";
        control = sl_text_control_at(body);
        if (control)
            return sl_arena_printf(arena,
                                   "a control character at position %zu of the text cannot be sent",
                                   control);
        any |= body[strspn(body, " \t\r\n")] != '\0';
    }
    return any ? NULL : "the text is empty";
}

static int read_address(struct sl_arena *arena, const char *what, const char *given,
                        struct sl_mailbox *box, struct sl_err *err)
{
    const char *why;

    box->address = sl_email_read_named(arena, given, &box->name, &why);
    if (box->address)
        return 0;
    return sl_err_set(err, SL_ERR_DATA, "%s '%s' is no mail address: %s", what,
                      sl_printable(arena, given, strlen(given), 80), why);
}

int email_payload(struct sl_arena *arena, const struct sl_email_options *options,
                  struct email_payload *payload, struct sl_err *err)
{
    struct sl_mailbox reply_to = { 0 };

    *payload = (struct email_payload){ .subject = options->subject,
                                       .text = options->text,
                                       .html = options->html,
                                       .files = options->files,
                                       .n_files = options->n_files };
    if (options->from && read_address(arena, "--from", options->from, &payload->from, err) < 0)
        return -1;
    if (options->reply_to &&
        read_address(arena, "--reply-to", options->reply_to, &reply_to, err) < 0)
        return -1;
    payload->reply_to = reply_to.address;
    return 0;
}

/* ---- The payload ------------------------------------------------------------------------------ */

static struct json_object *print_box(const struct sl_mailbox *box)
{
    struct json_object *json = sl_json_new_object();

    sl_json_put_text(json, "address", box->address);
    sl_json_put_text(json, "name", box->name);
    return json;
}

static void put_boxes(struct json_object *doc, const char *name, const struct sl_mailbox *boxes,
                      size_t n)
{
    struct json_object *array = sl_json_new_array();

    for (size_t i = 0; i < n; i++)
        sl_json_append(array, print_box(&boxes[i]));
    sl_json_put(doc, name, array);
}

const char *email_print(struct sl_arena *arena, const struct email_payload *payload)
{
    SL_AUTO(sl_json_free) struct json_object *doc = sl_json_new_object();
    struct json_object *files = sl_json_new_array();

    if (payload->from.address)
        sl_json_put(doc, "from", print_box(&payload->from));
    sl_json_put_text(doc, "reply_to", payload->reply_to);
    put_boxes(doc, "to", payload->to, payload->n_to);
    put_boxes(doc, "cc", payload->cc, payload->n_cc);
    sl_json_put_text(doc, "subject", payload->subject);
    sl_json_put_text(doc, "text", payload->text);
    sl_json_put_text(doc, "html", payload->html);
    for (size_t i = 0; i < payload->n_files; i++)
        sl_json_append(files, sl_spool_json(&payload->files[i]));
    sl_json_put(doc, "files", files);
    return sl_json_print(arena, doc);
}

static struct sl_mailbox read_box(struct json_object *json)
{
    return (struct sl_mailbox){ sl_json_text(json, "address"), sl_json_text(json, "name") };
}

static const struct sl_mailbox *read_boxes(struct sl_arena *arena, struct json_object *array,
                                           size_t *n)
{
    struct sl_mailbox *boxes;

    *n = sl_json_length(array);
    boxes = SL_NEW(arena, struct sl_mailbox, *n + 1);
    for (size_t i = 0; i < *n; i++)
        boxes[i] = read_box(json_object_array_get_idx(array, i));
    return boxes;
}

/* ---- The input ------------------------------------------------------------------------------------ */

static bool is_among(const struct sl_mailbox *boxes, size_t n, const char *address,
                     const char **name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(boxes[i].address, address) == 0) {
            *name = boxes[i].name;
            return true;
        }
    return false;
}

/* Whom the mail does not name is a blind copy. */
static struct sl_email_recipient recipient(const struct email_payload *payload, const char *address,
                                           const char *id)
{
    struct sl_email_recipient who = { .box.address = address, .id = id, .kind = SL_EMAIL_BCC };

    if (payload->n_to == 0 || is_among(payload->to, payload->n_to, address, &who.box.name))
        who.kind = SL_EMAIL_TO;
    else if (is_among(payload->cc, payload->n_cc, address, &who.box.name))
        who.kind = SL_EMAIL_CC;
    return who;
}

static struct sl_email_send *make_input(struct sl_arena *arena, const struct email_payload *payload)
{
    struct sl_email_send *email = SL_NEW(arena, struct sl_email_send, 1);

    *email = (struct sl_email_send){
        .from = payload->from,
        .reply_to = payload->reply_to,
        .subject = payload->subject,
        .text = payload->text,
        .html = payload->html,
        .files = payload->files,
        .n_files = payload->n_files,
        .bulk = payload->n_to == 0,
        .to = payload->to,
        .cc = payload->cc,
        .n_to = payload->n_to,
        .n_cc = payload->n_cc,
    };
    return email;
}

int email_try(struct sl_arena *arena, const struct sl_account *account,
              const struct email_payload *payload, const char *const *recipients, size_t n,
              struct sl_err *err)
{
    struct sl_email_send *email = make_input(arena, payload);
    struct sl_email_recipient *who = SL_NEW(arena, struct sl_email_recipient, n);

    for (size_t i = 0; i < n; i++)
        who[i] = recipient(payload, recipients[i], "0-1");
    email->recipients = who;
    email->n_recipients = n;
    return sl_sender_try(arena, account, operation, (union sl_input){ .email = email }, err);
}

/* ---- One mail to some recipients -------------------------------------------------------------------- */

struct people {
    struct sl_mailbox *boxes;
    const char **given, **addresses;
    size_t n;
};

static int add_people(struct sl_arena *arena, const char *what, const char *const *given, size_t n,
                      struct people *people, struct sl_err *err)
{
    for (size_t i = 0; i < n; i++) {
        struct sl_mailbox *box = &people->boxes[people->n];

        if (read_address(arena, what, given[i], box, err) < 0)
            return -1;
        people->given[people->n] = given[i];
        people->addresses[people->n++] = box->address;
    }
    return 0;
}

static int read_people(struct sl_arena *arena, const struct sl_email_people *given,
                       struct people *people, struct sl_err *err)
{
    size_t n = given->n_to + given->n_cc + given->n_bcc + 1;

    *people = (struct people){ .boxes = SL_NEW(arena, struct sl_mailbox, n),
                               .given = SL_NEW(arena, const char *, n),
                               .addresses = SL_NEW(arena, const char *, n) };
    if (add_people(arena, "--to", given->to, given->n_to, people, err) < 0 ||
        add_people(arena, "--cc", given->cc, given->n_cc, people, err) < 0)
        return -1;
    return add_people(arena, "--bcc", given->bcc, given->n_bcc, people, err);
}

/* A mail to a person twice is named once; what is a repetition is recorded as one. */
static size_t named_once(struct sl_mailbox *boxes, size_t n)
{
    const char *name;
    size_t kept = 0;

    for (size_t i = 0; i < n; i++)
        if (!is_among(boxes, kept, boxes[i].address, &name))
            boxes[kept++] = boxes[i];
    return kept;
}

static const char *find_problem(struct sl_arena *arena, const struct sl_email_options *options)
{
    const char *problem = email_subject_problem(options->subject);

    return problem ? problem : email_body_problem(arena, options->text, options->html);
}

int sl_email_prepare(struct sl_service *service, struct sl_arena *arena,
                     const struct sl_school *school, const struct sl_email_options *options,
                     const struct sl_email_people *given, struct sl_sending *sending,
                     struct sl_err *err)
{
    const char *problem = find_problem(arena, options);
    struct email_payload payload;
    struct people people;

    if (problem)
        return sl_err_set(err, SL_ERR_DATA, "%s", problem);
    if (email_payload(arena, options, &payload, err) < 0 ||
        read_people(arena, given, &people, err) < 0)
        return -1;
    *sending = (struct sl_sending){ .key = options->key,
                                    .files = options->files,
                                    .n_files = options->n_files,
                                    .given = people.given,
                                    .addresses = people.addresses,
                                    .n = people.n };
    payload.to = people.boxes;
    payload.n_to = named_once(people.boxes, given->n_to);
    payload.cc = people.boxes + given->n_to;
    payload.n_cc = named_once(people.boxes + given->n_to, given->n_cc);
    sending->payload = email_print(arena, &payload);
    if (sl_sender_choose(service, arena, school, &sl_email_channel, options->provider,
                         &sending->sender, err) < 0)
        return -1;
    sending->sender.batch_size = (int64_t)people.n; /* one mail, whoever gets it */
    return email_try(arena, sending->sender.opened, &payload, people.addresses, people.n, err);
}

/* ---- Its domain ---------------------------------------------------------------------------------------- */

static int load_files(struct sl_service *service, struct sl_job *job, struct email_payload *payload,
                      struct sl_err *err)
{
    struct json_object *array = sl_json_at(job->payload, "files");
    struct sl_file *files;

    payload->n_files = sl_json_length(array);
    files = SL_NEW(job->arena, struct sl_file, payload->n_files + 1);
    for (size_t i = 0; i < payload->n_files; i++)
        if (sl_spool_find(service, job->arena, json_object_array_get_idx(array, i), &files[i],
                          err) < 0)
            return -1;
    payload->files = files;
    return 0;
}

/* Borrows from the row's payload. */
static int load_payload(struct sl_service *service, struct sl_job *job,
                        struct email_payload *payload, struct sl_err *err)
{
    struct json_object *doc = job->payload;

    *payload = (struct email_payload){ .from = read_box(sl_json_at(doc, "from")),
                                       .reply_to = sl_json_text(doc, "reply_to"),
                                       .subject = sl_json_text(doc, "subject"),
                                       .text = sl_json_text(doc, "text"),
                                       .html = sl_json_text(doc, "html") };
    payload->to = read_boxes(job->arena, sl_json_at(doc, "to"), &payload->n_to);
    payload->cc = read_boxes(job->arena, sl_json_at(doc, "cc"), &payload->n_cc);
    if (!payload->subject || (!payload->text && !payload->html))
        return sl_err_set(err, SL_ERR_DATA, "the row holds no mail");
    return load_files(service, job, payload, err);
}

/* "01K…" of the row's id, "01K…-17" */
static const char *batch_of(struct sl_arena *arena, const char *public_id)
{
    const char *dash = strrchr(public_id, '-');

    return dash ? sl_arena_memdup(arena, public_id, (size_t)(dash - public_id)) : public_id;
}

static int load(struct sl_service *service, struct sl_job *job, struct sl_err *err)
{
    const char *batch = batch_of(job->arena, job->item.public_id);
    int more = messages_load(service, job, err);
    struct sl_email_recipient *who;
    struct email_payload payload;
    struct sl_email_send *email;

    if (more <= 0)
        return more;
    if (load_payload(service, job, &payload, err) < 0)
        return -1;
    email = make_input(job->arena, &payload);
    who = SL_NEW(job->arena, struct sl_email_recipient, job->n_items);
    for (size_t i = 0; i < job->n_items; i++)
        who[i] = recipient(&payload, job->messages[i].address,
                           sl_arena_printf(job->arena, "%s-%lld", batch,
                                           (long long)job->messages[i].line));
    email->recipients = who;
    email->n_recipients = job->n_items;
    email->date_ms = job->item.created_at;
    job->call.in.email = email;
    return 1;
}

const struct sl_domain sl_emails_domain = {
    .operation = operation,
    .reference_type = "message",
    .channel = "email",
    .load = load,
    .settle = messages_settle,
    .end = messages_end,
    .resend = sl_lost_resend,
    .absent = sl_lost_absent,
};
