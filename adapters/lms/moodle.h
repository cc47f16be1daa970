/* What the files of Moodle share; nobody else includes it.
 *
 * moodle.c has the facts, moodle_requests.c builds, moodle_answers.c tells answers from refusals,
 * moodle_records.c reads them, and moodle_create.c makes users, the one thing that may not be done
 * twice. */
#ifndef SL_ADAPTERS_LMS_MOODLE_H
#define SL_ADAPTERS_LMS_MOODLE_H

#include "lib/adapter/adapter.h"

enum {
    BASE_URL,
    TOKEN,
    USERNAME,
    PASSWORD,
    SERVICE,
    DEFAULT_ROLE,
    ROLES,
    AUTH_PLUGIN,
    NEW_PASSWORDS,
    N_FIELDS
};

/* Of enrolments and groups in one answer. */
enum { SL_MOODLE_PAGE = 200, SL_MOODLE_GROUPS_PAGE = 25 };

/* ---- moodle.c ------------------------------------------------------------------------- */

/* The functions that a service must offer; ends with NULL. */
extern const char *const sl_moodle_functions[];

/* The number of a role: one by its name in the setting `roles`, a number itself, or, for NULL,
 * the default one. NULL if there is none of that name. */
const char *sl_moodle_role_id(const struct sl_call *call, const char *role);

/* The other way: how the settings call a role of that number, or NULL. */
const char *sl_moodle_role_name(const struct sl_call *call, const char *id);

/* ---- moodle_requests.c ---------------------------------------------------------------- */

/* Ends the form with the token, and makes a call of the function of it. SL_ERR_DATA if it has more
 * fields than every site takes. */
int sl_moodle_call(const struct sl_call *call, struct sl_request *request, const char *function,
                   struct sl_buf *form, struct sl_err *err);
/* "LIST[i][NAME]=VALUE"; a NULL value adds nothing. */
void sl_moodle_put(const struct sl_call *call, struct sl_buf *form, const char *list, size_t i,
                   const char *name, const char *value);

int sl_moodle_build_grant(const struct sl_call *call, struct sl_request *request,
                          struct sl_err *err);
int sl_moodle_build_site(const struct sl_call *call, struct sl_request *request,
                         struct sl_err *err);
int sl_moodle_build_users(const struct sl_call *call, struct sl_request *request,
                          struct sl_err *err);
int sl_moodle_build_update(const struct sl_call *call, struct sl_request *request,
                           struct sl_err *err);
int sl_moodle_build_courses(const struct sl_call *call, struct sl_request *request,
                            struct sl_err *err);
int sl_moodle_build_enrolments(const struct sl_call *call, struct sl_request *request,
                               struct sl_err *err);
int sl_moodle_build_enrol(const struct sl_call *call, struct sl_request *request,
                          struct sl_err *err);
int sl_moodle_build_unenrol(const struct sl_call *call, struct sl_request *request,
                            struct sl_err *err);
int sl_moodle_build_grades(const struct sl_call *call, struct sl_request *request,
                           struct sl_err *err);
int sl_moodle_build_groups(const struct sl_call *call, struct sl_request *request,
                           struct sl_err *err);
int sl_moodle_build_create_groups(const struct sl_call *call, struct sl_request *request,
                                  struct sl_err *err);
int sl_moodle_build_members(const struct sl_call *call, struct sl_request *request,
                            struct sl_err *err);
int sl_moodle_build_add_members(const struct sl_call *call, struct sl_request *request,
                                struct sl_err *err);

/* ---- moodle_answers.c ----------------------------------------------------------------- */

/* Whether the function did its work. *doc, the caller's, is what it answered then: NULL for the
 * word null. Else the items are settled, or left ambiguous where nobody can tell. */
bool sl_moodle_answered(const struct sl_call *call, const struct sl_exchange *exchange,
                        struct sl_result *result, struct json_object **doc);

/* Text of the site for a person: without tags, what each enclosed parted by blanks; NULL for none. */
const char *sl_moodle_plain(struct sl_arena *arena, const char *text);

void sl_moodle_parse_grant(const struct sl_call *call, const struct sl_exchange *exchange,
                           struct sl_result *result);

/* ---- moodle_records.c ----------------------------------------------------------------- */

void sl_moodle_parse_site(const struct sl_call *call, const struct sl_exchange *exchange,
                          struct sl_result *result);
void sl_moodle_parse_users(const struct sl_call *call, const struct sl_exchange *exchange,
                           struct sl_result *result);
void sl_moodle_parse_update(const struct sl_call *call, const struct sl_exchange *exchange,
                            struct sl_result *result);
void sl_moodle_parse_courses(const struct sl_call *call, const struct sl_exchange *exchange,
                             struct sl_result *result);
void sl_moodle_parse_enrolments(const struct sl_call *call, const struct sl_exchange *exchange,
                                struct sl_result *result);
void sl_moodle_parse_done(const struct sl_call *call, const struct sl_exchange *exchange,
                          struct sl_result *result); /* enrol, unenrol */
void sl_moodle_parse_grades(const struct sl_call *call, const struct sl_exchange *exchange,
                            struct sl_result *result);
void sl_moodle_parse_groups(const struct sl_call *call, const struct sl_exchange *exchange,
                            struct sl_result *result);
void sl_moodle_parse_create_groups(const struct sl_call *call, const struct sl_exchange *exchange,
                                   struct sl_result *result);
void sl_moodle_parse_members(const struct sl_call *call, const struct sl_exchange *exchange,
                             struct sl_result *result);
void sl_moodle_parse_add_members(const struct sl_call *call, const struct sl_exchange *exchange,
                                 struct sl_result *result);

/* ---- moodle_create.c: look, create those that are not there, and look for one that was
 * refused: a lost answer may have made it ---------------------------------------------------- */

enum { SL_MOODLE_CREATE_STEPS = 3 };
extern const struct sl_step sl_moodle_create[SL_MOODLE_CREATE_STEPS];

#endif
