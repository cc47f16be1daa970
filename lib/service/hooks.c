#include "lib/service/hooks.h"

#include <inttypes.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/crypto.h"
#include "lib/base/email.h"
#include "lib/base/text.h"
#include "lib/service/act.h"
#include "lib/service/address.h"
#include "lib/service/seal.h"
#include "lib/service/spawn.h"
#include "lib/service/tell.h"
#include "lib/text/phone.h"

enum { SECRET_BYTES = 24 };

static const char account_prefix[] = "hook:";

const char *sl_hook_account(struct sl_arena *arena, int64_t hook_id)
{
    return sl_arena_printf(arena, "%s%" PRId64, account_prefix, hook_id);
}

int64_t sl_hook_id(const char *account)
{
    size_t n = strlen(account_prefix);
    int64_t id = 0;

    if (strncmp(account, account_prefix, n) != 0 || !sl_parse_int(account + n, 1, INT64_MAX, &id))
        return 0;
    return id;
}

static struct sl_seal_place place_of(const struct sl_hook_row *hook)
{
    return (struct sl_seal_place){ "hooks", "secret", hook->school_id, 0, hook->id };
}

/* ---- Checks --------------------------------------------------------------------------------- */

static int check_event(const struct sl_hook_row *hook, struct sl_err *err)
{
    const char *nearest;
    size_t n = 0;

    if (sl_tell_knows(hook->event))
        return 0;
    while (sl_tell_names[n])
        n++;
    nearest = sl_nearest(hook->event, sl_tell_names, n);
    (void)sl_err_set(err, SL_ERR_DATA, "there is no event '%s'", hook->event);
    if (nearest)
        return sl_err_hint(err, "did you mean '%s'?", nearest);
    return sl_err_hint(err, "sl-config(1) lists them; '*' is all");
}

static int check_number(struct sl_service *service, struct sl_arena *arena,
                        const struct sl_school *school, struct sl_hook_row *hook,
                        struct sl_err *err)
{
    struct sl_phone phone = sl_phone_read(arena, hook->target, school->country);
    struct sl_config_row row;

    if (phone.kind != SL_PHONE_MOBILE)
        return sl_err_set(err, SL_ERR_DATA, "'%s' cannot be texted: %s", hook->target,
                          phone.reason);
    if (sl_tell_has_messages(hook->event)) {
        (void)sl_err_set(err, SL_ERR_DATA, "a text about each text would never end");
        return sl_err_hint(err, "name another event, or a URL");
    }
    hook->target = phone.e164;
    return sl_config_choose(service, arena, school, SL_SMS, NULL, &row, err);
}

static int check_mail(struct sl_service *service, struct sl_arena *arena,
                      const struct sl_school *school, struct sl_hook_row *hook, struct sl_err *err)
{
    const char *why, *address = sl_email_read(arena, hook->target, &why);
    struct sl_config_row row;

    if (!address)
        return sl_err_set(err, SL_ERR_DATA, "'%s' is no mail address: %s", hook->target, why);
    if (sl_tell_has_messages(hook->event)) {
        (void)sl_err_set(err, SL_ERR_DATA, "a mail about each mail would never end");
        return sl_err_hint(err, "name another event, or a URL");
    }
    hook->target = address;
    return sl_config_choose(service, arena, school, SL_EMAIL, NULL, &row, err);
}

static int check(struct sl_service *service, struct sl_arena *arena, const struct sl_school *school,
                 struct sl_hook_row *hook, struct sl_err *err)
{
    if (check_event(hook, err) < 0)
        return -1;
    if (strcmp(hook->kind, "url") == 0)
        return sl_address_check_url(hook->target, err) < 0
                   ? sl_err_context(err, "'%s'", hook->target)
                   : 0;
    if (strcmp(hook->kind, "exec") == 0)
        return sl_spawn_check(hook->target, err);
    return strcmp(hook->kind, "email") == 0 ? check_mail(service, arena, school, hook, err)
                                            : check_number(service, arena, school, hook, err);
}

/* ---- Acts ----------------------------------------------------------------------------------- */

static int record(struct sl_service *service, struct sl_arena *arena,
                  const struct sl_hook_row *hook, const char *verb, struct sl_err *err)
{
    const bool added = strcmp(verb, "add") == 0;
    struct sl_buf changes = sl_buf_new(arena);
    struct sl_act act = {
        .operation = sl_arena_printf(arena, "%s.%s", hook->purpose, verb),
        .school_id = hook->school_id,
        .kind = hook->purpose,
        .id = sl_arena_printf(arena, "%" PRId64, hook->id),
    };
    const char *target = hook->target;

    if (strcmp(hook->kind, "sms") == 0)
        target = sl_phone_masked(arena, target);
    sl_act_change(&changes, "event", added ? NULL : hook->event, added ? hook->event : NULL);
    sl_act_change(&changes, hook->kind, added ? NULL : target, added ? target : NULL);
    act.changes = sl_act_changes(&changes);
    return sl_act_record(service, &act, err);
}

static int seal_secret(struct sl_service *service, struct sl_arena *arena,
                       const struct sl_hook_row *hook, const char **secret, struct sl_err *err)
{
    const struct sl_seal_place place = place_of(hook);
    unsigned char bytes[SECRET_BYTES];
    const char *sealed;

    sl_random(bytes, sizeof bytes);
    *secret = sl_arena_printf(arena, "whsec_%s", sl_base64(arena, bytes, sizeof bytes));
    explicit_bzero(bytes, sizeof bytes);
    sealed = sl_service_seal(service, SL_KEY_SEAL, arena, *secret, strlen(*secret), &place, err);
    return sealed ? sl_hooks_seal(service->db, hook->id, sealed, err) : -1;
}

int sl_hook_add(struct sl_service *service, struct sl_arena *arena, const struct sl_school *school,
                struct sl_hook_row *hook, const char **secret, struct sl_err *err)
{
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };
    struct sl_hook_row made = *hook;
    const char *made_secret = NULL;

    if (check(service, arena, school, &made, err) < 0 || sl_tx_begin(&tx, service->db, err) < 0 ||
        sl_hooks_add(service->db, &made, sl_now_ms(), err) < 0 ||
        (strcmp(made.kind, "url") == 0 &&
         seal_secret(service, arena, &made, &made_secret, err) < 0) ||
        record(service, arena, &made, "add", err) < 0 ||
        sl_hooks_get(service->db, arena, made.id, &made, err) < 0 || sl_tx_commit(&tx, err) < 0)
        return -1;
    *hook = made;
    *secret = made_secret;
    return 0;
}

int sl_hook_remove(struct sl_service *service, const char *purpose, int64_t id, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };
    struct sl_hook_row hook;
    int found;

    if (sl_tx_begin(&tx, service->db, err) < 0)
        return -1;
    found = sl_hooks_get(service->db, arena, id, &hook, err);
    if (found > 0)
        found =
            sl_hooks_remove(service->db, id, purpose, sl_hook_account(arena, id), sl_now_ms(), err);
    if (found < 0)
        return -1;
    if (found == 0) {
        (void)sl_err_set(err, SL_ERR_DATA, "there is no %s %" PRId64, purpose, id);
        return sl_err_hint(err, "`sl-config %s list` shows them", purpose);
    }
    if (record(service, arena, &hook, "remove", err) < 0)
        return -1;
    return sl_tx_commit(&tx, err);
}

/* ---- For the engine ------------------------------------------------------------------------- */

static void fill(struct sl_arena *arena, const struct sl_hook_row *hook, const char *secret,
                 struct sl_account *account)
{
    const char **values = SL_NEW(arena, const char *, account->adapter->n_fields);

    values[SL_HOOK_TARGET] = hook->target;
    values[SL_HOOK_SECRET] = secret;
    account->hook_id = hook->id;
    account->account = sl_hook_account(arena, hook->id);
    account->limits = account->adapter->limits;
    account->updated_at = hook->created_at;
    account->settings = (struct sl_settings){ .values = values, .environment = "production" };
    account->secrets = values + SL_HOOK_SECRET;
    account->n_secrets = secret != NULL;
}

int sl_hook_open(struct sl_service *service, struct sl_arena *arena, int64_t hook_id,
                 struct sl_account *out, struct sl_err *err)
{
    struct sl_account account = { 0 };
    struct sl_hook_row hook;
    const char *secret = NULL;
    int found = sl_hooks_get(service->db, arena, hook_id, &hook, err);

    if (found > 0)
        found = sl_schools_get(service->db, arena, hook.school_id, &account.school, err);
    if (found < 0)
        return -1;
    if (found > 0)
        account.adapter = sl_hook_adapter(hook.kind);
    if (found == 0 || !hook.is_active || !account.adapter)
        return sl_err_set(err, SL_ERR_DATA, "the hook %" PRId64 " was %s", hook_id,
                          found > 0 ? "disabled" : "removed");
    if (hook.secret) {
        const struct sl_seal_place place = place_of(&hook);

        secret = sl_service_unseal(service, SL_KEY_SEAL, arena, hook.secret, &place, NULL, err);
        if (!secret)
            return sl_err_context(err, "the hook %" PRId64, hook_id);
    }
    fill(arena, &hook, secret, &account);
    *out = account;
    return 0;
}
