#include "lib/service/audit.h"

#include <assert.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "lib/base/crypto.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "lib/service/mask.h"
#include "lib/service/mask_text.h"
#include "lib/transfer/pieces.h"

enum { SALT_BYTES = 16, ACTOR_CHARACTERS = 64 };

/* ---- Adding a row ------------------------------------------------------------------------ */

/* The last row as it is in this transaction: what an earlier one saw may have been rolled
 * back, or followed by another process's rows. */
static int read_end(struct sl_service *service, struct sl_err *err)
{
    struct sl_chain *chain = &service->chain;
    uint64_t tx = sl_db_tx_serial(service->db);

    if (!chain->scratch.arena)
        chain->scratch = sl_buf_new(service->arena);
    if (chain->tx == tx)
        return 0;
    if (sl_logs_last(service->db, &chain->last, err) < 0)
        return -1;
    chain->tx = tx;
    return 0;
}

static int compare_hashes(const void *a, const void *b)
{
    return memcmp(a, b, SL_LOG_PHONE_SIZE);
}

/* Sorted, none twice; returns how many. `hashes` has room for all. */
static size_t hash_phones(const struct sl_keyring *keyring, const struct sl_log *log,
                          unsigned char *hashes)
{
    size_t n = 0;

    for (size_t i = 0; i < log->n_phones; i++)
        sl_chain_phone(keyring, log->phones[i], hashes + i * SL_LOG_PHONE_SIZE);
    qsort(hashes, log->n_phones, SL_LOG_PHONE_SIZE, compare_hashes);
    for (size_t i = 0; i < log->n_phones; i++) {
        const unsigned char *hash = hashes + i * SL_LOG_PHONE_SIZE;

        if (n > 0 && compare_hashes(hash, hash - SL_LOG_PHONE_SIZE) == 0)
            continue;
        memmove(hashes + n++ * SL_LOG_PHONE_SIZE, hash, SL_LOG_PHONE_SIZE);
    }
    return n;
}

static void fill(struct sl_log_row *row, const struct sl_log *log)
{
    *row =
        (struct sl_log_row){ .cells = {
                                 [SL_LOG_SCHOOL_ID] = sl_log_number_or_null(log->school_id, 0),
                                 [SL_LOG_PROVIDER_ID] = sl_log_number_or_null(log->provider_id, 0),
                                 [SL_LOG_DIRECTION] = sl_log_text(log->direction),
                                 [SL_LOG_OPERATION] = sl_log_text(log->operation),
                                 [SL_LOG_REFERENCE_TYPE] = sl_log_text(log->reference_type),
                                 [SL_LOG_REFERENCE_ID] = sl_log_text(log->reference_id),
                                 [SL_LOG_REQUEST_DATA] = sl_log_text(log->request_data),
                                 [SL_LOG_RESPONSE_DATA] = sl_log_text(log->response_data),
                                 [SL_LOG_STATUS] = sl_log_text(log->status),
                                 [SL_LOG_STATUS_CODE] = sl_log_number_or_null(log->status_code, 0),
                                 [SL_LOG_DURATION_MS] = sl_log_number_or_null(log->duration_ms, -1),
                                 [SL_LOG_EXTERNAL_REFERENCE] = sl_log_text(log->external_reference),
                                 [SL_LOG_IP_ADDRESS] = sl_log_text(log->ip_address),
                                 [SL_LOG_CREATED_AT] = sl_log_number(log->created_at),
                                 [SL_LOG_ATTEMPT] = sl_log_number_or_null(log->attempt, 0),
                                 [SL_LOG_ACTOR] = sl_log_text(log->actor),
                             } };
}

/* What ties the row to the chain. */
struct tie {
    char salt[2 * SALT_BYTES + 1];
    char digest[SL_LOG_HASH_SIZE];
    struct sl_log_link link;
};

static void tie_row(struct sl_chain *chain, struct sl_log_row *row, const unsigned char *phones,
                    size_t n_phones, struct tie *tie)
{
    unsigned char salt[SALT_BYTES];

    sl_random(salt, sizeof salt);
    sl_hex(salt, sizeof salt, tie->salt);
    tie->link.id = chain->last.id + 1;
    row->cells[SL_LOG_ID] = sl_log_number(tie->link.id);
    row->cells[SL_LOG_SALT] = sl_log_text(tie->salt);
    sl_chain_body_digest(&chain->scratch, row, phones, n_phones, tie->digest);
    row->cells[SL_LOG_BODY_DIGEST] = sl_log_text(tie->digest);
    row->cells[SL_LOG_PREVIOUS_HASH] = sl_log_text(chain->last.hash);
    sl_chain_hash(&chain->scratch, row, tie->link.hash);
    row->cells[SL_LOG_HASH] = sl_log_text(tie->link.hash);
}

static int add_row(struct sl_service *service, struct sl_log_row *row, const unsigned char *phones,
                   size_t n_phones, struct sl_err *err)
{
    struct sl_chain *chain = &service->chain;
    struct tie tie;

    tie_row(chain, row, phones, n_phones, &tie);
    if (sl_logs_add(service->db, row, err) < 0)
        return sl_err_context(err, "audit trail");
    chain->last = tie.link;
    if (n_phones == 0)
        return 0;
    return sl_logs_add_phones(service->db, tie.link.id, phones, n_phones, err);
}

enum {
    FEW_PHONES = 8,
    SAME_DIGITS = 9, /* what all ways to write a number end with */
    MOST_DIGITS = 15 /* of one (E.164) */
};

/* Of digits that end with a number, the number: all, or its own end if more are in front. */
static const char *number_in(const char *digits, size_t *n)
{
    size_t before = *n > MOST_DIGITS ? *n - SAME_DIGITS : 0;

    *n -= before;
    return digits + before;
}

/* The run of digits in the reference that is one of the row's numbers, however it is written; NULL
 * if there is none. */
static const char *find_number(const struct sl_log *log, size_t *n)
{
    static const char digits[] = "0123456789";

    for (const char *at = log->external_reference + strcspn(log->external_reference, digits); *at;
         at += *n + strcspn(at + *n, digits)) {
        *n = strspn(at, digits);
        for (size_t i = 0; *n >= SAME_DIGITS && i < log->n_phones; i++) {
            size_t n_phone = strlen(log->phones[i]);

            if (n_phone > SAME_DIGITS &&
                memcmp(at + *n - SAME_DIGITS, log->phones[i] + n_phone - SAME_DIGITS,
                       SAME_DIGITS) == 0)
                return number_in(at, n);
        }
    }
    return NULL;
}

/* A reference stays in the chain when the person is forgotten: a number in it is never written. The
 * row is found by the keyed hash of its phone instead. */
static const char *reference_of(struct sl_arena *arena, const struct sl_log *log)
{
    struct sl_buf out = sl_buf_new(arena);
    size_t n = 0;
    const char *number = find_number(log, &n);

    if (!number) {
        sl_mask_id(&out, log->external_reference, strlen(log->external_reference));
        return out.data;
    }
    sl_buf_add(&out, log->external_reference, (size_t)(number - log->external_reference));
    sl_mask_phone(&out, number, n);
    sl_buf_text(&out, number + n);
    return out.data;
}

int sl_audit_add(struct sl_service *service, const struct sl_log *log, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = NULL;
    unsigned char few[FEW_PHONES * SL_LOG_PHONE_SIZE], *phones = few;
    bool referred = log->external_reference && log->n_phones > 0;
    struct sl_log_row row;
    size_t n_phones = 0;

    assert(sl_db_in_tx(service->db));
    assert(log->created_at > 0);
    assert(log->n_phones == 0 || service->keyring);
    if (read_end(service, err) < 0)
        return -1;
    if (log->error_message || referred || log->n_phones > FEW_PHONES)
        arena = sl_arena_new();
    if (log->n_phones > FEW_PHONES)
        phones = sl_arena_alloc(arena, log->n_phones, SL_LOG_PHONE_SIZE);
    if (log->n_phones > 0)
        n_phones = hash_phones(service->keyring, log, phones);
    fill(&row, log);
    if (log->error_message)
        row.cells[SL_LOG_ERROR_MESSAGE] =
            sl_log_text(sl_audit_mask_text(arena, log->error_message));
    if (referred)
        row.cells[SL_LOG_EXTERNAL_REFERENCE] = sl_log_text(reference_of(arena, log));
    return add_row(service, &row, phones, n_phones, err);
}

/* ---- Who acts ---------------------------------------------------------------------------- */

const char *sl_audit_actor(struct sl_arena *arena)
{
    const struct passwd *user = getpwuid(geteuid());
    const char *behind = geteuid() == 0 ? getenv("SUDO_USER") : NULL;
    const char *name = user ? sl_arena_strdup(arena, user->pw_name)
                            : sl_arena_printf(arena, "uid %u", (unsigned)geteuid());

    if (!behind || !*behind)
        return name;
    behind = sl_printable(arena, behind, strlen(behind), ACTOR_CHARACTERS);
    return sl_arena_printf(arena, "%s (%s)", name, behind);
}

/* ---- What is shown ----------------------------------------------------------------------- */

/* Masks for one adapter and, if there is an account, its secrets and its token. */
static struct sl_mask mask_of(struct sl_arena *arena, const struct sl_adapter *adapter,
                              const struct sl_account *account, const char *token)
{
    struct sl_mask mask = sl_mask_new(arena, adapter ? adapter->wire_fields : NULL,
                                      adapter ? adapter->n_wire_fields : 0);

    sl_mask_secrets(&mask, account ? account->secrets : NULL, account ? account->n_secrets : 0,
                    token);
    return mask;
}

static void add_name(struct sl_buf *out, const char *name)
{
    sl_buf_text(out, out->len > 1 ? ",\"" : "\"");
    sl_buf_text(out, name);
    sl_buf_text(out, "\":");
}

static void add_headers(struct sl_buf *out, const struct sl_mask *mask,
                        const struct sl_request *request)
{
    for (size_t i = 0; i < request->n_headers; i++) {
        const struct sl_pair *header = &request->headers[i];

        sl_buf_add(out, i > 0 ? "," : "{", 1);
        sl_json_quote(out, header->name);
        sl_buf_add(out, ":", 1);
        sl_mask_value(out, mask, header->name, header->value);
    }
    sl_buf_add(out, "}", 1);
}

static const char *content_type_of(const struct sl_request *request)
{
    if (request->program)
        return "application/json";
    for (size_t i = 0; i < request->n_headers; i++)
        if (strcasecmp(request->headers[i].name, "Content-Type") == 0)
            return request->headers[i].value;
    return "";
}

const char *sl_audit_request(struct sl_arena *arena, const struct sl_account *account,
                             const char *token, const struct sl_request *request)
{
    struct sl_mask mask = mask_of(arena, account ? account->adapter : NULL, account, token);
    struct sl_buf out = sl_buf_new(arena);

    if (!request->method && !request->program)
        return NULL;
    sl_buf_text(&out, "{");
    if (request->program) {
        add_name(&out, "program");
        sl_json_quote(&out, request->program);
    } else {
        add_name(&out, "method");
        sl_json_quote(&out, request->method);
        add_name(&out, "url");
        sl_mask_url(&out, &mask, request->base ? request->base : "",
                    request->path ? request->path : "");
    }
    if (request->n_headers > 0) {
        add_name(&out, "headers");
        add_headers(&out, &mask, request);
    }
    if (request->n_body > 0) {
        add_name(&out, "body");
        sl_mask_body(&out, &mask, content_type_of(request), request->body, request->n_body);
    }
    if (request->n_pieces > 0) { /* too long to be looked through */
        add_name(&out, "body_bytes");
        sl_buf_printf(&out, "%lld", (long long)sl_pieces_size(request->pieces, request->n_pieces));
    }
    sl_buf_text(&out, "}");
    return out.data;
}

static const char *const reaches[] = {
    [SL_NOT_SENT] = "not sent",
    [SL_SENT] = "sent",
    [SL_CUT] = "cut",
    [SL_ANSWERED] = "answered",
};

const char *sl_audit_answer(struct sl_arena *arena, const struct sl_account *account,
                            const char *token, const struct sl_exchange *exchange)
{
    struct sl_mask mask = mask_of(arena, account ? account->adapter : NULL, account, token);
    struct sl_buf out = sl_buf_new(arena);

    sl_buf_text(&out, "{");
    if (exchange->reach != SL_ANSWERED) {
        add_name(&out, "reach");
        sl_json_quote(&out, reaches[exchange->reach]);
    }
    if (exchange->transport) {
        add_name(&out, "transport");
        sl_mask_value(&out, &mask, NULL, exchange->transport);
    }
    if (exchange->too_large) {
        add_name(&out, "too_large");
        sl_buf_text(&out, "true");
    }
    if (exchange->n_body > 0) {
        add_name(&out, "body");
        sl_mask_body(&out, &mask, exchange->content_type, exchange->body, exchange->n_body);
    }
    sl_buf_text(&out, "}");
    return out.data;
}

const char *sl_audit_body(struct sl_arena *arena, const struct sl_adapter *adapter,
                          const char *content_type, const char *body, size_t n_body)
{
    struct sl_mask mask = mask_of(arena, adapter, NULL, NULL);
    struct sl_buf out = sl_buf_new(arena);

    sl_mask_body(&out, &mask, content_type ? content_type : "", body, n_body);
    return out.data;
}

const char *sl_audit_mask_text(struct sl_arena *arena, const char *text)
{
    struct sl_buf out;
    size_t n;

    if (!text)
        return NULL;
    n = strlen(text);
    if (!sl_mask_needed(text, n))
        return text;
    out = sl_buf_new(arena);
    sl_mask_phones(&out, text, n);
    return out.data;
}
