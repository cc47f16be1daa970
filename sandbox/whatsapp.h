/* Between the files of the simulated WhatsApp: who asks for what is seen in whatsapp.c, files are
 * taken in whatsapp_media.c, messages in whatsapp_send.c. */
#ifndef SL_SANDBOX_WHATSAPP_H
#define SL_SANDBOX_WHATSAPP_H

#include <json-c/json.h>
#include <stdint.h>

#include "sandbox/table.h"
#include "sandbox/visit.h"

#define SL_WHATSAPP_TOKEN "EAAsandbox"
#define SL_WHATSAPP_SECRET "0123456789abcdef0123456789abcdef"
#define SL_WHATSAPP_ACCOUNT "102290129340398"

/* One app, as one has one address for all of its numbers. */
struct sl_whatsapp_app {
    char *url;             /* where events are told; NULL: nowhere */
    struct sl_table media; /* by number and id */
    struct sl_table wrote; /* who wrote to which number, until the reset: a day is long here */
};

/* {"error": …}: the code decides the status. */
void sl_whatsapp_refuse(struct sl_visit *visit, int code, const char *details);

/* True, and answered, if the scenario refuses the request. */
bool sl_whatsapp_is_refused(struct sl_visit *visit);

/* POST …/messages and …/media of a number, by its id. */
void sl_whatsapp_send(struct sl_visit *visit, const char *number);
void sl_whatsapp_take_file(struct sl_visit *visit, const char *number);

uint64_t sl_whatsapp_key(const char *number, const char *what); /* for the tables */

/* POST /_sandbox/fire/whatsapp: {"event": "in", "number", "phone", "text"} or {"event": "status",
 * "number", "id", "status"}. NULL when it is done. */
const char *sl_whatsapp_fire(struct sl_visit *visit, struct json_object *doc);

#endif
