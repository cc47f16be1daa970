#include "lib/service/erased.h"

#include <inttypes.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/service/audit.h"

bool sl_erased_tells(const char *operation)
{
    return strcmp(operation, SL_FORGET_OPERATION) == 0 || strcmp(operation, SL_KEEP_OPERATION) == 0;
}

int sl_erased_record(struct sl_service *service, const char *operation, int64_t school_id,
                     const char *told, const int64_t *ids, int n, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct sl_buf erased = sl_buf_new(arena);
    struct sl_log log = {
        .school_id = school_id,
        .direction = "inbound",
        .operation = operation,
        .request_data = told,
        .status = "success",
        .duration_ms = -1,
        .actor = sl_audit_actor(arena),
        .created_at = sl_now_ms(),
    };

    sl_buf_text(&erased, "{\"erased\":[");
    for (int i = 0; i < n; i++)
        sl_buf_printf(&erased, "%s%" PRId64, i > 0 ? "," : "", ids[i]);
    sl_buf_text(&erased, "]}");
    log.response_data = erased.data;
    return sl_audit_add(service, &log, err);
}
