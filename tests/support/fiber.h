// tests/support/fiber.h -- stacks that one host thread switches between.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace nncpp::testing {

// A function with a stack of its own, run again and again. The sanitizers are
// told of each switch.
class Fiber {
 public:
  explicit Fiber(std::function<void()> run);
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  // From the host's own stack: goes on with the fiber until it calls Leave or
  // `run` returns, after which the next Enter calls `run` anew.
  void Enter();

  // From within the fiber: back to the Enter that came last.
  void Leave();

 private:
  struct State;
  [[noreturn]] static void Loop(State* state);
  friend void StartFiber(void* state);

  std::unique_ptr<State> state_;
};

}  // namespace nncpp::testing
