/* application/x-www-form-urlencoded bodies (WHATWG URL Standard, section 5.2). */
#ifndef SL_ADAPTER_FORM_H
#define SL_ADAPTER_FORM_H

#include "lib/adapter/adapter.h"

/* Appends "name=value", with "&" before it if the form is not empty. A NULL value appends
 * nothing: an absent setting is an absent field. */
void sl_form_add(struct sl_buf *form, const char *name, const char *value);

/* Makes the form the body of the request, and says so in Content-Type. */
void sl_request_form(struct sl_request *request, const struct sl_buf *form);

/* All but the unreserved characters of RFC 3986 (section 2.3) percent-encoded: for one part of a
 * path. In the arena. */
char *sl_percent_encode(struct sl_arena *arena, const char *text);

/* The decoded value of the first field of that name, "" if it has none, or NULL if there is
 * no such field or its value is no UTF-8. For forms that came from outside: any bytes. */
const char *sl_form_value(struct sl_arena *arena, const char *form, size_t n, const char *name);

/* All fields, decoded, in their order; of those of the same name all. Returns how many, or -1 if one
 * is no UTF-8 text. */
int sl_form_fields(struct sl_arena *arena, const char *form, size_t n, struct sl_pair **fields);

#endif
