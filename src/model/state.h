// src/model/state.h -- the one list of what a model's state is.
#pragma once

#include <cstdint>
#include <span>
#include <type_traits>
#include <vector>

namespace nncpp {

// Is shown every piece of a model's state by Model::VisitState, always in the
// same order. Digests, copies, checkpoints and checks are visitors, so that
// none of them can forget a piece. A visitor may read the pieces or replace
// what they hold; their sizes follow from the configuration and stay.
class StateVisitor {
 public:
  virtual ~StateVisitor() = default;

  // Bytes of host memory: a hash of them must not depend on padding.
  virtual void Host(std::span<uint8_t> bytes) = 0;

  // `count` floats in the backend's memory.
  virtual void Array(float* array, int64_t count) = 0;

  template <typename T>
  void Elements(std::vector<T>& elements) {
    static_assert(std::is_trivially_copyable_v<T>);
    Host({reinterpret_cast<uint8_t*>(elements.data()),
          elements.size() * sizeof(T)});
  }

  template <typename T>
  void Value(T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    Host({reinterpret_cast<uint8_t*>(&value), sizeof(T)});
  }
};

}  // namespace nncpp
