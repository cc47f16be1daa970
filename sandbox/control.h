/* /_sandbox/…: the tests' own door. */
#ifndef SL_SANDBOX_CONTROL_H
#define SL_SANDBOX_CONTROL_H

#include "sandbox/visit.h"

bool sl_control_owns(const char *path);
void sl_control_answer(struct sl_visit *visit);

#endif
