// src/base/unfinished.h -- files, and folders made for them, that must not
// outlive a run that fails.
#pragma once

#include <signal.h>

#include <atomic>
#include <string>

namespace nncpp {

// Removes a file, or a folder if it is empty, at its end, unless Keep was
// called; a signal handler that ends the process can do the same for all of
// them.
class Unfinished {
 public:
  Unfinished() = default;
  ~Unfinished();
  Unfinished(const Unfinished&) = delete;
  Unfinished& operator=(const Unfinished&) = delete;

  // REQUIRES: holds nothing yet.
  void Hold(const std::string& path);
  void Keep();

  bool holds() const { return !path_.empty(); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  std::atomic<bool>* live_ = nullptr;  // of what the signal handler reads
};

// Holds back every signal of this thread, so that none comes between the
// creation of a file and Hold.
class SignalPause {
 public:
  SignalPause();
  ~SignalPause();
  SignalPause(const SignalPause&) = delete;
  SignalPause& operator=(const SignalPause&) = delete;

 private:
  sigset_t before_;
};

// Removes all that is held. Only for a signal handler that ends the process:
// async-signal-safe, and the outputs are of no use afterwards.
void RemoveUnfinishedFromSignalHandler() noexcept;

}  // namespace nncpp
