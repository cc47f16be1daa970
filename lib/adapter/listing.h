/* Records of stored objects, as adapters make them (struct sl_storage_ask tells the fields). */
#ifndef SL_ADAPTER_LISTING_H
#define SL_ADAPTER_LISTING_H

#include "lib/adapter/adapter.h"

/* A record: size -1, type NULL and modified_ms 0 stand for what is not known. The caller owns it
 * until it is added. Copies its texts, as all below do. */
struct json_object *sl_listing_object(const char *key, int64_t size, const char *type,
                                      int64_t modified_ms);

/* "sha256:2cf2…" */
void sl_listing_checksum(struct json_object *record, const char *kind, const char *digest);

/* Adds it to the result's rows, which owns it from then on. */
void sl_listing_add(struct sl_result *result, struct json_object *record);

/* A key as the path of a URL: every byte but the unreserved ones of RFC 3986, section 2.3, and '/'
 * percent-encoded, in upper case. In the arena. */
const char *sl_listing_path(struct sl_arena *arena, const char *key);

#endif
