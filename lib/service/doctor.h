/* Everything that can be wrong with an installation, each with its cure. */
#ifndef SL_SERVICE_DOCTOR_H
#define SL_SERVICE_DOCTOR_H

#include "lib/service/service.h"

struct sl_checked {
    const char *what; /* "key ring" */
    bool good;
    const char *found; /* what is so, or what is wrong */
    const char *cure;  /* NULL where it is good */
};

/* Looks at all of it, as far as one thing does not hide the next; it changes and sends nothing.
 * *checks is in the arena; returns how many there are. */
size_t sl_doctor(struct sl_arena *arena, const struct sl_service_options *options,
                 const struct sl_checked **checks);

#endif
