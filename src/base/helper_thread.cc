// src/base/helper_thread.cc -- contract: src/base/helper_thread.h
#include "src/base/helper_thread.h"

#include <utility>

#include "src/base/check.h"
#include "src/base/spin_wait.h"
#include "src/base/unfinished.h"

namespace nncpp {

HelperThread::~HelperThread() {
  if (!thread_.joinable()) return;
  Settle();
  stop_ = true;
  asked_.store(jobs_ + 1, std::memory_order_release);
  asked_.notify_one();
  thread_.join();
}

void HelperThread::Start(std::function<void()> work) {
  NNCPP_CHECK(IsIdle());
  work_ = std::move(work);
  if (!thread_.joinable()) {
    const SignalPause pause;  // which the thread inherits, and keeps
    thread_ = std::thread([this] { Loop(); });
  }
  asked_.store(++jobs_, std::memory_order_release);
  asked_.notify_one();
}

void HelperThread::Wait() {
  WaitFor(done_, jobs_);
  if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
}

void HelperThread::Settle() noexcept {
  WaitFor(done_, jobs_);
  error_ = nullptr;
}

void HelperThread::Loop() {
  for (uint32_t job = 0;; ++job) {
    WaitFor(asked_, job + 1);
    if (stop_) return;
    try {
      if (job == 0 && start_) start_();
      work_();
    } catch (...) {
      error_ = std::current_exception();
    }
    done_.store(job + 1, std::memory_order_release);
    done_.notify_one();
  }
}

}  // namespace nncpp
