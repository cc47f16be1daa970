/* Whose an address is: from the path of a request to an adapter's hook, and from its token to the
 * school whose settings judge what came. */
#include "lib/service/inbound_private.h"

#include <string.h>

#include "lib/base/text.h"

enum { TOKEN_DIGITS = SL_CALLBACK_TOKEN_SIZE - 1, SHOWN_PATH = 200, MANY_DIGITS = 16 };

static const char hex_digits[] = "0123456789abcdef";

/* ---- Paths ------------------------------------------------------------------------------------ */

static bool is_token(const char *text, size_t n)
{
    return n == TOKEN_DIGITS && strspn(text, hex_digits) >= TOKEN_DIGITS;
}

/* "/hooks/ALIAS/HEX/WORD" */
static bool read_neutral(struct sl_arena *arena, const char *path, const struct sl_adapter *adapter,
                         struct route *route)
{
    size_t n_alias = adapter->hook_alias ? strlen(adapter->hook_alias) : 0;

    if (n_alias == 0 || strncmp(path, "/hooks/", 7) != 0 ||
        strncmp(path + 7, adapter->hook_alias, n_alias) != 0 || path[7 + n_alias] != '/')
        return false;
    path += 7 + n_alias + 1;
    if (!is_token(path, strcspn(path, "/")) || path[TOKEN_DIGITS] != '/')
        return false;
    route->hook = sl_adapter_hook(adapter, path + TOKEN_DIGITS + 1);
    route->adapter = adapter;
    route->token = sl_arena_memdup(arena, path, TOKEN_DIGITS);
    return route->hook != NULL;
}

/* The specification's path, with "/HEX" behind it or, where nobody is meant, nothing. */
static bool read_endpoint(const char *path, const struct sl_adapter *adapter, struct route *route)
{
    for (size_t i = 0; i < adapter->n_hooks; i++) {
        const char *endpoint = adapter->hooks[i].endpoint;
        size_t n = endpoint ? strlen(endpoint) : 0;

        if (n == 0 || strncmp(path, endpoint, n) != 0 || (path[n] && path[n] != '/'))
            continue;
        if (path[n] && !is_token(path + n + 1, strlen(path + n + 1)))
            continue;
        *route = (struct route){ adapter, &adapter->hooks[i], path[n] ? path + n + 1 : NULL };
        return true;
    }
    return false;
}

bool route_read(struct sl_arena *arena, const char *path, struct route *route)
{
    size_t n = strlen(path);

    if (n > 1 && path[n - 1] == '/')
        path = sl_arena_memdup(arena, path, n - 1);
    for (size_t i = 0; sl_adapters[i]; i++)
        if (read_neutral(arena, path, sl_adapters[i], route) ||
            read_endpoint(path, sl_adapters[i], route))
            return true;
    return false;
}

const char *route_shown(struct sl_arena *arena, const char *path)
{
    struct sl_buf shown = sl_buf_new(arena);
    const char *text = sl_printable(arena, path, strlen(path), SHOWN_PATH);

    while (*text) {
        size_t n = strspn(text, "0123456789abcdefABCDEF");

        if (n >= MANY_DIGITS)
            sl_buf_text(&shown, "••••");
        else
            sl_buf_add(&shown, text, n > 0 ? n : 1);
        text += n > 0 ? n : 1;
    }
    return shown.data ? shown.data : "";
}

/* ---- Owners ------------------------------------------------------------------------------------ */

static int add_owner(struct owners *owners, const struct sl_endpoint *endpoint,
                     const struct sl_adapter *adapter, struct owner **out, struct sl_err *err)
{
    struct owner *owner = SL_NEW(owners->arena, struct owner, 1);

    owner->endpoint = *endpoint;
    owner->adapter = adapter;
    if (!adapter)
        return 0;
    if (sl_endpoint_settings(owners->service, owners->arena, endpoint, adapter, &owner->settings,
                             err) < 0)
        return -1;
    owner->next = owners->first;
    owners->first = owner;
    *out = owner;
    return 1;
}

int owner_by_token(struct owners *owners, const char *hash, struct owner **out, struct sl_err *err)
{
    struct sl_endpoint endpoint;
    int found;

    for (struct owner *owner = owners->first; owner; owner = owner->next)
        if (owner->endpoint.token_hash &&
            sl_equal_secret(owner->endpoint.token_hash, hash, SL_TOKEN_HASH_SIZE - 1)) {
            *out = owner;
            return 1;
        }
    found = sl_endpoints_find(owners->service->db, owners->arena, hash, &endpoint, err);
    if (found <= 0 || !sl_equal_secret(endpoint.token_hash, hash, SL_TOKEN_HASH_SIZE - 1))
        return found < 0 ? -1 : 0;
    return add_owner(owners, &endpoint, sl_adapter_find(endpoint.provider_code), out, err);
}

int owner_by_id(struct owners *owners, int64_t webhook_id, struct owner **out, struct sl_err *err)
{
    struct sl_endpoint endpoint;
    int found;

    for (struct owner *owner = owners->first; owner; owner = owner->next)
        if (owner->endpoint.id == webhook_id) {
            *out = owner;
            return 1;
        }
    found = sl_endpoints_get(owners->service->db, owners->arena, webhook_id, &endpoint, err);
    if (found <= 0)
        return found;
    return add_owner(owners, &endpoint, sl_adapter_find(endpoint.provider_code), out, err);
}

int owner_of_school(struct owners *owners, const struct sl_adapter *adapter, int64_t school_id,
                    int64_t provider_id, struct owner **out, struct sl_err *err)
{
    const struct sl_endpoint none = { .school_id = school_id, .provider_id = provider_id };
    int64_t webhook_id = 0;
    int found;

    for (struct owner *owner = owners->first; owner; owner = owner->next)
        if (owner->by_school && owner->endpoint.school_id == school_id &&
            owner->endpoint.provider_id == provider_id) {
            *out = owner;
            return 1;
        }
    found = sl_webhooks_of_school(owners->service->db, school_id, provider_id, &webhook_id, err);
    if (found > 0)
        found = owner_by_id(owners, webhook_id, out, err);
    else if (found == 0)
        found = add_owner(owners, &none, adapter, out, err);
    if (found > 0)
        (*out)->by_school = true;
    return found;
}

const char *owner_setting(const struct owner *owner, const char *name)
{
    for (size_t i = 0; i < owner->adapter->n_fields; i++)
        if (strcmp(owner->adapter->fields[i].name, name) == 0)
            return owner->settings.values[i];
    return NULL;
}

/* ---- By the token of a path ----------------------------------------------------------------------- */

/* Whether an operation's token is meant for this address. */
static bool is_ended_by(const struct sl_op *op, const struct sl_hook *hook)
{
    const char *word = hook->callback ? hook->callback : hook->word;
    bool ends = op && op->accepted.callback && strcmp(op->accepted.callback, word) == 0;

    for (size_t i = 0; op && !ends && i < op->n_steps; i++)
        ends =
            op->steps[i].ambiguous.callback && strcmp(op->steps[i].ambiguous.callback, word) == 0;
    return ends;
}

/* By the token of an operation. Returns 1, 0 if there is no such operation, or -1. */
static int find_operation(struct reception *reception, const char *hash, struct sl_err *err)
{
    struct sl_service *service = reception->inbox->service;
    struct sl_provider provider;
    struct sl_item item;
    int found = sl_queue_by_callback(service->db, reception->arena, hash, &item, err);

    if (found <= 0 || !item.callback_token ||
        !sl_equal_secret(item.callback_token, hash, SL_TOKEN_HASH_SIZE - 1))
        return found < 0 ? -1 : 0;
    found = sl_providers_get(service->db, reception->arena, item.provider_id, &provider, err);
    if (found <= 0 || strcmp(provider.code, reception->route.adapter->code) != 0)
        return found < 0 ? -1 : 0;
    if (!is_ended_by(sl_adapter_op(reception->route.adapter, item.operation),
                     reception->route.hook))
        return 0;
    reception->queue_id = item.id;
    reception->school_id = item.school_id;
    reception->provider_id = item.provider_id;
    reception->scope = sl_arena_printf(reception->arena, "q%lld", (long long)item.id);
    return owner_of_school(&reception->inbox->owners, reception->route.adapter, item.school_id,
                           item.provider_id, &reception->owner, err);
}

/* By the token of a school. Likewise. */
static int find_endpoint(struct reception *reception, const char *hash, struct sl_err *err)
{
    struct owner *owner = NULL;
    int found = owner_by_token(&reception->inbox->owners, hash, &owner, err);

    if (found <= 0 || !owner->endpoint.is_active || owner->adapter != reception->route.adapter)
        return found < 0 ? -1 : 0;
    reception->owner = owner;
    reception->school_id = owner->endpoint.school_id;
    reception->provider_id = owner->endpoint.provider_id;
    reception->scope = sl_arena_printf(reception->arena, "w%lld", (long long)owner->endpoint.id);
    return 1;
}

int owner_of_route(struct reception *reception, struct sl_err *err)
{
    char hash[SL_TOKEN_HASH_SIZE];

    sl_callback_hash(reception->route.token, hash);
    return reception->route.hook->per_operation ? find_operation(reception, hash, err)
                                                : find_endpoint(reception, hash, err);
}
