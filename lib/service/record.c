#include "lib/service/record.h"

#include <inttypes.h>

#include "lib/base/clock.h"
#include "lib/base/json.h"
#include "lib/base/text.h"

static void add_name(struct sl_buf *out, const char *name)
{
    if (out->len > 0 && out->data[out->len - 1] != '{')
        sl_buf_text(out, ",");
    sl_json_quote(out, name);
    sl_buf_text(out, ":");
}

void sl_record_text(struct sl_buf *out, const char *name, const char *text)
{
    add_name(out, name);
    if (text)
        sl_json_quote(out, text);
    else
        sl_buf_text(out, "null");
}

void sl_record_time(struct sl_buf *out, const char *name, int64_t ms)
{
    char text[SL_TIME_SIZE];

    if (ms)
        sl_time_utc(ms, text);
    sl_record_text(out, name, ms ? text : NULL);
}

void sl_record_payment(struct sl_buf *out, const struct sl_payment *p)
{
    sl_buf_text(out, "{");
    sl_record_text(out, "id", p->public_id);
    sl_record_text(out, "provider", p->provider);
    sl_record_text(out, "status", p->status);
    sl_record_text(out, "amount", sl_print_decimal(out->arena, p->amount_minor, 2, 2));
    sl_record_text(out, "currency", p->currency);
    sl_record_text(out, "phone", p->phone);
    sl_record_text(out, "reference", p->reference);
    sl_record_text(out, "description", p->description);
    sl_record_text(out, "external_reference", p->external_reference);
    sl_record_text(out, "receipt", p->receipt);
    sl_record_text(out, "checkout_url", p->checkout_url);
    sl_record_text(out, "error", p->error);
    sl_record_time(out, "created_at", p->created_at);
    sl_record_time(out, "updated_at", p->updated_at);
    add_name(out, "meta");
    sl_buf_text(out, p->meta ? p->meta : "null");
    sl_record_text(out, "school", p->school);
    sl_record_text(out, "source", p->source);
    sl_record_text(out, "payer", p->payer);
    sl_record_text(out, "mismatch", p->mismatch);
    sl_buf_text(out, "}");
}

void sl_record_message(struct sl_buf *out, const struct sl_message *m)
{
    sl_buf_text(out, "{");
    sl_record_text(out, "id", sl_arena_printf(out->arena, "%s-%" PRId64, m->batch, m->line));
    sl_record_text(out, "batch", m->batch);
    sl_record_text(out, "to", m->address ? m->address : m->address_given);
    sl_record_text(out, "status", m->status);
    sl_record_text(out, "external_reference", m->external_reference);
    add_name(out, "segments");
    sl_buf_text(out, m->segments ? sl_arena_printf(out->arena, "%" PRId64, m->segments) : "null");
    sl_record_text(out, "cost", m->cost_text);
    sl_record_text(out, "currency", m->currency);
    sl_record_text(out, "error", m->error);
    sl_record_time(out, "created_at", m->created_at);
    sl_record_time(out, "updated_at", m->updated_at);
    sl_buf_text(out, "}");
}
