// src/base/thread_pool.cc -- workers that spin for a moment, then sleep.
#include "src/base/thread_pool.h"

#include <sched.h>

#include <utility>

#include "src/base/spin_wait.h"
#include "src/base/unfinished.h"

namespace nncpp {

int UsableCores() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) == 0) {
    const int n = CPU_COUNT(&set);
    if (n > 0) return n;
  }
  const unsigned n = std::thread::hardware_concurrency();
  return n == 0 ? 1 : static_cast<int>(n);
}

ThreadPool::ThreadPool(int threads, std::function<void()> start)
    : threads_(threads > 0 ? threads : UsableCores()),
      // For the gap between two jobs of a step. More threads than cores must
      // not spin at all.
      spins_(threads_ <= UsableCores() ? kSpins : 0),
      next_(static_cast<uint64_t>(threads_)) {
  const SignalPause pause;  // which workers inherit, and keep
  for (int i = 1; i < threads_; ++i) {
    workers_.emplace_back([this, start] {
      if (start) start();
      Loop();
    });
  }
}

ThreadPool::~ThreadPool() {
  stop_.store(true, std::memory_order_relaxed);
  job_.fetch_add(1, std::memory_order_release);
  job_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void ThreadPool::TakeParts(uint32_t job) {
  const uint64_t first = uint64_t{job} << 32;
  uint64_t next = next_.load(std::memory_order_acquire);
  while (next >> 32 == job && next - first < static_cast<uint64_t>(threads_)) {
    if (!next_.compare_exchange_weak(next, next + 1, std::memory_order_acq_rel,
                                     std::memory_order_acquire)) {
      continue;
    }
    call_(work_, static_cast<int>(next - first));
    if (unfinished_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      unfinished_.notify_one();
    }
    next = next_.load(std::memory_order_acquire);
  }
}

void ThreadPool::Dispatch(Call call, const void* work) {
  call_ = call;
  work_ = work;
  unfinished_.store(static_cast<uint32_t>(threads_), std::memory_order_relaxed);
  const uint32_t job = job_.load(std::memory_order_relaxed) + 1;
  next_.store(uint64_t{job} << 32, std::memory_order_release);
  job_.store(job, std::memory_order_release);
  job_.notify_all();
  TakeParts(job);
  for (uint32_t left = unfinished_.load(std::memory_order_acquire); left != 0;
       left = unfinished_.load(std::memory_order_acquire)) {
    WaitWhile(unfinished_, left, spins_);
  }
}

void ThreadPool::Loop() {
  uint32_t seen = 0;
  for (;;) {
    WaitWhile(job_, seen, spins_);
    seen = job_.load(std::memory_order_acquire);
    if (stop_.load(std::memory_order_relaxed)) return;
    TakeParts(seen);
  }
}

}  // namespace nncpp
