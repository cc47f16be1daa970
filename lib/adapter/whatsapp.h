/* A message of WhatsApp as JSON: what the queue keeps of it, and the wire cases say. */
#ifndef SL_ADAPTER_WHATSAPP_H
#define SL_ADAPTER_WHATSAPP_H

#include "lib/adapter/adapter.h"

/* {"text", "preview", "choices": [[ID, TITLE]], "template": {"name", "language", "values": [{"place",
 * "name", "text", "button"}]}, "media": {"kind", "link", "id", "name", "caption"}, "location":
 * {"latitude", "longitude", "name", "address"}, "message", "in_spite"}, without what is not there. The
 * file of the media is the caller's to add. The caller owns it. */
struct json_object *sl_whatsapp_print(const struct sl_whatsapp_send *send);

/* The other way; anything else in it is left alone. `file` is that of the media, or NULL. Borrows
 * from the document; all else is in the arena. */
struct sl_whatsapp_send *sl_whatsapp_read(struct sl_arena *arena, struct json_object *doc,
                                          const struct sl_file *file);

#endif
