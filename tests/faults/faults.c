/* Lets one file operation below a folder fail: the n-th that this process makes there.

   Loaded by LD_PRELOAD, so that it sees those of Python, of SQLite and of Chroma's core alike.
   Kinds: 0 an error of the disk, once; 1 a full disk, from then on; 2 the process is killed, in
   the middle of what it writes. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum { ONCE, FULL, KILL };
#define KILLED 99

static char root[PATH_MAX], last[PATH_MAX + 32];
static size_t length;
static long count, target;
static int kind;

void faults_arm(const char *folder, long number, int how) {
    strncpy(root, folder, sizeof root - 1);
    length = strlen(root);
    count = 0, target = number, kind = how, last[0] = 0;
}
long faults_count(void) { return count; }
const char *faults_last(void) { return last; }

#define REAL(name) static __typeof__(name) *real; if (!real) real = dlsym(RTLD_NEXT, #name)

static int below(const char *path) {
    return length && path && !strncmp(path, root, length) &&
           (path[length] == '/' || !path[length]);
}
static const char *of(int descriptor, char *place) {
    char link[32];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t size = readlink(link, place, PATH_MAX - 1);
    place[size < 0 ? 0 : size] = 0;
    return place;
}
static const char *at(int folder, const char *path, char *place) {
    if (path[0] == '/' || folder == AT_FDCWD) return path;
    of(folder, place);
    size_t size = strlen(place);
    snprintf(place + size, PATH_MAX - size, "/%s", path);
    return place;
}
/* Whether this operation fails; `grows` where it takes room on the disk, which is all that a full
   one refuses. */
static int fails(const char *what, const char *path, int grows) {
    if (!below(path)) return 0;
    long number = __sync_add_and_fetch(&count, 1);
    int now = kind == FULL ? target && number >= target && grows : number == target;
    if (!now) return 0;
    if (!last[0]) snprintf(last, sizeof last, "%s %s", what, path);
    errno = kind == FULL ? ENOSPC : EIO;
    return 1;
}
/* Whether opening a file changes anything. */
static int makes(const char *path, int flags) {
    struct stat found;
    return below(path) && ((flags & O_TRUNC) || ((flags & O_CREAT) && lstat(path, &found)));
}
#define GUARD(what, path, grows) \
    if (length && fails(what, path, grows)) { if (kind == KILL) _exit(KILLED); return -1; }

#define OPEN(name, real_call, path, flags)                                                   \
    int mode = 0;                                                                            \
    if ((flags) & (O_CREAT | O_TMPFILE)) {                                                   \
        va_list rest; va_start(rest, flags); mode = va_arg(rest, int); va_end(rest);         \
    }                                                                                        \
    if (length && makes(path, flags)) GUARD("open", path, 1)                                 \
    return real_call

int open(const char *path, int flags, ...) { REAL(open); OPEN(open, real(path, flags, mode), path, flags); }
int open64(const char *path, int flags, ...) { REAL(open64); OPEN(open64, real(path, flags, mode), path, flags); }
int openat(int folder, const char *path, int flags, ...) {
    REAL(openat); char place[PATH_MAX];
    OPEN(openat, real(folder, path, flags, mode), at(folder, path, place), flags);
}
int openat64(int folder, const char *path, int flags, ...) {
    REAL(openat64); char place[PATH_MAX];
    OPEN(openat64, real(folder, path, flags, mode), at(folder, path, place), flags);
}
#define FOPEN(name)                                                                          \
    FILE *name(const char *path, const char *mode) {                                         \
        REAL(name);                                                                          \
        if (length && mode[0] != 'r' && fails("open", path, 1)) {                            \
            if (kind == KILL) _exit(KILLED);                                                 \
            return NULL;                                                                     \
        }                                                                                    \
        return real(path, mode);                                                             \
    }
FOPEN(fopen)
FOPEN(fopen64)

#define WRITE(name, parameters, all, half)                                                   \
    ssize_t name parameters {                                                                \
        REAL(name); char place[PATH_MAX];                                                    \
        if (length && fails("write", of(descriptor, place), 1)) {                            \
            if (kind == KILL) { size /= 2; if (size) (void)!(half); _exit(KILLED); }         \
            return -1;                                                                       \
        }                                                                                    \
        return all;                                                                          \
    }
WRITE(write, (int descriptor, const void *from, size_t size), real(descriptor, from, size), real(descriptor, from, size))
WRITE(pwrite, (int descriptor, const void *from, size_t size, off_t where), real(descriptor, from, size, where), real(descriptor, from, size, where))
WRITE(pwrite64, (int descriptor, const void *from, size_t size, off64_t where), real(descriptor, from, size, where), real(descriptor, from, size, where))
ssize_t writev(int descriptor, const struct iovec *from, int size) {
    REAL(writev); char place[PATH_MAX];
    GUARD("write", of(descriptor, place), 1)
    return real(descriptor, from, size);
}
ssize_t sendfile(int to, int from, off_t *where, size_t size) {
    REAL(sendfile); char place[PATH_MAX];
    GUARD("write", of(to, place), 1)
    return real(to, from, where, size);
}
ssize_t sendfile64(int to, int from, off64_t *where, size_t size) {
    REAL(sendfile64); char place[PATH_MAX];
    GUARD("write", of(to, place), 1)
    return real(to, from, where, size);
}
ssize_t copy_file_range(int from, off64_t *start, int to, off64_t *where, size_t size, unsigned flags) {
    REAL(copy_file_range); char place[PATH_MAX];
    if (length && fails("write", of(to, place), 1)) {
        if (kind == KILL) { real(from, start, to, where, size / 2, flags); _exit(KILLED); }
        return -1;
    }
    return real(from, start, to, where, size, flags);
}
int fsync(int descriptor) { REAL(fsync); char place[PATH_MAX]; GUARD("fsync", of(descriptor, place), 0) return real(descriptor); }
int fdatasync(int descriptor) { REAL(fdatasync); char place[PATH_MAX]; GUARD("fdatasync", of(descriptor, place), 0) return real(descriptor); }
int ftruncate(int descriptor, off_t size) { REAL(ftruncate); char place[PATH_MAX]; GUARD("truncate", of(descriptor, place), 1) return real(descriptor, size); }
int ftruncate64(int descriptor, off64_t size) { REAL(ftruncate64); char place[PATH_MAX]; GUARD("truncate", of(descriptor, place), 1) return real(descriptor, size); }
int truncate(const char *path, off_t size) { REAL(truncate); GUARD("truncate", path, 1) return real(path, size); }
int truncate64(const char *path, off64_t size) { REAL(truncate64); GUARD("truncate", path, 1) return real(path, size); }
int rename(const char *from, const char *to) { REAL(rename); GUARD("rename", to, 0) return real(from, to); }
int renameat(int a, const char *from, int b, const char *to) { REAL(renameat); char place[PATH_MAX]; GUARD("rename", at(b, to, place), 0) return real(a, from, b, to); }
int unlink(const char *path) { REAL(unlink); GUARD("unlink", path, 0) return real(path); }
int unlinkat(int folder, const char *path, int flags) { REAL(unlinkat); char place[PATH_MAX]; GUARD("unlink", at(folder, path, place), 0) return real(folder, path, flags); }
int rmdir(const char *path) { REAL(rmdir); GUARD("rmdir", path, 0) return real(path); }
int mkdir(const char *path, mode_t mode) {
    REAL(mkdir);
    if (length && makes(path, O_CREAT)) GUARD("mkdir", path, 1)
    return real(path, mode);
}
