/* Preloaded into a process: its monotonic clock is so many nanoseconds behind as a file says that the process can see, as if the
   machine had stood still for so long. The wall clock is left as it is. */

#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static volatile const long long *stood_ns;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("TOLLGATE_TEST_STOOD");
    int file = path ? open(path, O_RDONLY) : -1;
    void *seen = file < 0 ? MAP_FAILED : mmap(NULL, sizeof *stood_ns, PROT_READ, MAP_SHARED, file, 0);
    stood_ns = seen == MAP_FAILED ? NULL : seen;
}

int clock_gettime(clockid_t id, struct timespec *at) {
    int told = (int)syscall(SYS_clock_gettime, id, at);
    if (told == 0 && id == CLOCK_MONOTONIC && stood_ns) {
        long long ns = at->tv_sec * 1000000000LL + at->tv_nsec - *stood_ns;
        at->tv_sec = ns / 1000000000LL;
        at->tv_nsec = ns % 1000000000LL;
    }
    return told;
}
