/* The references that a school's payers may write as account number (C2B validation "known"), as
 * people bring and remove them. */
#ifndef SL_SERVICE_REFERENCES_H
#define SL_SERVICE_REFERENCES_H

#include <stdio.h>

#include "lib/service/service.h"
#include "lib/store/schools.h"

struct sl_references_import {
    /* Told of each row that cannot be used. */
    void (*bad)(void *opaque, size_t line, const char *why);
    void *opaque;

    int64_t total, added, known, failed; /* what came of it */
};

/* Adds the column "reference" of a CSV list to those that are there. SL_ERR_DATA for a list that is
 * none, has no such column, or no row that can be used. */
int sl_references_read(struct sl_service *service, const struct sl_school *school, FILE *in,
                       struct sl_references_import *import, struct sl_err *err);

/* Removes all of them. Returns how many, or -1. */
int sl_references_forget(struct sl_service *service, const struct sl_school *school,
                         struct sl_err *err);

#endif
