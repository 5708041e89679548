// src/base/head_source.h -- a source whose next bytes can be seen beforehand.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "src/base/stream.h"

namespace nncpp {

class HeadSource : public Source {
 public:
  // `in` must outlive the source, and is read by it alone.
  explicit HeadSource(Source& in) : in_(in) {}

  // The next `most` bytes, fewer at the end of input; they stay in the source.
  std::span<const uint8_t> Peek(int64_t most) {
    head_.erase(head_.begin(), head_.begin() + static_cast<int64_t>(done_));
    done_ = 0;
    const size_t there = head_.size();
    const int64_t hint = in_.SizeHint();
    const int64_t room = most - std::ssize(head_);
    if (room > 0) {
      head_.resize(there + static_cast<size_t>(
                               hint < 0 ? room : std::min(room, hint + 1)));
      const auto read = in_.Read(std::span(head_).subspan(there));
      head_.resize(there + static_cast<size_t>(read));
    }
    return std::span(head_).first(
        std::min(head_.size(), static_cast<size_t>(most)));
  }

  int64_t Read(std::span<uint8_t> bytes) override {
    const size_t count = std::min(bytes.size(), head_.size() - done_);
    std::copy_n(head_.begin() + static_cast<int64_t>(done_), count,
                bytes.begin());
    done_ += count;
    if (done_ == head_.size()) head_.clear(), head_.shrink_to_fit(), done_ = 0;
    if (count == bytes.size()) return std::ssize(bytes);
    return static_cast<int64_t>(count) + in_.Read(bytes.subspan(count));
  }

  int64_t SizeHint() const override {
    const int64_t rest = in_.SizeHint();
    return rest < 0 ? rest
                    : rest + std::ssize(head_) - static_cast<int64_t>(done_);
  }

 private:
  Source& in_;
  std::vector<uint8_t> head_;
  size_t done_ = 0;  // bytes of head_ that Read has delivered
};

}  // namespace nncpp
