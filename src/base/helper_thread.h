// src/base/helper_thread.h -- one thread that works beside its owner.
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <thread>
#include <utility>

namespace nncpp {

// The thread starts with the first work, before which it does `start`, if there
// is one. Used by one thread at a time.
class HelperThread {
 public:
  explicit HelperThread(std::function<void()> start = {})
      : start_(std::move(start)) {}
  ~HelperThread();  // waits for work under way; what it throws is lost
  HelperThread(const HelperThread&) = delete;
  HelperThread& operator=(const HelperThread&) = delete;

  // Does `work` on the thread. REQUIRES: no work is under way.
  void Start(std::function<void()> work);

  // Whether no work is under way; Wait then returns at once.
  bool IsIdle() const { return done_.load(std::memory_order_acquire) == jobs_; }

  // Returns when the work is done, and throws what it threw. Does nothing
  // where none is under way.
  void Wait();

  // The same, but what it threw is lost.
  void Settle() noexcept;

 private:
  void Loop();

  const std::function<void()> start_;
  std::function<void()> work_;
  std::exception_ptr error_;
  bool stop_ = false;
  uint32_t jobs_ = 0;  // asked for
  std::atomic<uint32_t> asked_{0}, done_{0};
  std::thread thread_;
};

}  // namespace nncpp
