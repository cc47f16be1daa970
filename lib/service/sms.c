#include "lib/service/sms.h"

#include <string.h>

#include "lib/base/crypto.h"
#include "lib/base/text.h"
#include "lib/service/sms_private.h"
#include "lib/text/phone.h"
#include "lib/text/segments.h"

const struct sl_channel sl_sms_channel = { "sms", SL_SMS, "sms.send", "texts", "phone" };

/* ---- Shared with the lists (sms_private.h) ----------------------------------------------- */

void sms_text_hash(const struct sl_sms_options *options, char hex[65])
{
    SL_AUTO(sl_hash_end) struct sl_hash hash = { 0 };
    unsigned char digest[SL_SHA256_SIZE];

    sl_hash_begin(&hash);
    sl_hash_add(&hash, options->text, strlen(options->text) + 1);
    if (options->from)
        sl_hash_add(&hash, options->from, strlen(options->from));
    sl_hash_add(&hash, options->plain ? "\1" : "\0", 1);
    sl_hash_result(&hash, digest);
    sl_hex(digest, sizeof digest, hex);
}

const char *sms_payload(struct sl_arena *arena, const struct sl_sms_options *options,
                        const char *text)
{
    struct sl_buf payload = sl_buf_new(arena);

    sl_buf_text(&payload, "{\"text\":");
    sl_json_quote(&payload, text);
    if (options->from) {
        sl_buf_text(&payload, ",\"from\":");
        sl_json_quote(&payload, options->from);
    }
    sl_buf_text(&payload, "}");
    return payload.data;
}

int sms_try(struct sl_arena *arena, const struct sl_account *account,
            const struct sl_sms_options *options, const char *text, const char *address,
            struct sl_err *err)
{
    const struct sl_sms_send sms = {
        .from = options->from, .text = text, .to = &address, .n_to = 1
    };

    return sl_sender_try(arena, account, sl_sms_channel.operation, (union sl_input){ .sms = &sms },
                         err);
}

struct sl_sms_text sl_sms_look(struct sl_arena *arena, const char *text,
                               const struct sl_sms_options *options)
{
    struct sl_sms_text look = { .text = options->plain ? sl_text_plain(arena, text) : text };
    size_t control = sl_text_control_at(look.text);

    if (!look.text[strspn(look.text, " \t\r\n")]) {
        look.refused = "the text is empty";
        return look;
    }
    look.segments = (int64_t)sl_segments_count(look.text).segments;
    if (control > 0)
        look.refused =
            sl_arena_printf(arena, "a control character at position %zu of the text cannot be sent",
                            control);
    else if (options->max_segments > 0 && look.segments > options->max_segments)
        look.refused = sl_arena_printf(arena, "the text is %lld segments long, more than %lld",
                                       (long long)look.segments, (long long)options->max_segments);
    return look;
}

/* ---- One text to some numbers ------------------------------------------------------------ */

static int read_numbers(struct sl_arena *arena, const struct sl_school *school,
                        const char *const *numbers, size_t n, const char **addresses,
                        struct sl_err *err)
{
    for (size_t i = 0; i < n; i++) {
        struct sl_phone phone = sl_phone_read(arena, numbers[i], school->country);

        if (phone.kind != SL_PHONE_MOBILE)
            return sl_err_set(err, SL_ERR_DATA, "'%s' cannot be texted: %s", numbers[i],
                              phone.kind == SL_PHONE_FIXED   ? "a landline"
                              : phone.kind == SL_PHONE_OTHER ? "not a mobile number"
                                                             : phone.reason);
        addresses[i] = phone.e164;
    }
    return 0;
}

int sl_sms_prepare(struct sl_service *service, struct sl_arena *arena,
                   const struct sl_school *school, const struct sl_sms_options *options,
                   const char *const *numbers, size_t n, struct sl_sending *sending,
                   struct sl_err *err)
{
    const char **addresses = SL_NEW(arena, const char *, n);
    struct sl_sms_text look = sl_sms_look(arena, options->text, options);

    if (look.refused)
        return sl_err_set(err, SL_ERR_DATA, "%s", look.refused);
    *sending = (struct sl_sending){ .key = options->key,
                                    .payload = sms_payload(arena, options, look.text),
                                    .segments = look.segments,
                                    .given = numbers,
                                    .addresses = addresses,
                                    .n = n };
    if (read_numbers(arena, school, numbers, n, addresses, err) < 0 ||
        sl_refuse_empty("sender", options->from, err) < 0 ||
        sl_sender_choose(service, arena, school, &sl_sms_channel, options->provider,
                         &sending->sender, err) < 0)
        return -1;
    return sms_try(arena, sending->sender.opened, options, look.text, addresses[0], err);
}
