/* Bodies of multipart/form-data that are read. */
#ifndef SL_SANDBOX_MULTIPART_H
#define SL_SANDBOX_MULTIPART_H

#include "sandbox/visit.h"

struct sl_part {
    const char *name;
    const char *filename; /* NULL: it is a field */
    const char *value;    /* n bytes, and then a NUL */
    size_t n;
};

/* Reads the visit's body. Returns how many, all in its arena; or -1 if it is no such form. */
int sl_parts_read(const struct sl_visit *visit, struct sl_part **parts);

/* The value of the first field of that name; NULL if there is none. */
const char *sl_parts_value(const struct sl_part *parts, int n, const char *name);

#endif
