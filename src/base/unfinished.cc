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

// The names a signal handler has to remove. A handler may run at any moment
// and must not allocate: hence a list whose rows are published by an atomic
// flag after they are filled, and never freed. One thread changes it.
struct Slot {
  std::atomic<bool> live{false};  // `path` is complete
  char path[PATH_MAX] = {};
  Slot* next = nullptr;
};
static_assert(std::atomic<bool>::is_always_lock_free);
static_assert(std::atomic<Slot*>::is_always_lock_free);
std::atomic<Slot*> g_slots{nullptr};

// A file, or an empty folder. Async-signal-safe.
bool Remove(const char* path) {
  return ::unlink(path) == 0 || ::rmdir(path) == 0;
}

// Returns a row that nothing has.
Slot* FreeSlot() {
  for (Slot* slot = g_slots; slot != nullptr; slot = slot->next) {
    if (!slot->live) return slot;
  }
  Slot* slot = new Slot;
  slot->next = g_slots;
  g_slots = slot;
  return slot;
}

// Returns the row taken for `path`, or null when the path does not fit: then
// only a destructor removes it.
Slot* TakeSlot(const std::string& path) {
  if (path.size() >= PATH_MAX) return nullptr;
  Slot* slot = FreeSlot();
  std::memcpy(slot->path, path.c_str(), path.size() + 1);
  slot->live = true;
  return slot;
}

}  // namespace

Unfinished::~Unfinished() {
  if (!path_.empty()) Remove(path_.c_str());
  Keep();
}

void Unfinished::Hold(const std::string& path) {
  NNCPP_CHECK(path_.empty());
  path_ = path;
  Slot* slot = TakeSlot(path);
  if (slot != nullptr) live_ = &slot->live;
}

void Unfinished::Keep() {
  if (live_ != nullptr) *live_ = false;
  live_ = nullptr;
  path_.clear();
}

SignalPause::SignalPause() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before_);
}

SignalPause::~SignalPause() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

void RemoveUnfinishedFromSignalHandler() noexcept {
  const int saved = errno;
  // Rows lie in any order: a folder goes after what is in it.
  for (bool removed = true; removed;) {
    removed = false;
    for (Slot* slot = g_slots; slot != nullptr; slot = slot->next) {
      if (!slot->live || !Remove(slot->path)) continue;
      slot->live = false;
      removed = true;
    }
  }
  errno = saved;
}

}  // namespace nncpp
