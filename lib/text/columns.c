#include "lib/text/columns.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "lib/base/text.h"

/* A difference of case alone is the likeliest mistake, however long the word. */
static const char *probably(const struct sl_columns *columns, const char *name)
{
    for (size_t i = 0; i < columns->n; i++)
        if (strcasecmp(columns->names[i], name) == 0)
            return columns->names[i];
    return sl_nearest(name, columns->names, columns->n);
}

static int hint_all(const struct sl_columns *columns, struct sl_err *err)
{
    char list[sizeof err->hint] = "";
    size_t n = 0;

    for (size_t i = 0; i < columns->n && n < sizeof list; i++)
        if (*columns->names[i])
            n += (size_t)snprintf(list + n, sizeof list - n, "%s%s", n > 0 ? ", " : "",
                                  columns->names[i]);
    return sl_err_hint(err, "the columns are: %s", list);
}

int sl_columns_find(const struct sl_columns *columns, const char *name, size_t *index,
                    struct sl_err *err)
{
    const char *meant;

    for (size_t i = 0; *name && i < columns->n; i++) {
        if (strcmp(columns->names[i], name) != 0)
            continue;
        *index = i;
        return 0;
    }
    (void)sl_err_set(err, SL_ERR_DATA, "the list has no column '%s'", name);
    meant = probably(columns, name);
    if (meant && *meant)
        return sl_err_hint(err, "did you mean '%s'?", meant);
    return hint_all(columns, err);
}
