/* What the verbs of sl-storage have in common: an operation at a school's storage provider, and
 * the records that it tells. */
#ifndef SL_CMD_COMMON_STORAGE_H
#define SL_CMD_COMMON_STORAGE_H

#include "lib/cli/cli.h"
#include "lib/cli/output.h"
#include "lib/cli/terminal.h"
#include "lib/service/config.h"
#include "lib/service/once.h"

struct sl_storing {
    const struct sl_cli *cli;
    struct sl_service *service;
    struct sl_school school;
    struct sl_account account;
    const struct sl_file *spooled; /* of a put: the file that its row uses; or NULL */
    bool drawing;                  /* the bar is begun */
    struct sl_progress bar;
    struct sl_output *output;   /* where records go as they come; NULL: the last is kept … */
    struct json_object *record; /* … here */
    struct sl_err failed;       /* of the output; text "": none */
};

/* Opens service, school and account; `cli` is set already. */
int sl_storing_begin(struct sl_storing *storing, struct sl_err *err);
void sl_storing_end(struct sl_storing *storing); /* for SL_AUTO() */

/* The common part of an operation; the caller may change it before it runs. */
struct sl_once sl_storing_once(struct sl_storing *storing, const char *operation,
                               const char *payload);

/* Runs it to its end; anything but that is an error, sl_once_error()'s. */
int sl_storing_run(struct sl_storing *storing, const struct sl_once *once, struct sl_err *err);

/* For records; and the one that was kept, as an object. */
struct sl_output *sl_storing_output(const struct sl_storing *storing, enum sl_shape shape);
int sl_storing_print(struct sl_storing *storing, struct sl_err *err);

#endif
