/* What whatsapp.c, whatsapp_list.c and whatsapp_template.c share. */
#ifndef SL_SERVICE_WHATSAPP_PRIVATE_H
#define SL_SERVICE_WHATSAPP_PRIVATE_H

#include "lib/service/whatsapp.h"

/* The same with a file, which has another operation. */
extern const struct sl_channel whatsapp_media_channel;

/* Of numbers without country code: the account's own setting, or the school's. */
const char *whatsapp_country(const struct sl_account *account, const struct sl_school *school);

/* The number as it is sent to; or NULL, and why not. */
const char *whatsapp_number(struct sl_arena *arena, const char *text, const char *country,
                            const char **why);

/* The payload of a queue row. */
const char *whatsapp_payload(struct sl_arena *arena, const struct sl_whatsapp_send *message);

/* Whether the account's adapter would build it; nothing is sent. */
int whatsapp_try(struct sl_arena *arena, const struct sl_sender *sender,
                 const struct sl_whatsapp_send *message, const char *number, struct sl_err *err);

/* Looks the list's template up (whatsapp_template.c). SL_ERR_DATA if it cannot be sent like this. Where
 * it cannot be looked up nothing is wrong with it. */
int whatsapp_look_up_template(struct sl_service *service, struct sl_arena *arena,
                              const struct sl_school *school, const struct sl_whatsapp_list *list,
                              struct sl_err *err);

#endif
