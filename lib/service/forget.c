#include "lib/service/forget.h"

#include <inttypes.h>
#include <string.h>

#include "lib/service/erased.h"
#include "lib/text/phone.h"

enum { CHUNK_ROWS = 200 };

static const char *without(struct sl_arena *arena, const char *text, char byte)
{
    char *copy = sl_arena_strdup(arena, text), *out = copy;

    for (; *text; text++)
        if (*text != byte)
            *out++ = *text;
    *out = '\0';
    return copy;
}

static struct sl_person person_of(struct sl_arena *arena, const struct sl_school *school,
                                  const char *e164, const unsigned char *phone_hash)
{
    const char *shown = sl_phone_national(arena, e164, school->country);
    struct sl_person person = { .school_id = school->id,
                                .phone_hash = phone_hash,
                                .international = e164 + 1,
                                .trunk = e164 + 1,
                                .national = e164 + 1 };

    if (*shown == '+') /* of another country: "+256 772 123 456", or as it is */
        return person;
    person.trunk = without(arena, shown, ' ');
    person.national = person.trunk + (*person.trunk == '0');
    return person;
}

/* Those behind *after_id, which moves. Returns how many rows, or -1. */
static int forget_chunk(struct sl_service *service, const struct sl_person *person,
                        int64_t *after_id, struct sl_err *err)
{
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };
    int64_t ids[CHUNK_ROWS];
    int n;

    if (sl_tx_begin(&tx, service->db, err) < 0)
        return -1;
    n = sl_forget_logs(service->db, person, *after_id, ids, CHUNK_ROWS, err);
    if (n <= 0)
        return n;
    if (sl_erased_record(service, SL_FORGET_OPERATION, person->school_id, NULL, ids, n, err) < 0 ||
        sl_tx_commit(&tx, err) < 0)
        return -1;
    *after_id = ids[n - 1];
    return n;
}

static int record_all(struct sl_service *service, const struct sl_person *person,
                      const struct sl_forgotten *forgotten, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };
    struct sl_buf told = sl_buf_new(arena);

    sl_buf_printf(&told, "{\"logs\":%" PRId64, forgotten->logs);
    for (enum sl_forget_kind kind = 0; kind < SL_FORGET_KINDS; kind++)
        sl_buf_printf(&told, ",\"%s\":%" PRId64, sl_forget_kind_name(kind),
                      forgotten->records[kind]);
    sl_buf_printf(&told, ",\"open\":%" PRId64 "}", forgotten->open);
    if (sl_tx_begin(&tx, service->db, err) < 0 ||
        sl_erased_record(service, SL_FORGET_OPERATION, person->school_id, told.data, NULL, 0, err) <
            0)
        return -1;
    return sl_tx_commit(&tx, err);
}

static int erase(struct sl_service *service, const struct sl_person *person,
                 struct sl_forgotten *forgotten, struct sl_err *err)
{
    int64_t after_id = 0;
    int n;

    while ((n = forget_chunk(service, person, &after_id, err)) > 0)
        forgotten->logs += n;
    if (n < 0 || sl_forget_records(service->db, person, forgotten->records, err) < 0 ||
        sl_forget_open(service->db, person, &forgotten->open, err) < 0)
        return -1;
    return record_all(service, person, forgotten, err);
}

int sl_forget(struct sl_service *service, const struct sl_school *school, const char *e164,
              struct sl_forgotten *forgotten, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    unsigned char phone_hash[SL_LOG_PHONE_SIZE];
    struct sl_person person = person_of(arena, school, e164, phone_hash);
    int compacted;

    *forgotten = (struct sl_forgotten){ 0 };
    sl_chain_phone(service->keyring, e164, phone_hash);
    if (erase(service, &person, forgotten, err) < 0)
        return -1;
    compacted = sl_forget_compact(service->db, err);
    forgotten->compacted = compacted > 0;
    return compacted < 0 ? -1 : 0;
}
