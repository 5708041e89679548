// src/codec/rehearsal.cc -- contract: src/codec/rehearsal.h
#include "src/codec/rehearsal.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "preproc/primer.h"
#include "src/codec/segment_encoder.h"
#include "src/codec/step.h"
#include "src/codec/symbol_coder.h"
#include "src/model/model.h"

namespace nncpp {
namespace {

constexpr double kLongEnough = 0.25;  // seconds of a rehearsal
constexpr int64_t kPartOfInput = 16;  // no more than this part is rehearsed
// Segments of a length that are done before one is timed. A device takes memory
// in the first; where that moved what others had, they are done plainly once
// more, and then recorded (kernels/cuda/routine.h).
constexpr int64_t kUntimed = 3;

double SecondsOf(const std::function<void()>& act) {
  const auto start = std::chrono::steady_clock::now();
  act();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start)
      .count();
}

std::span<const uint8_t> Octets() {
  const std::string_view text = PrimerText();
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

// A block of English of any alphabet that is coded a segment at a time.
class Rehearsal {
 public:
  Rehearsal(const ModelConfig& config, int64_t streams, bool decoding,
            Backend& backend)
      : config_(config),
        streams_(streams),
        decoding_(decoding),
        model_(MakeModel(config, backend)),
        encoders_(static_cast<size_t>(streams)),
        decoders_(static_cast<size_t>(streams), RangeDecoder(Octets())),
        encoder_(*model_, encoders_),
        backend_(backend),
        last_(backend.NewArray(1)) {
    model_->StartBlock(streams);
    if (ContextMixer* mixer = model_->Mixer()) {
      mixer->StartBlock(std::vector<int64_t>(static_cast<size_t>(streams),
                                             config.block_symbols / streams));
    }
  }

  double Code(int64_t steps) {
    std::vector<int32_t> targets = Next(steps * streams_);
    return SecondsOf([&] {
      if (decoding_) {
        Decode(targets);
      } else {
        model_->Predict(0, steps, targets);
        encoder_.Wait();
        encoder_.Start(targets);
      }
      model_->Train(steps, targets);
      WaitForBackend();
    });
  }

  void StartReplay() { model_->StartReplay(config_.replay_streams); }
  double Replay(int64_t steps) {
    const std::vector<int32_t> targets = Next(steps * config_.replay_streams);
    return SecondsOf([&] {
      model_->ReplaySegment(steps, targets);
      WaitForBackend();
    });
  }

 private:
  // A device is only told what to learn, and does it in its own time; what is
  // downloaded comes after all of that.
  void WaitForBackend() {
    float number = 0;
    backend_.Download(last_.get(), {&number, 1});
  }

  // As a decoder would. A net alone finds other symbols, since to a decoder any
  // bytes are a message, as the text itself; mixed contexts are led by targets.
  void Decode(std::span<int32_t> targets) {
    if (model_->Mixer() == nullptr) {
      const std::vector<int64_t> counts(static_cast<size_t>(streams_),
                                        std::ssize(targets) / streams_);
      model_->Decode(counts, decoders_, targets);
      model_->Encode(targets, encoders_);
      return;
    }
    SymbolCoder coder(*model_->Mixer());
    for (int64_t row = 0; row < std::ssize(targets); ++row) {
      const int64_t b = row % streams_;
      if (b == 0) model_->Predict(row / streams_, 1, targets);
      coder.Encode(model_->FrequenciesAt(row), b,
                   targets[static_cast<size_t>(row)],
                   encoders_[static_cast<size_t>(b)]);
    }
  }

  std::vector<int32_t> Next(int64_t count) {
    const std::string_view text = PrimerText();
    std::vector<int32_t> symbols;
    for (; count > 0; --count, ++position_) {
      const auto byte = static_cast<uint8_t>(text[position_ % text.size()]);
      symbols.push_back(static_cast<int32_t>(byte % config_.alphabet));
    }
    return symbols;
  }

  const ModelConfig& config_;
  const int64_t streams_;
  const bool decoding_;
  std::unique_ptr<Model> model_;
  std::vector<RangeEncoder> encoders_;
  std::vector<RangeDecoder> decoders_;
  SegmentEncoder encoder_;
  Backend& backend_;
  std::shared_ptr<float[]> last_;  // one number
  size_t position_ = 0;            // in the text
};

bool Replays(const ModelConfig& config) {
  return config.layers > 0 && config.replay_period > 0;
}

// Symbols that an original of so many bytes has, about.
int64_t SymbolsOfBytes(const Preparation& preparation, int64_t bytes) {
  return static_cast<int64_t>(static_cast<double>(bytes) *
                              preparation.SymbolsPerByte());
}

// Symbols of the first block, where bytes are known; otherwise of a whole one.
int64_t FirstBlock(const ModelConfig& config, const Preparation& preparation,
                   int64_t bytes) {
  if (bytes < 0) return config.block_symbols;
  return std::clamp(SymbolsOfBytes(preparation, bytes), int64_t{1},
                    config.block_symbols);
}

}  // namespace

double SecondsOfStep(int64_t steps, int64_t most,
                     const std::function<double(int64_t)>& segment) {
  segment(1);  // touches all memory for the first time
  double one = segment(1);
  for (int64_t i = 2; i <= kUntimed && one < kLongEnough / 4; ++i) {
    one = segment(1);
  }
  most =
      std::min(most, static_cast<int64_t>(kLongEnough / std::max(one, 1e-6)));
  // Where there is time for no more than two steps of each, all are timed.
  const int64_t untimed = most >= 2 * (kUntimed + 1) ? kUntimed : 0;
  const int64_t length =
      std::clamp(most / (untimed + 1), std::min(steps, int64_t{2}), steps);
  for (int64_t i = 0; i < untimed; ++i) segment(length);
  if (length == steps) {
    most -= untimed * steps;
    double seconds = 0;
    int64_t done = 0;
    do {
      seconds += segment(steps);
      done += steps;
    } while (done + steps <= most);
    return seconds / static_cast<double>(done);
  }
  // A segment takes its time for learning once, and some for each step.
  const double long_one = segment(length);
  const double step =
      std::max(0.0, (long_one - one) / static_cast<double>(length - 1));
  const double learning = std::max(0.0, one - step);
  return step + learning / static_cast<double>(steps);
}

Pace Rehearse(const ModelConfig& config, int64_t symbols, bool decoding,
              Backend& backend) {
  // Short streams that replay keeps have room for what is rehearsed.
  const int64_t streams =
      std::min(StreamsOfBlock(config, symbols), config.block_symbols / 8);
  Rehearsal rehearsal(config, streams, decoding, backend);
  // A replay within would be counted twice.
  int64_t most = symbols / kPartOfInput / streams;
  if (Replays(config))
    most = std::min(most, config.replay_period / streams - 5);
  Pace pace;
  pace.coding = SecondsOfStep(config.steps, most,
                              [&](int64_t n) { return rehearsal.Code(n); }) /
                static_cast<double>(streams);
  if (Replays(config)) {
    rehearsal.StartReplay();
    pace.replay =
        SecondsOfStep(config.replay_steps, symbols / kPartOfInput,
                      [&](int64_t n) { return rehearsal.Replay(n); }) /
        static_cast<double>(config.replay_streams);
  }
  return pace;
}

int64_t ReplayedSymbols(const ModelConfig& config, int64_t symbols) {
  if (!Replays(config)) return 0;
  // The first replays have less than all their passes to go back on.
  const int64_t replays = symbols / config.replay_period;
  const int64_t short_ones = std::min(replays, config.replay_passes);
  return config.replay_period * (short_ones * (short_ones + 1) / 2 +
                                 (replays - short_ones) * config.replay_passes);
}

Expectation Expect(const ModelConfig& config, const Preparation& preparation,
                   int64_t bytes, int64_t memory, const Pace& pace) {
  const double per_symbol =
      pace.coding +
      (Replays(config) ? pace.replay * static_cast<double>(config.replay_passes)
                       : 0);
  Expectation expected;
  expected.memory_bytes = memory;
  expected.bytes_per_second =
      1 / std::max(per_symbol * preparation.SymbolsPerByte(), 1e-12);
  if (bytes < 0) return expected;
  const int64_t symbols =
      SymbolsOfBytes(preparation, bytes + preparation.PrimerBytes(config));
  expected.seconds =
      static_cast<double>(symbols) * pace.coding +
      static_cast<double>(ReplayedSymbols(config, symbols)) * pace.replay;
  return expected;
}

Expectation ExpectCompress(const ModelConfig& config,
                           const Preparation& preparation, int64_t bytes,
                           bool self_check, Backend& backend) {
  const int64_t first = FirstBlock(config, preparation, bytes);
  Pace pace = Rehearse(config, first, /*decoding=*/false, backend);
  if (self_check) {
    const Pace check = Rehearse(config, first, /*decoding=*/true, backend);
    pace.coding += check.coding;
    pace.replay += check.replay;
  }
  return Expect(config, preparation, bytes, MemoryNeeded(config, self_check),
                pace);
}

Expectation ExpectDecompress(const ModelConfig& config,
                             const Preparation& preparation, int64_t bytes,
                             Backend& backend) {
  const int64_t first = FirstBlock(config, preparation, bytes);
  return Expect(config, preparation, bytes, MemoryToDecode(config),
                Rehearse(config, first, /*decoding=*/true, backend));
}

}  // namespace nncpp
