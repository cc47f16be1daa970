#include "lib/service/optout.h"

#include "lib/service/tell.h"

int sl_optout_add(struct sl_service *service, int64_t school_id, const char *channel,
                  const struct sl_optout *optout, struct sl_err *err)
{
    int added = sl_optouts_add(service->db, school_id, channel, optout->address, optout->source,
                               optout->since, err);

    if (added > 0 && sl_tell_optout(service, school_id, channel, optout, optout->since, err) < 0)
        return -1;
    return added;
}
