/* From stored events to our records: the daemon's after its commits, or the runner's if it died. */
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/service/act.h"
#include "lib/service/audit.h"
#include "lib/service/inbound_private.h"
#include "lib/text/phone.h"

enum {
    ONE_TIME = 100,
    MOST_HELD = 16,
    MOST_CLAIMS = 1000,
    LOOK_MS = 200,
    HELD_MS = 24 * 60 * 60 * 1000
};

/* What events that are applied in one transaction share. */
struct round {
    struct sl_service *service;
    struct owners owners;
    int64_t now_ms;
    const char *state;   /* only those: another process may have been faster; NULL: all */
    const char *failure; /* what an earlier try to apply it said; NULL: this is the first */

    /* What the last request told: the events of a large one are not read from it one by one. */
    struct sl_arena *told_arena; /* NULL: nothing is kept */
    int64_t told_id;             /* 0: nothing yet */
    struct sl_heard told;
};

/* ---- Reading it again ------------------------------------------------------------------------- */

/* Whose it is, and what operation. Returns 1, 0 if either is gone, or -1. */
static int find_owner(struct round *round, struct deed *deed, struct owner **owner,
                      struct sl_err *err)
{
    const struct sl_webhook_request *request = &deed->request;
    const struct sl_adapter *adapter =
        deed->row.provider ? sl_adapter_find(deed->row.provider) : NULL;
    int found = 1;

    if (!adapter)
        return 0;
    if (request->queue_id)
        found = sl_queue_get(round->service->db, deed->arena, request->queue_id, &deed->item, err);
    if (found <= 0)
        return found;
    if (request->webhook_id)
        return owner_by_id(&round->owners, request->webhook_id, owner, err);
    return owner_of_school(&round->owners, adapter, request->school_id, request->provider_id, owner,
                           err);
}

/* The body is heard again, as it was when it was stored: what was proven then stays so. A request
 * belongs to one endpoint, so its id says by whose settings. */
static void hear_again(struct round *round, struct deed *deed, const struct owner *owner,
                       const struct sl_hook *hook, struct sl_heard *heard)
{
    if (round->told_arena && round->told_id != deed->request.id) {
        sl_arena_reset(round->told_arena);
        round->told_id = deed->request.id;
        inbound_hear(&round->owners, round->told_arena, owner, hook, NULL, &deed->request,
                     &round->told);
    }
    if (round->told_arena)
        *heard = round->told;
    else
        inbound_hear(&round->owners, deed->arena, owner, hook, NULL, &deed->request, heard);
}

/* NULL if it tells no such event any more; the note says why where the adapter does. */
static const struct sl_event *find_event(struct round *round, struct deed *deed,
                                         const struct owner *owner)
{
    const struct sl_hook *hook = sl_adapter_hook(owner->adapter, deed->request.hook);
    struct sl_heard heard;
    size_t place = (size_t)deed->row.place;

    if (!hook)
        return NULL;
    hear_again(round, deed, owner, hook, &heard);
    if (heard.proof == SL_MALFORMED)
        deed->note = heard.why;
    return heard.proof == SL_PROVEN && place < heard.n_events ? heard.events + place : NULL;
}

/* ---- The audit trail ---------------------------------------------------------------------------- */

static struct sl_reply reply_of(const struct deed *deed)
{
    static const char refused[] = "refused";
    const struct sl_hook *hook =
        deed->owner ? sl_adapter_hook(deed->owner->adapter, deed->request.hook) : NULL;

    if (!hook)
        return (struct sl_reply){ 0 };
    if (deed->row.note && strncmp(deed->row.note, refused, strlen(refused)) == 0)
        return hook->refused;
    return hook->taken;
}

/* Of a request with many events the first row shows the body; the others name the request. */
static const char *shown_body(const struct deed *deed)
{
    const struct sl_webhook_request *request = &deed->request;

    if (deed->row.place > 0)
        return sl_arena_printf(deed->arena, "{\"request\":%lld,\"place\":%lld}",
                               (long long)request->id, (long long)deed->row.place);
    if (request->n_body == 0)
        return NULL;
    return sl_audit_body(deed->arena, deed->owner ? deed->owner->adapter : NULL,
                         request->content_type, request->body, request->n_body);
}

/* One row for each event, when it is looked at for the first time. */
static int log_deed(const struct deed *deed, struct sl_err *err)
{
    const struct sl_reply reply = reply_of(deed);
    const char *phone = deed->event ? deed->event->phone : NULL, *country = NULL;
    bool ignored = strcmp(deed->state, "ignored") == 0;

    if (deed->owner)
        country = deed->owner->settings.country;
    if (phone)
        phone = sl_phone_read(deed->arena, phone, country).e164;
    return sl_audit_add(deed->service,
                        &(struct sl_log){
                            .school_id = deed->request.school_id,
                            .provider_id = deed->request.provider_id,
                            .direction = "inbound",
                            .operation =
                                sl_arena_printf(deed->arena, "webhook.%s", deed->request.hook),
                            .reference_type = deed->reference_type,
                            .reference_id = deed->reference_id,
                            .request_data = shown_body(deed),
                            .response_data = inbound_shown_reply(deed->arena, &reply),
                            .status = ignored ? "failed" : "success",
                            .status_code = reply.status,
                            .error_message = ignored ? deed->note : NULL,
                            .duration_ms = -1,
                            .external_reference = deed->row.external_reference,
                            .ip_address = deed->request.ip_address,
                            .phones = &phone,
                            .n_phones = phone ? 1 : 0,
                            .created_at = deed->request.received_at,
                        },
                        err);
}

/* ---- One event ----------------------------------------------------------------------------------- */

static int settle(struct deed *deed, struct sl_err *err)
{
    if (sl_webhook_events_settle(deed->service->db, deed->row.id, deed->state, deed->note,
                                 deed->now_ms, err) < 0)
        return -1;
    return deed->row.updated_at == 0 ? log_deed(deed, err) : 0;
}

/* Returns 1, 0 if there is no such event, or -1. */
static int apply_one(struct round *round, struct sl_arena *arena, int64_t id, struct sl_err *err)
{
    struct deed deed = { .service = round->service, .arena = arena, .now_ms = round->now_ms };
    struct owner *owner = NULL;
    int found = sl_webhook_events_get(round->service->db, arena, id, &deed.row, &deed.request, err);

    if (found <= 0 || (round->state && strcmp(deed.row.state, round->state) != 0))
        return found < 0 ? -1 : 0;
    found = round->failure ? 0 : find_owner(round, &deed, &owner, err);
    if (found < 0)
        return -1;
    deed.owner = owner;
    deed.state = "ignored";
    deed.note = round->failure ? round->failure : "whom it concerned is gone";
    if (found > 0) {
        deed.note = "it tells nothing any more: it was erased, or the settings have changed";
        deed.event = find_event(round, &deed, owner);
    }
    if (deed.event && deed_do(&deed, err) < 0)
        return -1;
    return settle(&deed, err) < 0 ? -1 : 1;
}

/* ---- Many ---------------------------------------------------------------------------------------- */

static int apply_ids(struct sl_service *service, const int64_t *ids, size_t n, const char *failure,
                     struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *shared = sl_arena_new();
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    SL_AUTO(sl_arena_free) struct sl_arena *told = sl_arena_new();
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };
    struct round round = { .service = service,
                           .owners = { .service = service, .arena = shared },
                           .now_ms = sl_now_ms(),
                           .state = "new",
                           .failure = failure,
                           .told_arena = told };

    if (sl_tx_begin(&tx, service->db, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        sl_arena_reset(arena);
        if (apply_one(&round, arena, ids[i], err) < 0)
            return -1;
    }
    return sl_tx_commit(&tx, err);
}

/* Alone. What can never be applied is ignored; what cannot be now stays. Returns 1, 0 or -1. */
static int apply_alone(struct sl_service *service, int64_t id, struct sl_err *err)
{
    char why[sizeof err->text];

    if (apply_ids(service, &id, 1, NULL, err) == 0)
        return 1;
    if (err->code != SL_ERR_DATA)
        return err->code == SL_ERR_CONFIG ? 0 : -1;
    memcpy(why, err->text, sizeof why);
    return apply_ids(service, &id, 1, why, err) == 0 ? 1 : -1;
}

/* Together, and if one spoils that, one by one. Returns how many, or -1; *stuck gets the error of
 * those that stay. */
static int apply_some(struct sl_service *service, const int64_t *ids, size_t n,
                      struct sl_err *stuck, struct sl_err *err)
{
    int applied = 0;

    if (n == 0)
        return 0;
    if (apply_ids(service, ids, n, NULL, err) == 0)
        return (int)n;
    if (err->code != SL_ERR_DATA && err->code != SL_ERR_CONFIG)
        return -1;
    for (size_t i = 0; i < n; i++) {
        int status = apply_alone(service, ids[i], err);

        if (status < 0)
            return -1;
        if (status == 0)
            *stuck = *err;
        applied += status;
    }
    return applied;
}

/* From a mark on. What is stuck is passed over until something behind it was applied. */
static int apply_from(struct sl_service *service, struct sl_webhook_mark *mark, struct sl_err *err)
{
    struct sl_err stuck = { 0 };
    int64_t ids[ONE_TIME];
    int n, applied;

    do {
        n = sl_webhook_events_new(service->db, mark, ONE_TIME, ids, err);
        applied = n < 0 ? -1 : apply_some(service, ids, (size_t)n, &stuck, err);
    } while (applied == 0 && n == ONE_TIME);
    if (applied != 0 || !stuck.text[0])
        return applied;
    *err = stuck;
    return -1;
}

int sl_inbound_apply(struct sl_service *service, struct sl_err *err)
{
    struct sl_webhook_mark mark = { 0 };

    return apply_from(service, &mark, err);
}

int sl_inbound_maintain(struct sl_service *service, struct sl_err *err)
{
    struct sl_webhook_mark mark = { 0 };
    int64_t until_ms = sl_boot_ms() + LOOK_MS, now_ms = sl_now_ms();
    int applied, all = 0;

    do {
        applied = apply_from(service, &mark, err);
        all += applied > 0 ? applied : 0;
    } while (applied > 0 && sl_boot_ms() < until_ms);
    if (applied < 0 && err->code != SL_ERR_CONFIG) /* what is stuck must not stop who sends */
        return -1;
    return sl_webhook_events_expire(service->db, now_ms - HELD_MS, now_ms, err) < 0 ? -1 : all;
}

/* ---- What was held, what is asked for again --------------------------------------------------------- */

int sl_inbound_release(struct sl_service *service, const char *external_reference, int64_t now_ms,
                       struct sl_err *err)
{
    int64_t ids[MOST_HELD];
    int n = sl_webhook_events_held(service->db, external_reference, MOST_HELD, ids, err);

    if (n <= 0)
        return n;
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct round round = { .service = service,
                           .owners = { .service = service, .arena = arena },
                           .now_ms = now_ms,
                           .state = "held" };

    for (int i = 0; i < n; i++)
        if (apply_one(&round, arena, ids[i], err) < 0)
            return -1;
    return n;
}

static int record_replay(struct sl_service *service, enum sl_replay what, int64_t id,
                         struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    const struct sl_act act = {
        .operation = "webhook.replay",
        .kind = what == SL_REPLAY_EVENT ? "webhook_event" : "webhook_request",
        .id = sl_arena_printf(arena, "%lld", (long long)id),
    };

    return sl_act_record(service, &act, err);
}

static int find_ids(struct sl_service *service, struct sl_arena *arena, int64_t request_id,
                    int64_t **ids, struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    const struct sl_webhook_filter filter = { .request_id = request_id };
    struct sl_buf found = sl_buf_new(arena);
    struct sl_webhook_event event;
    int more;

    if (sl_webhook_events_list(&rows, service->db, &filter, err) < 0)
        return -1;
    while ((more = sl_webhook_events_next(&rows, &event, err)) > 0)
        sl_buf_add(&found, (const char *)&event.id, sizeof event.id);
    *ids = SL_NEW(arena, int64_t, found.len / sizeof **ids);
    if (found.len > 0)
        memcpy(*ids, found.data, found.len);
    return more < 0 ? -1 : (int)(found.len / sizeof **ids);
}

/* What lib/store/keep.h or forget.h emptied says nothing any more. */
static int check_whole(struct sl_service *service, struct sl_arena *arena, int64_t event_id,
                       struct sl_err *err)
{
    struct sl_webhook_event event;
    struct sl_webhook_request request;
    int found = sl_webhook_events_get(service->db, arena, event_id, &event, &request, err);

    if (found <= 0 || request.n_body > 0 || *request.query)
        return found < 0 ? -1 : 0;
    return sl_err_set(err, SL_ERR_DATA,
                      "what request %lld brought was erased: there is nothing to hear again",
                      (long long)request.id);
}

int sl_inbound_replay(struct sl_service *service, enum sl_replay what, int64_t id,
                      struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };
    struct round round = { .service = service,
                           .owners = { .service = service, .arena = arena },
                           .now_ms = sl_now_ms() };
    int64_t *ids = &id;
    int n = 1, all = 0, status;

    if (sl_tx_begin(&tx, service->db, err) < 0)
        return -1;
    if (what == SL_REPLAY_REQUEST)
        n = find_ids(service, arena, id, &ids, err);
    for (int i = n - 1; i >= 0; i--) { /* the list has the newest first */
        status = check_whole(service, arena, ids[i], err);
        if (status == 0)
            status = apply_one(&round, arena, ids[i], err);
        if (status < 0)
            return -1;
        all += status;
    }
    if (n < 0 || (all > 0 && record_replay(service, what, id, err) < 0) ||
        sl_tx_commit(&tx, err) < 0)
        return -1;
    if (all > 0)
        return all;
    (void)sl_err_set(err, SL_ERR_DATA, "there is no %s %lld",
                     what == SL_REPLAY_EVENT ? "event" : "request", (long long)id);
    return sl_err_hint(err, "`sl-webhook events` lists them");
}

/* ---- Looking back ------------------------------------------------------------------------------------ */

/* The event of an id, if it says paid. Returns 1, 0 or -1. */
static int read_claim(struct round *round, struct sl_arena *arena, int64_t id,
                      struct sl_payment_news *news, struct sl_err *err)
{
    struct deed deed = { .service = round->service, .arena = arena, .now_ms = round->now_ms };
    const struct sl_event *event;
    struct owner *owner;
    int found = sl_webhook_events_get(round->service->db, arena, id, &deed.row, &deed.request, err);

    if (found > 0)
        found = find_owner(round, &deed, &owner, err);
    if (found <= 0)
        return found;
    event = find_event(round, &deed, owner);
    if (!event || event->kind != SL_EVENT_PAYMENT || event->payment.state != SL_PAY_PAID)
        return 0;
    *news = event->payment;
    return 1;
}

/* Takes one into what was found of a receipt: *amount is what they tell, 0 while none of them can be
 * read. Returns 1, 0 if it says otherwise than `wanted` (-1: whatever), or -1 if they differ. */
static int add_claim(struct sl_arena *arena, const struct sl_payment_news *told, int64_t wanted,
                     int64_t *amount, struct sl_err *err)
{
    if (told->amount_minor <= 0)
        return 1;
    if (wanted >= 0)
        return told->amount_minor == wanted;
    if (*amount > 0 && told->amount_minor != *amount)
        return sl_err_set(err, SL_ERR_DATA, "callbacks tell both %s and %s by receipt %s",
                          sl_print_decimal(arena, *amount, 2, 2),
                          sl_print_decimal(arena, told->amount_minor, 2, 2), told->receipt);
    *amount = told->amount_minor;
    return 1;
}

static int refuse_claim(struct sl_arena *arena, const char *receipt, int64_t amount_minor,
                        struct sl_err *err)
{
    if (amount_minor < 0)
        return sl_err_set(err, SL_ERR_DATA,
                          "no callback tells an amount by receipt %s that can be read", receipt);
    return sl_err_set(err, SL_ERR_DATA, "callbacks tell another amount than %s by receipt %s",
                      sl_print_decimal(arena, amount_minor, 2, 2), receipt);
}

int sl_inbound_claim(struct sl_service *service, struct sl_arena *arena, int64_t queue_id,
                     const char *receipt, int64_t amount_minor, struct sl_payment_news *news,
                     struct sl_err *err)
{
    struct round round = { .service = service,
                           .owners = { .service = service, .arena = arena },
                           .now_ms = sl_now_ms() };
    const char *scope = sl_arena_printf(arena, "q%lld", (long long)queue_id);
    int64_t *ids = SL_NEW(arena, int64_t, MOST_CLAIMS),
            amount = amount_minor > 0 ? amount_minor : 0;
    int n = sl_webhook_events_of(service->db, scope, MOST_CLAIMS, ids, err), n_told = 0, n_fit = 0;

    for (int i = 0; i < n; i++) {
        struct sl_payment_news told;
        int fits = read_claim(&round, arena, ids[i], &told, err);

        if (fits > 0 && (!told.receipt || strcmp(told.receipt, receipt) != 0))
            continue;
        n_told += fits > 0;
        if (fits > 0)
            fits = add_claim(arena, &told, amount_minor, &amount, err);
        if (fits < 0)
            return -1;
        if (fits > 0)
            *news = told;
        n_fit += fits;
    }
    if (n <= 0 || n_told == 0)
        return n < 0 ? -1 : 0;
    if (n_fit == 0 || amount <= 0)
        return refuse_claim(arena, receipt, amount_minor, err);
    news->amount_minor = amount;
    return 1;
}
