/* Keys of stored objects: the same rules whatever stores them, so that files can be moved. */
#ifndef SL_TEXT_KEY_H
#define SL_TEXT_KEY_H

#include "lib/base/err.h"

/* SL_ERR_DATA, with the reason, for what is empty, longer than 1,024 bytes (S3's bound), not
 * UTF-8, begins or ends with '/', or has an empty part, one of more than 255 bytes (that of file
 * systems), "." or "..", one that begins with ".sl-", or a control character. */
int sl_key_check(const char *key, struct sl_err *err);

/* The same for what keys may begin with: "" and a '/' at the end are good too. */
int sl_key_check_prefix(const char *prefix, struct sl_err *err);

/* "application/pdf", by the end of a name; "application/octet-stream" if it is not known. */
const char *sl_media_type(const char *name);

#endif
