/* How requests, answers and callbacks are shown in the log: JSON, with the secrets and the
 * numbers of people masked, whatever came from outside.
 *
 * Masked as "••••" is what the adapter's table of wire fields names a secret, or one of a few
 * names that are secrets everywhere (Authorization, access_token …); and, wherever it stands,
 * what equals one of the account's secrets or its token (of six bytes or more: also as part of
 * a text). Phones are masked by name, and by shape (lib/service/mask_text.h). Of an array the
 * first twenty elements are shown, of an object or form the first two hundred members, of a
 * text the first 2,000 characters.
 *
 * What is shown is always JSON that SQLite takes, and UTF-8. */
#ifndef SL_SERVICE_MASK_H
#define SL_SERVICE_MASK_H

#include "lib/adapter/adapter.h"

enum { SL_MASK_ELEMENTS = 20, SL_MASK_MEMBERS = 200, SL_MASK_CHARACTERS = 2000 };

struct sl_mask {
    struct sl_arena *arena;
    const struct sl_wire_field *fields;
    size_t n_fields;
    struct sl_needle {
        const char *text;
        size_t n;
    } * needles; /* n_needles of them; the longest has n_longest bytes */
    size_t n_needles, n_longest;
};

/* What it borrows must live as long as it does. `token` may be NULL. */
struct sl_mask sl_mask_new(struct sl_arena *arena, const struct sl_wire_field *fields,
                           size_t n_fields);
void sl_mask_secrets(struct sl_mask *mask, const char *const *secrets, size_t n_secrets,
                     const char *token);

/* How a value of that name is shown. */
enum sl_mask_as { SL_AS_IS, SL_AS_SECRET, SL_AS_PHONE, SL_AS_PHONES, SL_AS_ID };
enum sl_mask_as sl_mask_named(const struct sl_mask *mask, const char *name, size_t n);

/* Whether a text that is not named anything is shown as it is. */
bool sl_mask_plain(const struct sl_mask *mask, const char *text, size_t n);
/* The text as it is shown, in the mask's arena. The text is UTF-8, here and below. */
struct sl_buf sl_mask_text(const struct sl_mask *mask, enum sl_mask_as as, const char *text,
                           size_t n);

/* ---- Each appends one JSON value to *out ----------------------------------------------- */

void sl_mask_quote(struct sl_buf *out, const struct sl_mask *mask, enum sl_mask_as as,
                   const char *text, size_t n);
/* A header's; any bytes. `name` NULL: it has none. */
void sl_mask_value(struct sl_buf *out, const struct sl_mask *mask, const char *name,
                   const char *value);
void sl_mask_url(struct sl_buf *out, const struct sl_mask *mask, const char *base,
                 const char *path);
void sl_mask_body(struct sl_buf *out, const struct sl_mask *mask, const char *content_type,
                  const char *body, size_t n);

/* False, and *out as before, if the bytes, which are UTF-8, are not one JSON value, or nest
 * deeper than 32. */
bool sl_mask_json(struct sl_buf *out, const struct sl_mask *mask, const char *bytes, size_t n);

/* An application/x-www-form-urlencoded body, as an object; names that stand twice do so there.
 * False, and *out as before, if it has no '=' or bytes that such a form does not. */
bool sl_mask_form(struct sl_buf *out, const struct sl_mask *mask, const char *bytes, size_t n);

#endif
