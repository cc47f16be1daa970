/* Message templates: "Dear {parent}, ...".
 *
 * {column} names any column of the list, byte for byte; {{ and }} are braces. A template is
 * checked once, against the header, before anything is sent, and then fills row after row
 * without failing. Pure. */
#ifndef SL_TEXT_TEMPLATE_H
#define SL_TEXT_TEMPLATE_H

#include <stdbool.h>

#include "lib/base/arena.h"
#include "lib/base/err.h"
#include "lib/text/columns.h"

struct sl_template;

/* Lives in the arena, text included. -1 with SL_ERR_DATA if the text is no UTF-8, a brace is
 * not closed or not opened, a name is empty, or there is no such column (the hint says which
 * was probably meant); positions in the error count characters from 1. */
int sl_template_compile(struct sl_template **out, struct sl_arena *arena, const char *text,
                        const struct sl_columns *columns, struct sl_err *err);

/* Appends the text for one row; `fields` are those of the columns compiled against. */
void sl_template_render(const struct sl_template *template, const char *const *fields,
                        struct sl_buf *out);

/* Whether any column is named: without one, everybody gets the same text. */
bool sl_template_uses_columns(const struct sl_template *template);

#endif
