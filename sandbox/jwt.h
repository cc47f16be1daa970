/* Looks at a JSON Web Token as its receiver does (RFC 7515, 7519). */
#ifndef SL_SANDBOX_JWT_H
#define SL_SANDBOX_JWT_H

#include <json-c/json.h>
#include <stdbool.h>

#include "lib/base/arena.h"

struct sl_jwt {
    struct json_object *header, *claims; /* the caller's to free */
};

/* Begins both at NULL. False if it is not three parts, or its parts are no JSON. */
bool sl_jwt_read(struct sl_arena *arena, const char *token, struct sl_jwt *jwt);
void sl_jwt_free(struct sl_jwt *jwt); /* for SL_AUTO() */

/* Whether the sandbox's own RSA key (RS256) or P-256 key (ES256) signed it. */
bool sl_jwt_signed_rs256(struct sl_arena *arena, const char *token);
bool sl_jwt_signed_es256(struct sl_arena *arena, const char *token);

#endif
