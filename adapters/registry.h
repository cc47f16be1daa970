/* The adapters by name, for registry.c and for each adapter's own definition. */
#ifndef SL_ADAPTERS_REGISTRY_H
#define SL_ADAPTERS_REGISTRY_H

#include "lib/adapter/adapter.h"

extern const struct sl_adapter sl_mpesa;
extern const struct sl_adapter sl_africastalking;
extern const struct sl_adapter sl_twilio;
extern const struct sl_adapter sl_local;
extern const struct sl_adapter sl_s3;
extern const struct sl_adapter sl_flutterwave;
extern const struct sl_adapter sl_pesapal;
extern const struct sl_adapter sl_gdrive;
extern const struct sl_adapter sl_fcm;
extern const struct sl_adapter sl_apns;
extern const struct sl_adapter sl_smtp;
extern const struct sl_adapter sl_sendgrid;
extern const struct sl_adapter sl_mailgun;
extern const struct sl_adapter sl_moodle;
extern const struct sl_adapter sl_whatsapp;

#endif
