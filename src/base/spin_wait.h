// src/base/spin_wait.h -- threads that wait for each other for a moment.
#pragma once

#include <atomic>
#include <cstdint>

namespace nncpp {

// Polls of a waiting thread before it sleeps: tens of microseconds.
inline constexpr int kSpins = 2000;

inline void Pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

// Waits until `value` differs from `old`. Whoever changes it notifies.
inline void WaitWhile(const std::atomic<uint32_t>& value, uint32_t old,
                      int spins = kSpins) {
  for (int i = 0; i < spins; ++i) {
    if (value.load(std::memory_order_acquire) != old) return;
    Pause();
  }
  while (value.load(std::memory_order_acquire) == old) {
    value.wait(old, std::memory_order_acquire);
  }
}

// Waits until `value` is `wanted`.
inline void WaitFor(const std::atomic<uint32_t>& value, uint32_t wanted) {
  for (uint32_t now = value.load(std::memory_order_acquire); now != wanted;
       now = value.load(std::memory_order_acquire)) {
    WaitWhile(value, now);
  }
}

}  // namespace nncpp
