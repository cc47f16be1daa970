#include "lib/service/receipts.h"

#include <string.h>

#include "lib/base/text.h"
#include "lib/service/notice.h"
#include "lib/service/sms.h"
#include "lib/text/template.h"

static const char common_text[] = "{school} has received {currency} {amount} for {reference}. "
                                  "Receipt {receipt}. Thank you.";

static const char *const names[] = { "amount", "currency", "receipt", "reference",
                                     "payer",  "school",   "phone" };
static const struct sl_columns columns = { names, SL_COUNT(names) };

int sl_receipts_check(const char *text, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct sl_template *template;

    if (sl_template_compile(&template, arena, text, &columns, err) == 0)
        return 0;
    (void)sl_err_hint(err, "it may name {amount}, {currency}, {receipt}, {reference}, {payer},"
                           " {school} and {phone}; a brace is {{");
    return sl_err_context(err, "the receipt template");
}

int sl_receipts_text(struct sl_arena *arena, const struct sl_school *school,
                     const struct sl_payment *payment, const char **text, struct sl_err *err)
{
    const char *const fields[SL_COUNT(names)] = {
        sl_print_decimal(arena, payment->amount_minor, 2, 2),
        payment->currency,
        payment->receipt ? payment->receipt : "",
        payment->reference,
        payment->payer ? payment->payer : "",
        school->name,
        payment->phone ? payment->phone : "",
    };
    const char *source = school->receipt_template ? school->receipt_template : common_text;
    struct sl_buf out = sl_buf_new(arena);
    struct sl_template *template;

    if (sl_template_compile(&template, arena, source, &columns, err) < 0)
        return sl_err_context(err, "the receipt template of %s", school->code);
    sl_template_render(template, fields, &out);
    *text = out.data ? out.data : "";
    return 0;
}

static const char *key_of(struct sl_arena *arena, const struct sl_payment *payment)
{
    return sl_arena_printf(arena, "receipt:%s", payment->public_id);
}

int sl_receipts_sent(struct sl_service *service, struct sl_arena *arena,
                     const struct sl_payment *payment, struct sl_err *err)
{
    return sl_notice_sent(service, arena, &sl_sms_channel, payment->school_id,
                          key_of(arena, payment), err);
}

/* "+254712345678", and not "2547 ***** 126". */
static bool is_whole(const char *phone)
{
    return phone && *phone == '+' && strspn(phone + 1, "0123456789") == strlen(phone + 1);
}

int sl_receipts_send(struct sl_service *service, const struct sl_payment *payment, int64_t now_ms,
                     struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct sl_notice notice = { .channel = &sl_sms_channel,
                                .school_id = payment->school_id,
                                .key = key_of(arena, payment),
                                .address = payment->phone,
                                .text = "" };
    struct sl_school school;
    struct sl_err why;
    int status = sl_schools_get(service->db, arena, payment->school_id, &school, err);

    if (status <= 0 || !school.receipt_template || !payment->receipt || !is_whole(payment->phone))
        return status < 0 ? -1 : 0;
    if (sl_receipts_text(arena, &school, payment, &notice.text, &why) < 0)
        notice.refused = why.text;
    return sl_notice_send(service, &notice, now_ms, err);
}
