/* What verbs have in common that ask a school's provider for something and wait: an operation at a
 * time, and the records that it tells. */
#ifndef SL_CMD_COMMON_ASKING_H
#define SL_CMD_COMMON_ASKING_H

#include "lib/cli/cli.h"
#include "lib/cli/output.h"
#include "lib/service/config.h"
#include "lib/service/once.h"

struct sl_asking {
    const struct sl_cli *cli;
    const struct sl_column *columns; /* n_columns: members of the records, shown by their kinds */
    size_t n_columns;

    /* Of each job that an operation settles, after its records were taken; may be NULL. */
    void (*settled)(void *opaque, const struct sl_job *job);
    void *opaque;

    struct sl_service *service;
    struct sl_school school;
    struct sl_account account;
    struct sl_output *output;   /* where records go as they come; NULL: the last is kept … */
    struct json_object *record; /* … here */
    struct sl_err failed;       /* of the output; text "": none */
};

/* Opens service, school and the account of a category; the first members are set already. */
int sl_asking_begin(struct sl_asking *asking, enum sl_category category, struct sl_err *err);
void sl_asking_end(struct sl_asking *asking); /* for SL_AUTO() */

/* The common part of an operation; the caller may change it before it runs. */
struct sl_once sl_asking_once(struct sl_asking *asking, const char *operation, const char *payload);

/* Runs it to its end; anything but that is an error, sl_once_error()'s. */
int sl_asking_run(struct sl_asking *asking, const struct sl_once *once, struct sl_err *err);

/* For records; and the one that was kept, as an object. */
struct sl_output *sl_asking_output(const struct sl_asking *asking, enum sl_shape shape);
int sl_asking_print(struct sl_asking *asking, struct sl_err *err);

/* Asks a question and prints the records of its answer: all as they come, or the one as an object. */
int sl_asking_show(struct sl_asking *asking, const char *operation, const char *payload,
                   enum sl_shape shape, struct sl_err *err);

#endif
