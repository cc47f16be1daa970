#include "lib/service/sync_private.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char *const sl_sync_act_names[SL_SYNC_ACTS] = {
    [SL_SYNC_NOTHING] = NULL,  [SL_SYNC_CREATE] = "create",   [SL_SYNC_UPDATE] = "update",
    [SL_SYNC_ENROL] = "enrol", [SL_SYNC_SUSPEND] = "suspend", [SL_SYNC_JOIN] = "join",
};
const char *const sl_sync_status_names[] = {
    [SL_SYNC_PLANNED] = "planned",
    [SL_SYNC_DONE] = "done",
    [SL_SYNC_FAILED] = "failed",
    [SL_SYNC_LEFT] = "left",
};

/* ---- The roster ------------------------------------------------------------------------------- */

static int by_username(const void *a, const void *b)
{
    const struct sl_roster_row *left = *(struct sl_roster_row *const *)a;
    const struct sl_roster_row *right = *(struct sl_roster_row *const *)b;
    int order = strcmp(left->fields[SL_ROSTER_USERNAME], right->fields[SL_ROSTER_USERNAME]);

    return order ? order : (left->line > right->line) - (left->line < right->line);
}

/* What a row says of a person, if it does not contradict what an earlier one said. */
static bool agree(struct sl_arena *arena, struct sl_sync_person *person, struct sl_roster_row *row)
{
    for (size_t i = 0; i < SL_SYNC_FIELDS; i++)
        if (row->fields[i] && person->fields[i] && strcmp(row->fields[i], person->fields[i]) != 0) {
            row->bad = sl_arena_printf(arena, "%s is not what line %zu says", sl_roster_names[i],
                                       person->line);
            return false;
        }
    for (size_t i = 0; i < SL_SYNC_FIELDS; i++)
        if (row->fields[i])
            person->fields[i] = row->fields[i];
    return true;
}

static void gather_people(struct sl_sync *sync, struct sl_roster *roster)
{
    struct sl_roster_row **sorted = SL_NEW(sync->arena, struct sl_roster_row *, roster->n + 1);
    size_t n = 0;

    for (size_t i = 0; i < roster->n; i++)
        if (!roster->rows[i].bad)
            sorted[n++] = &roster->rows[i];
    qsort(sorted, n, sizeof *sorted, by_username);
    sync->people = SL_NEW(sync->arena, struct sl_sync_person, n + 1);
    for (size_t i = 0; i < n; i++) {
        const char *username = sorted[i]->fields[SL_ROSTER_USERNAME];
        struct sl_sync_person *last = sync->n_people > 0 ? &sync->people[sync->n_people - 1] : NULL;

        if (!last || strcmp(last->fields[SL_ROSTER_USERNAME], username) != 0) {
            last = &sync->people[sync->n_people++];
            last->line = sorted[i]->line;
        }
        if (!agree(sync->arena, last, sorted[i]))
            roster->n_bad++;
    }
}

struct sl_sync_course *sync_course(const struct sl_sync *sync, const char *name)
{
    for (size_t i = 0; i < sync->n_courses; i++)
        if (strcmp(sync->courses[i].name, name) == 0)
            return &sync->courses[i];
    return NULL;
}

struct sl_sync_group *sync_group(const struct sl_sync *sync, const char *name)
{
    for (size_t i = 0; i < sync->n_groups; i++)
        if (strcmp(sync->groups[i].name, name) == 0)
            return &sync->groups[i];
    return NULL;
}

/* By what two people must not share, then by line. */
static int by_email(const void *a, const void *b)
{
    const struct sl_sync_person *left = *(struct sl_sync_person *const *)a;
    const struct sl_sync_person *right = *(struct sl_sync_person *const *)b;
    int order = strcasecmp(left->fields[SL_ROSTER_EMAIL], right->fields[SL_ROSTER_EMAIL]);

    return order ? order : (left->line > right->line) - (left->line < right->line);
}

static int by_idnumber(const void *a, const void *b)
{
    const struct sl_sync_person *left = *(struct sl_sync_person *const *)a;
    const struct sl_sync_person *right = *(struct sl_sync_person *const *)b;
    int order = strcmp(left->fields[SL_ROSTER_IDNUMBER], right->fields[SL_ROSTER_IDNUMBER]);

    return order ? order : (left->line > right->line) - (left->line < right->line);
}

/* Two people with one address, or one number, would be taken for one: only the first is. */
static void mark_shared(struct sl_sync *sync, enum sl_roster_column column,
                        int (*compare)(const void *, const void *))
{
    struct sl_sync_person **sorted =
        SL_NEW(sync->arena, struct sl_sync_person *, sync->n_people + 1);
    int (*order)(const char *, const char *) = column == SL_ROSTER_EMAIL ? strcasecmp : strcmp;
    size_t n = 0;

    for (size_t i = 0; i < sync->n_people; i++)
        if (sync->people[i].fields[column])
            sorted[n++] = &sync->people[i];
    qsort(sorted, n, sizeof *sorted, compare);
    for (size_t i = 1, first = 0; i < n; i++) {
        if (order(sorted[first]->fields[column], sorted[i]->fields[column]) != 0)
            first = i;
        else
            sorted[i]->trouble = sl_arena_printf(sync->arena, "%s is that of line %zu",
                                                 sl_roster_names[column], sorted[first]->line);
    }
}

static void gather_places(struct sl_sync *sync)
{
    size_t n_courses = 0, n_groups = 0;

    for (size_t i = 0; i < sync->roster->n; i++) {
        const struct sl_roster_row *row = &sync->roster->rows[i];
        const char *course = row->fields[SL_ROSTER_COURSE], *group = row->fields[SL_ROSTER_GROUP];

        if (row->bad)
            continue;
        if (course && !sync_course(sync, course)) {
            sync->courses = sl_arena_grow(sync->arena, sync->courses, sync->n_courses, &n_courses,
                                          sizeof *sync->courses);
            sync->courses[sync->n_courses++] = (struct sl_sync_course){ .name = course };
        }
        if (group && !sync_group(sync, group)) {
            sync->groups = sl_arena_grow(sync->arena, sync->groups, sync->n_groups, &n_groups,
                                         sizeof *sync->groups);
            sync->groups[sync->n_groups++] = (struct sl_sync_group){ .name = group };
        }
    }
}

struct sl_sync *sl_sync_new(struct sl_arena *arena, struct sl_roster *roster)
{
    struct sl_sync *sync = SL_NEW(arena, struct sl_sync, 1);

    sync->arena = arena;
    sync->roster = roster;
    gather_people(sync, roster);
    mark_shared(sync, SL_ROSTER_EMAIL, by_email);
    mark_shared(sync, SL_ROSTER_IDNUMBER, by_idnumber);
    gather_places(sync);
    return sync;
}

static int compare_person(const void *username, const void *person)
{
    const struct sl_sync_person *one = person;

    return strcmp(username, one->fields[SL_ROSTER_USERNAME]);
}

struct sl_sync_person *sync_person(const struct sl_sync *sync, const char *username)
{
    return bsearch(username, sync->people, sync->n_people, sizeof *sync->people, compare_person);
}

/* ---- What is there ---------------------------------------------------------------------------- */

bool sl_sync_is_sought(const struct sl_sync_person *person, enum sl_roster_column by)
{
    const char *there = person->there[SL_ROSTER_IDNUMBER];

    if (!person->fields[by] || person->trouble)
        return false;
    if (!person->id)
        return true;
    return by == SL_ROSTER_IDNUMBER && there && strcmp(there, person->fields[by]) != 0;
}

/* Most of what is there is what the roster says: then it is kept once. */
static const char *keep(struct sl_arena *arena, const char *wanted, const char *there)
{
    return wanted && there && strcmp(wanted, there) == 0 ? wanted : sl_arena_strdup(arena, there);
}

static void take_user(struct sl_sync *sync, struct sl_sync_person *person, enum sl_roster_column by,
                      struct json_object *record)
{
    person->id = sl_arena_strdup(sync->arena, sl_json_text(record, "id"));
    person->found_by = by;
    for (size_t i = 0; i < SL_SYNC_FIELDS; i++)
        person->there[i] =
            keep(sync->arena, person->fields[i], sl_json_text(record, sl_roster_names[i]));
}

/* Whoever has the address and another number is somebody else. */
static bool is_somebody_else(const struct sl_sync_person *person, enum sl_roster_column by)
{
    const char *own = person->fields[SL_ROSTER_IDNUMBER],
               *there = person->there[SL_ROSTER_IDNUMBER];

    return by == SL_ROSTER_EMAIL && own && there && *there && strcmp(own, there) != 0;
}

/* A second user where one was found already. */
static void meet(struct sl_sync *sync, struct sl_sync_person *person, enum sl_roster_column by,
                 const char *id)
{
    if (strcmp(person->id, id) == 0)
        return;
    if (person->found_by == by)
        person->trouble =
            sl_arena_printf(sync->arena, "two users there have this %s: a person has to decide",
                            sl_roster_names[by]);
    else
        person->trouble =
            sl_arena_printf(sync->arena,
                            "one user there has its %s, another its %s: a person has to decide",
                            sl_roster_names[person->found_by], sl_roster_names[by]);
}

static bool is_called(const struct sl_sync_person *person, enum sl_roster_column by,
                      const char *value)
{
    const char *own = person->fields[by];

    return own && (by == SL_ROSTER_EMAIL ? strcasecmp(own, value) : strcmp(own, value)) == 0;
}

void sl_sync_found_user(struct sl_sync *sync, enum sl_roster_column by, struct json_object *record)
{
    const char *id = sl_json_text(record, "id"), *value = sl_json_text(record, sl_roster_names[by]);
    size_t from = 0, to = sync->n_people;

    if (!id || !value)
        return;
    if (by == SL_ROSTER_USERNAME) {
        struct sl_sync_person *person = sync_person(sync, value);

        from = person ? (size_t)(person - sync->people) : to;
        to = person ? from + 1 : to;
    }
    for (size_t i = from; i < to; i++) {
        struct sl_sync_person *person = &sync->people[i];

        if (!is_called(person, by, value))
            continue;
        if (person->id)
            meet(sync, person, by, id);
        else
            take_user(sync, person, by, record);
        if (is_somebody_else(person, by))
            person->trouble = "its email is that of a user with another idnumber";
    }
}

void sl_sync_found_course(struct sl_sync *sync, struct json_object *record)
{
    const char *id = sl_json_text(record, "id"), *name = sl_json_text(record, "shortname");
    const char *idnumber = sl_json_text(record, "idnumber");

    for (size_t i = 0; id && i < sync->n_courses; i++) {
        struct sl_sync_course *course = &sync->courses[i];
        bool named = name && strcmp(course->name, name) == 0;

        if (!named && (course->id || !idnumber || strcmp(course->name, idnumber) != 0))
            continue;
        if (named && course->id && !course->by_idnumber)
            continue;
        course->id = sl_arena_strdup(sync->arena, id);
        course->by_idnumber = !named;
    }
}

void sl_sync_found_participant(struct sl_sync *sync, struct sl_sync_course *course,
                               struct json_object *record)
{
    const char *role = sl_json_text(record, "role");

    course->participants = sl_arena_grow(sync->arena, course->participants, course->n_participants,
                                         &course->size, sizeof *course->participants);
    course->participants[course->n_participants++] = (struct sl_sync_participant){
        .id = sl_arena_strdup(sync->arena, sl_json_text(record, "id")),
        .username = sl_arena_strdup(sync->arena, sl_json_text(record, "username")),
        .role = sl_arena_strdup(sync->arena, role ? role : ""),
    };
}

void sl_sync_found_group(struct sl_sync_group *group, struct sl_arena *arena,
                         struct json_object *record)
{
    const char *name = sl_json_text(record, "name"), *idnumber = sl_json_text(record, "idnumber");

    if ((name && strcmp(name, group->name) == 0) ||
        (idnumber && strcmp(idnumber, group->name) == 0))
        group->id = sl_arena_strdup(arena, sl_json_text(record, "id"));
}

void sl_sync_found_member(struct sl_sync *sync, struct sl_sync_group *group,
                          struct json_object *record)
{
    group->members = sl_arena_grow(sync->arena, group->members, group->n_members, &group->size,
                                   sizeof *group->members);
    group->members[group->n_members++] = sl_arena_strdup(sync->arena, sl_json_text(record, "user"));
}
