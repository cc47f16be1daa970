/* Mail addresses from outside. Pure. */
#ifndef SL_BASE_EMAIL_H
#define SL_BASE_EMAIL_H

#include <stdbool.h>

#include "lib/base/arena.h"

/* Reads "jane@school.example" (RFC 5321, section 4.1.2, without quoted local parts), blanks around
 * it left out. Returns it with its domain lower-cased and in ASCII (A-labels, RFC 5891), in the
 * arena; or NULL, and *why says what is wrong with it. A local part may be UTF-8 (RFC 6531). */
const char *sl_email_read(struct sl_arena *arena, const char *text, const char **why);

/* The same with a name in front: "Wanjiru, Jane <jane@school.example>", the name in quotes or not.
 * *name is NULL where there is none. */
const char *sl_email_read_named(struct sl_arena *arena, const char *text, const char **name,
                                const char **why);

/* Whether an address has nothing but ASCII in it. */
bool sl_email_is_ascii(const char *address);

/* Of an address that was read. */
const char *sl_email_domain(const char *address);

#endif
