#include <string.h>

#include "lib/service/email.h"
#include "lib/service/push.h"
#include "lib/service/sms.h"
#include "lib/service/whatsapp.h"

static const struct sl_channel *const channels[] = { &sl_sms_channel, &sl_email_channel,
                                                     &sl_push_channel, &sl_whatsapp_channel };

const struct sl_channel *sl_channel_find(const char *name)
{
    for (size_t i = 0; i < SL_COUNT(channels); i++)
        if (strcmp(channels[i]->name, name) == 0)
            return channels[i];
    return NULL;
}
