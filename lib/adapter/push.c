#include "lib/adapter/push.h"

#include <string.h>

bool sl_push_shown(const struct sl_push_send *push)
{
    return push->title || push->body;
}

void sl_push_aps(const struct sl_push_send *push, struct json_object *aps)
{
    sl_json_put_text(aps, "sound", push->sound);
    sl_json_put_text(aps, "category", push->category);
    sl_json_put_text(aps, "thread-id", push->thread);
    if (push->badge >= 0)
        sl_json_put_int(aps, "badge", push->badge);
    if (!sl_push_shown(push))
        sl_json_put_int(aps, "content-available", 1);
}

const char *sl_push_collapse(const struct sl_call *call)
{
    return call->in.push->collapse ? call->in.push->collapse : call->id;
}

int sl_push_body(const struct sl_call *call, struct json_object *doc, size_t most,
                 struct sl_request *request, struct sl_err *err)
{
    request->body = sl_json_print(call->arena, doc);
    request->n_body = strlen(request->body);
    if (request->n_body <= most)
        return 0;
    return sl_err_set(err, SL_ERR_DATA,
                      "the notification has %zu bytes with its data; %zu are taken",
                      request->n_body, most);
}

struct sl_outcome sl_push_unregistered(const char *code, const char *why)
{
    return (struct sl_outcome){
        .verdict = SL_PERMANENT, .learned = SL_DEAD_ADDRESS, .code = code, .text = why
    };
}
