/*
 * A disk that fails when it is told to, for the program that is started with this as LD_PRELOAD.
 *
 * While the file named by DISK_FAULT holds "full", whatever would write to a file below DISK_FAULT_ROOT
 * is answered ENOSPC; while it holds "read-only", EROFS, as a file system answers that the kernel has
 * made read-only; while it holds "broken", EIO. Reading goes on. It needs no privilege and no mount, so
 * the same test runs for root, for an ordinary user and in a container.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int fault(void) {
    const char *control = getenv("DISK_FAULT");
    char word[16] = "";
    if (!control) return 0;
    int (*real)(const char *, int, ...) = REAL(open);
    int fd = real(control, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    ssize_t got = read(fd, word, sizeof word - 1);
    close(fd);
    if (got <= 0) return 0;
    if (!strncmp(word, "full", 4)) return ENOSPC;
    if (!strncmp(word, "read-only", 9)) return EROFS;
    if (!strncmp(word, "broken", 6)) return EIO;
    return 0;
}

static int below(const char *path) {
    const char *root = getenv("DISK_FAULT_ROOT");
    return root && path && !strncmp(path, root, strlen(root));
}

static int ours(int fd) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t got = readlink(link, path, sizeof path - 1);
    if (got <= 0) return 0;
    path[got] = 0;
    return below(path);
}

/* The error that a write to the file is to meet, or 0. */
static int refused(int fd) {
    int saved = errno;
    int error = ours(fd) ? fault() : 0;
    errno = saved;
    return error;
}

#define REFUSE(fd)                   \
    do {                             \
        int error = refused(fd);     \
        if (error) {                 \
            errno = error;           \
            return -1;               \
        }                            \
    } while (0)

ssize_t write(int fd, const void *bytes, size_t count) { REFUSE(fd); return REAL(write)(fd, bytes, count); }

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at) {
    REFUSE(fd);
    return REAL(pwrite)(fd, bytes, count, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t at) {
    REFUSE(fd);
    return REAL(pwrite64)(fd, bytes, count, at);
}

int ftruncate(int fd, off_t length) {
    /* Giving room back is no need of room. */
    if (refused(fd) && refused(fd) != ENOSPC) { errno = refused(fd); return -1; }
    return REAL(ftruncate)(fd, length);
}

int ftruncate64(int fd, off64_t length) {
    if (refused(fd) && refused(fd) != ENOSPC) { errno = refused(fd); return -1; }
    return REAL(ftruncate64)(fd, length);
}

/* Opening for writing is refused by a read-only file system only. */
static int forbidden(const char *path, int flags) {
    int saved = errno;
    int error = (flags & O_ACCMODE) != O_RDONLY && below(path) ? fault() : 0;
    errno = saved;
    return error == EROFS;
}

int open(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    if (forbidden(path, flags)) { errno = EROFS; return -1; }
    return REAL(open)(path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    if (forbidden(path, flags)) { errno = EROFS; return -1; }
    return REAL(open64)(path, flags, mode);
}
