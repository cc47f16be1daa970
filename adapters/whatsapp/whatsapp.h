/* What the files of WhatsApp share; nobody else includes it.
 *
 * whatsapp.c has the facts and what is asked of the account, whatsapp_send.c builds messages and
 * uploads, whatsapp_template.c the templates in them, whatsapp_answers.c reads answers and knows the
 * errors, whatsapp_account.c reads what the account is told to be, and whatsapp_hooks.c proves and
 * reads callbacks. */
#ifndef SL_ADAPTERS_WHATSAPP_H
#define SL_ADAPTERS_WHATSAPP_H

#include "lib/adapter/adapter.h"

enum {
    ACCESS_TOKEN,
    PHONE_NUMBER_ID,
    WABA_ID,
    APP_SECRET,
    VERIFY_TOKEN,
    API_VERSION,
    DEFAULT_LANGUAGE,
    DEFAULT_COUNTRY,
    APPSECRET_PROOF,
    OPTOUT_WORDS,
    N_FIELDS
};

#define WHATSAPP_DAY_MS (24LL * 60 * 60 * 1000)

/* Fills method, base, path ("/vNN.0" and then `path`, which may have a query) and credentials. */
void whatsapp_address(const struct sl_call *call, struct sl_request *request, const char *method,
                      const char *path);

/* Facts: when somebody wrote last, by their digits; and the id of what was uploaded, by its SHA-256.
 * The places of both in call->facts. */
enum { WHATSAPP_WINDOW, WHATSAPP_MEDIA };
extern const char whatsapp_window[], whatsapp_media[];
size_t whatsapp_facts(const struct sl_call *call, struct sl_fact *wanted);

/* ---- whatsapp_send.c ------------------------------------------------------------------ */

int whatsapp_build_send(const struct sl_call *call, struct sl_request *request, struct sl_err *err);
int whatsapp_build_upload(const struct sl_call *call, struct sl_request *request,
                          struct sl_err *err);
int whatsapp_build_read(const struct sl_call *call, struct sl_request *request, struct sl_err *err);

/* The media under its kind, with its id: that of a file is what the upload told. */
void whatsapp_put_media(const struct sl_call *call, const struct sl_whatsapp_media *media,
                        struct json_object *doc);

/* ---- whatsapp_template.c --------------------------------------------------------------- */

int whatsapp_check_template(const struct sl_call *call, const struct sl_whatsapp_template *template,
                            struct sl_err *err);
void whatsapp_put_template(const struct sl_call *call, struct json_object *doc);

/* Empty ones, added. */
struct json_object *whatsapp_append_object(struct json_object *array);
struct json_object *whatsapp_put_array(struct json_object *doc, const char *name);

/* ---- whatsapp_answers.c ---------------------------------------------------------------- */

extern const char *const whatsapp_answer_headers[];

/* An error, {"code", "message", "error_data": {"details"} …}, in words. In the arena. */
const char *whatsapp_reason(struct sl_arena *arena, struct json_object *error);

/* True, and settled, if there is no whole answer or one that refuses; else *doc, the caller's. */
bool whatsapp_is_refused(const struct sl_call *call, const struct sl_exchange *exchange,
                         struct sl_result *result, struct json_object **doc);

void whatsapp_parse_send(const struct sl_call *call, const struct sl_exchange *exchange,
                         struct sl_result *result);
void whatsapp_parse_upload(const struct sl_call *call, const struct sl_exchange *exchange,
                           struct sl_result *result);
void whatsapp_parse_upload_alone(const struct sl_call *call, const struct sl_exchange *exchange,
                                 struct sl_result *result);
void whatsapp_parse_read(const struct sl_call *call, const struct sl_exchange *exchange,
                         struct sl_result *result);

/* ---- whatsapp_account.c ---------------------------------------------------------------- */

void whatsapp_parse_templates(const struct sl_call *call, const struct sl_exchange *exchange,
                              struct sl_result *result);
void whatsapp_parse_test(const struct sl_call *call, const struct sl_exchange *exchange,
                         struct sl_result *result);
void whatsapp_parse_test_again(const struct sl_call *call, const struct sl_exchange *exchange,
                               struct sl_result *result);
void whatsapp_parse_subscribed(const struct sl_call *call, const struct sl_exchange *exchange,
                               struct sl_result *result);
void whatsapp_parse_approved(const struct sl_call *call, const struct sl_exchange *exchange,
                             struct sl_result *result);

/* ---- whatsapp_hooks.c ------------------------------------------------------------------ */

enum { WHATSAPP_HOOKS = 1 };
extern const struct sl_hook whatsapp_hooks[WHATSAPP_HOOKS];

#endif
