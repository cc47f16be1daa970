#include "sandbox/mail.h"

#include <string.h>
#include <strings.h>

#include "sandbox/seen.h"
#include "sandbox/sms.h"

bool sl_mail_is_address(const char *address)
{
    const char *at = strchr(address, '@'), *dot = at ? strrchr(at, '.') : NULL;

    return at && at > address && dot && dot > at + 1 && dot[1] && !strchr(at + 1, '@') &&
           !strpbrk(address, " <>,\r\n") && strcasecmp(dot + 1, "invalid") != 0;
}

const char *sl_mail_address(struct sl_arena *arena, const char *box)
{
    const char *open = strrchr(box, '<'), *close = open ? strchr(open, '>') : NULL;

    return close ? sl_arena_memdup(arena, open + 1, (size_t)(close - open - 1)) : box;
}

void sl_mail_take(struct sl_visit *visit, const struct sl_mail_seen *mail)
{
    static const struct sl_seen_kind kind = {
        .operation = "send", .names = { "to", "subject", "text", "id", "files", "connection" }
    };

    sl_seen_add(visit, &kind,
                (const char *const[]){ mail->to, mail->subject, mail->text, mail->id, mail->files,
                                       mail->connection });
    sl_sms_count(visit->box, mail->to,
                 sl_arena_printf(visit->arena, "%s\n%s", mail->subject, mail->text));
}
