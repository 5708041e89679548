// kernels/cuda/cuda_backend_coding.cu -- CudaBackend's symbols and frequencies.
#include <algorithm>
#include <cstdint>
#include <vector>

#include "kernels/cuda/coding.h"
#include "kernels/cuda/cuda_backend.h"
#include "kernels/cuda/ops.h"
#include "src/base/check.h"

namespace nncpp::cuda {

// On the device, and copied to the host when somebody looks.
class CudaFrequencies : public Frequencies {
 public:
  CudaFrequencies(CudaBackend& backend, Arena& arena, int64_t rows,
                  int64_t symbols)
      : backend_(backend), rows_(rows), frequency_(arena), total_(arena) {
    on_device.frequency = frequency_.Reserve<uint64_t>(rows * symbols);
    on_device.total = total_.Reserve<uint64_t>(rows);
    on_device.symbols = symbols;
  }

  std::span<const uint64_t> At(int64_t row) override {
    const int64_t v = on_device.symbols;
    return {Fetched(row) + row * v, static_cast<size_t>(v)};
  }
  uint64_t TotalAt(int64_t row) override {
    return Fetched(row)[rows_ * on_device.symbols + row];
  }

  // Rows were computed.
  void Computed(int64_t first, int64_t count) {
    begin_ = begin_ == end_ ? first : std::min(begin_, first);
    end_ = std::max(end_, first + count);
  }

  FrequencyRows on_device;

 private:
  // All frequencies, then all totals; row `row` is up to date.
  const uint64_t* Fetched(int64_t row);

  CudaBackend& backend_;
  int64_t rows_;
  Buffer frequency_, total_;
  PinnedBuffer on_host_;
  int64_t begin_ = 0, end_ = 0;  // rows that the host has not seen
};

const uint64_t* CudaFrequencies::Fetched(int64_t row) {
  const int64_t v = on_device.symbols;
  auto* host = on_host_.Reserve<uint64_t>(rows_ * (v + 1));
  if (row < begin_ || row >= end_) return host;
  const int64_t bytes = (end_ - begin_) * int64_t{sizeof(uint64_t)};
  backend_.CopyOut(on_device.frequency + begin_ * v, host + begin_ * v,
                   bytes * v);
  backend_.CopyOut(on_device.total + begin_, host + rows_ * v + begin_, bytes);
  begin_ = end_ = 0;
  return host;
}

namespace {

CudaFrequencies& Cast(Frequencies& f) {
  return static_cast<CudaFrequencies&>(f);
}

}  // namespace

std::shared_ptr<int32_t[]> CudaBackend::NewSymbols(int64_t count) {
  const int64_t bytes = count * int64_t{sizeof(int32_t)};
  auto* p = static_cast<int32_t*>(arena_.Allocate(bytes));
  std::shared_ptr<int32_t[]> array(p, [this](int32_t* q) { arena_.Free(q); });
  Clear(p, bytes);
  return array;
}

void CudaBackend::UploadSymbols(std::span<const int32_t> host,
                                int32_t* symbols) {
  staging_.Put(host, symbols);
}

void CudaBackend::DownloadSymbols(const int32_t* symbols,
                                  std::span<int32_t> host) {
  CopyOut(symbols, host.data(), static_cast<int64_t>(host.size_bytes()));
}

std::unique_ptr<Frequencies> CudaBackend::NewFrequencies(int64_t rows,
                                                         int64_t symbols) {
  return std::make_unique<CudaFrequencies>(*this, arena_, rows, symbols);
}

void CudaBackend::SoftmaxFrequencies(ConstMatrix logits, int64_t first_row,
                                     Frequencies& out) {
  CudaFrequencies& to = Cast(out);
  cuda::SoftmaxFrequencies(logits, first_row, to.on_device, stream_);
  const auto computed = [&to, first_row, rows = logits.rows] {
    to.Computed(first_row, rows);
  };
  computed();
  if (running_ != nullptr) running_->Note(computed);
}

void CudaBackend::SoftmaxBackward(Frequencies& frequencies,
                                  ConstSymbols targets, Matrix dlogits) {
  cuda::SoftmaxBackward(Cast(frequencies).on_device, targets.data, dlogits,
                        stream_);
}

void CudaBackend::EncodeSymbols(Frequencies& frequencies, ConstSymbols symbols,
                                std::span<RangeEncoder> encoders) {
  const int64_t streams = std::ssize(encoders);
  NNCPP_CHECK(symbols.cols == streams);
  const int64_t room = symbols.rows * kMostSymbolBytes;
  const int64_t state_bytes = streams * int64_t{sizeof(EncoderState)};
  const int64_t bytes = state_bytes + streams * room;
  auto* const states =
      reinterpret_cast<EncoderState*>(coded_.Reserve<std::byte>(bytes));
  std::vector<EncoderState> before;
  for (const RangeEncoder& e : encoders) {
    before.push_back({e.low(), e.range(), 0, 0});
  }
  staging_.Put(std::span<const EncoderState>(before), states);
  cuda::EncodeSymbols(Cast(frequencies).on_device, symbols,
                      below_.Reserve<uint64_t>(symbols.rows * streams), states,
                      reinterpret_cast<uint8_t*>(states) + state_bytes, room,
                      stream_);
  auto* const host = results_.Reserve<uint8_t>(bytes);
  CopyOut(states, host, bytes);
  for (int64_t b = 0; b < streams; ++b) {
    const EncoderState& s = reinterpret_cast<const EncoderState*>(host)[b];
    encoders[static_cast<size_t>(b)].Continue(
        s.low, s.range, s.carry != 0,
        {host + state_bytes + b * room, static_cast<size_t>(s.bytes)});
  }
}

void CudaBackend::StartDecoding(std::span<RangeDecoder> decoders,
                                std::span<const int64_t> counts) {
  NNCPP_CHECK(decoders.size() == counts.size() && !decoders.empty());
  const int64_t room = std::max(*std::ranges::max_element(counts), int64_t{0}) *
                       kMostSymbolBytes;
  std::vector<uint8_t> ahead(decoders.size() * static_cast<size_t>(room));
  auto* const on_device = ahead_.Reserve<uint8_t>(std::ssize(ahead));
  std::vector<DecoderState> states;
  for (size_t b = 0; b < decoders.size(); ++b) {
    const RangeDecoder& d = decoders[b];
    const size_t at = b * static_cast<size_t>(room);
    d.Ahead(std::span(ahead).subspan(at, static_cast<size_t>(room)));
    states.push_back({d.offset(), d.range(), on_device + at, counts[b], 0, 1});
  }
  staging_.Put(std::span<const uint8_t>(ahead), on_device);
  staging_.Put(std::span<const DecoderState>(states),
               decoders_.Reserve<DecoderState>(std::ssize(states)));
}

void CudaBackend::DecodeSymbols(Frequencies& frequencies, int64_t first_row,
                                Symbols symbols) {
  cuda::DecodeSymbols(Cast(frequencies).on_device, first_row,
                      decoders_.Reserve<DecoderState>(symbols.cols), symbols,
                      stream_);
}

void CudaBackend::EndDecoding(std::span<RangeDecoder> decoders) {
  const int64_t streams = std::ssize(decoders);
  auto* const states = results_.Reserve<DecoderState>(streams);
  CopyOut(decoders_.Reserve<DecoderState>(streams), states,
          streams * int64_t{sizeof(DecoderState)});
  for (int64_t b = 0; b < streams; ++b) {
    const DecoderState& s = states[b];
    decoders[static_cast<size_t>(b)].Continue(s.offset, s.range, s.taken,
                                              s.sound != 0);
  }
}

}  // namespace nncpp::cuda
