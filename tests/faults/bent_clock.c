/* The wall clock, seconds off as the file BENT_CLOCK says at that moment; clocks that cannot jump stay as they are. For LD_PRELOAD.

   Semaphores that are waited for until a time of the wall clock go by the bent one too: the kernel knows only its own. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define SECOND 1000000000L
#define LOOK 20000000L /* nanoseconds after which a waiting one looks at the clock again */

static const char *path;

/* Once: another thread may change the environment while the clock is asked for. */
__attribute__((constructor)) static void look_up_path(void) { path = getenv("BENT_CLOCK"); }

static long off(void) {
    char text[32] = {0};
    int before = errno, file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    ssize_t length = file < 0 ? 0 : read(file, text, sizeof text - 1);
    if (file >= 0) close(file);
    errno = before;
    return length > 0 ? atol(text) : 0;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    int failed = (int)syscall(SYS_clock_gettime, clock, now);
    if (!failed && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) now->tv_sec += off();
    return failed;
}

int gettimeofday(struct timeval *now, void *zone) {
    struct timespec exact;
    (void)zone;
    int failed = clock_gettime(CLOCK_REALTIME, &exact);
    now->tv_sec = exact.tv_sec;
    now->tv_usec = exact.tv_nsec / 1000;
    return failed;
}

time_t time(time_t *where) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (where) *where = now.tv_sec;
    return now.tv_sec;
}

static int is_past(const struct timespec *moment) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec > moment->tv_sec || (now.tv_sec == moment->tv_sec && now.tv_nsec >= moment->tv_nsec);
}

int sem_timedwait(sem_t *semaphore, const struct timespec *until) {
    while (sem_trywait(semaphore)) {
        struct timespec next;
        if (errno != EAGAIN) return -1;
        if (is_past(until)) {
            errno = ETIMEDOUT;
            return -1;
        }
        clock_gettime(CLOCK_MONOTONIC, &next);
        next.tv_nsec += LOOK;
        next.tv_sec += next.tv_nsec / SECOND;
        next.tv_nsec %= SECOND;
        if (!sem_clockwait(semaphore, CLOCK_MONOTONIC, &next)) return 0;
        if (errno != ETIMEDOUT) return -1;
    }
    return 0;
}
