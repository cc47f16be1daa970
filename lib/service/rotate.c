#include "lib/service/rotate.h"

#include <string.h>

#include "lib/base/clock.h"
#include "lib/service/act.h"

enum { PAGE = 100, MOST_PASSES = 5 };

static const enum sl_key_purpose purposes[] = { SL_KEY_SEAL, SL_KEY_WEBHOOK };

static enum sl_key_purpose purpose_of(enum sl_sealed_column column)
{
    const char *name = sl_sealed_place(column)->purpose;

    return strcmp(name, sl_key_purpose_name(SL_KEY_WEBHOOK)) == 0 ? SL_KEY_WEBHOOK : SL_KEY_SEAL;
}

/* ---- One page ------------------------------------------------------------------------ */

struct page {
    struct sl_arena *arena;
    enum sl_sealed_column column;
    size_t n; /* read; those that do not open have no text */
    struct {
        int64_t id;
        const char *was, *text;
    } at[PAGE];
};

/* NULL if no key of the ring opens it. */
static const char *seal_anew(struct sl_service *service, struct page *page,
                             const struct sl_sealed *sealed)
{
    const struct sl_sealed_place *names = sl_sealed_place(page->column);
    const struct sl_seal_place place = { names->table, names->column, sealed->school_id,
                                         sealed->provider_id, sealed->id };
    enum sl_key_purpose purpose = purpose_of(page->column);
    struct sl_err ignored; /* counted, and told by `sl-config doctor` */
    size_t n;
    char *plain =
        sl_service_unseal(service, purpose, page->arena, sealed->text, &place, &n, &ignored);

    if (!plain)
        return NULL;
    return sl_seal(service->keyring, purpose, page->arena, plain, n, &place, &ignored);
}

static int read_page(struct sl_service *service, struct page *page, int64_t after_id,
                     struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    const struct sl_key *key = sl_keyring_find(service->keyring, purpose_of(page->column), NULL);
    struct sl_sealed sealed;
    int more;

    page->n = 0;
    if (sl_sealed_list(&rows, service->db, page->column, after_id, key->id, PAGE, err) < 0)
        return -1;
    while ((more = sl_sealed_next(&rows, &sealed, err)) > 0) {
        page->at[page->n].id = sealed.id;
        page->at[page->n].was = sl_arena_strdup(page->arena, sealed.text);
        page->at[page->n].text = seal_anew(service, page, &sealed);
        page->n++;
    }
    return more;
}

/* What changed since it was read is its writer's, and comes again with the next pass. */
static int write_page(struct sl_service *service, const struct page *page,
                      struct sl_rotation *rotation, struct sl_err *err)
{
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };
    int64_t resealed = 0, unopened = 0;

    if (sl_tx_begin(&tx, service->db, err) < 0)
        return -1;
    for (size_t i = 0; i < page->n; i++) {
        int swapped = 0;

        if (page->at[i].text)
            swapped = sl_sealed_swap(service->db, page->column, page->at[i].id, page->at[i].was,
                                     page->at[i].text, err);
        if (swapped < 0)
            return -1;
        resealed += swapped;
        unopened += !page->at[i].text;
    }
    if (sl_tx_commit(&tx, err) < 0)
        return -1;
    rotation->resealed[page->column] += resealed;
    rotation->unopened[page->column] += unopened;
    return 0;
}

/* ---- A pass -------------------------------------------------------------------------- */

static int reseal_column(struct sl_service *service, enum sl_sealed_column column,
                         struct sl_rotation *rotation, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct page page = { .arena = arena, .column = column };
    int64_t after_id = 0;

    rotation->unopened[column] = 0;
    do {
        sl_arena_reset(arena);
        if (read_page(service, &page, after_id, err) < 0)
            return -1;
        if (page.n == 0)
            return 0;
        if (write_page(service, &page, rotation, err) < 0)
            return -1;
        after_id = page.at[page.n - 1].id;
    } while (page.n == PAGE);
    return 0;
}

static int64_t sum(const int64_t counts[SL_SEALED_COLUMNS])
{
    int64_t all = 0;

    for (size_t i = 0; i < SL_SEALED_COLUMNS; i++)
        all += counts[i];
    return all;
}

/* Again until a pass finds nothing to do: a program that had the old ring has sealed by it
 * meanwhile. */
static int reseal_all(struct sl_service *service, struct sl_rotation *rotation, struct sl_err *err)
{
    int64_t before;
    int passes = 0;

    do {
        before = sum(rotation->resealed);
        for (size_t i = 0; i < SL_SEALED_COLUMNS; i++)
            if (reseal_column(service, (enum sl_sealed_column)i, rotation, err) < 0)
                return -1;
    } while (sum(rotation->resealed) > before && ++passes < MOST_PASSES);
    return 0;
}

/* ---- The keys ------------------------------------------------------------------------ */

int sl_keys_note(struct sl_service *service, struct sl_err *err)
{
    const struct sl_key *key;

    for (size_t i = 0; (key = sl_keyring_at(service->keyring, i)) != NULL; i++)
        if (key->purpose != SL_KEY_INDEX &&
            sl_key_ids_add(service->db, key->id, sl_key_purpose_name(key->purpose), key->created_ms,
                           err) < 0)
            return -1;
    return 0;
}

int sl_keys_info(struct sl_service *service, size_t i, struct sl_key_info *info, struct sl_err *err)
{
    struct sl_key_info found = { .key = sl_keyring_at(service->keyring, i) };

    if (!found.key)
        return 0;
    if (sl_key_ids_get(service->db, found.key->id, &found.retired_at, err) < 0 ||
        sl_sealed_count(service->db, found.key->id, &found.sealed, err) < 0)
        return -1;
    found.state = sl_key_state_name(found.key->state);
    if (found.key->state == SL_KEY_RETIRED && found.retired_at == 0)
        found.state = "retiring";
    *info = found;
    return 1;
}

/* The purpose has an old key that was not declared retired. Returns 1, 0 or -1. */
static int is_unfinished(struct sl_service *service, enum sl_key_purpose purpose,
                         struct sl_err *err)
{
    const struct sl_key *key;

    for (size_t i = 0; (key = sl_keyring_at(service->keyring, i)) != NULL; i++) {
        int64_t retired_at = 0;

        if (key->purpose != purpose || key->state != SL_KEY_RETIRED)
            continue;
        if (sl_key_ids_get(service->db, key->id, &retired_at, err) < 0)
            return -1;
        if (retired_at == 0)
            return 1;
    }
    return 0;
}

/* The new key is on disk before anything is sealed by it. */
static int make_keys(struct sl_service *service, struct sl_rotation *rotation, struct sl_err *err)
{
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };
    char id[SL_KEY_ID_SIZE];

    for (size_t i = 0; i < SL_COUNT(purposes); i++) {
        int unfinished = is_unfinished(service, purposes[i], err);

        if (unfinished < 0 ||
            (unfinished == 0 &&
             sl_keyring_rotate(service->settings.keyring, purposes[i], sl_now_ms(), id, err) < 0))
            return -1;
        rotation->continued |= unfinished > 0;
    }
    if (sl_keyring_reload(&service->keyring, err) < 0 || sl_tx_begin(&tx, service->db, err) < 0 ||
        sl_keys_note(service, err) < 0)
        return -1;
    return sl_tx_commit(&tx, err);
}

static int record(struct sl_service *service, const struct sl_rotation *rotation,
                  struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    const struct sl_act act = {
        .operation = "key.rotate",
        .kind = "key",
        .id = rotation->seal_key,
        .changes =
            sl_arena_printf(arena, "{\"resealed\":%lld,\"unopened\":%lld,\"webhook\":\"%s\"}",
                            (long long)sum(rotation->resealed), (long long)sum(rotation->unopened),
                            rotation->webhook_key),
    };

    return sl_act_record(service, &act, err);
}

/* Old keys open nothing any more that a new one could not: what is left does not open at all. */
static int finish(struct sl_service *service, const struct sl_rotation *rotation,
                  struct sl_err *err)
{
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };
    struct sl_key_info info;
    int more;

    if (sl_tx_begin(&tx, service->db, err) < 0)
        return -1;
    for (size_t i = 0; (more = sl_keys_info(service, i, &info, err)) > 0; i++)
        if (info.key->state == SL_KEY_RETIRED &&
            sl_key_ids_retire(service->db, info.key->id, sl_now_ms(), err) < 0)
            return -1;
    if (more < 0 || record(service, rotation, err) < 0)
        return -1;
    return sl_tx_commit(&tx, err);
}

int sl_keys_rotate(struct sl_service *service, struct sl_rotation *rotation, struct sl_err *err)
{
    *rotation = (struct sl_rotation){ 0 };
    if (make_keys(service, rotation, err) < 0 || reseal_all(service, rotation, err) < 0)
        return -1;
    rotation->seal_key = sl_keyring_find(service->keyring, SL_KEY_SEAL, NULL)->id;
    rotation->webhook_key = sl_keyring_find(service->keyring, SL_KEY_WEBHOOK, NULL)->id;
    return finish(service, rotation, err);
}

/* ---- Retiring ------------------------------------------------------------------------ */

static int find_info(struct sl_service *service, const char *id, struct sl_key_info *info,
                     struct sl_err *err)
{
    int more;

    for (size_t i = 0; (more = sl_keys_info(service, i, info, err)) > 0; i++)
        if (strcmp(info->key->id, id) == 0)
            return 0;
    if (more < 0)
        return -1;
    (void)sl_err_set(err, SL_ERR_DATA, "the key ring has no key '%s'", id);
    return sl_err_hint(err, "`sl-config key list` shows them");
}

static int check_unused(struct sl_service *service, const struct sl_key_info *info,
                        struct sl_err *err)
{
    struct sl_boot_now now = { .ms = sl_boot_ms() };
    int64_t n = 0;

    sl_boot_id(now.id);
    if (info->key->state == SL_KEY_ACTIVE) {
        (void)sl_err_set(err, SL_ERR_DATA, "key '%s' is active", info->key->id);
        return sl_err_hint(err, "`sl-config key rotate` puts another in its place");
    }
    if (info->retired_at == 0) {
        (void)sl_err_set(err, SL_ERR_DATA, "the rotation from key '%s' is not finished",
                         info->key->id);
        return sl_err_hint(err, "finish it with `sl-config key rotate`");
    }
    if (info->sealed > 0) {
        (void)sl_err_set(err, SL_ERR_DATA, "%lld values are still sealed by key '%s'",
                         (long long)info->sealed, info->key->id);
        return sl_err_hint(err, "`sl-config key rotate` seals them anew; `sl-config doctor` names"
                                " those that do not open");
    }
    if (sl_key_ids_holders(service->db, info->retired_at, &now, &n, err) < 0)
        return -1;
    if (n == 0)
        return 0;
    (void)sl_err_set(err, SL_ERR_DATA,
                     "%lld programs that began before key '%s' was retired are still running",
                     (long long)n, info->key->id);
    return sl_err_hint(err, "restart sl-queue-run, or wait until they end");
}

/* The write lock is held meanwhile: nobody stores anything sealed by it between the look and the
 * change of the file. */
int sl_keys_retire(struct sl_service *service, const char *id, struct sl_err *err)
{
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };
    const struct sl_act act = { .operation = "key.retire", .kind = "key", .id = id };
    struct sl_key_info info;

    if (sl_tx_begin(&tx, service->db, err) < 0 || find_info(service, id, &info, err) < 0 ||
        check_unused(service, &info, err) < 0 || sl_act_record(service, &act, err) < 0 ||
        sl_keyring_retire(service->settings.keyring, id, err) < 0)
        return -1;
    return sl_tx_commit(&tx, err);
}
