// src/cli/signals.cc -- handlers that call nothing but async-signal-safe
// functions (signal-safety(7)).
#include "src/cli/signals.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>

#include "src/base/error.h"
#include "src/base/unfinished.h"

namespace nncpp {
namespace {

constexpr std::array kEndings = {SIGINT,  SIGTERM, SIGHUP, SIGPIPE, SIGXCPU,
                                 SIGQUIT, SIGSEGV, SIGBUS, SIGILL,  SIGFPE};
constexpr int kBug = 3;  // exit status, docs/cli.md

// Those that a run with checkpoints survives for a moment.
constexpr std::array kHeld = {SIGINT, SIGTERM, SIGHUP};

std::atomic<bool> progress_requested = false;
std::atomic<bool> holding = false;
std::atomic<int> held = 0;  // the signal that was noted
std::atomic<int> wake_write = -1;
int wake_read = -1;
static_assert(std::atomic<int>::is_always_lock_free);
std::atomic<bool> line_open = false;
static_assert(std::atomic<bool>::is_always_lock_free);

// What each of kEndings did before; written before any handler can run.
std::array<struct sigaction, kEndings.size()> previous;

void CleanUp() {
  RemoveUnfinishedFromSignalHandler();
  if (line_open.exchange(false)) {
    // Nothing to be done about a failure.
    [[maybe_unused]] const ssize_t n = write(STDERR_FILENO, "\n", 1);
  }
}

// Whether the signal is only noted.
bool Hold(int signal) {
  if (!holding || held != 0) return false;
  if (std::find(kHeld.begin(), kHeld.end(), signal) == kHeld.end()) {
    return false;
  }
  held = signal;
  // A pipe that is full wakes as well.
  [[maybe_unused]] const ssize_t n = write(wake_write, "", 1);
  return true;
}

void OnEnding(int signal) {
  const int saved = errno;
  if (Hold(signal)) {
    errno = saved;
    return;
  }
  CleanUp();
  for (size_t i = 0; i < kEndings.size(); ++i) {
    if (kEndings[i] == signal) sigaction(signal, &previous[i], nullptr);
  }
  raise(signal);  // blocked until this handler returns
}

void OnAbort(int) {
  CleanUp();
  _exit(kBug);
}

void OnUser(int) { progress_requested = true; }

// Installs `handler`, unless the caller of the program ignores `signal`.
void Install(int signal, void (*handler)(int), struct sigaction* old) {
  sigaction(signal, nullptr, old);
  if (old->sa_handler == SIG_IGN) return;
  struct sigaction action = {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  // No other ending may cut in between the removal and the end.
  sigfillset(&action.sa_mask);
  sigaction(signal, &action, nullptr);
}

}  // namespace

void InstallSignalHandlers() {
  for (size_t i = 0; i < kEndings.size(); ++i) {
    Install(kEndings[i], OnEnding, &previous[i]);
  }
  struct sigaction unused;
  Install(SIGABRT, OnAbort, &unused);
  Install(SIGUSR1, OnUser, &unused);
  // A write beyond the limit on file sizes then fails with EFBIG.
  signal(SIGXFSZ, SIG_IGN);
}

void HoldEndings() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
    throw Error(ErrorKind::kIo, "cannot make a pipe; close other files");
  }
  wake_read = ends[0];
  wake_write = ends[1];
  holding = true;
}

int HeldEnding() { return held; }
int WakeDescriptor() { return wake_read; }

void EndBySignal(int signal) {
  held = signal;  // this one is not held back
  raise(signal);
}

bool TakeProgressRequest() { return progress_requested.exchange(false); }

void SetLineOpen(bool open) { line_open = open; }

}  // namespace nncpp
