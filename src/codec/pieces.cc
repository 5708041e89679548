// src/codec/pieces.cc -- contract: pieces.h
#include "src/codec/pieces.h"

#include <algorithm>
#include <limits>
#include <string>

#include "src/base/check.h"
#include "src/base/error.h"
#include "src/format/archive.h"

namespace nncpp {
namespace {

constexpr int64_t kToTheEnd = std::numeric_limits<int64_t>::max();

[[noreturn]] void RefuseTooMany() {
  throw Error(ErrorKind::kUsage, "a set has at most " +
                                     std::to_string(kMaxParts) +
                                     " parts; use a larger --part-size");
}

}  // namespace

Pieces::Pieces(Source& in, const PartPlan& plan)
    : in_(in), plan_(plan), total_(in.SizeHint()) {
  NNCPP_CHECK(plan.count == 0 || plan.bytes == 0);
  if (!plan.any()) {
    count_ = 1;
  } else if (total_ >= 0) {
    count_ = plan.count;
    if (count_ == 0) {
      count_ = std::max<int64_t>(
          1, total_ / plan.bytes + (total_ % plan.bytes > 0 ? 1 : 0));
    }
    if (count_ > kMaxParts) RefuseTooMany();
  } else if (plan.count > 0) {
    throw Error(ErrorKind::kUsage,
                "--parts: the size of the input is not known; use --part-size");
  }
  Start(1);
}

// Where piece `number` ends in the whole, as far as is known.
int64_t Pieces::End(int64_t number) const {
  if (number == count_) return total_ >= 0 ? total_ : kToTheEnd;
  if (plan_.bytes > 0) return number * plan_.bytes;
  // total < 2^49 and number < 2^10
  const int64_t end =
      total_ / count_ * number + total_ % count_ * number / count_;
  return end - end % plan_.unit;
}

void Pieces::Start(int64_t number) {
  NNCPP_CHECK(number >= 1 && Has(number));
  if (number > kMaxParts) RefuseTooMany();
  number_ = number;
  read_ = 0;
  begin_ = number == 1 ? 0 : End(number - 1);
  hint_ = total_ < 0 ? -1 : End(number) - begin_;
  // An input that grows does not end where it was thought to: the last piece
  // gets more than it promised, and that is an error.
  left_ = number == count_ ? kToTheEnd : End(number) - begin_;
}

bool Pieces::IsLast() {
  if (count_ > 0) return number_ == count_;
  return in_.Peek(1).empty();
}

std::span<const uint8_t> Pieces::Peek(int64_t most) {
  return in_.Peek(std::min(most, left_));
}

int64_t Pieces::Read(std::span<uint8_t> bytes) {
  const auto most = std::min<int64_t>(left_, std::ssize(bytes));
  const int64_t count = in_.Read(bytes.first(static_cast<size_t>(most)));
  left_ -= count;
  read_ += count;
  if (hint_ >= 0) hint_ = std::max<int64_t>(0, hint_ - count);
  return count;
}

int64_t Pieces::SizeHint() const { return hint_; }

}  // namespace nncpp
