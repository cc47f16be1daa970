#include "lib/service/sync_run.h"

#include <string.h>

#include "lib/service/lms.h"

enum { BATCH = 50 };

static size_t batch_size(const struct sl_sync_run *run)
{
    return run->account->limits.batch_size > 0 ? (size_t)run->account->limits.batch_size : BATCH;
}

static struct sl_once new_once(struct sl_sync_run *run, const char *operation, const char *payload,
                               void *under_way)
{
    struct sl_once once = { .school = run->school,
                            .account = run->account,
                            .operation = operation,
                            .payload = payload,
                            .engine = run->engine };

    once.engine.opaque = under_way;
    return once;
}

/* ---- Looking ------------------------------------------------------------------------------------ */

/* A question under way, and what its records are told to. */
struct question {
    struct sl_sync_run *run;
    void (*take)(struct question *question, struct json_object *record);
    enum sl_roster_column by;
    struct sl_sync_course *course;
    struct sl_sync_group *group;
};

static void take_records(void *opaque, const struct sl_job *job, enum sl_course course)
{
    struct question *question = opaque;
    bool told = course == SL_COURSE_DONE || course == SL_COURSE_NEXT;

    for (size_t i = 0; told && i < sl_json_length(job->result.rows); i++)
        question->take(question, json_object_array_get_idx(job->result.rows, i));
}

static int ask(struct question *question, const char *operation, const struct sl_lms_ask *what,
               struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct sl_once once = new_once(question->run, operation, sl_lms_json(arena, what), question);
    struct sl_once_end end;

    once.engine.settled = take_records;
    if (sl_once_run(question->run->service, arena, &once, &end, err) < 0)
        return -1;
    return sl_once_error(&once, &end, err);
}

static void take_user(struct question *question, struct json_object *record)
{
    sl_sync_found_user(question->run->sync, question->by, record);
}

static void take_course(struct question *question, struct json_object *record)
{
    sl_sync_found_course(question->run->sync, record);
}

static void take_participant(struct question *question, struct json_object *record)
{
    sl_sync_found_participant(question->run->sync, question->course, record);
}

static void take_group(struct question *question, struct json_object *record)
{
    sl_sync_found_group(question->group, question->run->sync->arena, record);
}

static void take_member(struct question *question, struct json_object *record)
{
    sl_sync_found_member(question->run->sync, question->group, record);
}

/* Those who are still sought by this column. */
static int look_for_users(struct sl_sync_run *run, enum sl_roster_column by, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    const char **values = SL_NEW(arena, const char *, run->sync->n_people + 1);
    struct question question = { .run = run, .take = take_user, .by = by };
    size_t n = 0, most = batch_size(run);

    for (size_t i = 0; i < run->sync->n_people; i++)
        if (sl_sync_is_sought(&run->sync->people[i], by))
            values[n++] = run->sync->people[i].fields[by];
    for (size_t i = 0; i < n; i += most) {
        const struct sl_lms_ask what = { .field = sl_roster_names[by],
                                         .values = values + i,
                                         .n_values = n - i < most ? n - i : most };

        if (ask(&question, "lms.users", &what, err) < 0)
            return -1;
    }
    return 0;
}

static int look_at_courses(struct sl_sync_run *run, struct sl_err *err)
{
    struct question question = { .run = run, .take = take_course };
    const struct sl_lms_ask all = { 0 };

    if (run->sync->n_courses > 0 && ask(&question, "lms.courses", &all, err) < 0)
        return -1;
    question.take = take_participant;
    for (size_t i = 0; i < run->sync->n_courses; i++) {
        const struct sl_lms_ask what = { .course = run->sync->courses[i].id };

        question.course = &run->sync->courses[i];
        if (what.course && ask(&question, "lms.enrolments", &what, err) < 0)
            return -1;
    }
    return 0;
}

static int look_for_group(struct sl_sync_run *run, struct sl_sync_group *group, struct sl_err *err)
{
    struct question question = { .run = run, .take = take_group, .group = group };
    const struct sl_lms_ask what = { .text = group->name };

    return ask(&question, "lms.groups", &what, err);
}

static int look_at_groups(struct sl_sync_run *run, struct sl_err *err)
{
    struct question question = { .run = run, .take = take_member };

    for (size_t i = 0; i < run->sync->n_groups; i++) {
        struct sl_sync_group *group = &run->sync->groups[i];
        struct sl_lms_ask what = { 0 };

        if (look_for_group(run, group, err) < 0)
            return -1;
        what.group = group->id;
        question.group = group;
        if (group->id && ask(&question, "lms.members", &what, err) < 0)
            return -1;
    }
    return 0;
}

int sl_sync_look(struct sl_sync_run *run, struct sl_err *err)
{
    static const enum sl_roster_column columns[] = { SL_ROSTER_USERNAME, SL_ROSTER_IDNUMBER,
                                                     SL_ROSTER_EMAIL };

    for (size_t i = 0; i < SL_COUNT(columns); i++)
        if (look_for_users(run, columns[i], err) < 0)
            return -1;
    if (look_at_courses(run, err) < 0)
        return -1;
    return look_at_groups(run, err);
}

/* ---- A batch ------------------------------------------------------------------------------------ */

/* Changes of one act that are under way together. */
struct batch {
    struct sl_sync_run *run;
    struct sl_sync_change **changes;
    size_t n;
    bool *halve;     /* one for each: it failed with all, and is to be tried with fewer */
    const char *why; /* what holds for all of the act: the rest need not be asked for; or NULL */
};

/* What each came to. A job that goes on has no end yet. */
static void take_outcomes(void *opaque, const struct sl_job *job, enum sl_course course)
{
    struct batch *batch = opaque;
    struct sl_arena *arena = batch->run->sync->arena;

    if (course != SL_COURSE_DONE && course != SL_COURSE_FAILED)
        return;
    for (size_t i = 0; i < batch->n && i < job->result.n_items; i++) {
        const struct sl_outcome *outcome = &job->result.items[i];
        struct sl_sync_change *change = batch->changes[i];

        batch->halve[i] = outcome->verdict != SL_OK && outcome->cure == SL_HALVE;
        change->status = outcome->verdict == SL_OK ? SL_SYNC_DONE : SL_SYNC_FAILED;
        if (change->status == SL_SYNC_FAILED)
            change->error = sl_arena_strdup(arena, sl_outcome_text(job->arena, outcome));
        if (change->status == SL_SYNC_FAILED && outcome->concerns != SL_ITEM)
            batch->why = change->error;
        else if (change->status == SL_SYNC_DONE && change->act == SL_SYNC_CREATE)
            change->person->id = sl_arena_strdup(arena, outcome->external);
    }
}

static void leave(struct batch *batch, enum sl_sync_status status, const char *why)
{
    why = sl_arena_strdup(batch->run->sync->arena, why);
    for (size_t i = 0; i < batch->n; i++)
        if (batch->changes[i]->status == SL_SYNC_PLANNED) {
            batch->changes[i]->status = status;
            batch->changes[i]->error = why;
        }
}

static void put_user(struct sl_lms_user *user, const struct sl_sync_change *change)
{
    const struct sl_sync_person *person = change->person;
    const char *const *fields = person->fields, *const *there = person->there;
    bool is_new = change->act == SL_SYNC_CREATE;

    user->id = person->id;
    user->username = is_new ? fields[SL_ROSTER_USERNAME] : NULL;
    if (is_new || there[SL_ROSTER_FIRSTNAME])
        user->firstname = fields[SL_ROSTER_FIRSTNAME];
    if (is_new || there[SL_ROSTER_LASTNAME])
        user->lastname = fields[SL_ROSTER_LASTNAME];
    if (is_new || there[SL_ROSTER_EMAIL])
        user->email = fields[SL_ROSTER_EMAIL];
    if (is_new || there[SL_ROSTER_IDNUMBER])
        user->idnumber = fields[SL_ROSTER_IDNUMBER];
}

static const char *payload_of(struct sl_arena *arena, const struct batch *batch)
{
    struct sl_lms_user *users = SL_NEW(arena, struct sl_lms_user, batch->n);
    struct sl_lms_enrolment *enrolments = SL_NEW(arena, struct sl_lms_enrolment, batch->n);
    struct sl_lms_member *members = SL_NEW(arena, struct sl_lms_member, batch->n);
    struct sl_lms_ask what = { .users = users, .enrolments = enrolments, .members = members };

    for (size_t i = 0; i < batch->n; i++) {
        const struct sl_sync_change *change = batch->changes[i];
        const char *id = change->participant ? change->participant->id : change->person->id;

        switch (change->act) {
        case SL_SYNC_CREATE:
        case SL_SYNC_UPDATE: put_user(&users[what.n_users++], change); break;
        case SL_SYNC_ENROL:
        case SL_SYNC_SUSPEND:
            enrolments[what.n_enrolments++] =
                (struct sl_lms_enrolment){ id, change->course->id, change->role,
                                           change->act == SL_SYNC_SUSPEND };
            break;
        case SL_SYNC_JOIN:
            members[what.n_members++] = (struct sl_lms_member){ change->group->id, id };
            break;
        case SL_SYNC_NOTHING:
        case SL_SYNC_ACTS: break;
        }
    }
    return sl_lms_json(arena, &what);
}

static const char *const operations[SL_SYNC_ACTS] = {
    [SL_SYNC_CREATE] = "lms.create_users", [SL_SYNC_UPDATE] = "lms.update_users",
    [SL_SYNC_ENROL] = "lms.enrol",         [SL_SYNC_SUSPEND] = "lms.enrol",
    [SL_SYNC_JOIN] = "lms.add_members",
};

/* Returns 1, 0 if it cannot go on now, or -1. */
static int apply_once(struct batch *batch, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct sl_once once =
        new_once(batch->run, operations[batch->changes[0]->act], payload_of(arena, batch), batch);
    struct sl_once_end end;

    once.must_be_done = true;
    once.lane = "bulk";
    once.engine.settled = take_outcomes;
    if (sl_once_run(batch->run->service, arena, &once, &end, err) < 0)
        return -1;
    switch (end.how) {
    case SL_ONCE_DONE: leave(batch, SL_SYNC_FAILED, "its end was not told"); return 1;
    case SL_ONCE_FAILED: leave(batch, SL_SYNC_FAILED, end.error); return 1;
    case SL_ONCE_REFUSED:
        leave(batch, SL_SYNC_LEFT, end.error);
        return sl_once_error(&once, &end, err);
    case SL_ONCE_UNKNOWN:
    case SL_ONCE_LEFT: leave(batch, SL_SYNC_LEFT, end.error); return 0;
    }
    return 0;
}

static int apply_batch(struct sl_sync_run *run, struct sl_sync_change **changes, size_t n,
                       struct sl_err *err);

/* Those that failed with all the others, in two parts. */
static int apply_halves(struct batch *batch, struct sl_err *err)
{
    struct sl_sync_change **open =
        SL_NEW(batch->run->sync->arena, struct sl_sync_change *, batch->n);
    size_t n = 0, half;
    int status;

    for (size_t i = 0; i < batch->n; i++)
        if (batch->halve[i]) {
            batch->changes[i]->status = SL_SYNC_PLANNED;
            batch->changes[i]->error = NULL;
            open[n++] = batch->changes[i];
        }
    half = (n + 1) / 2;
    status = n > 0 ? apply_batch(batch->run, open, half, err) : 1;
    if (status > 0 && n > half)
        status = apply_batch(batch->run, open + half, n - half, err);
    return status;
}

/* What is still planned of an act gets the answer that one batch of it got for all. */
static void fail_rest(struct sl_sync *sync, enum sl_sync_act act, const char *why)
{
    for (size_t i = 0; i < sync->n_changes; i++)
        if (sync->changes[i].act == act && sync->changes[i].status == SL_SYNC_PLANNED) {
            sync->changes[i].status = SL_SYNC_FAILED;
            sync->changes[i].error = why;
        }
}

static int apply_batch(struct sl_sync_run *run, struct sl_sync_change **changes, size_t n,
                       struct sl_err *err)
{
    struct batch batch = { run, changes, n, SL_NEW(run->sync->arena, bool, n), NULL };
    int status = apply_once(&batch, err);

    if (status <= 0)
        return status;
    if (batch.why)
        fail_rest(run->sync, changes[0]->act, batch.why);
    return n > 1 ? apply_halves(&batch, err) : 1;
}

/* ---- All of them -------------------------------------------------------------------------------- */

/* Why a planned change cannot be done any more, or NULL. */
static const char *why_not(const struct sl_sync_change *change)
{
    if (change->person && !change->person->id && change->act != SL_SYNC_CREATE)
        return "the user could not be made";
    if (change->group && !change->group->id)
        return "the group could not be made";
    return NULL;
}

static void tell(struct sl_sync_run *run)
{
    if (run->progress)
        run->progress(run->opaque, sl_sync_count_status(run->sync, SL_SYNC_DONE) +
                                       sl_sync_count_status(run->sync, SL_SYNC_FAILED));
}

static int apply_act(struct sl_sync_run *run, enum sl_sync_act act, struct sl_err *err)
{
    struct sl_sync *sync = run->sync;
    size_t most = batch_size(run), n = 0;
    struct sl_sync_change **batch = SL_NEW(sync->arena, struct sl_sync_change *, most);
    int status = 1;

    for (size_t i = 0; status > 0 && i < sync->n_changes; i++) {
        struct sl_sync_change *change = &sync->changes[i];

        if (change->act != act || change->status != SL_SYNC_PLANNED)
            continue;
        change->error = why_not(change);
        if (change->error)
            change->status = SL_SYNC_FAILED;
        else
            batch[n++] = change;
        if (n < most)
            continue;
        status = apply_batch(run, batch, n, err);
        n = 0;
        tell(run);
    }
    if (status > 0 && n > 0) {
        status = apply_batch(run, batch, n, err);
        tell(run);
    }
    return status;
}

static size_t count_groups_to_make(const struct sl_sync *sync)
{
    size_t n = 0;

    for (size_t i = 0; i < sync->n_groups; i++)
        n += sync->groups[i].id == NULL;
    return n;
}

/* One by one, and looked for afterwards: whatever became of it, it is there or not. */
static int make_groups(struct sl_sync_run *run, struct sl_err *err)
{
    struct sl_sync *sync = run->sync;
    struct question nothing = { .run = run, .take = NULL };

    for (size_t i = 0; count_groups_to_make(sync) > 0 && i < sync->n_groups; i++) {
        SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
        const struct sl_lms_group group = { sync->groups[i].name, sync->groups[i].name };
        const struct sl_lms_ask what = { .groups = &group, .n_groups = 1 };
        struct sl_once once =
            new_once(run, "lms.create_groups", sl_lms_json(arena, &what), &nothing);
        struct sl_once_end end;

        if (sync->groups[i].id)
            continue;
        once.must_be_done = true;
        once.lane = "bulk";
        if (sl_once_run(run->service, arena, &once, &end, err) < 0)
            return -1;
        if (end.how == SL_ONCE_REFUSED)
            return sl_once_error(&once, &end, err);
        if (end.how == SL_ONCE_LEFT || end.how == SL_ONCE_UNKNOWN)
            return 0;
        if (look_for_group(run, &sync->groups[i], err) < 0)
            return -1;
    }
    return 1;
}

int sl_sync_apply(struct sl_sync_run *run, struct sl_err *err)
{
    int status = 1;

    for (enum sl_sync_act act = SL_SYNC_CREATE; status > 0 && act < SL_SYNC_ACTS; act++) {
        if (act == SL_SYNC_JOIN && sl_sync_count(run->sync, SL_SYNC_JOIN) > 0)
            status = make_groups(run, err);
        if (status > 0)
            status = apply_act(run, act, err);
    }
    for (size_t i = 0; i < run->sync->n_changes; i++)
        if (run->sync->changes[i].status == SL_SYNC_PLANNED)
            run->sync->changes[i].status = SL_SYNC_LEFT;
    return status < 0 ? -1 : 0;
}
