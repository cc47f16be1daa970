#include "lib/service/lms.h"

#include "lib/base/json.h"
#include "lib/service/job.h"

/* ---- Printing ------------------------------------------------------------------------------ */

static struct json_object *user_json(const struct sl_lms_user *user)
{
    struct json_object *one = sl_json_new_object();

    sl_json_put_text(one, "id", user->id);
    sl_json_put_text(one, "username", user->username);
    sl_json_put_text(one, "firstname", user->firstname);
    sl_json_put_text(one, "lastname", user->lastname);
    sl_json_put_text(one, "email", user->email);
    sl_json_put_text(one, "idnumber", user->idnumber);
    return one;
}

static struct json_object *enrolment_json(const struct sl_lms_enrolment *enrolment)
{
    struct json_object *one = sl_json_new_object();

    sl_json_put_text(one, "user", enrolment->user);
    sl_json_put_text(one, "course", enrolment->course);
    sl_json_put_text(one, "role", enrolment->role);
    sl_json_put(one, "suspended", sl_json_new_bool(enrolment->suspended));
    return one;
}

/* A list that has nothing in it is not there. */
static struct json_object *new_list(struct json_object *doc, const char *name, size_t n)
{
    struct json_object *list = n > 0 ? sl_json_new_array() : NULL;

    if (list)
        sl_json_put(doc, name, list);
    return list;
}

static void put_groups(struct json_object *doc, const struct sl_lms_ask *ask)
{
    struct json_object *groups = new_list(doc, "groups", ask->n_groups);
    struct json_object *members = new_list(doc, "members", ask->n_members);

    for (size_t i = 0; i < ask->n_groups; i++) {
        struct json_object *one = sl_json_new_object();

        sl_json_put_text(one, "name", ask->groups[i].name);
        sl_json_put_text(one, "idnumber", ask->groups[i].idnumber);
        sl_json_append(groups, one);
    }
    for (size_t i = 0; i < ask->n_members; i++) {
        struct json_object *one = sl_json_new_object();

        sl_json_put_text(one, "group", ask->members[i].group);
        sl_json_put_text(one, "user", ask->members[i].user);
        sl_json_append(members, one);
    }
}

const char *sl_lms_json(struct sl_arena *arena, const struct sl_lms_ask *ask)
{
    SL_AUTO(sl_json_free) struct json_object *doc = sl_json_new_object();
    struct json_object *list;

    sl_json_put_text(doc, "field", ask->field);
    sl_json_put_text(doc, "course", ask->course);
    sl_json_put_text(doc, "user", ask->user);
    sl_json_put_text(doc, "text", ask->text);
    sl_json_put_text(doc, "group", ask->group);
    list = new_list(doc, "values", ask->n_values);
    for (size_t i = 0; i < ask->n_values; i++)
        sl_json_append(list, sl_json_new_text(ask->values[i]));
    list = new_list(doc, "users", ask->n_users);
    for (size_t i = 0; i < ask->n_users; i++)
        sl_json_append(list, user_json(&ask->users[i]));
    list = new_list(doc, "enrolments", ask->n_enrolments);
    for (size_t i = 0; i < ask->n_enrolments; i++)
        sl_json_append(list, enrolment_json(&ask->enrolments[i]));
    put_groups(doc, ask);
    return sl_json_print(arena, doc);
}

/* ---- Reading: texts are the payload's, which lives as long as the job --------------------- */

static void read_values(struct sl_job *job, struct sl_lms_ask *ask)
{
    struct json_object *list = sl_json_at(job->payload, "values");
    const char **values;

    ask->n_values = sl_json_length(list);
    values = SL_NEW(job->arena, const char *, ask->n_values + 1);
    for (size_t i = 0; i < ask->n_values; i++)
        values[i] = json_object_get_string(json_object_array_get_idx(list, i));
    ask->values = values;
}

static void read_users(struct sl_job *job, struct sl_lms_ask *ask)
{
    struct json_object *list = sl_json_at(job->payload, "users");
    struct sl_lms_user *users;

    ask->n_users = sl_json_length(list);
    users = SL_NEW(job->arena, struct sl_lms_user, ask->n_users + 1);
    for (size_t i = 0; i < ask->n_users; i++) {
        struct json_object *one = json_object_array_get_idx(list, i);

        users[i] = (struct sl_lms_user){
            .id = sl_json_text(one, "id"),
            .username = sl_json_text(one, "username"),
            .firstname = sl_json_text(one, "firstname"),
            .lastname = sl_json_text(one, "lastname"),
            .email = sl_json_text(one, "email"),
            .idnumber = sl_json_text(one, "idnumber"),
        };
    }
    ask->users = users;
}

static void read_enrolments(struct sl_job *job, struct sl_lms_ask *ask)
{
    struct json_object *list = sl_json_at(job->payload, "enrolments");
    struct sl_lms_enrolment *enrolments;

    ask->n_enrolments = sl_json_length(list);
    enrolments = SL_NEW(job->arena, struct sl_lms_enrolment, ask->n_enrolments + 1);
    for (size_t i = 0; i < ask->n_enrolments; i++) {
        struct json_object *one = json_object_array_get_idx(list, i);

        enrolments[i] = (struct sl_lms_enrolment){
            .user = sl_json_text(one, "user"),
            .course = sl_json_text(one, "course"),
            .role = sl_json_text(one, "role"),
            .suspended = json_object_get_boolean(sl_json_at(one, "suspended")),
        };
    }
    ask->enrolments = enrolments;
}

static void read_groups(struct sl_job *job, struct sl_lms_ask *ask)
{
    struct json_object *groups = sl_json_at(job->payload, "groups");
    struct json_object *members = sl_json_at(job->payload, "members");
    struct sl_lms_group *all;
    struct sl_lms_member *who;

    ask->n_groups = sl_json_length(groups);
    ask->n_members = sl_json_length(members);
    all = SL_NEW(job->arena, struct sl_lms_group, ask->n_groups + 1);
    who = SL_NEW(job->arena, struct sl_lms_member, ask->n_members + 1);
    for (size_t i = 0; i < ask->n_groups; i++) {
        struct json_object *one = json_object_array_get_idx(groups, i);

        all[i] = (struct sl_lms_group){ sl_json_text(one, "name"), sl_json_text(one, "idnumber") };
    }
    for (size_t i = 0; i < ask->n_members; i++) {
        struct json_object *one = json_object_array_get_idx(members, i);

        who[i] = (struct sl_lms_member){ sl_json_text(one, "group"), sl_json_text(one, "user") };
    }
    ask->groups = all;
    ask->members = who;
}

static int load(struct sl_service *service, struct sl_job *job, struct sl_err *err)
{
    struct sl_lms_ask *ask = SL_NEW(job->arena, struct sl_lms_ask, 1);

    (void)service, (void)err;
    *ask = (struct sl_lms_ask){
        .field = sl_json_text(job->payload, "field"),
        .course = sl_json_text(job->payload, "course"),
        .user = sl_json_text(job->payload, "user"),
        .text = sl_json_text(job->payload, "text"),
        .group = sl_json_text(job->payload, "group"),
    };
    read_values(job, ask);
    read_users(job, ask);
    read_enrolments(job, ask);
    read_groups(job, ask);
    job->n_items = ask->n_users + ask->n_enrolments + ask->n_groups + ask->n_members;
    if (job->n_items == 0)
        job->n_items = 1;
    job->call.in.lms = ask;
    return 1;
}

const struct sl_domain sl_lms_domain = {
    .operation = "lms.",
    .reference_type = "lms",
    .load = load,
};
