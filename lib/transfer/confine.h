/* Opening beneath a folder: nothing outside of it is reached, and no symbolic link followed, by
 * openat2(2) where the kernel has it, else part by part. */
#ifndef SL_TRANSFER_CONFINE_H
#define SL_TRANSFER_CONFINE_H

#include <sys/types.h>

/* Like openat(2), close-on-exec. "." is the folder itself. On failure -1 and errno: EXDEV and ELOOP
 * are attempts to leave. */
int sl_confine_open(int folder, const char *path, int flags, mode_t mode);

/* The slow way, for kernels and filters without openat2. */
int sl_confine_walk(int folder, const char *path, int flags, mode_t mode);

#endif
