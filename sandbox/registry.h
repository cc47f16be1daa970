/* The contract of a simulated provider, and the table of all.
 *
 * To add one: sandbox/CODE.c with one `const struct sl_simulator`, and its line in
 * registry.c. All that lasts longer than a visit is in the state that open() returns. */
#ifndef SL_SANDBOX_REGISTRY_H
#define SL_SANDBOX_REGISTRY_H

#include <json-c/json.h>

#include "sandbox/visit.h"

struct sl_simulator {
    const char *code;
    size_t most_body;               /* bytes; above, too_large() answers. 0: a megabyte */
    bool (*owns)(const char *path); /* the path is this provider's, whether it exists or not */
    void *(*open)(void);
    void (*close)(void *state);
    void (*reset)(void *state);
    void (*answer)(struct sl_visit *visit);
    void (*too_large)(struct sl_visit *visit); /* NULL: 413 without a text */
    /* POST /_sandbox/callbacks/CODE and /_sandbox/fire/CODE; NULL: there are none. They
     * return what is wrong with `doc`, or NULL when it is done. */
    const char *(*set_callbacks)(struct sl_visit *visit, struct json_object *doc);
    const char *(*fire)(struct sl_visit *visit, struct json_object *doc);
};

extern const struct sl_simulator sl_sim_africastalking;
extern const struct sl_simulator sl_sim_gdrive;
extern const struct sl_simulator sl_sim_hook;
extern const struct sl_simulator sl_sim_mpesa;
extern const struct sl_simulator sl_sim_s3;
extern const struct sl_simulator sl_sim_twilio;
extern const struct sl_simulator sl_sim_whatsapp;
extern const struct sl_simulator sl_sim_flutterwave;
extern const struct sl_simulator sl_sim_pesapal;
extern const struct sl_simulator sl_sim_google;
extern const struct sl_simulator sl_sim_fcm;
extern const struct sl_simulator sl_sim_apns;
extern const struct sl_simulator sl_sim_sendgrid;
extern const struct sl_simulator sl_sim_mailgun;
extern const struct sl_simulator sl_sim_smtp;
extern const struct sl_simulator sl_sim_moodle;

extern const struct sl_simulator *const sl_simulators[];
extern const size_t sl_n_simulators;

/* -1 if there is none of that code. */
int sl_simulator_find(const char *code);

/* Which of them answers: by a first part "/CODE", which *path is then moved behind, or by
 * the path itself. -1: nobody. */
int sl_simulator_of(const char **path);

#endif
