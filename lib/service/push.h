/* Notifications: one to some devices or to a topic, or a list with templates (lib/service/bulk.h
 * reads it). What is accepted here is in the database; sl_engine_run() sends it. */
#ifndef SL_SERVICE_PUSH_H
#define SL_SERVICE_PUSH_H

#include "lib/service/bulk.h"
#include "lib/service/send.h"
#include "lib/text/template.h"

/* What notifications of one command have in common: as struct sl_push_send, which says more. In a
 * list title, body and the values of data are templates. */
struct sl_push_options {
    const char *provider; /* code, or NULL: the school's primary */
    const char *key;      /* idempotency key, or NULL */
    const char *title, *body;
    const struct sl_pair *data;
    size_t n_data;
    const char *priority, *collapse, *sound, *image, *category, *thread;
    int64_t ttl_s, badge; /* -1: not said */
};

/* Looks at one notification to some devices, as the provider's adapter would build it, for
 * sl_send_record(): one that it would refuse refuses all (SL_ERR_DATA). */
int sl_push_prepare(struct sl_service *service, struct sl_arena *arena,
                    const struct sl_school *school, const struct sl_push_options *options,
                    const char *const *tokens, size_t n, struct sl_sending *sending,
                    struct sl_err *err);

/* The same to all who follow a topic. NULL: the setting default_topic. */
int sl_push_prepare_topic(struct sl_service *service, struct sl_arena *arena,
                          const struct sl_school *school, const struct sl_push_options *options,
                          const char *topic, struct sl_sending *sending, struct sl_err *err);

/* A list, one of whose columns holds tokens. */
struct sl_push_list {
    struct sl_push_options options; /* provider and key are the list's own matter */
    const char *token_column;       /* NULL: "token" */

    /* Made when the columns are known. */
    struct sl_template *title, *body, **data;
    const struct sl_account *account;
};

/* For sl_bulk_load(); the list is borrowed. */
struct sl_bulk_maker sl_push_maker(struct sl_push_list *list);

extern const struct sl_channel sl_push_channel;

#endif
