// tests/support/backend_cases_coding.cc -- cases of frequencies and coders.
#include <algorithm>
#include <memory>

#include "tests/support/case_numbers.h"

namespace nncpp::testing {
namespace {

void Append(uint64_t word, Result& result) {
  result.push_back(static_cast<uint32_t>(word));
  result.push_back(static_cast<uint32_t>(word >> 32));
}

Result Softmax(Backend& b, const CaseSize& s) {
  const HeldMatrix logits = Numbers(b, s.rows, s.v, 20, 9.0f);
  const HeldMatrix dlogits(b, s.rows, s.v);
  const auto f = b.NewFrequencies(s.rows + 1, s.v);
  b.SoftmaxFrequencies(logits, 1, *f);
  Result result;
  for (int64_t r = 1; r <= s.rows; ++r) {
    for (const uint64_t word : f->At(r)) Append(word, result);
    Append(f->TotalAt(r), result);
  }
  b.SoftmaxFrequencies(logits.view().Rows(s.rows / 2, s.rows - s.rows / 2),
                       s.rows / 2, *f);
  b.SoftmaxFrequencies(logits.view().Rows(0, s.rows / 2), 0, *f);
  b.SoftmaxBackward(*f, SomeSymbols(b, s.rows, s.v), dlogits);
  Append(f->TotalAt(s.rows - 1), result);
  Append(f->TotalAt(0), result);
  Append(dlogits, result);
  return result;
}

void Append(const RangeEncoder& encoder, Result& result) {
  ByteWriter bytes;
  encoder.WriteState(bytes);
  for (const uint8_t byte : bytes.Take()) result.push_back(byte);
}

// An encoder that may carry at once, into bytes of segments before.
RangeEncoder AboutToCarry() {
  ByteWriter state;
  state.U64(~uint64_t{0xFFFF});
  state.U64(uint64_t{1} << 60);
  state.Varint(3);
  state.Bytes(std::vector<uint8_t>{7, 0xFF, 0xFF});
  RangeEncoder encoder;
  ByteReader in(state.bytes());
  encoder.ReadState(in);
  return encoder;
}

// Two segments of up to 3 streams, of which the last one ends early; encoded,
// and decoded again.
Result Code(Backend& b, const CaseSize& s) {
  const int64_t streams = std::min<int64_t>(s.rows, 3);
  const int64_t steps = s.rows / streams, rows = steps * streams;
  std::vector<int32_t> values;
  for (int64_t i = 0; i < rows; ++i) {
    values.push_back(static_cast<int32_t>(i * i % 101 * 7 % s.v));
  }
  if (steps > 1) values.back() = -1;
  const HeldSymbols symbols(b, steps, streams, values);
  const auto f = b.NewFrequencies(rows, s.v);
  const HeldMatrix logits[] = {Numbers(b, rows, s.v, 71, 30.0f),
                               Numbers(b, rows, s.v, 72, 30.0f)};
  const auto predict = [&](const HeldMatrix& segment, int64_t first,
                           int64_t count) {
    b.SoftmaxFrequencies(segment.view().Rows(first, count), first, *f);
  };
  std::vector<RangeEncoder> encoders(static_cast<size_t>(streams));
  Result result;
  for (const HeldMatrix& segment : logits) {
    predict(segment, 0, rows);
    b.EncodeSymbols(*f, symbols, encoders);
    for (const RangeEncoder& encoder : encoders) Append(encoder, result);
  }
  std::vector<RangeEncoder> carriers(encoders.size(), AboutToCarry());
  b.EncodeSymbols(*f, symbols, carriers);
  for (const RangeEncoder& carrier : carriers) Append(carrier, result);
  std::vector<std::vector<uint8_t>> bytes;
  for (RangeEncoder& encoder : encoders) bytes.push_back(encoder.Finish());
  std::vector<RangeDecoder> decoders(bytes.begin(), bytes.end());
  std::vector<int64_t> counts(static_cast<size_t>(streams), steps);
  if (steps > 1) --counts.back();
  const HeldSymbols found(b, steps, streams, values);
  for (const HeldMatrix& segment : logits) {
    b.StartDecoding(decoders, counts);
    for (int64_t t = 0; t < steps; ++t) {
      predict(segment, t * streams, streams);
      b.DecodeSymbols(*f, t * streams, found.view().Rows(t, 1));
    }
    b.EndDecoding(decoders);
    for (const int32_t symbol : found.Values()) {
      result.push_back(static_cast<uint32_t>(symbol));
    }
    for (const RangeDecoder& decoder : decoders) {
      result.push_back(decoder.AtEnd());
      Append(decoder.offset(), result);
    }
  }
  return result;
}

}  // namespace

std::vector<BackendCase> CodingCases() {
  return {
      {"softmax", Softmax},
      {"coding", Code},
  };
}

}  // namespace nncpp::testing
