/* What sync.c (roster, and what is there) and sync_plan.c (changes) share. Nobody else includes it. */
#ifndef SL_SERVICE_SYNC_PRIVATE_H
#define SL_SERVICE_SYNC_PRIVATE_H

#include "lib/service/sync.h"

/* Those that the roster calls so; NULL if it does not. */
struct sl_sync_person *sync_person(const struct sl_sync *sync, const char *username);
struct sl_sync_course *sync_course(const struct sl_sync *sync, const char *name);
struct sl_sync_group *sync_group(const struct sl_sync *sync, const char *name);

#endif
