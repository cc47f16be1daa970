/* What providers of mail share. */
#ifndef SL_ADAPTER_EMAIL_H
#define SL_ADAPTER_EMAIL_H

#include "lib/adapter/adapter.h"

/* A setting that holds an address, in the form that the wire wants; NULL if it is not given. */
const char *sl_email_setting(const struct sl_call *call, int field);

/* Who sends: the mail's own sender, or the account's with its name, or else the school's. */
struct sl_mailbox sl_email_sender(const struct sl_call *call, int address, int name);

/* For check(): settings that hold addresses, their places ending with -1. */
int sl_email_check_settings(struct sl_arena *arena, const struct sl_field *fields,
                            const char *const *values, const int *places, struct sl_err *err);

/* SL_ERR_DATA for a recipient that is not ASCII in front of the @, which most servers cannot
 * reach; `hint` says what to do about it, or NULL. */
int sl_email_refuse_international(const struct sl_email_send *email, const char *hint,
                                  struct sl_err *err);

/* SL_ERR_DATA if a mail of a list has several recipients, where it goes out as one: they would see
 * each other. batch_size keeps that from happening. */
int sl_email_refuse_shared(const struct sl_email_send *email, struct sl_err *err);

/* SL_ERR_DATA if texts and files, in base64, come to more than `most` bytes. */
int sl_email_refuse_large(const struct sl_email_send *email, int64_t most, const char *who,
                          struct sl_err *err);

#endif
