/* Hooks and alerts: who is told of events (lib/service/tell.h), and how.
 *
 * To an address the event is POSTed, signed as Standard Webhooks (standardwebhooks.com) has it:
 * webhook-id, webhook-timestamp, and webhook-signature: "v1," and the base64 HMAC-SHA256 of
 * "ID.TIMESTAMP.BODY" under the secret's bytes. 2xx is taken; 410 means that nobody listens there
 * any more, and disables the hook; all else is tried again. A program is given the same JSON on
 * stdin; status 0 is taken, all else is tried again. */
#ifndef SL_SERVICE_HOOKS_H
#define SL_SERVICE_HOOKS_H

#include "lib/service/config.h"
#include "lib/store/hooks.h"

/* Checks, seals the new secret, and writes who did it to the audit log, in one transaction. Of *hook
 * school_id, purpose, event, kind and target are the caller's; `school` is that of school_id. *secret
 * is in the arena: "whsec_" and base64, to be shown once; NULL for a kind that has none. SL_ERR_DATA
 * for an event that is none and a target that will not do (a text needs a mobile number of E.164 or
 * the school's country, and is about no message), SL_ERR_CONFIG for a school that cannot text. */
int sl_hook_add(struct sl_service *service, struct sl_arena *arena, const struct sl_school *school,
                struct sl_hook_row *hook, const char **secret, struct sl_err *err);

/* Nothing more is told to it; what waits is cancelled. SL_ERR_DATA if there is none of that
 * purpose. */
int sl_hook_remove(struct sl_service *service, const char *purpose, int64_t id, struct sl_err *err);

/* ---- For the engine ------------------------------------------------------------------------ */

/* Whose the rows of a hook are: "hook:12"; and the other way, 0 if it is not that. */
const char *sl_hook_account(struct sl_arena *arena, int64_t hook_id);
int64_t sl_hook_id(const char *account);

/* As sl_config_open(): its address or program and its secret are the settings of an adapter that is
 * built in. SL_ERR_DATA if it was removed or disabled: what is queued for it can never be sent. */
int sl_hook_open(struct sl_service *service, struct sl_arena *arena, int64_t hook_id,
                 struct sl_account *account, struct sl_err *err);

/* Where the values stand in its settings. */
enum { SL_HOOK_TARGET, SL_HOOK_SECRET };

/* Adapters by kind, "url" or "exec". What either promises of an operation, both do. */
const struct sl_adapter *sl_hook_adapter(const char *kind);

#endif
