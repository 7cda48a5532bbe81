/*
 * Records the changes by a process to the files of a folder: every write, truncation, sync, creation, removal and
 * renaming, with its data and instant, in order. It is loaded before libc (LD_PRELOAD), so that SQLite calls it instead.
 * power/disk-recording.ts reads the recording.
 *
 * IMCORE_RECORDED_FOLDER  the absolute path of the folder, without a trailing slash
 * IMCORE_RECORDING        the file that the recording is appended to
 *
 * A write is recorded before it is executed, and the end of a sync after it: whatever another process knows at an instant
 * has been recorded before. `-shm` files are not recorded: they are shared memory, which is not used after a power cut.
 * Unsupported calls are recorded as such, and make the reader reject the recording.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum kind { OPENED = 1, WRITTEN, TRUNCATED, SYNC_BEGUN, SYNC_ENDED, UNLINKED, RENAMED, NOT_RECORDABLE };

struct record {
  uint32_t kind;
  uint32_t length;   /* bytes of data after this header */
  uint64_t instant;  /* CLOCK_MONOTONIC, nanoseconds */
  uint64_t file;     /* inode */
  int64_t at;        /* WRITTEN: offset; TRUNCATED: size; SYNC_*: number of the sync; OPENED: 1 when created */
};

#define MAX_DESCRIPTORS 65536
#define REAL(name) ((__typeof__(&name))real(#name))

static uint64_t tracked[MAX_DESCRIPTORS]; /* inode, 0: not recorded */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int recording = -1;
static const char *folder;
static size_t folder_length;
static int64_t syncs;

static void *real(const char *name) { return dlsym(RTLD_NEXT, name); }

__attribute__((constructor)) static void begin(void) {
  const char *path = getenv("IMCORE_RECORDING");
  folder = getenv("IMCORE_RECORDED_FOLDER");
  if (path == NULL || folder == NULL) return;
  folder_length = strlen(folder);
  recording = REAL(open)(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

/* The path relative to the folder ("" for the folder itself); NULL when it is not recorded. */
static const char *inside(const char *path) {
  if (recording < 0 || strncmp(path, folder, folder_length) != 0) return NULL;
  const char *rest = path + folder_length;
  if (*rest == '\0') return rest;
  if (*rest != '/') return NULL;
  size_t length = strlen(++rest);
  if (length >= 4 && strcmp(rest + length - 4, "-shm") == 0) return NULL;
  return rest;
}

static uint64_t file_of(int fd) { return fd >= 0 && fd < MAX_DESCRIPTORS ? tracked[fd] : 0; }

/* The caller holds the lock. */
static void note(enum kind kind, uint64_t file, int64_t at, const void *data, size_t length) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  struct record record = {kind, (uint32_t)length, (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec, file, at};
  struct iovec parts[2] = {{&record, sizeof record}, {(void *)data, length}};
  if (REAL(writev)(recording, parts, 2) != (ssize_t)(sizeof record + length)) abort();
}

static void note_not_recordable(const char *what) { note(NOT_RECORDABLE, 0, 0, what, strlen(what)); }

static int open_recorded(const char *path, int flags, mode_t mode) {
  const char *name = inside(path);
  if (name == NULL) return REAL(open)(path, flags, mode);
  pthread_mutex_lock(&lock);
  int is_new = access(path, F_OK) != 0;
  int fd = REAL(open)(path, flags, mode);
  struct stat status;
  if (fd >= 0 && fstat(fd, &status) == 0) {
    if (fd >= MAX_DESCRIPTORS) note_not_recordable("too many descriptors");
    else tracked[fd] = status.st_ino;
    note(OPENED, status.st_ino, is_new, name, strlen(name));
    if (flags & O_TRUNC && !is_new) note(TRUNCATED, status.st_ino, 0, NULL, 0);
    if (flags & O_APPEND) note_not_recordable("O_APPEND");
  }
  pthread_mutex_unlock(&lock);
  return fd;
}

#define MODE_OF(flags, mode)                                \
  mode_t mode = 0;                                          \
  if ((flags) & (O_CREAT | O_TMPFILE)) {                    \
    va_list arguments;                                      \
    va_start(arguments, flags);                             \
    mode = va_arg(arguments, mode_t);                       \
    va_end(arguments);                                      \
  }

int open(const char *path, int flags, ...) {
  MODE_OF(flags, mode);
  return open_recorded(path, flags, mode);
}
int open64(const char *path, int flags, ...) {
  MODE_OF(flags, mode);
  return open_recorded(path, flags | O_LARGEFILE, mode);
}

int close(int fd) {
  if (file_of(fd) == 0) return REAL(close)(fd);
  pthread_mutex_lock(&lock);
  tracked[fd] = 0;
  int result = REAL(close)(fd);
  pthread_mutex_unlock(&lock);
  return result;
}

static ssize_t write_recorded(int fd, const void *data, size_t length, off_t at) {
  pthread_mutex_lock(&lock);
  note(WRITTEN, tracked[fd], at, data, length);
  ssize_t result = REAL(pwrite)(fd, data, length, at);
  if (result != (ssize_t)length) note_not_recordable("an incomplete write");
  pthread_mutex_unlock(&lock);
  return result;
}

ssize_t pwrite(int fd, const void *data, size_t length, off_t at) {
  return file_of(fd) == 0 ? REAL(pwrite)(fd, data, length, at) : write_recorded(fd, data, length, at);
}
ssize_t pwrite64(int fd, const void *data, size_t length, off64_t at) { return pwrite(fd, data, length, at); }

ssize_t write(int fd, const void *data, size_t length) {
  if (file_of(fd) == 0) return REAL(write)(fd, data, length);
  off_t at = lseek(fd, 0, SEEK_CUR);
  ssize_t result = write_recorded(fd, data, length, at);
  if (result > 0) lseek(fd, at + result, SEEK_SET);
  return result;
}

int ftruncate(int fd, off_t size) {
  if (file_of(fd) == 0) return REAL(ftruncate)(fd, size);
  pthread_mutex_lock(&lock);
  note(TRUNCATED, tracked[fd], size, NULL, 0);
  int result = REAL(ftruncate)(fd, size);
  pthread_mutex_unlock(&lock);
  return result;
}
int ftruncate64(int fd, off64_t size) { return ftruncate(fd, size); }

static int sync_recorded(int fd, int (*sync)(int)) {
  uint64_t file = file_of(fd);
  if (file == 0) return sync(fd);
  pthread_mutex_lock(&lock);
  int64_t number = ++syncs;
  note(SYNC_BEGUN, file, number, NULL, 0);
  pthread_mutex_unlock(&lock);
  int result = sync(fd);
  pthread_mutex_lock(&lock);
  if (result == 0) note(SYNC_ENDED, file, number, NULL, 0);
  pthread_mutex_unlock(&lock);
  return result;
}
int fsync(int fd) { return sync_recorded(fd, REAL(fsync)); }
int fdatasync(int fd) { return sync_recorded(fd, REAL(fdatasync)); }

int unlink(const char *path) {
  const char *name = inside(path);
  if (name == NULL) return REAL(unlink)(path);
  pthread_mutex_lock(&lock);
  int result = REAL(unlink)(path);
  int error = errno;
  if (result == 0) note(UNLINKED, 0, 0, name, strlen(name));
  pthread_mutex_unlock(&lock);
  errno = error;
  return result;
}

int rename(const char *from, const char *to) {
  const char *old_name = inside(from), *new_name = inside(to);
  if (old_name == NULL && new_name == NULL) return REAL(rename)(from, to);
  pthread_mutex_lock(&lock);
  int result = REAL(rename)(from, to);
  if (result == 0 && (old_name == NULL || new_name == NULL)) note_not_recordable("a renaming out of the folder");
  else if (result == 0) {
    char names[8192];
    int length = snprintf(names, sizeof names, "%s%c%s", old_name, 0, new_name);
    note(RENAMED, 0, 0, names, (size_t)length);
  }
  pthread_mutex_unlock(&lock);
  return result;
}

static void reject(int fd, const char *what) {
  if (file_of(fd) == 0) return;
  pthread_mutex_lock(&lock);
  note_not_recordable(what);
  pthread_mutex_unlock(&lock);
}

void *mmap(void *address, size_t length, int protection, int flags, int fd, off_t at) {
  if (fd >= 0 && protection & PROT_WRITE && flags & MAP_SHARED) reject(fd, "a file mapped for writing");
  return REAL(mmap)(address, length, protection, flags, fd, at);
}
void *mmap64(void *address, size_t length, int protection, int flags, int fd, off64_t at) {
  return mmap(address, length, protection, flags, fd, at);
}
int fallocate(int fd, int mode, off_t at, off_t length) {
  reject(fd, "fallocate");
  return REAL(fallocate)(fd, mode, at, length);
}
int posix_fallocate(int fd, off_t at, off_t length) {
  reject(fd, "posix_fallocate");
  return REAL(posix_fallocate)(fd, at, length);
}
ssize_t writev(int fd, const struct iovec *parts, int count) {
  reject(fd, "writev");
  return REAL(writev)(fd, parts, count);
}
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) {
  reject(fd, "pwritev");
  return REAL(pwritev)(fd, parts, count, at);
}
