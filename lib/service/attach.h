/* Files that messages carry. */
#ifndef SL_SERVICE_ATTACH_H
#define SL_SERVICE_ATTACH_H

#include "lib/adapter/inputs.h"
#include "lib/service/service.h"

/* A file of this machine, copied into the spool (lib/service/spool.h) or, for a dry run, only looked
 * at. Its type is by the end of its name, which is what the recipient sees. SL_ERR_DATA if it cannot
 * be read, is no file, or has more than 100 MiB. Not inside a transaction. */
enum sl_attach { SL_ATTACH_COPY, SL_ATTACH_LOOK };
int sl_attach(struct sl_service *service, struct sl_arena *arena, const char *path,
              enum sl_attach how, struct sl_file *file, struct sl_err *err);

#endif
