/* Moodle: making users. There is no key by which the site would know a repetition, but usernames
 * are unique and a call is all or nothing: so it looks who is there, makes the others, and looks
 * for the one that was refused, since a lost answer may have made it. */
#include <string.h>

#include "adapters/lms/moodle.h"
#include "lib/adapter/listing.h"
#include "lib/base/crypto.h"
#include "lib/base/text.h"

/* The id of a username, of those that are known to be there, or NULL. */
static const char *there(const struct sl_call *call, const char *username)
{
    struct json_object *ids = sl_json_at(call->memory, "there"), *id;

    return json_object_object_get_ex(ids, username, &id) ? json_object_get_string(id) : NULL;
}

static int build_look(const struct sl_call *call, struct sl_request *request, struct sl_err *err)
{
    const struct sl_lms_ask *ask = call->in.lms;
    const char **names = SL_NEW(call->arena, const char *, ask->n_users);
    const struct sl_lms_ask look = { .field = "username",
                                     .values = names,
                                     .n_values = ask->n_users };
    struct sl_call asking = *call;

    for (size_t i = 0; i < ask->n_users; i++)
        names[i] = ask->users[i].username;
    asking.in.lms = &look;
    return sl_moodle_build_users(&asking, request, err);
}

/* {"jane.w": "4"} of a list of users; NULL if it is none. */
static struct json_object *read_ids(const struct sl_call *call, struct json_object *doc)
{
    struct json_object *ids;

    if (!json_object_is_type(doc, json_type_array))
        return NULL;
    ids = sl_json_new_object();
    for (size_t i = 0; i < sl_json_length(doc); i++) {
        struct json_object *entry = json_object_array_get_idx(doc, i);
        const char *name = sl_json_text(entry, "username");
        const char *id = sl_json_word(call->arena, entry, "id");

        if (!name || !id || !*id) {
            sl_json_free(&ids);
            return NULL;
        }
        sl_json_put_text(ids, name, id);
    }
    return ids;
}

static void parse_look(const struct sl_call *call, const struct sl_exchange *exchange,
                       struct sl_result *result)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;
    struct json_object *ids = NULL;

    if (sl_moodle_answered(call, exchange, result, &doc))
        ids = read_ids(call, doc);
    if (ids) {
        sl_result_all(result, (struct sl_outcome){ .verdict = SL_OK });
        result->next = SL_STEP_NEXT;
        result->memory = sl_json_new_object();
        sl_json_put(result->memory, "there", ids);
    }
    sl_result_repeatable(result);
}

/* ---- Creating ---------------------------------------------------------------------------- */

/* Nobody is told it; it meets the policy that a new site has. */
static const char *random_password(const struct sl_call *call, size_t i)
{
    unsigned char seed[sizeof call->nonce + sizeof i], hash[SL_SHA256_SIZE];
    char hex[2 * SL_SHA256_SIZE + 1];

    memcpy(seed, call->nonce, sizeof call->nonce);
    memcpy(seed + sizeof call->nonce, &i, sizeof i);
    sl_sha256(seed, sizeof seed, hash);
    sl_hex(hash, 12, hex);
    return sl_arena_printf(call->arena, "Aa1-%s", hex);
}

static void put_password(const struct sl_call *call, struct sl_buf *form, size_t place, size_t i)
{
    if (strcmp(call->settings->values[NEW_PASSWORDS], "mail") == 0)
        sl_moodle_put(call, form, "users", place, "createpassword", "1");
    else
        sl_moodle_put(call, form, "users", place, "password", random_password(call, i));
}

static int build_create(const struct sl_call *call, struct sl_request *request, struct sl_err *err)
{
    struct sl_buf form = sl_buf_new(call->arena);
    size_t place = 0;

    for (size_t i = 0; i < call->in.lms->n_users; i++) {
        const struct sl_lms_user *user = &call->in.lms->users[i];

        if (there(call, user->username))
            continue;
        sl_moodle_put(call, &form, "users", place, "username", user->username);
        put_password(call, &form, place, i);
        sl_moodle_put(call, &form, "users", place, "firstname", user->firstname);
        sl_moodle_put(call, &form, "users", place, "lastname", user->lastname);
        sl_moodle_put(call, &form, "users", place, "email", user->email);
        sl_moodle_put(call, &form, "users", place, "idnumber", user->idnumber);
        sl_moodle_put(call, &form, "users", place, "auth", call->settings->values[AUTH_PLUGIN]);
        place++;
    }
    return place == 0 ? 0 : sl_moodle_call(call, request, "core_user_create_users", &form, err);
}

static void settle_as_there(const struct sl_call *call, struct sl_result *result, size_t i,
                            const char *id)
{
    const char *username = call->in.lms->users[i].username;
    struct json_object *record = sl_json_new_object();

    id = sl_arena_strdup(call->arena, id);
    result->items[i] = (struct sl_outcome){ .verdict = SL_OK, .external = id };
    sl_json_put_text(record, "id", id);
    sl_json_put_text(record, "username", username);
    sl_listing_add(result, record);
}

/* Those that `ids` names, and those that were there before. */
static void settle_known(const struct sl_call *call, struct json_object *ids,
                         struct sl_result *result)
{
    for (size_t i = 0; i < call->in.lms->n_users; i++) {
        const char *username = call->in.lms->users[i].username, *id = there(call, username);
        struct json_object *made;

        if (!id && json_object_object_get_ex(ids, username, &made))
            id = json_object_get_string(made);
        if (id)
            settle_as_there(call, result, i, id);
    }
}

/* One alone that is not as the site wants it: perhaps since it is there by now. */
static void look_again(const struct sl_call *call, const char *why, struct sl_result *result)
{
    sl_result_all(result, (struct sl_outcome){ .verdict = SL_OK });
    result->next = SL_STEP_NEXT;
    result->memory = sl_json_new_object();
    sl_json_put_text(result->memory, "refused", why ? why : "");
    sl_json_put(result->memory, "there", json_object_get(sl_json_at(call->memory, "there")));
}

static bool all_are_there(const struct sl_call *call)
{
    for (size_t i = 0; i < call->in.lms->n_users; i++)
        if (!there(call, call->in.lms->users[i].username))
            return false;
    return true;
}

static bool is_refused_alone(const struct sl_result *result)
{
    const struct sl_outcome *item = &result->items[0];

    return result->n_items == 1 && item->verdict == SL_PERMANENT && item->code &&
           strcmp(item->code, "invalidparameter") == 0;
}

static void parse_create(const struct sl_call *call, const struct sl_exchange *exchange,
                         struct sl_result *result)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;
    SL_AUTO(sl_json_free) struct json_object *ids = NULL;
    bool nothing_sent = all_are_there(call);

    if (!nothing_sent && sl_moodle_answered(call, exchange, result, &doc) &&
        sl_json_length(doc) > 0)
        ids = read_ids(call, doc);
    if (nothing_sent || ids)
        settle_known(call, ids, result);
    else if (is_refused_alone(result))
        look_again(call, result->items[0].text, result);
}

/* ---- Looking again ------------------------------------------------------------------------ */

static void parse_again(const struct sl_call *call, const struct sl_exchange *exchange,
                        struct sl_result *result)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;
    SL_AUTO(sl_json_free) struct json_object *ids = NULL;
    const char *why = sl_arena_strdup(call->arena, sl_json_text(call->memory, "refused"));

    if (sl_moodle_answered(call, exchange, result, &doc))
        ids = read_ids(call, doc);
    if (ids) {
        sl_result_all(result,
                      (struct sl_outcome){
                          .verdict = SL_PERMANENT,
                          .code = "invalidparameter",
                          .text =
                              sl_arena_printf(call->arena,
                                              "%s: the e-mail address may be somebody else's, or "
                                              "a field is not as the site wants it",
                                              why && *why ? why : "refused") });
        settle_known(call, ids, result);
    }
    sl_result_repeatable(result);
}

static const char *const location[] = { "Location", NULL };

/* Sent again after a lost answer it is refused, and looked for. */
const struct sl_step sl_moodle_create[SL_MOODLE_CREATE_STEPS] = {
    { build_look, parse_look, .answer_headers = location, .ambiguous = { .last = SL_RESEND } },
    { build_create, parse_create, .answer_headers = location, .ambiguous = { .last = SL_RESEND },
      .answer_item_ms = 1000 },
    { build_look, parse_again, .answer_headers = location, .ambiguous = { .last = SL_RESEND } },
};
