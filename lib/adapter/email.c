#include "lib/adapter/email.h"

#include <string.h>

#include "lib/base/email.h"

const char *sl_email_setting(const struct sl_call *call, int field)
{
    const char *value = call->settings->values[field], *why;
    const char *address = value ? sl_email_read(call->arena, value, &why) : NULL;

    return address ? address : value;
}

struct sl_mailbox sl_email_sender(const struct sl_call *call, int address, int name)
{
    const char *own = call->settings->values[name];

    if (call->in.email->from.address)
        return call->in.email->from;
    return (struct sl_mailbox){ sl_email_setting(call, address),
                                own ? own : call->settings->school };
}

int sl_email_check_settings(struct sl_arena *arena, const struct sl_field *fields,
                            const char *const *values, const int *places, struct sl_err *err)
{
    const char *why;

    for (; *places >= 0; places++)
        if (values[*places] && !sl_email_read(arena, values[*places], &why))
            return sl_err_set(err, SL_ERR_CONFIG, "%s '%s' is no mail address: %s",
                              fields[*places].name, values[*places], why);
    return 0;
}

int sl_email_refuse_international(const struct sl_email_send *email, const char *hint,
                                  struct sl_err *err)
{
    for (size_t i = 0; i < email->n_recipients; i++) {
        const char *address = email->recipients[i].box.address;

        if (!sl_email_is_ascii(address))
            return sl_err_set(err, SL_ERR_DATA, "%s is not ASCII in front of the @%s%s", address,
                              hint ? "; " : "", hint ? hint : "");
    }
    return 0;
}

int sl_email_refuse_shared(const struct sl_email_send *email, struct sl_err *err)
{
    if (email->n_to > 0 || email->n_recipients <= 1)
        return 0;
    return sl_err_set(err, SL_ERR_DATA, "%zu recipients of a list in one mail would see each other",
                      email->n_recipients);
}

int sl_email_refuse_large(const struct sl_email_send *email, int64_t most, const char *who,
                          struct sl_err *err)
{
    int64_t size = 0;

    for (size_t i = 0; i < email->n_files; i++)
        size += (email->files[i].size + 2) / 3 * 4;
    size += email->text ? (int64_t)strlen(email->text) : 0;
    size += email->html ? (int64_t)strlen(email->html) : 0;
    if (size <= most)
        return 0;
    return sl_err_set(err, SL_ERR_DATA,
                      "the mail has %lld bytes with its files in base64, and %s takes %lld",
                      (long long)size, who, (long long)most);
}
