#include "lib/adapter/listing.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/text.h"

struct json_object *sl_listing_object(const char *key, int64_t size, const char *type,
                                      int64_t modified_ms)
{
    struct json_object *record = sl_json_new_object();

    sl_json_put_text(record, "key", key);
    if (size >= 0)
        sl_json_put_int(record, "size", size);
    if (type)
        sl_json_put_text(record, "type", type);
    if (modified_ms > 0)
        sl_json_put_int(record, "modified_at", modified_ms);
    return record;
}

void sl_listing_checksum(struct json_object *record, const char *kind, const char *digest)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();

    sl_json_put_text(record, "checksum", sl_arena_printf(arena, "%s:%s", kind, digest));
}

void sl_listing_add(struct sl_result *result, struct json_object *record)
{
    if (!result->rows)
        result->rows = sl_json_new_array();
    sl_json_append(result->rows, record);
}

const char *sl_listing_path(struct sl_arena *arena, const char *key)
{
    struct sl_buf path = sl_buf_new(arena);

    for (; *key; key++) {
        unsigned char byte = (unsigned char)*key;

        if ((byte < 0x80 && isalnum(byte)) || strchr("-_.~/", byte))
            sl_buf_add(&path, key, 1);
        else
            sl_buf_printf(&path, "%%%02X", byte);
    }
    return path.data;
}
