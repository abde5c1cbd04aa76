/* A wall clock that stands still, for a program whose clock cannot be set: the shared rows are signed for one moment. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

int clock_gettime(clockid_t clock, struct timespec *at) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    const int done = real(clock, at);
    const char *stands = getenv("CLOCK_STANDS_AT_S");
    if (clock == CLOCK_REALTIME && stands) {
        at->tv_sec = atoll(stands);
        at->tv_nsec = 0;
    }
    return done;
}
