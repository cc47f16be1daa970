/* The keys of the simulated accounts: whoever has them opens a sandbox and nothing else. */
#ifndef SL_SANDBOX_KEYS_H
#define SL_SANDBOX_KEYS_H

#include <stddef.h>

/* A service account's file, whose project is "demo-school". */
extern const char sl_sandbox_service_account[];

/* A .p8, with the ids that go with it. */
extern const char sl_sandbox_key_p8[];
#define SL_SANDBOX_KEY_ID "TESTKEY123"
#define SL_SANDBOX_TEAM_ID "TEAMTEST01"

#define SL_SANDBOX_ACCOUNT "shulelabs-test@demo-school.iam.gserviceaccount.com"

/* Their public halves: of an RSA key the modulus (the exponent is 65537), of a P-256 key the point,
 * in hexadecimal digits. */
extern const char sl_sandbox_rsa_modulus[];
extern const char sl_sandbox_p256_point[];
extern const char sl_sandbox_p256_spki[]; /* the same key as base64 of a DER SubjectPublicKeyInfo */

/* Over SHA-256 by the P-256 key: base64 of a DER ECDSA signature, in the arena. */
struct sl_arena;
const char *sl_sandbox_sign_p256(struct sl_arena *arena, const void *bytes, size_t n);

#endif
