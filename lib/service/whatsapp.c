#include "lib/service/whatsapp.h"

#include <string.h>

#include "lib/adapter/whatsapp.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/service/config.h"
#include "lib/service/lost.h"
#include "lib/service/messages_private.h"
#include "lib/service/spool.h"
#include "lib/service/whatsapp_private.h"
#include "lib/text/phone.h"

static const char send_operation[] = "whatsapp.send", media_operation[] = "whatsapp.media";
static const char upload_operation[] = "whatsapp.upload", program[] = "sl-whatsapp";

const struct sl_channel sl_whatsapp_channel = { "whatsapp", SL_WHATSAPP, send_operation, "messages",
                                                "phone" };

const struct sl_channel whatsapp_media_channel = { "whatsapp", SL_WHATSAPP, media_operation,
                                                   "messages with a file", "phone" };

/* ---- What is looked at before anything is recorded ------------------------------------------ */

const char *whatsapp_country(const struct sl_account *account, const struct sl_school *school)
{
    const char *country = sl_account_default(account, SL_STANDS_FOR_COUNTRY);

    return country ? country : school->country;
}

/* A landline may have it too. */
const char *whatsapp_number(struct sl_arena *arena, const char *text, const char *country,
                            const char **why)
{
    struct sl_phone phone = sl_phone_read(arena, text, country);

    *why = phone.kind == SL_PHONE_INVALID ? phone.reason : "not a number that a person has";
    return phone.kind == SL_PHONE_MOBILE || phone.kind == SL_PHONE_FIXED ? phone.e164 : NULL;
}

static const struct sl_file *file_of(const struct sl_whatsapp_send *message)
{
    return message->media ? message->media->file : NULL;
}

const char *whatsapp_payload(struct sl_arena *arena, const struct sl_whatsapp_send *message)
{
    SL_AUTO(sl_json_free) struct json_object *doc = sl_whatsapp_print(message);

    if (file_of(message))
        sl_json_put(sl_json_at(doc, "media"), "file", sl_spool_json(file_of(message)));
    return sl_json_print(arena, doc);
}

/* As if all was known of the account that may be. */
int whatsapp_try(struct sl_arena *arena, const struct sl_sender *sender,
                 const struct sl_whatsapp_send *message, const char *number, struct sl_err *err)
{
    struct sl_whatsapp_send send = *message;
    struct sl_call call = { .arena = arena,
                            .settings = &sender->opened->settings,
                            .id = "0",
                            .now_ms = sl_now_ms(),
                            .in.whatsapp = &send };
    struct sl_request request = { 0 };

    send.to = number;
    for (size_t i = 0; i < SL_MOST_FACTS; i++)
        call.facts[i] = "0";
    return sender->op->steps[0].build(&call, &request, err);
}

static int read_numbers(struct sl_arena *arena, const char *country, const char *const *numbers,
                        size_t n, const char **addresses, struct sl_err *err)
{
    const char *why;

    for (size_t i = 0; i < n; i++) {
        addresses[i] = whatsapp_number(arena, numbers[i], country, &why);
        if (!addresses[i])
            return sl_err_set(err, SL_ERR_DATA, "'%s' cannot be written to: %s",
                              sl_printable(arena, numbers[i], strlen(numbers[i]), 40), why);
    }
    return 0;
}

int sl_whatsapp_prepare(struct sl_service *service, struct sl_arena *arena,
                        const struct sl_school *school, const struct sl_whatsapp_options *options,
                        const struct sl_whatsapp_send *message, const char *const *numbers,
                        size_t n, struct sl_sending *sending, struct sl_err *err)
{
    const char **addresses = SL_NEW(arena, const char *, n);
    const struct sl_file *file = file_of(message);

    *sending = (struct sl_sending){ .key = options->key,
                                    .payload = whatsapp_payload(arena, message),
                                    .files = file,
                                    .n_files = file != NULL,
                                    .given = numbers,
                                    .addresses = addresses,
                                    .n = n };
    if (sl_sender_choose(service, arena, school,
                         file ? &whatsapp_media_channel : &sl_whatsapp_channel, options->provider,
                         &sending->sender, err) < 0 ||
        read_numbers(arena, whatsapp_country(sending->sender.opened, school), numbers, n, addresses,
                     err) < 0)
        return -1;
    return whatsapp_try(arena, &sending->sender, message, addresses[0], err);
}

/* ---- What is asked at once ------------------------------------------------------------------- */

int sl_whatsapp_once(struct sl_service *service, struct sl_arena *arena,
                     const struct sl_school *school, const char *provider, const char *operation,
                     const struct sl_whatsapp_send *about, struct sl_once *once, struct sl_err *err)
{
    struct sl_sender sender;

    if (sl_sender_choose(service, arena, school, &sl_whatsapp_channel, provider, &sender, err) < 0)
        return -1;
    *once = (struct sl_once){ .school = school,
                              .account = sender.opened,
                              .operation = operation,
                              .payload = whatsapp_payload(arena, about),
                              .engine = { .program = program } };
    return 0;
}

static int use_file(struct sl_service *service, const struct sl_item *item, void *opaque,
                    struct sl_err *err)
{
    return sl_spool_use(service, opaque, item->id, err);
}

int sl_whatsapp_upload(struct sl_service *service, struct sl_arena *arena,
                       const struct sl_school *school, const struct sl_sender *sender,
                       const struct sl_file *file, struct sl_err *err)
{
    struct sl_file copy = *file;
    const struct sl_whatsapp_media media = { .file = &copy };
    const struct sl_whatsapp_send message = { .media = &media };
    const struct sl_once once = { .school = school,
                                  .account = sender->opened,
                                  .operation = upload_operation,
                                  .payload = whatsapp_payload(arena, &message),
                                  .recorded = use_file,
                                  .engine = { .program = program, .opaque = &copy } };
    struct sl_once_end end;

    if (sl_once_run(service, arena, &once, &end, err) < 0)
        return -1;
    return end.how == SL_ONCE_REFUSED ? sl_once_error(&once, &end, err) : 0;
}

/* ---- Domains --------------------------------------------------------------------------------- */

static int load_input(struct sl_service *service, struct sl_job *job, const char *to,
                      struct sl_err *err)
{
    struct json_object *json = sl_json_at(job->payload, "media.file");
    struct sl_file *file = NULL;
    struct sl_whatsapp_send *send;

    if (json) {
        file = SL_NEW(job->arena, struct sl_file, 1);
        if (sl_spool_find(service, job->arena, json, file, err) < 0)
            return -1;
    }
    send = sl_whatsapp_read(job->arena, job->payload, file);
    send->to = to;
    job->call.in.whatsapp = send;
    return 1;
}

static int load(struct sl_service *service, struct sl_job *job, struct sl_err *err)
{
    int more = messages_load(service, job, err);

    if (more <= 0)
        return more;
    if (job->n_items != 1)
        return sl_err_set(err, SL_ERR_DATA, "the row holds %zu messages", job->n_items);
    return load_input(service, job, job->messages[0].address, err);
}

/* An upload is no message yet. */
static int settle(struct sl_service *service, struct sl_job *job, enum sl_course *course,
                  int64_t now_ms, struct sl_err *err)
{
    if (*course == SL_COURSE_NEXT)
        return 0;
    return messages_settle(service, job, course, now_ms, err);
}

static int load_question(struct sl_service *service, struct sl_job *job, struct sl_err *err)
{
    job->n_items = 1;
    return load_input(service, job, NULL, err);
}

const struct sl_domain sl_whatsapp_domain = {
    .operation = send_operation,
    .reference_type = "message",
    .channel = "whatsapp",
    .load = load,
    .settle = settle,
    .end = messages_end,
    .resend = sl_lost_resend,
};

const struct sl_domain sl_whatsapp_media_domain = {
    .operation = media_operation,
    .reference_type = "message",
    .channel = "whatsapp",
    .load = load,
    .settle = settle,
    .end = messages_end,
    .resend = sl_lost_resend,
};

/* whatsapp.read, whatsapp.templates, whatsapp.upload */
const struct sl_domain sl_whatsapp_question_domain = {
    .operation = "whatsapp.",
    .load = load_question,
};
