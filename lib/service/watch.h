/* What will go wrong if nobody looks: found before it does, and told once, as is its end.
 *
 * queue        the oldest item is overdue by alert_age_minutes (lib/service/settings.h)
 * password     the provider ends it soon (sl_field.ends_days)
 * certificate  it ends soon, or has ended (sl_field.certificate; what sl_watch_certificate() noted)
 * balance      less is left at the provider than the setting low_balance says; it is asked for every
 *              six hours where that is set
 * key          the active key that seals is older than a year */
#ifndef SL_SERVICE_WATCH_H
#define SL_SERVICE_WATCH_H

#include "lib/service/service.h"
#include "lib/service/tell.h"

/* All that is so now; *findings is in the arena. It opens every school's settings, so it needs all
 * keys; settings that do not open are not looked at. Changes and sends nothing. */
int sl_watch_look(struct sl_service *service, struct sl_arena *arena, int64_t now_ms,
                  const struct sl_attention **findings, size_t *n, struct sl_err *err);

/* Looks, tells what is new and what is over, and queues the questions about balances: at most once a
 * minute, whoever calls it. */
int sl_watch(struct sl_service *service, int64_t now_ms, struct sl_err *err);

/* Notes what sl-webhook shows to its callers, PEM; NULL: nothing. From then on that is what is looked
 * at. */
int sl_watch_certificate(struct sl_service *service, const char *pem, struct sl_err *err);

#endif
