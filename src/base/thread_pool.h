// src/base/thread_pool.h -- static partition of work over a few threads.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

namespace nncpp {

// Cores that this process may use, at least 1.
int UsableCores();

// Runs the parts of a job on a few threads. What a part computes must depend on
// its index alone: which thread runs it is left to chance, and a thread that
// the system keeps from running holds up nobody who could do its part.
// Functions must not throw. Used by one thread at a time.
class ThreadPool {
 public:
  // `threads` >= 1 counts the caller; 0 takes one per core this process may
  // use. `start` runs once in every worker (and not in the caller).
  explicit ThreadPool(int threads, std::function<void()> start = {});
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const { return threads_; }

  // Calls work(i) for i in [0, threads()); returns when all have returned.
  template <typename Work>
  void Run(const Work& work) {
    if (threads_ == 1) {
      work(0);
      return;
    }
    Dispatch([](const void* w, int i) { (*static_cast<const Work*>(w))(i); },
             &work);
  }

 private:
  using Call = void (*)(const void* work, int index);
  void Dispatch(Call call, const void* work);
  void TakeParts(uint32_t job);
  void Loop();

  int threads_;
  int spins_;  // polls before a waiting thread sleeps
  Call call_ = nullptr;
  const void* work_ = nullptr;
  // The job's number in the high half, its next part in the low half: a part
  // can only be taken from the job that call_ and work_ belong to.
  alignas(64) std::atomic<uint64_t> next_{0};
  alignas(64) std::atomic<uint32_t> job_{0};  // workers wait for a change
  alignas(64) std::atomic<uint32_t> unfinished_{0};  // parts
  std::atomic<bool> stop_{false};
  std::vector<std::thread> workers_;
};

// [begin, end) of part `index` of `parts` equal parts of n items, cut at
// multiples of `grain`.
struct Range {
  int64_t begin;
  int64_t end;
};
constexpr Range PartOf(int64_t n, int64_t parts, int64_t index,
                       int64_t grain = 1) {
  const int64_t grains = (n + grain - 1) / grain;
  const int64_t begin = grains * index / parts * grain;
  const int64_t end = grains * (index + 1) / parts * grain;
  return {begin < n ? begin : n, end < n ? end : n};
}

}  // namespace nncpp
