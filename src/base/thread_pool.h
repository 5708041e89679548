// src/base/thread_pool.h -- static partition of work over a few threads.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

namespace nncpp {

// Runs the same function on every thread, each told its index. What a thread
// computes must depend on its index alone, so that results cannot depend on
// scheduling. Functions must not throw. Used by one thread at a time.
class ThreadPool {
 public:
  // `threads` >= 1 counts the caller; 0 takes one per core this process may
  // use. `start` runs once in every worker (and not in the caller).
  explicit ThreadPool(int threads, std::function<void()> start = {});
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const { return threads_; }

  // Calls work(i) for i in [0, threads()), the caller being thread 0; returns
  // when all have returned.
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
  void Loop(int index);

  int threads_;
  int spins_;  // polls before a waiting thread sleeps
  Call call_ = nullptr;
  const void* work_ = nullptr;
  alignas(64) std::atomic<uint32_t> epoch_{0};    // raised to start work
  alignas(64) std::atomic<uint32_t> running_{0};  // workers not yet done
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
