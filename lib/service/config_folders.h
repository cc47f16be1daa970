/* Folders of this machine that settings name: each is one school's alone. */
#ifndef SL_SERVICE_CONFIG_FOLDERS_H
#define SL_SERVICE_CONFIG_FOLDERS_H

#include "lib/service/values.h"

/* Whether no folder (SL_FIELD_FOLDER) among these values of `row` is that of other settings, within
 * one of theirs, or around one. SL_ERR_DATA names the setting and whose folder it meets. Settings
 * that do not open are passed over. Inside a transaction of the caller's. */
int sl_config_check_folders(struct sl_service *service, struct sl_arena *arena,
                            const struct sl_config_row *row, const struct sl_values *values,
                            struct sl_err *err);

#endif
