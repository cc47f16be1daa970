/* What became of each row of a list, as CSV. */
#include "lib/base/text.h"
#include "lib/service/bulk.h"

int sl_bulk_report_header(FILE *out, const struct sl_channel *channel)
{
    const char *const columns[SL_REPORT_COLUMNS] = {
        "line",     channel->address, "to",       "status", "id", "external_reference",
        "segments", "cost",           "currency", "error",
    };

    return sl_csv_write(out, columns, SL_REPORT_COLUMNS);
}

static int write_message(FILE *out, const struct sl_message *message, enum sl_bulk_ids ids,
                         struct sl_arena *arena)
{
    const char *fields[SL_REPORT_COLUMNS] = {
        sl_arena_printf(arena, "%lld", (long long)message->line),
        message->address_given,
        message->address,
        message->status,
        ids == SL_WITH_IDS
            ? sl_arena_printf(arena, "%s-%lld", message->batch, (long long)message->line)
            : NULL,
        message->external_reference ? sl_without_controls(arena, message->external_reference)
                                    : NULL,
        message->segments ? sl_arena_printf(arena, "%lld", (long long)message->segments) : NULL,
        message->cost_text,
        message->currency,
        message->error ? sl_without_controls(arena, message->error) : NULL,
    };

    return sl_csv_write(out, fields, SL_REPORT_COLUMNS);
}

int sl_bulk_report(struct sl_service *service, const struct sl_channel *channel, int64_t batch_id,
                   enum sl_bulk_ids ids, FILE *out, const char *name, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    struct sl_message message;
    int more;

    if (sl_bulk_report_header(out, channel) < 0)
        return sl_err_set(err, SL_ERR_IO, "%s: %m", name);
    if (sl_messages_list(&rows, service->db, batch_id, 0, err) < 0)
        return -1;
    while ((more = sl_messages_next(&rows, &message, err)) > 0) {
        if (write_message(out, &message, ids, arena) < 0)
            return sl_err_set(err, SL_ERR_IO, "%s: %m", name);
        sl_arena_reset(arena);
    }
    return more;
}
