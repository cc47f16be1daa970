#include "lib/service/inbound.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/cidr.h"
#include "lib/base/clock.h"
#include "lib/base/crypto.h"
#include "lib/base/text.h"
#include "lib/service/inbound_private.h"

enum { RETRY_S = 5, DIGEST_DIGITS = 16, ONE_COMMIT = 512 };

const char *const inbound_kinds[] = {
    [SL_EVENT_NOTE] = "note",
    [SL_EVENT_DELIVERY] = "delivery",
    [SL_EVENT_INCOMING] = "incoming",
    [SL_EVENT_OPTOUT] = "optout",
    [SL_EVENT_OPTIN] = "optin",
    [SL_EVENT_PAYMENT] = "payment",
    [SL_EVENT_VALIDATION] = "validation",
    [SL_EVENT_RECEIVED] = "received",
    [SL_EVENT_RESULT] = "result",
};

/* As it came, or read again from the store: its headers and its address are gone then. */
static void add_headers(struct sl_inbound *inbound, const struct sl_hook *hook,
                        const struct sl_received *received)
{
    struct sl_pair *pairs;
    size_t n = 0;

    while (hook->headers && hook->headers[n])
        n++;
    pairs = SL_NEW(inbound->arena, struct sl_pair, n + 1);
    for (size_t i = 0; i < n && received->header; i++) {
        const char *value = received->header(received->opaque, hook->headers[i]);

        if (value)
            pairs[inbound->n_headers++] = (struct sl_pair){ hook->headers[i], value };
    }
    inbound->headers = pairs;
}

static const char *url_of(const struct sl_service *service, const struct sl_received *received,
                          struct sl_arena *arena)
{
    const char *base = service->settings.public_url;

    if (!base)
        return "";
    return sl_arena_printf(arena, "%s%s%s%s", base, received->path, *received->query ? "?" : "",
                           received->query);
}

void inbound_hear(const struct owners *owners, struct sl_arena *arena, const struct owner *owner,
                  const struct sl_hook *hook, const struct sl_received *received,
                  const struct sl_webhook_request *request, struct sl_heard *heard)
{
    unsigned char sum[SL_SHA256_SIZE];
    char digest[2 * SL_SHA256_SIZE + 1];
    struct sl_inbound inbound = {
        .arena = arena,
        .url = received ? url_of(owners->service, received, arena) : "",
        .proven = !received,
        .settings = &owner->settings,
        .method = request->method,
        .query = request->query,
        .content_type = request->content_type,
        .body = request->body,
        .n_body = request->n_body,
        .digest = digest,
        .now_ms = request->received_at,
    };

    sl_sha256(request->body, request->n_body, sum);
    sl_hex(sum, DIGEST_DIGITS / 2, digest);
    if (received)
        add_headers(&inbound, hook, received);
    *heard = (struct sl_heard){ 0 };
    hook->hear(&inbound, heard);
}

/* ---- Whose it is ------------------------------------------------------------------------------ */

static bool has_word(const char *words, const char *word)
{
    size_t n = strlen(word);

    for (const char *at = words; *at; at += strspn(at, " ")) {
        size_t n_at = strcspn(at, " ");

        if (n_at == n && strncmp(at, word, n) == 0)
            return true;
        at += n_at;
    }
    return false;
}

/* Returns 0 to go on, 1 if it is answered, or -1. */
static int find_owner(struct reception *reception, struct sl_err *err)
{
    const struct sl_received *received = reception->received;
    int found;

    if (!has_word("GET HEAD POST", received->method)) {
        reception->received->allow = "GET, HEAD, POST";
        return inbound_refuse_stranger(reception, 405, "a method that no address takes", err);
    }
    if (!route_read(reception->arena, received->path, &reception->route))
        return inbound_refuse_stranger(reception, 404, "there is no such path", err);
    if (!reception->route.token)
        return inbound_refuse_stranger(reception, 404,
                                       "the path has no token, and nothing is signed", err);
    found = owner_of_route(reception, err);
    if (found < 0)
        return -1;
    return found > 0
               ? 0
               : inbound_refuse_stranger(reception, 404, "nobody has the token of its path", err);
}

/* ---- Whether it may be heard -------------------------------------------------------------------- */

static bool is_allowed_from(const struct reception *reception)
{
    const char *cidrs = owner_setting(reception->owner, "callback_cidrs");
    struct sl_ip ip;

    if (!cidrs || !*cidrs)
        return true;
    return reception->received->ip_address && sl_ip_parse(&ip, reception->received->ip_address) &&
           sl_cidrs_have(cidrs, &ip);
}

/* One that does not say what its body is may be what it should. */
static bool has_body_type(const struct sl_hook *hook, const char *content_type)
{
    size_t n = strcspn(content_type, "; \t");

    return !hook->body_type || n == 0 ||
           (n == strlen(hook->body_type) && strncasecmp(content_type, hook->body_type, n) == 0);
}

static const char *allow_of(const struct reception *reception)
{
    struct sl_buf allow = sl_buf_new(reception->arena);

    for (const char *at = reception->route.hook->methods; *at; at++)
        sl_buf_text(&allow, *at == ' ' ? ", " : (char[]){ *at, '\0' });
    return allow.data;
}

static int forged_status(const struct reception *reception)
{
    if (reception->heard.reply.status)
        return reception->heard.reply.status;
    return reception->route.hook->forged_status ? reception->route.hook->forged_status : 403;
}

/* Likewise. */
static int hear(struct reception *reception, struct sl_err *err)
{
    struct sl_received *received = reception->received;
    const struct sl_hook *hook = reception->route.hook;

    if (!has_word(hook->methods, received->method)) {
        received->allow = allow_of(reception);
        return inbound_refuse(reception, 405, "a method that this address does not take", err);
    }
    if (!is_allowed_from(reception))
        return inbound_refuse(reception, 403,
                              "it came from an address that callback_cidrs does not have", err);
    if (received->too_large)
        return inbound_refuse(reception, 413, "its body is longer than 4 MiB", err);
    if (!has_body_type(hook, received->content_type))
        return inbound_refuse(reception, 415,
                              sl_arena_printf(reception->arena, "its Content-Type is not %s",
                                              hook->body_type),
                              err);
    reception->request = (struct sl_webhook_request){
        .webhook_id = reception->queue_id ? 0 : reception->owner->endpoint.id,
        .school_id = reception->school_id,
        .provider_id = reception->provider_id,
        .queue_id = reception->queue_id,
        .hook = hook->word,
        .method = received->method,
        .query = received->query,
        .content_type = received->content_type,
        .body = received->body,
        .n_body = received->n_body,
        .ip_address = received->ip_address,
        .received_at = reception->inbox->now_ms,
    };
    inbound_hear(&reception->inbox->owners, reception->arena, reception->owner, hook, received,
                 &reception->request, &reception->heard);
    if (reception->heard.proof == SL_FORGED)
        return inbound_refuse(reception, forged_status(reception),
                              reception->heard.why ? reception->heard.why : "not proven", err);
    return reception->heard.proof == SL_PROVEN ? 0 : inbound_answer_malformed(reception, err);
}

/* ---- Storing ------------------------------------------------------------------------------------ */

static int take(struct reception *reception, struct sl_err *err)
{
    const struct sl_hook *hook = reception->route.hook;
    int stored;

    if (!reception->queue_id)
        reception->owner->n_received++;
    reception->received->reply = reception->refused              ? hook->refused
                                 : reception->heard.reply.status ? reception->heard.reply
                                                                 : hook->taken;
    if (hook->routed_by && inbound_share(reception, err) < 0)
        return -1;
    stored = inbound_store(reception, err);
    if (stored != 0)
        return stored < 0 ? -1 : 0;
    return inbound_answer(reception, reception->received->reply, NULL, err);
}

static int receive(struct reception *reception, struct sl_err *err)
{
    int status = find_owner(reception, err);

    if (status == 0)
        status = hear(reception, err);
    if (status == 0)
        status = inbound_validate(reception, err);
    if (status == 0)
        status = take(reception, err);
    return status;
}

int sl_inbound_receive(struct sl_inbox *inbox, struct sl_received *received, struct sl_err *err)
{
    struct reception reception = { .inbox = inbox, .received = received, .arena = received->arena };
    int status = receive(&reception, err);

    if (status >= 0)
        return 0;
    if (err->code != SL_ERR_CONFIG)
        return -1;
    received->retry_after_s = RETRY_S; /* its secret does not open: only this one suffers */
    return inbound_refuse(&reception, 503, err->text, err) < 0 ? -1 : 0;
}

/* ---- Groups -------------------------------------------------------------------------------------- */

struct sl_inbox *sl_inbox_new(struct sl_service *service)
{
    struct sl_inbox *inbox = calloc(1, sizeof *inbox);

    if (!inbox)
        sl_out_of_memory();
    inbox->service = service;
    inbox->owners = (struct owners){ .service = service, .arena = sl_arena_new() };
    return inbox;
}

void sl_inbox_free(struct sl_inbox **inbox)
{
    if (!*inbox)
        return;
    sl_inbox_abandon(*inbox);
    sl_arena_free(&(*inbox)->owners.arena);
    free(*inbox);
    *inbox = NULL;
}

/* Settings are true for one transaction. */
static void forget_owners(struct sl_inbox *inbox)
{
    inbox->owners.first = NULL;
    sl_arena_reset(inbox->owners.arena);
}

int sl_inbox_begin(struct sl_inbox *inbox, struct sl_err *err)
{
    inbox->now_ms = sl_now_ms();
    return sl_tx_begin(&inbox->tx, inbox->service->db, err);
}

int sl_inbox_commit(struct sl_inbox *inbox, struct sl_err *err)
{
    for (struct owner *owner = inbox->owners.first; owner; owner = owner->next)
        if (owner->n_received > 0 && sl_webhooks_count(inbox->service->db, owner->endpoint.id,
                                                       owner->n_received, inbox->now_ms, err) < 0)
            return -1;
    if (sl_tx_commit(&inbox->tx, err) < 0)
        return -1;
    forget_owners(inbox);
    return 0;
}

void sl_inbox_abandon(struct sl_inbox *inbox)
{
    sl_tx_end(&inbox->tx);
    forget_owners(inbox);
}

static int receive_group(struct sl_inbox *inbox, struct sl_received *const *received, size_t n,
                         struct sl_err *err)
{
    int status = sl_inbox_begin(inbox, err);

    for (size_t i = 0; status == 0 && i < n; i++) {
        received[i]->reply = (struct sl_reply){ 0 };
        received[i]->ask = received[i]->question = received[i]->allow = NULL;
        received[i]->retry_after_s = 0;
        status = sl_inbound_receive(inbox, received[i], err);
    }
    if (status == 0)
        status = sl_inbox_commit(inbox, err);
    if (status < 0)
        sl_inbox_abandon(inbox);
    return status;
}

/* Nothing of it is stored: the provider is to try again. */
static void put_off(struct sl_received *received)
{
    received->reply = (struct sl_reply){ .status = 503, .body = "" };
    received->retry_after_s = RETRY_S;
    received->ask = NULL;
}

/* Where the database itself is the trouble one by one would be no better. */
static bool is_shared_trouble(const struct sl_err *err)
{
    return err->code == SL_ERR_UNAVAILABLE || err->code == SL_ERR_IO || err->code == SL_ERR_CONFIG;
}

static int receive_some(struct sl_inbox *inbox, struct sl_received *const *received, size_t n,
                        struct sl_err *err)
{
    int status = receive_group(inbox, received, n, err);

    if (status == 0)
        return 0;
    for (size_t i = 0; i < n; i++)
        if (n == 1 || is_shared_trouble(err) || receive_group(inbox, &received[i], 1, err) < 0)
            put_off(received[i]);
    return -1;
}

int sl_inbound_receive_all(struct sl_inbox *inbox, struct sl_received *const *received, size_t n,
                           struct sl_err *err)
{
    int status = 0;

    for (size_t i = 0; i < n; i += ONE_COMMIT)
        if (receive_some(inbox, received + i, n - i < ONE_COMMIT ? n - i : (size_t)ONE_COMMIT,
                         err) < 0)
            status = -1;
    return status;
}
