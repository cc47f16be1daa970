#include "sandbox/registry.h"

#include <string.h>

#include "sandbox/box.h"

/* clang-format off */
const struct sl_simulator *const sl_simulators[] = {
    &sl_sim_africastalking,
    &sl_sim_hook,
    &sl_sim_mpesa,
    &sl_sim_twilio,
    &sl_sim_google,
    &sl_sim_fcm,
    &sl_sim_apns,
    &sl_sim_flutterwave,
    &sl_sim_pesapal,
    &sl_sim_sendgrid,
    &sl_sim_mailgun,
    &sl_sim_smtp,
    &sl_sim_moodle,
    &sl_sim_gdrive,
    &sl_sim_s3,
    &sl_sim_whatsapp,
};
/* clang-format on */

const size_t sl_n_simulators = SL_COUNT(sl_simulators);

_Static_assert(SL_COUNT(sl_simulators) <= SL_MAX_SIMULATORS, "box.h has room for them all");

int sl_simulator_find(const char *code)
{
    for (size_t i = 0; i < sl_n_simulators; i++)
        if (strcmp(sl_simulators[i]->code, code) == 0)
            return (int)i;
    return -1;
}

/* M-Pesa's own paths begin with /mpesa: the rest decides which of the two is meant. */
int sl_simulator_of(const char **path)
{
    for (size_t i = 0; i < sl_n_simulators; i++) {
        size_t n = strlen(sl_simulators[i]->code);

        if (strncmp(*path + 1, sl_simulators[i]->code, n) == 0 && (*path)[n + 1] == '/' &&
            sl_simulators[i]->owns(*path + n + 1)) {
            *path += n + 1;
            return (int)i;
        }
    }
    for (size_t i = 0; i < sl_n_simulators; i++)
        if (sl_simulators[i]->owns(*path))
            return (int)i;
    return -1;
}
