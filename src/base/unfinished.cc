// src/base/unfinished.cc -- contract: unfinished.h
#include "src/base/unfinished.h"

#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <climits>
#include <cstring>

#include "src/base/check.h"

namespace nncpp {
namespace {

// The names a signal handler has to unlink. A handler may run at any moment
// and must not allocate: hence a fixed table whose rows are published by an
// atomic flag after they are filled.
struct Slot {
  std::atomic<bool> used{false};
  std::atomic<bool> live{false};  // `path` is complete
  char path[PATH_MAX] = {};
};
static_assert(std::atomic<bool>::is_always_lock_free);
constexpr int kSlots = 4;  // files open at once; a run has two
Slot g_slots[kSlots];

// Returns the row taken for `path`, or -1 when the table is full or the path
// does not fit: then only a destructor removes the file.
int TakeSlot(const std::string& path) {
  if (path.size() >= PATH_MAX) return -1;
  for (int i = 0; i < kSlots; ++i) {
    Slot& slot = g_slots[i];
    if (slot.used.exchange(true)) continue;
    std::memcpy(slot.path, path.c_str(), path.size() + 1);
    slot.live.store(true);
    return i;
  }
  return -1;
}

}  // namespace

Unfinished::~Unfinished() {
  if (!path_.empty()) ::unlink(path_.c_str());
  Keep();
}

void Unfinished::Hold(const std::string& path) {
  NNCPP_CHECK(path_.empty());
  path_ = path;
  slot_ = TakeSlot(path);
}

void Unfinished::Keep() {
  if (slot_ >= 0) {
    g_slots[slot_].live.store(false);
    g_slots[slot_].used.store(false);
  }
  slot_ = -1;
  path_.clear();
}

SignalPause::SignalPause() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before_);
}

SignalPause::~SignalPause() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

void UnlinkTemporariesFromSignalHandler() noexcept {
  const int saved = errno;
  for (Slot& slot : g_slots) {
    if (slot.live.load()) ::unlink(slot.path);
  }
  errno = saved;
}

}  // namespace nncpp
