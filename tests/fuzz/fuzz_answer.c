/* Any bytes as any provider's answer: no crash, no leak, nothing out of range. The first four
 * bytes pick the adapter, its operation, how the exchange ended and its status, so that one
 * corpus serves all. */
#include <stdlib.h>
#include <string.h>

#include "lib/adapter/adapter.h"
#include "lib/base/crypto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEAD = 4, MOST_FIELDS = 64 };

static const int statuses[] = { 200, 201, 400, 401, 403, 404, 409, 413, 429, 500, 503, 302 };

/* The grant's step counts as the one behind those of the operations. */
static const struct sl_step *pick(const struct sl_adapter *adapter, unsigned char byte,
                                  enum sl_input_kind *input)
{
    size_t which = byte % (adapter->n_ops + 1);

    *input = SL_INPUT_NONE;
    if (which == adapter->n_ops && adapter->grant)
        return &adapter->grant->step;
    which %= adapter->n_ops;
    *input = adapter->ops[which].input;
    return &adapter->ops[which].steps[byte / 16 % adapter->ops[which].n_steps];
}

static union sl_input sample(enum sl_input_kind kind)
{
    static const char *const to[] = { "+254711000001", "+254733000002", "+254110000003" };
    static const struct sl_sms_send sms = { NULL, "Habari", to, 3 };
    static const struct sl_payment_ask payment = { .phone = "+254711000001",
                                                   .amount_minor = 150000,
                                                   .currency = "KES",
                                                   .reference = "ADM1024",
                                                   .description = "School fees",
                                                   .external = "ws_CO_1" };
    static const struct sl_refund_ask refund = { "NLJ7RT61SV", NULL,   150000,   150000,
                                                 "KES",        "Paid", "ADM1024" };
    static const struct sl_c2b_pay c2b = { "+254711000001", 150000, "ADM1024" };
    static const struct sl_file file = {
        .name = "a.pdf", .type = "application/pdf", .size = 9, .sha256 = "00"
    };
    static const struct sl_whatsapp_media media = { .file = &file };
    static const struct sl_whatsapp_send message = { .to = "+254711000001", .media = &media };
    static const struct sl_push_send push = {
        .title = "Fees", .to = "aa01", .topic = "all", .ttl_s = -1, .badge = -1
    };

    static const struct sl_email_recipient recipient = { .box.address = "p1@example.test",
                                                         .id = "01K-1" };
    static const struct sl_email_send email = {
        .subject = "Fees", .text = "Habari", .recipients = &recipient, .n_recipients = 1
    };
    static const struct sl_message_asked one = { "01K-1", "p1@example.test", NULL };
    static const struct sl_messages_ask asked = { .text = "", .messages = &one, .n_messages = 1 };
    static const char *const values[] = { "jane.w" };
    static const struct sl_lms_user user = { "4", "jane.w", "Jane", "W", "j@school.test", "1" };
    static const struct sl_lms_group group = { "1 East", "1E" };
    static const struct sl_lms_ask lms = { .field = "username",
                                           .values = values,
                                           .n_values = 1,
                                           .course = "2",
                                           .text = "",
                                           .group = "1",
                                           .users = &user,
                                           .n_users = 1,
                                           .groups = &group,
                                           .n_groups = 1 };

    static const struct sl_file file = { "/spool/1", "a.pdf", "application/pdf", 3, "00" };
    static const char *const keys[] = { "a.pdf" };
    static const struct sl_storage_ask storage = {
        .key = "a.pdf", .keys = keys, .n_keys = 1, .file = &file, .expires_s = 60
    };

    switch (kind) {
    case SL_INPUT_STORAGE: return (union sl_input){ .storage = &storage };
    case SL_INPUT_LMS: return (union sl_input){ .lms = &lms };
    case SL_INPUT_EMAIL: return (union sl_input){ .email = &email };
    case SL_INPUT_MESSAGES: return (union sl_input){ .asked = &asked };
    case SL_INPUT_WHATSAPP: return (union sl_input){ .whatsapp = &message };
    case SL_INPUT_PUSH: return (union sl_input){ .push = &push };
    case SL_INPUT_SMS: return (union sl_input){ .sms = &sms };
    case SL_INPUT_PAYMENT: return (union sl_input){ .payment = &payment };
    case SL_INPUT_REFUND: return (union sl_input){ .refund = &refund };
    case SL_INPUT_C2B: return (union sl_input){ .c2b = &c2b };
    case SL_INPUT_NONE: break;
    }
    return (union sl_input){ NULL };
}

static void expect(const struct sl_result *result, size_t n_items)
{
    if (result->n_items != n_items || result->n_findings > SL_MOST_FINDINGS ||
        result->payment.state > SL_PAY_UNKNOWN)
        abort();
    for (size_t i = 0; i < n_items; i++)
        if (result->items[i].verdict > SL_ABSENT || result->items[i].concerns > SL_ACCOUNT ||
            result->items[i].cure > SL_HALVE || result->items[i].after_ms < 0 ||
            (result->items[i].text && strlen(result->items[i].text) > 100000))
            abort();
}

/* From memory that ends right behind the body's NUL. */
static void read_answer(const struct sl_step *step, const struct sl_call *call, const uint8_t *data,
                        size_t size, size_t n_items)
{
    struct sl_outcome items[3] = { { 0 } };
    struct sl_result result = { .items = items, .n_items = n_items };
    char *body = malloc(size - HEAD + 1);
    struct sl_exchange exchange = {
        .reach = (enum sl_reach)(data[2] % 16 ? SL_ANSWERED : data[2] / 16 % 4),
        .status = statuses[data[3] % SL_COUNT(statuses)],
        .retry_after_ms = data[3] > 127 ? 7000 : -1,
        .content_type = data[3] % 2 ? "application/json" : "text/html",
        .body = body,
        .n_body = size - HEAD,
    };

    if (!body)
        abort();
    memcpy(body, data + HEAD, size - HEAD);
    body[size - HEAD] = '\0';
    step->parse(call, &exchange, &result);
    free(body);
    expect(&result, n_items);
    sl_json_free(&result.memory);
    sl_json_free(&result.rows);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    const char *values[MOST_FIELDS] = { NULL };
    struct sl_settings settings = { values, "production", NULL, "KE", "KES", "Greenhill Academy" };
    struct sl_call call = { .arena = arena, .settings = &settings, .token = "T", .id = "7K2M9QX4" };
    const struct sl_adapter *adapter;
    const struct sl_step *step;
    enum sl_input_kind input;
    size_t n_adapters = 0;

    sl_crypto_init();
    while (sl_adapters[n_adapters])
        n_adapters++;
    if (size < HEAD)
        return 0;
    adapter = sl_adapters[data[0] % n_adapters];
    step = pick(adapter, data[1], &input);
    for (size_t i = 0; i < adapter->n_fields && i < MOST_FIELDS; i++)
        values[i] = adapter->fields[i].otherwise  ? adapter->fields[i].otherwise
                    : adapter->fields[i].required ? "600000"
                                                  : NULL;
    call.in = sample(input);
    read_answer(step, &call, data, size, input == SL_INPUT_SMS ? 3 : 1);
    return 0;
}
