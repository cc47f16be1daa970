/* JSON: the few things we ask of json-c, so that nobody else handles its reference counts.
 *
 * Values reached through a document are borrowed from it. Every getter accepts a NULL
 * document and an absent path, because answers of providers are never trusted to be whole. */
#ifndef SL_BASE_JSON_H
#define SL_BASE_JSON_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/base/arena.h"

/* NULL if the bytes are not one JSON value, nest deeper than 32, or would need more than about 64 MiB as a
 * document. The caller owns it. Without memory for it the process ends: a text that is right is
 * never taken for one that is not. */
struct json_object *sl_json_parse(const char *bytes, size_t n);
void sl_json_free(struct json_object **doc); /* for SL_AUTO() */

/* `path` is member names joined by dots: "SMSMessageData.Recipients". */
struct json_object *sl_json_at(struct json_object *doc, const char *path);
const char *sl_json_text(struct json_object *doc, const char *path); /* NULL if absent */
int64_t sl_json_int(struct json_object *doc, const char *path, int64_t otherwise);
size_t sl_json_length(struct json_object *array); /* 0 if it is no array */

/* Text, whole number or decimal as text: providers write "0" and 0 for the same thing.
 * NULL if it is absent or anything else. A NUL in it becomes U+FFFD. */
const char *sl_json_word(struct sl_arena *arena, struct json_object *doc, const char *path);

/* New values, which the caller owns; never NULL. The text of a decimal is how it is written. */
struct json_object *sl_json_new_object(void);
struct json_object *sl_json_new_array(void);
struct json_object *sl_json_new_text(const char *text);
struct json_object *sl_json_new_int(int64_t number);
struct json_object *sl_json_new_bool(bool yes);
struct json_object *sl_json_new_decimal(double number, const char *written);

/* Adds a member; NULL text adds nothing. */
void sl_json_put_text(struct json_object *doc, const char *name, const char *text);
void sl_json_put_int(struct json_object *doc, const char *name, int64_t number);

/* Adds a member, or an element, which is the document's from then on; NULL is null. */
void sl_json_put(struct json_object *doc, const char *name, struct json_object *value);
void sl_json_append(struct json_object *array, struct json_object *value);

/* Adds an empty object as a member and returns it, borrowed. */
struct json_object *sl_json_put_object(struct json_object *doc, const char *name);

/* One line, slashes not escaped, in the arena. "null" for NULL. */
const char *sl_json_print(struct sl_arena *arena, struct json_object *doc);

/* "text" with quotes and escapes, appended. For JSON that is written rather than built. Control characters,
 * DEL and C1 among them, are escaped: it may be looked at on a terminal. */
void sl_json_quote(struct sl_buf *out, const char *text);

/* JSON as it is, appended, but for DEL and C1 in its strings, which are escaped. */
void sl_json_show(struct sl_buf *out, const char *json);

#endif
