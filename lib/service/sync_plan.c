/* The changes that bring what is there into agreement with the roster. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/service/sync_private.h"

/* ---- Changes ----------------------------------------------------------------------------------- */

static void add(struct sl_sync *sync, struct sl_sync_change change)
{
    sync->changes = sl_arena_grow(sync->arena, sync->changes, sync->n_changes, &sync->size,
                                  sizeof *sync->changes);
    sync->changes[sync->n_changes++] = change;
}

static void fail(struct sl_sync *sync, size_t line, const char *username, const char *why)
{
    add(sync, (struct sl_sync_change){
                  .line = line, .username = username, .status = SL_SYNC_FAILED, .error = why });
}

static void plan_bad_rows(struct sl_sync *sync)
{
    for (size_t i = 0; i < sync->roster->n; i++)
        if (sync->roster->rows[i].bad)
            fail(sync, sync->roster->rows[i].line, sync->roster->rows[i].fields[SL_ROSTER_USERNAME],
                 sync->roster->rows[i].bad);
}

static bool differs(const struct sl_sync_person *person, enum sl_roster_column column)
{
    const char *wanted = person->fields[column], *there = person->there[column];

    return wanted && there &&
           (column == SL_ROSTER_EMAIL ? strcasecmp(wanted, there) : strcmp(wanted, there)) != 0;
}

/* "lastname, email", or NULL: nothing. The username stays. */
static const char *what_differs(struct sl_arena *arena, const struct sl_sync_person *person)
{
    struct sl_buf what = sl_buf_new(arena);

    for (size_t i = SL_ROSTER_FIRSTNAME; i <= SL_ROSTER_IDNUMBER; i++)
        if (differs(person, (enum sl_roster_column)i))
            sl_buf_printf(&what, "%s%s", what.len > 0 ? ", " : "", sl_roster_names[i]);
    return what.len > 0 ? what.data : NULL;
}

static const char *why_not_made(const struct sl_sync_person *person)
{
    if (person->trouble)
        return person->trouble;
    if (person->id || (person->fields[SL_ROSTER_FIRSTNAME] && person->fields[SL_ROSTER_LASTNAME] &&
                       person->fields[SL_ROSTER_EMAIL]))
        return NULL;
    return "nobody there is called so, and who is to be made needs firstname, lastname and email";
}

static void plan_person(struct sl_sync *sync, struct sl_sync_person *person)
{
    const char *username = person->there[SL_ROSTER_USERNAME];
    struct sl_sync_change change = { .line = person->line, .person = person };

    change.username = username ? username : person->fields[SL_ROSTER_USERNAME];
    person->trouble = why_not_made(person);
    if (person->trouble) {
        fail(sync, person->line, person->fields[SL_ROSTER_USERNAME], person->trouble);
        return;
    }
    change.act = person->id ? SL_SYNC_UPDATE : SL_SYNC_CREATE;
    change.what = person->id ? what_differs(sync->arena, person) : NULL;
    if (!person->id || change.what)
        add(sync, change);
}

/* By the user that they were found to be; who has the username comes first. */
static int by_user(const void *a, const void *b)
{
    const struct sl_sync_person *left = *(struct sl_sync_person *const *)a;
    const struct sl_sync_person *right = *(struct sl_sync_person *const *)b;
    int order = strcmp(left->id, right->id);

    if (order)
        return order;
    if (left->found_by != right->found_by)
        return left->found_by < right->found_by ? -1 : 1;
    return (left->line > right->line) - (left->line < right->line);
}

/* Two people of the roster cannot be one user there. */
static void mark_same_user(struct sl_sync *sync)
{
    struct sl_sync_person **sorted =
        SL_NEW(sync->arena, struct sl_sync_person *, sync->n_people + 1);
    size_t n = 0;

    for (size_t i = 0; i < sync->n_people; i++)
        if (sync->people[i].id)
            sorted[n++] = &sync->people[i];
    qsort(sorted, n, sizeof *sorted, by_user);
    for (size_t i = 1, first = 0; i < n; i++) {
        if (strcmp(sorted[first]->id, sorted[i]->id) != 0)
            first = i;
        else if (!sorted[i]->trouble)
            sorted[i]->trouble =
                sl_arena_printf(sync->arena, "its %s is that of the user of line %zu",
                                sl_roster_names[sorted[i]->found_by], sorted[first]->line);
    }
}

/* ---- Courses and groups ------------------------------------------------------------------------ */

static int by_id(const void *a, const void *b)
{
    const struct sl_sync_participant *left = a, *right = b;

    return strcmp(left->id, right->id);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void sort_places(struct sl_sync *sync)
{
    for (size_t i = 0; i < sync->n_courses; i++)
        if (sync->courses[i].n_participants > 0)
            qsort(sync->courses[i].participants, sync->courses[i].n_participants,
                  sizeof *sync->courses[i].participants, by_id);
    for (size_t i = 0; i < sync->n_groups; i++)
        if (sync->groups[i].n_members > 0)
            qsort(sync->groups[i].members, sync->groups[i].n_members,
                  sizeof *sync->groups[i].members, by_text);
}

static struct sl_sync_participant *participant_of(const struct sl_sync_course *course,
                                                  const char *id)
{
    const struct sl_sync_participant wanted = { .id = id };

    return id && course->n_participants > 0 ? bsearch(&wanted, course->participants,
                                                      course->n_participants, sizeof wanted, by_id)
                                            : NULL;
}

static bool is_member(const struct sl_sync_group *group, const char *id)
{
    return id && group->n_members > 0 &&
           bsearch(&id, group->members, group->n_members, sizeof id, by_text);
}

/* "student" in "teacher,student". */
static bool has_role(const char *roles, const char *role)
{
    size_t n = strlen(role);

    for (const char *at = roles; *at;) {
        size_t n_one = strcspn(at, ",");

        if (n_one == n && strncmp(at, role, n) == 0)
            return true;
        at += n_one + (at[n_one] == ',');
    }
    return false;
}

/* Which roles the roster gives in a course; a row without one counts as a student's. */
static void note_role(struct sl_sync *sync, struct sl_sync_course *course, const char *role)
{
    role = role ? role : "student";
    if (!course->roles)
        course->roles = role;
    else if (!has_role(course->roles, role))
        course->roles = sl_arena_printf(sync->arena, "%s,%s", course->roles, role);
}

/* One of a person's rows: an enrolment that is not there. */
static void plan_enrolment(struct sl_sync *sync, const struct sl_roster_row *row,
                           struct sl_sync_person *person)
{
    const char *role = row->fields[SL_ROSTER_ROLE], *username = person->there[SL_ROSTER_USERNAME];
    struct sl_sync_course *course = sync_course(sync, row->fields[SL_ROSTER_COURSE]);
    struct sl_sync_participant *there = participant_of(course, person->id);

    note_role(sync, course, role);
    if (!course->id) {
        fail(sync, row->line, row->fields[SL_ROSTER_USERNAME],
             sl_arena_printf(sync->arena, "there is no course '%s'", course->name));
        return;
    }
    if (there)
        there->wanted = true;
    if (there && (!role || has_role(there->role, role)))
        return;
    add(sync, (struct sl_sync_change){ .act = SL_SYNC_ENROL,
                                       .line = row->line,
                                       .username =
                                           username ? username : person->fields[SL_ROSTER_USERNAME],
                                       .person = person,
                                       .course = course,
                                       .role = role });
}

static void plan_member(struct sl_sync *sync, const struct sl_roster_row *row,
                        struct sl_sync_person *person)
{
    const char *username = person->there[SL_ROSTER_USERNAME];
    struct sl_sync_group *group = sync_group(sync, row->fields[SL_ROSTER_GROUP]);

    if (!is_member(group, person->id))
        add(sync, (struct sl_sync_change){
                      .act = SL_SYNC_JOIN,
                      .line = row->line,
                      .username = username ? username : person->fields[SL_ROSTER_USERNAME],
                      .person = person,
                      .group = group });
}

static void plan_rows(struct sl_sync *sync)
{
    for (size_t i = 0; i < sync->roster->n; i++) {
        const struct sl_roster_row *row = &sync->roster->rows[i];
        const char *username = row->fields[SL_ROSTER_USERNAME];
        struct sl_sync_person *person = row->bad ? NULL : sync_person(sync, username);

        if (!person)
            continue;
        if (person->trouble && row->line != person->line)
            fail(sync, row->line, username, person->trouble);
        if (!person->trouble && row->fields[SL_ROSTER_COURSE])
            plan_enrolment(sync, row, person);
        if (!person->trouble && row->fields[SL_ROSTER_GROUP])
            plan_member(sync, row, person);
    }
}

/* ---- Who is not in the roster ------------------------------------------------------------------ */

/* The first of their roles that the roster gives in this course, or NULL. */
static const char *role_given(struct sl_sync *sync, const struct sl_sync_course *course,
                              const struct sl_sync_participant *participant)
{
    for (const char *at = participant->role; course->roles && *at;) {
        size_t n = strcspn(at, ",");
        const char *one = sl_arena_memdup(sync->arena, at, n);

        if (has_role(course->roles, one))
            return one;
        at += n + (at[n] == ',');
    }
    return NULL;
}

static void plan_missing(struct sl_sync *sync, struct sl_sync_course *course, bool suspend)
{
    for (size_t i = 0; i < course->n_participants; i++) {
        const struct sl_sync_participant *one = &course->participants[i];
        const char *role = one->wanted ? NULL : role_given(sync, course, one);

        if (!role)
            continue;
        sync->n_missing++;
        if (suspend)
            add(sync, (struct sl_sync_change){ .act = SL_SYNC_SUSPEND,
                                               .username = one->username,
                                               .participant = one,
                                               .course = course,
                                               .role = role });
    }
}

/* ---- The plan ----------------------------------------------------------------------------------- */

/* By pairs of keys, the first that differ decide. */
static int by_keys(const uintptr_t (*keys)[2], size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (keys[i][0] != keys[i][1])
            return keys[i][0] < keys[i][1] ? -1 : 1;
    return 0;
}

static int by_place(const void *a, const void *b)
{
    const struct sl_sync_change *left = a, *right = b;
    const uintptr_t keys[][2] = {
        { (uintptr_t)left->act, (uintptr_t)right->act },
        { (uintptr_t)left->course, (uintptr_t)right->course },
        { (uintptr_t)left->group, (uintptr_t)right->group },
        { (uintptr_t)left->person, (uintptr_t)right->person },
        { left->line, right->line },
    };

    return by_keys(keys, SL_COUNT(keys));
}

/* In the order in which they are applied: what one course or group refuses does not spread. */
static int by_turn(const void *a, const void *b)
{
    const struct sl_sync_change *left = a, *right = b;
    const uintptr_t keys[][2] = {
        { (uintptr_t)left->act, (uintptr_t)right->act },
        { (uintptr_t)left->course, (uintptr_t)right->course },
        { (uintptr_t)left->group, (uintptr_t)right->group },
        { left->line, right->line },
    };

    return by_keys(keys, SL_COUNT(keys));
}

/* The same person in the same place, as the same. */
static bool is_repeat(const struct sl_sync_change *one, const struct sl_sync_change *before)
{
    return (one->act == SL_SYNC_ENROL || one->act == SL_SYNC_JOIN) && one->act == before->act &&
           one->person == before->person && one->course == before->course &&
           one->group == before->group && !one->role == !before->role &&
           (!one->role || strcmp(one->role, before->role) == 0);
}

static void drop_repeats(struct sl_sync *sync)
{
    size_t n = 0;

    if (sync->n_changes == 0)
        return;
    qsort(sync->changes, sync->n_changes, sizeof *sync->changes, by_place);
    for (size_t i = 0; i < sync->n_changes; i++)
        if (n == 0 || !is_repeat(&sync->changes[i], &sync->changes[n - 1]))
            sync->changes[n++] = sync->changes[i];
    sync->n_changes = n;
    qsort(sync->changes, sync->n_changes, sizeof *sync->changes, by_turn);
}

static int by_number(const void *a, const void *b)
{
    const size_t *left = a, *right = b;

    return (*left > *right) - (*left < *right);
}

/* Rows whose line no change names. */
static size_t count_unchanged(const struct sl_sync *sync)
{
    size_t *lines = SL_NEW(sync->arena, size_t, sync->n_changes + 1), n_named = 0;

    for (size_t i = 0; i < sync->n_changes; i++)
        lines[i] = sync->changes[i].line;
    qsort(lines, sync->n_changes, sizeof *lines, by_number);
    for (size_t i = 0; i < sync->n_changes; i++)
        n_named += lines[i] > 0 && (i == 0 || lines[i] != lines[i - 1]);
    return sync->roster->n - n_named;
}

void sl_sync_plan(struct sl_sync *sync, enum sl_sync_missing missing)
{
    bool suspend;

    sort_places(sync);
    mark_same_user(sync);
    plan_bad_rows(sync);
    for (size_t i = 0; i < sync->n_people; i++)
        plan_person(sync, &sync->people[i]);
    plan_rows(sync);
    sync->held_back = sl_sync_count_status(sync, SL_SYNC_FAILED) > 0;
    suspend = missing == SL_SYNC_SUSPEND_MISSING && !sync->held_back;
    for (size_t i = 0; i < sync->n_courses; i++)
        plan_missing(sync, &sync->courses[i], suspend);
    drop_repeats(sync);
    sync->n_unchanged = count_unchanged(sync);
}

size_t sl_sync_count(const struct sl_sync *sync, enum sl_sync_act act)
{
    size_t n = 0;

    for (size_t i = 0; i < sync->n_changes; i++)
        n += sync->changes[i].act == act;
    return n;
}

size_t sl_sync_count_status(const struct sl_sync *sync, enum sl_sync_status status)
{
    size_t n = 0;

    for (size_t i = 0; i < sync->n_changes; i++)
        n += sync->changes[i].status == status;
    return n;
}
