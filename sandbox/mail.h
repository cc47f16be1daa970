/* What simulated providers of mail share. */
#ifndef SL_SANDBOX_MAIL_H
#define SL_SANDBOX_MAIL_H

#include <stdbool.h>

#include "sandbox/visit.h"

/* Local part, one @, a domain with a dot; and never of the domain "invalid" (RFC 2606), which stands
 * for what only the provider refuses. */
bool sl_mail_is_address(const char *address);

/* The address out of "Name <address>", in the arena. */
const char *sl_mail_address(struct sl_arena *arena, const char *box);

/* One recipient of one mail, recorded and counted. */
struct sl_mail_seen {
    const char *to, *subject, *text, *id;
    const char *files;      /* names with commas between; or NULL */
    const char *connection; /* its number, where mails come over one that stays; or NULL */
};
void sl_mail_take(struct sl_visit *visit, const struct sl_mail_seen *mail);

#endif
