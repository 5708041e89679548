// tests/support/fiber.cc -- contract: tests/support/fiber.h
#include "tests/support/fiber.h"

#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>
#include <utility>

#include "src/base/check.h"

#if defined(__SANITIZE_ADDRESS__)
#define NNCPP_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define NNCPP_ASAN 1
#endif
#endif
#if defined(__SANITIZE_THREAD__)
#define NNCPP_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define NNCPP_TSAN 1
#endif
#endif

#ifdef NNCPP_ASAN
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef NNCPP_TSAN
#include <sanitizer/tsan_interface.h>
#endif

#if defined(__x86_64__)

// Saves the registers that a call must keep, and takes those of `to`. A system
// call for the signal mask, which swapcontext makes, would cost more than all
// else that emulation does.
asm(R"(
.text
.globl nncpp_switch_stack
.type nncpp_switch_stack, @function
nncpp_switch_stack:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq (%rsi), %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size nncpp_switch_stack, .-nncpp_switch_stack
)");
extern "C" void nncpp_switch_stack(void** from, void** to);

#else
#include <ucontext.h>
#endif

namespace nncpp::testing {
namespace {

constexpr size_t kStackBytes = 128 << 10;  // pages come as they are touched
constexpr size_t kColour = 11 * 64, kColours = 32 << 10;

}  // namespace

struct Fiber::State {
  std::function<void()> run;
  char* stack = nullptr;
#if defined(__x86_64__)
  void* inside = nullptr;  // stack pointers where the other side stopped
  void* outside = nullptr;
#else
  ucontext_t inside, outside;
#endif
  void* fake_inside = nullptr;
  void* fake_outside = nullptr;
  const void* host_stack = nullptr;
  size_t host_bytes = 0;
  void* tsan_inside = nullptr;
  void* tsan_outside = nullptr;
};

namespace {

// The state for the fiber that is entered for the first time.
thread_local void* entering = nullptr;

}  // namespace

void StartFiber(void* state) { Fiber::Loop(static_cast<Fiber::State*>(state)); }

namespace {

#if defined(__x86_64__)
extern "C" void nncpp_fiber_main() { StartFiber(entering); }
#else
void FiberMain() { StartFiber(entering); }
#endif

template <typename State>
void SwitchIn(State& s) {
#ifdef NNCPP_ASAN
  __sanitizer_start_switch_fiber(&s.fake_outside, s.stack, kStackBytes);
#endif
#ifdef NNCPP_TSAN
  s.tsan_outside = __tsan_get_current_fiber();
  __tsan_switch_to_fiber(s.tsan_inside, 0);
#endif
#if defined(__x86_64__)
  nncpp_switch_stack(&s.outside, &s.inside);
#else
  swapcontext(&s.outside, &s.inside);
#endif
#ifdef NNCPP_ASAN
  __sanitizer_finish_switch_fiber(s.fake_outside, nullptr, nullptr);
#endif
}

template <typename State>
void Arrived(State& s) {
#ifdef NNCPP_ASAN
  __sanitizer_finish_switch_fiber(s.fake_inside, &s.host_stack, &s.host_bytes);
#endif
  static_cast<void>(s);
}

template <typename State>
void SwitchOut(State& s) {
#ifdef NNCPP_ASAN
  __sanitizer_start_switch_fiber(&s.fake_inside, s.host_stack, s.host_bytes);
#endif
#ifdef NNCPP_TSAN
  __tsan_switch_to_fiber(s.tsan_outside, 0);
#endif
#if defined(__x86_64__)
  nncpp_switch_stack(&s.inside, &s.outside);
#else
  swapcontext(&s.inside, &s.outside);
#endif
  Arrived(s);
}

}  // namespace

void Fiber::Loop(State* state) {
  Arrived(*state);
  for (;;) {
    state->run();
    SwitchOut(*state);
  }
}

Fiber::Fiber(std::function<void()> run) : state_(std::make_unique<State>()) {
  State& s = *state_;
  s.run = std::move(run);
  void* stack = ::mmap(nullptr, kStackBytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  NNCPP_CHECK(stack != MAP_FAILED);
  s.stack = static_cast<char*>(stack);
#ifdef NNCPP_TSAN
  s.tsan_inside = __tsan_create_fiber(0);
#endif
#if defined(__x86_64__)
  // Six registers, then where to return to; at its first instruction a
  // function finds the stack 8 bytes past a multiple of 16.
  // Stacks that began at equal places of their pages would share the lines of
  // a cache.
  static size_t fibers = 0;
  const size_t colour = fibers++ * kColour % kColours;
  auto* top = reinterpret_cast<uintptr_t*>(s.stack + kStackBytes - colour) - 8;
  top[6] = reinterpret_cast<uintptr_t>(&nncpp_fiber_main);
  s.inside = top;
#else
  getcontext(&s.inside);
  s.inside.uc_stack.ss_sp = s.stack;
  s.inside.uc_stack.ss_size = kStackBytes;
  s.inside.uc_link = nullptr;
  makecontext(&s.inside, FiberMain, 0);
#endif
}

Fiber::~Fiber() {
#ifdef NNCPP_TSAN
  __tsan_destroy_fiber(state_->tsan_inside);
#endif
  ::munmap(state_->stack, kStackBytes);
}

void Fiber::Enter() {
  entering = state_.get();
  SwitchIn(*state_);
}

void Fiber::Leave() { SwitchOut(*state_); }

}  // namespace nncpp::testing
