/* The templates of the simulated WhatsApp account. */
#ifndef SL_SANDBOX_WHATSAPP_TEMPLATES_H
#define SL_SANDBOX_WHATSAPP_TEMPLATES_H

#include <json-c/json.h>

#include "sandbox/visit.h"

/* GET …/message_templates */
void sl_whatsapp_list_templates(struct sl_visit *visit);

/* Whether a message's template may be sent as it stands there; false, and answered, if not. */
bool sl_whatsapp_template_is_good(struct sl_visit *visit, struct json_object *template);

#endif
