/* What has to change so that a learning management system agrees with a roster: pure.
 *
 *     sl_sync_new()        who, which courses and which groups the roster names
 *     sl_sync_found_…()    what is there, told record by record (lib/adapter/inputs.h)
 *     sl_sync_plan()       the changes
 *
 * lib/service/sync_run.h asks and applies. A person of the roster is the user of that username; if
 * there is none the one of that idnumber, else of that e-mail address, who keeps the other username.
 * Where two users have an idnumber a person has to decide. Nobody is deleted or taken out: what the
 * roster does not say stays, but for enrolments that are to be suspended. */
#ifndef SL_SERVICE_SYNC_H
#define SL_SERVICE_SYNC_H

#include <stdbool.h>

#include "lib/base/json.h"
#include "lib/service/roster.h"

/* What a roster says of a person: its columns up to idnumber. */
enum { SL_SYNC_FIELDS = SL_ROSTER_IDNUMBER + 1 };

struct sl_sync_person {
    size_t line;                        /* their first row */
    const char *fields[SL_SYNC_FIELDS]; /* NULL: the roster does not say */
    const char *id;                     /* there; NULL: not, or not yet */
    enum sl_roster_column found_by;
    const char *there[SL_SYNC_FIELDS]; /* what is there; NULL: not known, so not compared */
    const char *trouble;               /* why nothing can be done about them, or NULL */
};

struct sl_sync_participant {
    const char *id, *username, *role; /* "student,teacher" */
    bool wanted;                      /* the roster has them in this course */
};

struct sl_sync_course {
    const char *name; /* as the roster names it: short name, else idnumber */
    const char *id;   /* NULL: there is none */
    bool by_idnumber;
    const char *roles; /* that the roster gives in it: "student,teacher"; NULL: none */
    struct sl_sync_participant *participants; /* sorted by id when it is planned */
    size_t n_participants, size;
};

struct sl_sync_group {
    const char *name; /* name or idnumber */
    const char *id;   /* NULL: it is to be made */
    const char **members;
    size_t n_members, size;
};

enum sl_sync_act {
    SL_SYNC_NOTHING, /* a row that cannot be used: its error says why */
    SL_SYNC_CREATE,
    SL_SYNC_UPDATE,
    SL_SYNC_ENROL,
    SL_SYNC_SUSPEND, /* an enrolment */
    SL_SYNC_JOIN,    /* a group */
    SL_SYNC_ACTS
};
extern const char *const sl_sync_act_names[SL_SYNC_ACTS];

enum sl_sync_status { SL_SYNC_PLANNED, SL_SYNC_DONE, SL_SYNC_FAILED, SL_SYNC_LEFT };
extern const char *const sl_sync_status_names[];

struct sl_sync_change {
    enum sl_sync_act act;
    enum sl_sync_status status;
    size_t line;                                   /* 0: no row asks for it */
    const char *username;                          /* as it is there, or will be */
    struct sl_sync_person *person;                 /* NULL where the roster does not have them */
    const struct sl_sync_participant *participant; /* SUSPEND */
    const struct sl_sync_course *course;           /* ENROL, SUSPEND */
    const struct sl_sync_group *group;             /* JOIN */
    const char *role;                              /* ENROL; NULL: the usual one */
    const char *what;                              /* UPDATE: "lastname, email" */
    const char *error;                             /* FAILED, LEFT */
};

struct sl_sync {
    struct sl_arena *arena;
    const struct sl_roster *roster;
    struct sl_sync_person *people; /* sorted by username */
    struct sl_sync_course *courses;
    struct sl_sync_group *groups;
    size_t n_people, n_courses, n_groups;

    /* By sl_sync_plan(): */
    struct sl_sync_change *changes; /* in the order of acts */
    size_t n_changes, size;
    size_t n_unchanged; /* good rows that want nothing */
    size_t n_missing;   /* enrolments that the roster does not have, of roles that it gives there */
    bool held_back;     /* some row cannot be used: whom it means may look missing, so nobody is
                         * suspended */
};

/* Borrows the roster and the arena, in which everything else is. A row that contradicts an earlier
 * one of the same person becomes a bad row of the roster. */
struct sl_sync *sl_sync_new(struct sl_arena *arena, struct sl_roster *roster);

/* `by` is the column that was searched. Others than those of the roster are passed over. */
void sl_sync_found_user(struct sl_sync *sync, enum sl_roster_column by, struct json_object *record);
void sl_sync_found_course(struct sl_sync *sync, struct json_object *record);
void sl_sync_found_participant(struct sl_sync *sync, struct sl_sync_course *course,
                               struct json_object *record);
/* The group of exactly this name or idnumber; others that a search tells are passed over. */
void sl_sync_found_group(struct sl_sync_group *group, struct sl_arena *arena,
                         struct json_object *record);
void sl_sync_found_member(struct sl_sync *sync, struct sl_sync_group *group,
                          struct json_object *record);

/* Whether a person is still to be looked for by this column: not found yet, or, by idnumber, found
 * with another one. */
bool sl_sync_is_sought(const struct sl_sync_person *person, enum sl_roster_column by);

enum sl_sync_missing { SL_SYNC_KEEP_MISSING, SL_SYNC_SUSPEND_MISSING };
void sl_sync_plan(struct sl_sync *sync, enum sl_sync_missing missing);

/* How many changes of an act, and how many of a status. */
size_t sl_sync_count(const struct sl_sync *sync, enum sl_sync_act act);
size_t sl_sync_count_status(const struct sl_sync *sync, enum sl_sync_status status);

#endif
