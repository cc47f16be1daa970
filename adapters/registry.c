/* Every provider, one line each. The only file that knows their names. */
#include "adapters/registry.h"

/* clang-format off */
const struct sl_adapter *const sl_adapters[] = {
    &sl_mpesa,
    &sl_africastalking,
    &sl_twilio,
    &sl_local,
    &sl_s3,
    &sl_flutterwave,
    &sl_pesapal,
    &sl_gdrive,
    &sl_fcm,
    &sl_apns,
    &sl_smtp,
    &sl_sendgrid,
    &sl_mailgun,
    &sl_moodle,
    &sl_whatsapp,
    NULL,
};
