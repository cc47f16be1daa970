/* What a list of texts is made of: a column of phone numbers and a template. */
#include <string.h>

#include "lib/base/text.h"
#include "lib/service/sms_private.h"
#include "lib/text/phone.h"

static const char *phone_problem(const struct sl_phone *phone)
{
    switch (phone->kind) {
    case SL_PHONE_FIXED: return "a landline cannot be texted";
    case SL_PHONE_OTHER: return "not a mobile number";
    case SL_PHONE_INVALID: return phone->reason;
    case SL_PHONE_MOBILE: break;
    }
    return NULL;
}

/* A template without columns says the same to all: what is wrong with it is wrong with all. */
static int look_once(const struct sl_sms_list *list, struct sl_arena *arena, struct sl_err *err)
{
    struct sl_buf text = sl_buf_new(arena);
    struct sl_sms_text look;

    if (sl_template_uses_columns(list->template))
        return 0;
    sl_template_render(list->template, NULL, &text);
    look = sl_sms_look(arena, text.data, &list->options);
    return look.refused ? sl_err_set(err, SL_ERR_DATA, "%s", look.refused) : 0;
}

static int begin(void *self, struct sl_service *service, struct sl_arena *arena,
                 const struct sl_school *school, const struct sl_sender *sender,
                 const struct sl_columns *columns, struct sl_err *err)
{
    struct sl_sms_list *list = self;

    (void)service;
    list->account = sender ? sender->opened : NULL;
    list->country = school->country;
    if (sl_refuse_empty("sender", list->options.from, err) < 0 ||
        sl_template_compile(&list->template, arena, list->options.text, columns, err) < 0)
        return -1;
    return look_once(list, arena, err);
}

static struct sl_draft draft(void *self, struct sl_arena *arena, const char *address,
                             const char *const *fields)
{
    struct sl_sms_list *list = self;
    struct sl_buf text = sl_buf_new(arena);
    struct sl_phone phone = sl_phone_read(arena, address, list->country);
    struct sl_sms_text look;
    struct sl_err err;

    if (phone_problem(&phone))
        return (struct sl_draft){ .refused = phone_problem(&phone) };
    sl_template_render(list->template, fields, &text);
    look = sl_sms_look(arena, text.data, &list->options);
    if (look.refused)
        return (struct sl_draft){ .refused = look.refused };
    if (list->account &&
        sms_try(arena, list->account, &list->options, look.text, phone.e164, &err) < 0)
        return (struct sl_draft){ .refused = sl_arena_strdup(arena, err.text) };
    return (struct sl_draft){ .address = phone.e164,
                              .payload = sms_payload(arena, &list->options, look.text),
                              .segments = look.segments };
}

static void text_hash(void *self, char hex[65])
{
    const struct sl_sms_list *list = self;

    sms_text_hash(&list->options, hex);
}

struct sl_bulk_maker sl_sms_maker(struct sl_sms_list *list)
{
    return (struct sl_bulk_maker){
        .channel = &sl_sms_channel,
        .address_column = list->phone_column ? list->phone_column : sl_sms_channel.address,
        .address_noun = "phone numbers",
        .begin = begin,
        .draft = draft,
        .text_hash = text_hash,
        .self = list,
    };
}
