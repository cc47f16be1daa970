#include "lib/service/act.h"

#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/json.h"
#include "lib/service/audit.h"

int sl_act_record(struct sl_service *service, const struct sl_act *act, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    const struct sl_log log = {
        .school_id = act->school_id,
        .provider_id = act->provider_id,
        .direction = "inbound",
        .operation = act->operation,
        .reference_type = act->kind,
        .reference_id = act->id,
        .request_data = act->changes,
        .status = "success",
        .duration_ms = -1,
        .actor = sl_audit_actor(arena),
        .created_at = sl_now_ms(),
    };

    return sl_audit_add(service, &log, err);
}

static void add_text(struct sl_buf *out, const char *text)
{
    if (text)
        sl_json_quote(out, text);
    else
        sl_buf_text(out, "null");
}

bool sl_act_differs(const char *before, const char *after)
{
    return before != after && !(before && after && strcmp(before, after) == 0);
}

void sl_act_change(struct sl_buf *changes, const char *name, const char *before, const char *after)
{
    sl_buf_text(changes, changes->len > 0 ? "," : "{");
    sl_json_quote(changes, name);
    sl_buf_text(changes, ":{\"before\":");
    add_text(changes, before);
    sl_buf_text(changes, ",\"after\":");
    add_text(changes, after);
    sl_buf_text(changes, "}");
}

const char *sl_act_changes(struct sl_buf *changes)
{
    sl_buf_text(changes, changes->len > 0 ? "}" : "{}");
    return changes->data;
}
