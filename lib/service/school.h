/* Schools, as people make and change them: checked, and written into the audit trail. */
#ifndef SL_SERVICE_SCHOOL_H
#define SL_SERVICE_SCHOOL_H

#include "lib/service/service.h"
#include "lib/store/schools.h"

/* SL_ERR_DATA names the member that is not as lib/store/schools.h says, and what would be right. */
int sl_school_check(const struct sl_school *school, struct sl_err *err);

/* Both check. `id` and times of *school are not looked at by the first, and all but code, id and
 * created_at are written by the second. */
int sl_school_add(struct sl_service *service, const struct sl_school *school, struct sl_err *err);
int sl_school_edit(struct sl_service *service, const struct sl_school *school, struct sl_err *err);

/* Whether anything may be sent for it: 0, or SL_ERR_CONFIG and the line that opens it. */
int sl_school_open(const struct sl_school *school, struct sl_err *err);

#endif
