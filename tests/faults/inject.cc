// tests/faults/inject.cc -- a file layer that fails on demand, for LD_PRELOAD.
//
// NNCPP_FAULT=CALLS:N:ACTION  lets the N-th of these calls, counted from 1,
// fail:
//
//   CALLS   open read write sync truncate rename unlink meta alloc, or any for
//           all but alloc
//   ACTION  an error (ENOSPC EIO EDQUOT EINTR), `short` for half of the bytes
//           once, `kill` for a SIGKILL before the call, `after` for one behind
//           it; with a + behind it, every later call fails as well
//
// NNCPP_FAULT_MARK=FILE  is created when the N-th call comes.
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdlib>
#include <cstring>

extern "C" {
void* __libc_malloc(size_t size);
void* __libc_realloc(void* block, size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_memalign(size_t alignment, size_t size);
}

namespace {

struct Plan {
  char calls[16] = {};
  long number = 0;  // 0: no plan
  char action[16] = {};
  bool forever = false;
};

Plan ReadPlan() {
  Plan plan;
  const char* text = std::getenv("NNCPP_FAULT");
  if (text == nullptr) return plan;
  const char* first = std::strchr(text, ':');
  const char* second = first == nullptr ? nullptr : std::strchr(first + 1, ':');
  if (second == nullptr) return plan;
  std::strncpy(plan.calls, text, static_cast<size_t>(first - text));
  std::strncpy(plan.action, second + 1, sizeof(plan.action) - 1);
  plan.number = std::atol(first + 1);
  char* last = plan.action + std::strlen(plan.action) - 1;
  plan.forever = last >= plan.action && *last == '+';
  if (plan.forever) *last = 0;
  return plan;
}

const Plan& ThePlan() {
  static const Plan plan = ReadPlan();
  return plan;
}

std::atomic<long> g_count{0};

void Mark() {
  const char* path = std::getenv("NNCPP_FAULT_MARK");
  if (path == nullptr) return;
  const long fd = ::syscall(SYS_openat, AT_FDCWD, path,
                            O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
  if (fd >= 0) ::syscall(SYS_close, fd);
}

int ErrorCode(const char* action) {
  if (std::strcmp(action, "ENOSPC") == 0) return ENOSPC;
  if (std::strcmp(action, "EIO") == 0) return EIO;
  if (std::strcmp(action, "EDQUOT") == 0) return EDQUOT;
  if (std::strcmp(action, "EINTR") == 0) return EINTR;
  return 0;
}

enum class Fate { kPass, kFail, kShort, kKillAfter };

// Decides about one call; sets errno for kFail.
Fate Decide(const char* calls) {
  const Plan& plan = ThePlan();
  if (plan.number == 0) return Fate::kPass;
  const bool alloc = std::strcmp(calls, "alloc") == 0;
  if (std::strcmp(plan.calls, calls) != 0 &&
      (alloc || std::strcmp(plan.calls, "any") != 0)) {
    return Fate::kPass;
  }
  const long count = ++g_count;
  if (count < plan.number || (count > plan.number && !plan.forever)) {
    return Fate::kPass;
  }
  if (count == plan.number) Mark();
  if (std::strcmp(plan.action, "kill") == 0) ::kill(::getpid(), SIGKILL);
  if (std::strcmp(plan.action, "after") == 0) return Fate::kKillAfter;
  if (std::strcmp(plan.action, "short") == 0) return Fate::kShort;
  errno = ErrorCode(plan.action);
  return Fate::kFail;
}

template <typename Function>
Function Real(const char* name) {
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

template <typename Result>
Result Done(Fate fate, Result result) {
  if (fate == Fate::kKillAfter) ::kill(::getpid(), SIGKILL);
  return result;
}

size_t Length(Fate fate, size_t count) {
  return fate == Fate::kShort && count > 1 ? count / 2 : count;
}

}  // namespace

// Passes the call on unless it is to fail.
#define NNCPP_INJECT(calls, result, name, parameters, arguments) \
  extern "C" result name parameters {                            \
    const Fate fate = Decide(calls);                             \
    if (fate == Fate::kFail) return -1;                          \
    static const auto real = Real<result(*) parameters>(#name);  \
    return Done(fate, real arguments);                           \
  }

NNCPP_INJECT("sync", int, fsync, (int fd), (fd))
NNCPP_INJECT("truncate", int, ftruncate, (int fd, off_t size), (fd, size))
NNCPP_INJECT("rename", int, rename, (const char* from, const char* to),
             (from, to))
NNCPP_INJECT("rename", int, link, (const char* from, const char* to),
             (from, to))
NNCPP_INJECT("unlink", int, unlink, (const char* path), (path))
NNCPP_INJECT("meta", int, fchmod, (int fd, mode_t mode), (fd, mode))
NNCPP_INJECT("meta", int, futimens, (int fd, const timespec times[2]),
             (fd, times))
NNCPP_INJECT("meta", int, pipe2, (int ends[2], int flags), (ends, flags))
NNCPP_INJECT("open", int, mkostemp, (char* pattern, int flags),
             (pattern, flags))
NNCPP_INJECT("read", ssize_t, read, (int fd, void* bytes, size_t count),
             (fd, bytes, Length(fate, count)))
NNCPP_INJECT("write", ssize_t, write, (int fd, const void* bytes, size_t count),
             (fd, bytes, Length(fate, count)))

extern "C" int open(const char* path, int flags, ...) {
  const Fate fate = Decide("open");
  if (fate == Fate::kFail) return -1;
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  static const auto real = Real<int (*)(const char*, int, ...)>("open");
  return Done(fate, real(path, flags, mode));
}

// nncpp makes one call by number: renameat2.
extern "C" long syscall(long number, ...) {
  va_list rest;
  va_start(rest, number);
  long a[6];
  for (long& argument : a) argument = va_arg(rest, long);
  va_end(rest);
  const Fate fate = number == SYS_renameat2 ? Decide("rename") : Fate::kPass;
  if (fate == Fate::kFail) return -1;
  static const auto real = Real<long (*)(long, ...)>("syscall");
  return Done(fate, real(number, a[0], a[1], a[2], a[3], a[4], a[5]));
}

extern "C" void* malloc(size_t size) {
  return Decide("alloc") == Fate::kPass ? __libc_malloc(size) : nullptr;
}
extern "C" void* calloc(size_t count, size_t size) {
  return Decide("alloc") == Fate::kPass ? __libc_calloc(count, size) : nullptr;
}
extern "C" void* realloc(void* block, size_t size) {
  return Decide("alloc") == Fate::kPass ? __libc_realloc(block, size) : nullptr;
}
extern "C" void* aligned_alloc(size_t alignment, size_t size) {
  return Decide("alloc") == Fate::kPass ? __libc_memalign(alignment, size)
                                        : nullptr;
}
