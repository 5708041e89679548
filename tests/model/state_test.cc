// tests/model/state_test.cc -- states that no training gives are refused.
#include <cstdint>
#include <cstring>
#include <vector>

#include "gtest/gtest.h"
#include "kernels/cpu/cpu_backend.h"
#include "src/base/memory_stream.h"
#include "src/model/lstm.h"
#include "src/model/transformer.h"
#include "tests/support/errors.h"

namespace nncpp {
namespace {

template <typename Net>
class NetState : public ::testing::Test {
 protected:
  NetState()
      : backend_(cpu::AvailableForms().back(), 1),
        net_(ProfileConfig("tiny"), backend_) {
    const std::vector<int32_t> targets(8, 'a');
    net_.StartBlock(1);
    net_.Predict(0, 8, targets);
    net_.Train(8, targets);
    MemorySink out;
    net_.WriteState(out);
    bytes_ = out.Take();
  }

  // The state begins with the weights and Adam's second moments.
  void Put(int64_t index, float value) {
    std::memcpy(bytes_.data() + index * 4, &value, sizeof(value));
  }
  int64_t weights() const { return net_.layout().count(); }
  void Read() {
    MemorySource in(bytes_);
    net_.ReadState(in);
  }

  cpu::CpuBackend backend_;
  Net net_;
  std::vector<uint8_t> bytes_;
};

using Nets = ::testing::Types<Lstm, Transformer>;
TYPED_TEST_SUITE(NetState, Nets);

TYPED_TEST(NetState, IsReadBack) {
  const uint64_t digest = this->net_.Digest();
  EXPECT_NO_THROW(this->Read());
  EXPECT_EQ(this->net_.Digest(), digest);
}

// The encoder predicts a segment before a checkpoint of the one before it.
TYPED_TEST(NetState, IsLeftAloneByPredictions) {
  const uint64_t digest = this->net_.Digest();
  this->net_.Predict(0, 5, std::vector<int32_t>(5, 'b'));
  EXPECT_EQ(this->net_.Digest(), digest);
  this->net_.Train(5, std::vector<int32_t>(5, 'b'));
  EXPECT_NE(this->net_.Digest(), digest);
}

TYPED_TEST(NetState, OfALargeWeightIsRefused) {
  this->Put(0, kWeightLimit * 1.01f);
  ExpectError(ErrorKind::kFormat, "not the state", [&] { this->Read(); });
}

TYPED_TEST(NetState, OfANegativeMomentIsRefused) {
  this->Put(this->weights(), -1e-9f);
  ExpectError(ErrorKind::kFormat, "not the state", [&] { this->Read(); });
}

}  // namespace
}  // namespace nncpp
