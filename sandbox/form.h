/* application/x-www-form-urlencoded, as providers read and write it. */
#ifndef SL_SANDBOX_FORM_H
#define SL_SANDBOX_FORM_H

#include <stdbool.h>

#include "lib/base/arena.h"

/* The next name and value at *at, decoded in place, or false at the end. A broken escape stays
 * as it is; a NUL ends the text. */
bool sl_form_next(char **at, char **name, char **value);

/* Appends name=value, encoded, with '&' before it where something stands already; a NULL
 * value adds nothing. */
void sl_form_put(struct sl_buf *form, const char *name, const char *value);

#endif
