// kernels/cpu/cpu_backend_coding.cc -- CpuBackend's symbols and frequencies.
#include <algorithm>
#include <cstdint>
#include <vector>

#include "kernels/cpu/cpu_backend.h"
#include "src/base/check.h"

namespace nncpp::cpu {
namespace {

class CpuFrequencies : public nncpp::Frequencies {
 public:
  CpuFrequencies(int64_t rows, int64_t symbols)
      : symbols_(symbols),
        frequency_(static_cast<size_t>(rows * symbols)),
        total_(static_cast<size_t>(rows)) {}

  std::span<const uint64_t> At(int64_t row) override {
    return {Row(row), static_cast<size_t>(symbols_)};
  }
  uint64_t TotalAt(int64_t row) override { return Total(row); }

  uint64_t* Row(int64_t row) { return frequency_.data() + row * symbols_; }
  uint64_t& Total(int64_t row) { return total_[static_cast<size_t>(row)]; }

 private:
  int64_t symbols_;
  std::vector<uint64_t> frequency_, total_;
};

CpuFrequencies& Cast(Frequencies& f) { return static_cast<CpuFrequencies&>(f); }

}  // namespace

std::shared_ptr<int32_t[]> CpuBackend::NewSymbols(int64_t count) {
  return std::make_shared<int32_t[]>(static_cast<size_t>(count));
}

void CpuBackend::UploadSymbols(std::span<const int32_t> host,
                               int32_t* symbols) {
  std::copy(host.begin(), host.end(), symbols);
}

void CpuBackend::DownloadSymbols(const int32_t* symbols,
                                 std::span<int32_t> host) {
  std::copy_n(symbols, host.size(), host.begin());
}

std::unique_ptr<Frequencies> CpuBackend::NewFrequencies(int64_t rows,
                                                        int64_t symbols) {
  return std::make_unique<CpuFrequencies>(rows, symbols);
}

void CpuBackend::SoftmaxFrequencies(ConstMatrix logits, int64_t first_row,
                                    Frequencies& out) {
  CpuFrequencies& to = Cast(out);
  for (Buffer<float>& s : scratch_) s.Reserve(logits.cols);
  Share(32 * logits.rows * logits.cols, [&](int i, int n) {
    Buffer<float>& scratch = scratch_[static_cast<size_t>(i)];
    const Range part = PartOf(logits.rows, n, i);
    for (int64_t r = part.begin; r < part.end; ++r) {
      to.Total(first_row + r) =
          form_.ops->frequencies(logits.data + r * logits.stride, logits.cols,
                                 scratch.data(), to.Row(first_row + r));
    }
  });
}

void CpuBackend::SoftmaxBackward(Frequencies& frequencies, ConstSymbols targets,
                                 Matrix dlogits) {
  CpuFrequencies& from = Cast(frequencies);
  Share(8 * dlogits.rows * dlogits.cols, [&](int i, int n) {
    const Range part = PartOf(dlogits.rows, n, i);
    for (int64_t r = part.begin; r < part.end; ++r) {
      float* out = dlogits.data + r * dlogits.stride;
      const int32_t target = targets.data[r];
      if (target < 0) {
        std::fill(out, out + dlogits.cols, 0.0f);
      } else {
        form_.ops->softmax_backward(from.Row(r), from.Total(r), dlogits.cols,
                                    target, out);
      }
    }
  });
}

void CpuBackend::EncodeSymbols(Frequencies& frequencies, ConstSymbols symbols,
                               std::span<RangeEncoder> encoders) {
  CpuFrequencies& from = Cast(frequencies);
  NNCPP_CHECK(symbols.cols == std::ssize(encoders));
  for (int64_t row = 0; row < symbols.rows * symbols.cols; ++row) {
    const int32_t symbol = symbols.data[row];
    if (symbol < 0) continue;
    const uint64_t* f = from.Row(row);
    uint64_t below = 0;
    for (int32_t i = 0; i < symbol; ++i) below += f[i];
    encoders[static_cast<size_t>(row % symbols.cols)].Encode(below, f[symbol],
                                                             from.Total(row));
  }
}

void CpuBackend::StartDecoding(std::span<RangeDecoder> decoders,
                               std::span<const int64_t> counts) {
  NNCPP_CHECK(decoders.size() == counts.size());
  decoders_ = decoders;
  left_.assign(counts.begin(), counts.end());
}

void CpuBackend::DecodeSymbols(Frequencies& frequencies, int64_t first_row,
                               Symbols symbols) {
  CpuFrequencies& from = Cast(frequencies);
  NNCPP_CHECK(symbols.cols == std::ssize(decoders_));
  for (int64_t b = 0; b < symbols.cols; ++b) {
    int32_t& symbol = symbols.data[b];
    if (left_[static_cast<size_t>(b)]-- <= 0) {
      symbol = -1;
      continue;
    }
    const uint64_t* f = from.Row(first_row + b);
    const uint64_t total = from.Total(first_row + b);
    RangeDecoder& decoder = decoders_[static_cast<size_t>(b)];
    const uint64_t point = decoder.Target(total);
    uint64_t below = 0;
    for (symbol = 0; below + f[symbol] <= point; ++symbol) below += f[symbol];
    decoder.Consume(below, f[symbol], total);
  }
}

// The decoders were worked on as they are.
void CpuBackend::EndDecoding(std::span<RangeDecoder>) { decoders_ = {}; }

}  // namespace nncpp::cpu
