// tests/coder/range_coder_test.cc -- coding back and forth, and its cost.
#include "src/coder/range_coder.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "gtest/gtest.h"
#include "kernels/cpu/cpu_backend.h"
#include "src/base/error.h"
#include "tests/support/errors.h"

namespace nncpp {
namespace {

using Bytes = std::vector<uint8_t>;

// A distribution with the sums that the coder wants.
struct Distribution {
  std::vector<uint64_t> frequency, below;
  uint64_t total = 0;

  explicit Distribution(std::vector<uint64_t> f) : frequency(std::move(f)) {
    for (const uint64_t v : frequency) {
      below.push_back(total);
      total += v;
    }
  }
  int64_t At(uint64_t point) const {
    return std::upper_bound(below.begin(), below.end(), point) - below.begin() -
           1;
  }
};

Bytes Encode(const Distribution& d, const std::vector<int64_t>& symbols) {
  RangeEncoder encoder;
  for (const int64_t s : symbols) {
    const auto i = static_cast<size_t>(s);
    encoder.Encode(d.below[i], d.frequency[i], d.total);
  }
  return encoder.Finish();
}

// Decodes `count` symbols; `end` says whether all bytes were looked at.
std::vector<int64_t> Decode(const Distribution& d, const Bytes& bytes,
                            int64_t count, bool& end) {
  RangeDecoder decoder(bytes);
  std::vector<int64_t> symbols;
  for (int64_t n = 0; n < count; ++n) {
    symbols.push_back(d.At(decoder.Target(d.total)));
    const auto i = static_cast<size_t>(symbols.back());
    decoder.Consume(d.below[i], d.frequency[i], d.total);
  }
  end = decoder.AtEnd();
  return symbols;
}

void ExpectRoundTrip(const Distribution& d,
                     const std::vector<int64_t>& symbols) {
  const Bytes bytes = Encode(d, symbols);
  bool end = false;
  EXPECT_EQ(Decode(d, bytes, std::ssize(symbols), end), symbols);
  EXPECT_TRUE(end);
  EXPECT_TRUE(bytes.empty() || bytes.back() != 0);
}

// Symbols as the distribution has them.
std::vector<int64_t> Draw(const Distribution& d, int64_t count,
                          std::mt19937_64& random) {
  std::vector<int64_t> symbols;
  for (int64_t i = 0; i < count; ++i) {
    symbols.push_back(d.At(random() % d.total));
  }
  return symbols;
}

double Bits(const Distribution& d, const std::vector<int64_t>& symbols) {
  double bits = 0;
  for (const int64_t s : symbols) {
    bits -= std::log2(static_cast<double>(d.frequency[static_cast<size_t>(s)]) /
                      static_cast<double>(d.total));
  }
  return bits;
}

TEST(RangeCoder, SaysNothingInNoBytes) {
  EXPECT_TRUE(RangeEncoder().Finish().empty());
  EXPECT_TRUE(RangeDecoder({}).AtEnd());
}

TEST(RangeCoder, TakesNoBytesForWhatIsCertain) {
  const Distribution sure({uint64_t{1} << 40});
  EXPECT_TRUE(Encode(sure, std::vector<int64_t>(1000, 0)).empty());
  ExpectRoundTrip(sure, std::vector<int64_t>(1000, 0));
}

TEST(RangeCoder, RoundTripsEachSymbolAlone) {
  const Distribution d({1, 5, uint64_t{1} << 40, 1, 77});
  for (int64_t s = 0; s < 5; ++s) ExpectRoundTrip(d, {s});
}

TEST(RangeCoder, RoundTripsRandomDistributions) {
  std::mt19937_64 random(1);
  for (int trial = 0; trial < 300; ++trial) {
    const int64_t symbols = 1 + static_cast<int64_t>(random() % 300);
    std::vector<uint64_t> frequency;
    const uint64_t shift = 24 + random() % 40;
    for (int64_t i = 0; i < symbols; ++i) {
      frequency.push_back(1 + (random() >> shift) / 300);
    }
    const Distribution d(frequency);
    ExpectRoundTrip(d, Draw(d, 200, random));
    std::vector<int64_t> any;
    for (int i = 0; i < 200; ++i) {
      any.push_back(
          static_cast<int64_t>(random() % static_cast<uint64_t>(symbols)));
    }
    ExpectRoundTrip(d, any);
  }
}

// The least frequency within the greatest total, at either end.
TEST(RangeCoder, RoundTripsAtTheLimitOfTheTotal) {
  const uint64_t rest = kTotalLimit - 3;
  std::mt19937_64 random(2);
  for (const auto& frequency :
       {std::vector<uint64_t>{1, rest, 1}, std::vector<uint64_t>{rest, 1, 1},
        std::vector<uint64_t>{1, 1, rest}}) {
    const Distribution d(frequency);
    ASSERT_EQ(d.total, kTotalLimit - 1);
    for (int64_t s = 0; s < 3; ++s) {
      ExpectRoundTrip(d, std::vector<int64_t>(500, s));
    }
    std::vector<int64_t> any;
    for (int i = 0; i < 2000; ++i) any.push_back(random() % 3);
    ExpectRoundTrip(d, any);
  }
}

// Ones upon ones: narrow intervals just below a byte's edge, so that bytes of
// 0xFF pile up and then a carry goes through all of them, or does not.
TEST(RangeCoder, CarriesThroughLongRunsOfOnes) {
  const uint64_t total = uint64_t{1} << 32;
  const Distribution d({total / 2 - 1, 2, total / 2 - 1});
  for (int run = 0; run <= 40; ++run) {
    // The middle symbol straddles the half: 0111... or 1000..., undecided.
    for (const int64_t last : {0, 1, 2}) {
      std::vector<int64_t> symbols(static_cast<size_t>(run), 1);
      symbols.push_back(last);
      ExpectRoundTrip(d, symbols);
      symbols.insert(symbols.end(), 30, 2);
      ExpectRoundTrip(d, symbols);
      symbols.insert(symbols.end(), 30, 0);
      ExpectRoundTrip(d, symbols);
    }
  }
  const Distribution last({kTotalLimit - 2, 1});
  ExpectRoundTrip(last, std::vector<int64_t>(300, 1));
}

TEST(RangeCoder, RoundTripsWhenTheDistributionChangesEveryTime) {
  std::mt19937_64 random(3);
  std::vector<Distribution> all;
  std::vector<int64_t> symbols;
  RangeEncoder encoder;
  for (int i = 0; i < 3000; ++i) {
    std::vector<uint64_t> frequency(2 + random() % 20);
    for (uint64_t& f : frequency) f = 1 + (random() >> (20 + random() % 43));
    all.emplace_back(frequency);
    symbols.push_back(static_cast<int64_t>(random() % frequency.size()));
    const auto s = static_cast<size_t>(symbols.back());
    encoder.Encode(all.back().below[s], frequency[s], all.back().total);
  }
  const Bytes bytes = encoder.Finish();
  RangeDecoder decoder(bytes);
  for (size_t i = 0; i < all.size(); ++i) {
    const Distribution& d = all[i];
    const int64_t s = d.At(decoder.Target(d.total));
    ASSERT_EQ(s, symbols[i]);
    decoder.Consume(d.below[static_cast<size_t>(s)],
                    d.frequency[static_cast<size_t>(s)], d.total);
  }
  EXPECT_TRUE(decoder.AtEnd());
}

TEST(RangeDecoder, YieldsSymbolsOrRefusesWhateverTheBytesAre) {
  std::mt19937_64 random(4);
  int refused = 0;
  for (int trial = 0; trial < 2000; ++trial) {
    Bytes bytes(random() % 40);
    for (uint8_t& byte : bytes) {
      byte = static_cast<uint8_t>(trial % 3 == 0 ? 0xFF : random());
    }
    const Distribution d(
        {1 + (random() >> 17), 1 + (random() >> 40), 1, 1 + (random() >> 20)});
    try {
      bool end = false;
      Decode(d, bytes, 300, end);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kFormat);
      ++refused;
    }
  }
  EXPECT_GT(refused, 0);
}

TEST(RangeDecoder, RefusesAMessageThatNoCoderEnds) {
  const Bytes ones(8, 0xFF);
  ExpectError(ErrorKind::kFormat, "not a coder's message",
              [&] { RangeDecoder(ones).Target(uint64_t{1} << 40); });
}

// ---- what coding costs

std::vector<float> Logits(int64_t symbols, bool peaked,
                          std::mt19937_64& random) {
  std::vector<float> logits;
  for (int64_t i = 0; i < symbols; ++i) {
    logits.push_back(static_cast<float>(random() % 4096) / 1024.0f);
  }
  if (peaked) {  // the rest adds up to about 13.4 V: a share of 0.0007
    logits[random() % logits.size()] =
        9.9f + std::log(static_cast<float>(symbols));
  }
  return logits;
}

struct Cost {
  double coded = 0;    // bits of the bytes written
  double integer = 0;  // - sum of log2(frequency / total)
  double exact = 0;    // the same by the softmax in double precision
  double peak = 0;     // least of the largest probabilities
};

// Symbols drawn from the softmax of new logits for each.
Cost Measure(int64_t symbols, bool peaked, int64_t count) {
  std::mt19937_64 random(5);
  Cost cost;
  cost.peak = 1;
  RangeEncoder encoder;
  std::vector<float> scratch(static_cast<size_t>(symbols));
  std::vector<uint64_t> frequency(static_cast<size_t>(symbols));
  const cpu::OpsTable& ops = *cpu::AvailableForms().back().ops;
  for (int64_t n = 0; n < count; ++n) {
    const std::vector<float> logits = Logits(symbols, peaked, random);
    ops.frequencies(logits.data(), symbols, scratch.data(), frequency.data());
    const Distribution d(frequency);
    const std::vector<int64_t> drawn = Draw(d, 1, random);
    const auto s = static_cast<size_t>(drawn[0]);
    encoder.Encode(d.below[s], d.frequency[s], d.total);
    cost.integer += Bits(d, drawn);
    double sum = 0, most = 0;
    for (const float x : logits) {
      sum += std::exp(double{x});
      most = std::max(most, std::exp(double{x}));
    }
    cost.peak = std::min(cost.peak, most / sum);
    cost.exact += std::log2(sum) - double{logits[s]} / std::log(2.0);
  }
  cost.coded = 8.0 * static_cast<double>(encoder.Finish().size());
  return cost;
}

struct Case {
  int64_t symbols;
  bool peaked;
  int64_t count;
};

class CoderCost : public ::testing::TestWithParam<Case> {};

TEST_P(CoderCost, IsWithinAHundredthOfAPercentOfTheSoftmax) {
  const Case& c = GetParam();
  const Cost cost = Measure(c.symbols, c.peaked, c.count);
  const double coded = cost.coded - cost.integer;
  const double integer = cost.integer - cost.exact;
  RecordProperty("bits", std::to_string(cost.exact));
  RecordProperty("coder_excess_bits", std::to_string(coded));
  RecordProperty("frequency_excess_bits", std::to_string(integer));
  if (c.peaked) {
    EXPECT_GT(cost.peak, 0.999);
  }
  EXPECT_LE(std::abs(coded), 1e-4 * cost.integer + 64);
  EXPECT_LE(std::abs(integer), 1e-4 * cost.exact);
}

INSTANTIATE_TEST_SUITE_P(Alphabets, CoderCost,
                         ::testing::Values(Case{256, false, 20000},
                                           Case{256, true, 50000},
                                           Case{16384, false, 600},
                                           Case{16384, true, 2000}),
                         [](const ::testing::TestParamInfo<Case>& info) {
                           return (info.param.peaked ? "Peaked" : "Flat") +
                                  std::to_string(info.param.symbols);
                         });

// All symbols alike, and the peak itself coded for long: nothing but the
// coder's own loss is left. 8 bytes are what a message's end may take.
TEST(CoderCost, OfALongPeakedMessageIsThatOfItsFrequencies) {
  std::mt19937_64 random(6);
  for (const int64_t symbols : {256, 16384}) {
    std::vector<uint64_t> frequency(static_cast<size_t>(symbols), 1 << 10);
    frequency[7] = uint64_t{1} << 45;
    const Distribution d(frequency);
    const std::vector<int64_t> drawn = Draw(d, 2000000, random);
    const double bits = Bits(d, drawn);
    const double coded = 8.0 * static_cast<double>(Encode(d, drawn).size());
    EXPECT_LE(std::abs(coded - bits), 1e-4 * bits + 64) << symbols;
  }
}

// In the middle of a message, both sides are written and read back.
TEST(RangeCoder, GoesOnFromAWrittenState) {
  std::mt19937_64 random(7);
  const Distribution d({1, 1000, uint64_t{1} << 40, 3});
  const std::vector<int64_t> symbols = Draw(d, 400, random);
  const Bytes expected = Encode(d, symbols);
  RangeEncoder encoder;
  RangeDecoder decoder(expected);
  for (const int64_t s : symbols) {
    ByteWriter state;
    encoder.WriteState(state);
    decoder.WriteState(state);
    ByteReader fields(state.bytes());
    encoder = RangeEncoder();
    encoder.ReadState(fields);
    decoder = RangeDecoder(expected);
    decoder.ReadState(fields);
    EXPECT_EQ(fields.remaining(), 0);
    const auto i = static_cast<size_t>(s);
    encoder.Encode(d.below[i], d.frequency[i], d.total);
    ASSERT_EQ(d.At(decoder.Target(d.total)), s);
    decoder.Consume(d.below[i], d.frequency[i], d.total);
  }
  EXPECT_EQ(encoder.Finish(), expected);
}

TEST(RangeCoder, RefusesAStateThatNoCoderHas) {
  const auto expect_refused = [](uint64_t low, uint64_t range,
                                 const Bytes& bytes, bool refused) {
    ByteWriter state;
    state.U64(low);
    state.U64(range);
    state.Varint(bytes.size());
    state.Bytes(bytes);
    ByteReader fields(state.bytes());
    RangeEncoder encoder;
    if (refused) {
      ExpectError(ErrorKind::kFormat, "not the state",
                  [&] { encoder.ReadState(fields); });
    } else {
      encoder.ReadState(fields);
    }
  };
  const uint64_t half = uint64_t{1} << 63, all = ~uint64_t{0};
  expect_refused(0, (uint64_t{1} << 56) - 1, {}, true);
  expect_refused(0, all, {}, false);
  expect_refused(half, half, {}, false);
  expect_refused(half, half + 1, {}, true);  // a carry would find no byte
  expect_refused(half, half + 1, {0xFF, 0xFF}, true);
  expect_refused(half, half + 1, {0xFE, 0xFF}, false);
  const Bytes message = {1, 2, 3};
  RangeDecoder decoder(message);
  for (const auto& [position, range] :
       {std::pair<uint64_t, uint64_t>{4, all}, {3, 1}}) {
    ByteWriter state;
    state.Varint(position);
    state.U64(0);
    state.U64(range);
    ByteReader fields(state.bytes());
    ExpectError(ErrorKind::kFormat, "not the state",
                [&] { decoder.ReadState(fields); });
  }
}

}  // namespace
}  // namespace nncpp
