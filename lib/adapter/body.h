/* JSON bodies, written rather than built: what is secret in them stays in the arena.
 *     struct sl_buf body = sl_buf_new(arena);
 *     sl_body_text(&body, "currency", "KES");
 *     sl_body_json(&body, "amount", "1500");
 *     sl_request_json(request, &body); */
#ifndef SL_ADAPTER_BODY_H
#define SL_ADAPTER_BODY_H

#include "lib/adapter/adapter.h"

/* Adds a member to an object that is not ended; a NULL value adds nothing. */
void sl_body_text(struct sl_buf *body, const char *name, const char *value);
void sl_body_json(struct sl_buf *body, const char *name, const char *json); /* a value, as it is */
void sl_body_texts(struct sl_buf *body, const char *name, const char *const *values, size_t n);

/* Ends the object, and returns it: to be a member of another one. "{}" if nothing was added. */
const char *sl_body_end(struct sl_buf *body);

/* Ends the object, makes it the body of the request, and says so in Content-Type. */
void sl_request_json(struct sl_request *request, struct sl_buf *body);

/* An amount as a JSON number, "1500" or "10.5". */
const char *sl_body_amount(struct sl_arena *arena, int64_t amount_minor);

#endif
