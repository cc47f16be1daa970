/* For tests of calls that return -1 with an error: OK(call) fails the test with the error's words.
 * To be included after tests/unit/installation.h, which brings cmocka. */
#ifndef SL_TESTS_EXPECT_OK_H
#define SL_TESTS_EXPECT_OK_H

#include "lib/base/err.h"

static struct sl_err err; /* of the last call */

#define OK(call)                                                                                   \
    do {                                                                                           \
        if ((call) < 0)                                                                            \
            fail_msg("%s", err.text);                                                              \
    } while (0)

#endif
