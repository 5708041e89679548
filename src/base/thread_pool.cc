// src/base/thread_pool.cc -- workers that spin for a moment, then sleep.
#include "src/base/thread_pool.h"

#include <sched.h>

#include <utility>

namespace nncpp {
namespace {

int UsableCores() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) == 0) {
    const int n = CPU_COUNT(&set);
    if (n > 0) return n;
  }
  const unsigned n = std::thread::hardware_concurrency();
  return n == 0 ? 1 : static_cast<int>(n);
}

void Pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

// Waits until `value` differs from `old`.
void WaitWhile(const std::atomic<uint32_t>& value, uint32_t old, int spins) {
  for (int i = 0; i < spins; ++i) {
    if (value.load(std::memory_order_acquire) != old) return;
    Pause();
  }
  while (value.load(std::memory_order_acquire) == old) {
    value.wait(old, std::memory_order_acquire);
  }
}

}  // namespace

ThreadPool::ThreadPool(int threads, std::function<void()> start)
    : threads_(threads > 0 ? threads : UsableCores()),
      // About 20 microseconds: the gap between two regions of a step. More
      // threads than cores must not spin at all.
      spins_(threads_ <= UsableCores() ? 2000 : 0) {
  for (int i = 1; i < threads_; ++i) {
    workers_.emplace_back([this, i, start] {
      if (start) start();
      Loop(i);
    });
  }
}

ThreadPool::~ThreadPool() {
  stop_.store(true, std::memory_order_relaxed);
  epoch_.fetch_add(1, std::memory_order_release);
  epoch_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void ThreadPool::Dispatch(Call call, const void* work) {
  call_ = call;
  work_ = work;
  running_.store(static_cast<uint32_t>(threads_ - 1),
                 std::memory_order_relaxed);
  epoch_.fetch_add(1, std::memory_order_release);
  epoch_.notify_all();
  call(work, 0);
  for (uint32_t left = running_.load(std::memory_order_acquire); left != 0;
       left = running_.load(std::memory_order_acquire)) {
    WaitWhile(running_, left, spins_);
  }
}

void ThreadPool::Loop(int index) {
  uint32_t seen = 0;
  for (;;) {
    WaitWhile(epoch_, seen, spins_);
    ++seen;
    if (stop_.load(std::memory_order_relaxed)) return;
    call_(work_, index);
    if (running_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      running_.notify_one();
    }
  }
}

}  // namespace nncpp
