/* Between the files of the simulated Moodle: moodle.c reads calls and refuses them, moodle_users.c
 * has accounts, moodle_courses.c courses, enrolments, grades and cohorts. */
#ifndef SL_SANDBOX_MOODLE_H
#define SL_SANDBOX_MOODLE_H

#include "sandbox/visit.h"

/* PHP's default; what is above is dropped without a word. */
enum { SL_MOODLE_MOST_INPUT_VARS = 1000 };

enum sl_moodle_fact {
    SL_MOODLE_USERNAME,
    SL_MOODLE_FIRSTNAME,
    SL_MOODLE_LASTNAME,
    SL_MOODLE_EMAIL,
    SL_MOODLE_IDNUMBER,
    SL_MOODLE_N_FACTS
};
extern const char *const sl_moodle_fact_names[SL_MOODLE_N_FACTS];

struct sl_moodle_user {
    int64_t id;
    char *facts[SL_MOODLE_N_FACTS]; /* never NULL */
    bool suspended;
};

struct sl_moodle_enrolment {
    int64_t user, course, role;
    bool suspended;
};

struct sl_moodle_cohort {
    int64_t id;
    char *name, *idnumber;
};

struct sl_moodle_member {
    int64_t cohort, user;
};

/* All that it remembers, until the reset. Ids are given once. */
struct sl_moodle_site {
    struct sl_moodle_user *users;
    struct sl_moodle_enrolment *enrolments;
    struct sl_moodle_cohort *cohorts;
    struct sl_moodle_member *members;
    size_t n_users, n_enrolments, n_cohorts, n_members;
};

/* A call of a function: the fields of its form that PHP lets through. */
struct sl_moodle_call {
    struct sl_visit *visit;
    struct sl_moodle_site *site;
    char **names, **values;
    size_t n;
};

/* The value of a field, or NULL. */
const char *sl_moodle_arg(const struct sl_moodle_call *call, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The same as a number; -1 if it is not there or none. */
int64_t sl_moodle_number(const struct sl_moodle_call *call, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Answers with an error of the site. */
void sl_moodle_throw(struct sl_moodle_call *call, const char *exception, const char *code,
                     const char *message);
void sl_moodle_invalid(struct sl_moodle_call *call); /* the one for every bad parameter */
/* Begins a good answer, which the caller writes. */
struct sl_buf *sl_moodle_begin(struct sl_moodle_call *call);

/* An array with room for one more than n. */
void *sl_moodle_grow(void *array, size_t n, size_t size);
char *sl_moodle_copy(const char *text);

/* ---- moodle_users.c --------------------------------------------------------------------- */

void sl_moodle_first_users(struct sl_moodle_site *site);
struct sl_moodle_user *sl_moodle_user(const struct sl_moodle_site *site, int64_t id);
void sl_moodle_get_users(struct sl_moodle_call *call);
void sl_moodle_search_users(struct sl_moodle_call *call);
void sl_moodle_create_users(struct sl_moodle_call *call);
void sl_moodle_update_users(struct sl_moodle_call *call);

/* ---- moodle_courses.c ------------------------------------------------------------------- */

void sl_moodle_get_courses(struct sl_moodle_call *call);
void sl_moodle_get_enrolled(struct sl_moodle_call *call);
void sl_moodle_enrol(struct sl_moodle_call *call);
void sl_moodle_unenrol(struct sl_moodle_call *call);
void sl_moodle_get_grades(struct sl_moodle_call *call);

/* ---- moodle_cohorts.c ------------------------------------------------------------------- */

void sl_moodle_search_cohorts(struct sl_moodle_call *call);
void sl_moodle_create_cohorts(struct sl_moodle_call *call);
void sl_moodle_get_members(struct sl_moodle_call *call);
void sl_moodle_add_members(struct sl_moodle_call *call);

#endif
