/* What the verbs of sl-lms have in common: asking a school's learning management system, and finding
 * there who and what a line names. */
#ifndef SL_CMD_COMMON_LMS_H
#define SL_CMD_COMMON_LMS_H

#include "cmd/common/asking.h"
#include "lib/adapter/inputs.h"

/* An operation whose records are shown in these columns. */
struct sl_learning {
    struct sl_asking asking;
    size_t n_found; /* records of the last question */
};

/* Opens service, school and account. `learning` is zeroed, and stays where it is. */
int sl_learning_begin(struct sl_learning *learning, const struct sl_cli *cli,
                      const struct sl_column *columns, size_t n_columns, struct sl_err *err);
void sl_learning_end(struct sl_learning *learning); /* for SL_AUTO() */

/* The id, in the verb's arena, of the one user whose username, idnumber or e-mail address this is;
 * of the course with this short name. SL_ERR_DATA if there is none, or are several. */
int sl_learning_user(struct sl_learning *learning, const char *word, const char **id,
                     struct sl_err *err);
int sl_learning_course(struct sl_learning *learning, const char *word, const char **id,
                       struct sl_err *err);

/* Does what is asked for, or leaves it to the timer, and shows nothing. */
int sl_learning_do(struct sl_learning *learning, const char *operation,
                   const struct sl_lms_ask *ask, struct sl_err *err);

/* Shows the records of a question. */
int sl_learning_show(struct sl_learning *learning, const char *operation,
                     const struct sl_lms_ask *ask, enum sl_shape shape, struct sl_err *err);

#endif
