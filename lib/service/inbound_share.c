/* What is stored of a request, and for whom. Where one path serves several schools each event goes to
 * the schools that it names, if their own secret proves the request. */
#include <string.h>

#include "lib/service/inbound_private.h"

enum { MOST_SHARERS = 64 }; /* endpoints of one number */

/* ---- Storing --------------------------------------------------------------------------------- */

/* Whether the i-th event is meant. */
static bool is_meant(const struct reception *reception, size_t i)
{
    const char *owner = reception->heard.events[i].owner;

    if (reception->sharing)
        return owner && strcmp(owner, reception->sharing) == 0;
    return !reception->shared || !reception->shared[i];
}

/* Whether all of it was there before. Returns 1, 0 or -1. */
static int is_repeated(const struct reception *reception, struct sl_err *err)
{
    const struct sl_heard *heard = &reception->heard;
    const char *note;
    int known = 1;

    for (size_t i = 0; known > 0 && i < heard->n_events; i++)
        if (is_meant(reception, i))
            known = heard->events[i].key
                        ? sl_webhook_events_note(reception->inbox->service->db, reception->arena,
                                                 reception->scope, heard->events[i].key, &note, err)
                        : 0;
    return known;
}

static int add_event(const struct reception *reception, size_t i, struct sl_err *err)
{
    const struct sl_event *heard = &reception->heard.events[i];
    const struct sl_webhook_event event = {
        .request_id = reception->request.id,
        .scope = reception->scope,
        .key = heard->key,
        .place = (int64_t)i,
        .kind = inbound_kinds[heard->kind],
        .external_reference = heard->external,
        .note = heard->kind == SL_EVENT_VALIDATION ? reception->note : NULL,
    };

    return sl_webhook_events_add(reception->inbox->service->db, &event, reception->inbox->now_ms,
                                 err) < 0
               ? -1
               : 0;
}

int inbound_store(struct reception *reception, struct sl_err *err)
{
    int repeated = is_repeated(reception, err);

    if (repeated != 0)
        return repeated < 0 ? -1 : 0;
    if (sl_webhook_requests_add(reception->inbox->service->db, &reception->request, err) < 0)
        return -1;
    for (size_t i = 0; i < reception->heard.n_events; i++)
        if (is_meant(reception, i) && add_event(reception, i, err) < 0)
            return -1;
    return 1;
}

/* ---- Sharing --------------------------------------------------------------------------------- */

static bool is_named(const struct owner *owner, const struct sl_hook *hook, const char *name)
{
    const char *own = owner_setting(owner, hook->routed_by);

    return own && strcmp(own, name) == 0;
}

bool inbound_is_own(const struct owner *owner, const struct sl_hook *hook,
                    const struct sl_event *event)
{
    return !hook->routed_by || !event->owner || is_named(owner, hook, event->owner);
}

/* As if it had come to the endpoint's own address. Returns 1, 0 if that school cannot prove it, or
 * -1. */
static int give(const struct reception *reception, struct owner *owner, const char *name,
                struct sl_err *err)
{
    struct reception other = *reception;

    other.owner = owner;
    other.sharing = name;
    other.school_id = other.request.school_id = owner->endpoint.school_id;
    other.request.webhook_id = owner->endpoint.id;
    other.scope = sl_arena_printf(reception->arena, "w%lld", (long long)owner->endpoint.id);
    inbound_hear(&reception->inbox->owners, reception->arena, owner, reception->route.hook,
                 reception->received, &other.request, &other.heard);
    if (other.heard.proof != SL_PROVEN)
        return 0;
    owner->n_received++;
    return inbound_store(&other, err) < 0 ? -1 : 1;
}

/* To each school once, though it may have several endpoints; the path's own gets it by itself.
 * Returns how many got it, or -1. */
static int give_all(struct reception *reception, const char *name, struct sl_err *err)
{
    struct owners *owners = &reception->inbox->owners;
    int64_t ids[MOST_SHARERS], schools[MOST_SHARERS + 1] = { reception->school_id };
    char route[SL_INDEX_HEX_SIZE];
    int n, n_schools = 1, given = 0;

    sl_endpoint_route(owners->service, reception->route.adapter, name, route);
    n = sl_endpoints_by_route(owners->service->db, reception->provider_id, route, MOST_SHARERS, ids,
                              err);
    for (int i = 0; i < n; i++) {
        struct owner *owner = NULL;
        int got = owner_by_id(owners, ids[i], &owner, err), known = 0;

        while (got > 0 && known < n_schools && schools[known] != owner->endpoint.school_id)
            known++;
        if (got > 0 && known == n_schools && is_named(owner, reception->route.hook, name)) {
            schools[n_schools++] = owner->endpoint.school_id;
            got = give(reception, owner, name, err);
            given += got > 0;
        }
        if (got < 0)
            return -1;
    }
    return n < 0 ? -1 : given;
}

static bool is_first(const struct sl_heard *heard, size_t i)
{
    for (size_t j = 0; j < i; j++)
        if (heard->events[j].owner && strcmp(heard->events[j].owner, heard->events[i].owner) == 0)
            return false;
    return true;
}

static void mark(struct reception *reception, const char *name)
{
    for (size_t i = 0; i < reception->heard.n_events; i++)
        if (reception->heard.events[i].owner && strcmp(reception->heard.events[i].owner, name) == 0)
            reception->shared[i] = true;
}

int inbound_share(struct reception *reception, struct sl_err *err)
{
    const struct sl_heard *heard = &reception->heard;

    reception->shared = SL_NEW(reception->arena, bool, heard->n_events + 1);
    for (size_t i = 0; i < heard->n_events; i++) {
        const char *name = heard->events[i].owner;
        int given;

        if (!name || !is_first(heard, i))
            continue;
        given = give_all(reception, name, err);
        if (given < 0)
            return -1;
        if (given > 0 && !is_named(reception->owner, reception->route.hook, name))
            mark(reception, name);
    }
    return 0;
}
