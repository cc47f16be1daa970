#include "cmd/common/lms.h"

#include <string.h>

#include "lib/base/json.h"
#include "lib/service/lms.h"

static void count(void *opaque, const struct sl_job *job)
{
    struct sl_learning *learning = opaque;

    learning->n_found += sl_json_length(job->result.rows);
}

int sl_learning_begin(struct sl_learning *learning, const struct sl_cli *cli,
                      const struct sl_column *columns, size_t n_columns, struct sl_err *err)
{
    learning->asking = (struct sl_asking){
        .cli = cli, .columns = columns, .n_columns = n_columns, .settled = count, .opaque = learning
    };
    return sl_asking_begin(&learning->asking, SL_LMS, err);
}

void sl_learning_end(struct sl_learning *learning)
{
    sl_asking_end(&learning->asking);
}

/* ---- Finding ------------------------------------------------------------------------------- */

/* Keeps the last record that was told, and counts. */
static int find(struct sl_learning *learning, const char *operation, const struct sl_lms_ask *ask,
                struct sl_err *err)
{
    struct sl_asking *asking = &learning->asking;
    struct sl_once once = sl_asking_once(asking, operation, sl_lms_json(asking->cli->arena, ask));

    learning->n_found = 0;
    return sl_asking_run(asking, &once, err);
}

static int take_id(struct sl_learning *learning, const char *noun, const char *word,
                   const char **id, struct sl_err *err)
{
    if (learning->n_found > 1)
        return sl_err_set(err, SL_ERR_DATA, "%zu %ss are called '%s'", learning->n_found, noun,
                          word);
    *id = sl_arena_strdup(learning->asking.cli->arena, sl_json_text(learning->asking.record, "id"));
    return 0;
}

int sl_learning_user(struct sl_learning *learning, const char *word, const char **id,
                     struct sl_err *err)
{
    static const char *const fields[] = { "idnumber", "email" };
    char *lower = sl_arena_strdup(learning->asking.cli->arena, word);
    const char *value = lower;
    struct sl_lms_ask ask = { .field = "username", .values = &value, .n_values = 1 };

    for (char *at = lower; *at; at++)
        if (*at >= 'A' && *at <= 'Z')
            *at = (char)(*at + 'a' - 'A');
    learning->n_found = 0;
    if (lower[strspn(lower, "abcdefghijklmnopqrstuvwxyz0123456789-._@")] == '\0' &&
        find(learning, "lms.users", &ask, err) < 0)
        return -1;
    value = word;
    for (size_t i = 0; i < SL_COUNT(fields) && learning->n_found == 0; i++) {
        ask.field = fields[i];
        if (find(learning, "lms.users", &ask, err) < 0)
            return -1;
    }
    if (learning->n_found == 0)
        return sl_err_set(err, SL_ERR_DATA,
                          "nobody there has the username, idnumber or e-mail address '%s'", word);
    return take_id(learning, "user", word, id, err);
}

int sl_learning_course(struct sl_learning *learning, const char *word, const char **id,
                       struct sl_err *err)
{
    const struct sl_lms_ask ask = { .course = word };

    if (find(learning, "lms.courses", &ask, err) < 0)
        return -1;
    if (learning->n_found > 0)
        return take_id(learning, "course", word, id, err);
    (void)sl_err_set(err, SL_ERR_DATA, "there is no course with the short name '%s'", word);
    return sl_err_hint(err, "`%s courses` lists them", learning->asking.cli->program);
}

/* ---- Doing and showing ----------------------------------------------------------------------- */

int sl_learning_do(struct sl_learning *learning, const char *operation,
                   const struct sl_lms_ask *ask, struct sl_err *err)
{
    struct sl_asking *asking = &learning->asking;
    struct sl_once once = sl_asking_once(asking, operation, sl_lms_json(asking->cli->arena, ask));

    once.must_be_done = true;
    return sl_asking_run(asking, &once, err);
}

int sl_learning_show(struct sl_learning *learning, const char *operation,
                     const struct sl_lms_ask *ask, enum sl_shape shape, struct sl_err *err)
{
    return sl_asking_show(&learning->asking, operation,
                          sl_lms_json(learning->asking.cli->arena, ask), shape, err);
}
