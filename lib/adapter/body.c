#include "lib/adapter/body.h"

#include "lib/base/text.h"

void sl_body_json(struct sl_buf *body, const char *name, const char *json)
{
    if (!json)
        return;
    sl_buf_text(body, body->len > 0 ? "," : "{");
    sl_json_quote(body, name);
    sl_buf_text(body, ":");
    sl_buf_text(body, json);
}

void sl_body_text(struct sl_buf *body, const char *name, const char *value)
{
    if (!value)
        return;
    sl_body_json(body, name, "");
    sl_json_quote(body, value);
}

void sl_body_texts(struct sl_buf *body, const char *name, const char *const *values, size_t n)
{
    sl_body_json(body, name, "[");
    for (size_t i = 0; i < n; i++) {
        sl_buf_text(body, i > 0 ? "," : "");
        sl_json_quote(body, values[i]);
    }
    sl_buf_text(body, "]");
}

const char *sl_body_end(struct sl_buf *body)
{
    sl_buf_text(body, body->len > 0 ? "}" : "{}");
    return body->data;
}

void sl_request_json(struct sl_request *request, struct sl_buf *body)
{
    sl_request_header(request, "Content-Type", "application/json");
    request->body = sl_body_end(body);
    request->n_body = body->len;
}

const char *sl_body_amount(struct sl_arena *arena, int64_t amount_minor)
{
    return sl_print_decimal(arena, amount_minor, 2, 0);
}
