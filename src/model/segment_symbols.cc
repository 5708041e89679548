// src/model/segment_symbols.cc -- contract: src/model/segment_symbols.h
#include "src/model/segment_symbols.h"

#include <algorithm>

#include "src/base/check.h"

namespace nncpp {

SegmentSymbols::SegmentSymbols(const ModelConfig& config, Backend& backend,
                               int64_t recent)
    : config_(config),
      backend_(backend),
      recent_(recent),
      before_(static_cast<size_t>(recent * config.streams)),
      window_(static_cast<size_t>(recent * MostStreams(config) +
                                  SegmentRows(config))),
      on_backend_(backend.NewSymbols(std::ssize(window_))),
      frequencies_(
          backend.NewFrequencies(SegmentRows(config), config.alphabet)) {}

void SegmentSymbols::StartBlock(int64_t streams, int64_t from) {
  std::vector<int32_t> before(before_.size());
  for (int64_t k = 0; k < recent_; ++k) {
    before[static_cast<size_t>(k * streams)] =
        before_[static_cast<size_t>(k * streams_ + from)];
  }
  before_ = before;
  streams_ = streams;
}

void SegmentSymbols::StartReplay(int64_t streams) {
  away_ = {streams_, before_};
  before_.assign(static_cast<size_t>(recent_ * streams), 0);
  streams_ = streams;
  replaying_ = true;
}

void SegmentSymbols::EndReplay() {
  before_ = away_.before;
  streams_ = away_.streams;
  replaying_ = false;
}

void SegmentSymbols::Upload(int64_t row, int64_t rows) {
  backend_.UploadSymbols(HostRows(row, rows), Window(row, rows).data);
}

void SegmentSymbols::PutInputs(int64_t first, int64_t count,
                               std::span<const int32_t> targets) {
  // The last input of the steps is the target before the last of them.
  const int64_t begin = first == 0 ? 0 : first - 1, end = first + count - 1;
  const std::span<const int32_t> known =
      targets.subspan(static_cast<size_t>(begin * streams_),
                      static_cast<size_t>((end - begin) * streams_));
  std::ranges::copy(known, HostRows(recent_ + begin, end - begin).begin());
  if (first > 0) return Upload(recent_ + begin, end - begin);
  std::copy_n(before_.begin(), recent_ * streams_, window_.begin());
  Upload(0, recent_ + end);
}

void SegmentSymbols::PutTargets(int64_t steps,
                                std::span<const int32_t> targets) {
  const std::span<int32_t> rows = HostRows(recent_, steps);
  std::copy_n(targets.begin(), rows.size(), rows.begin());
  Upload(recent_, steps);
}

std::vector<int32_t> SegmentSymbols::Occurring(int64_t k, int64_t steps) const {
  const auto first = window_.begin() + (recent_ - 1 - k) * streams_;
  std::vector<int32_t> symbols(first, first + steps * streams_);
  for (int32_t& s : symbols) s = std::max(s, 0);
  std::ranges::sort(symbols);
  symbols.erase(std::unique(symbols.begin(), symbols.end()), symbols.end());
  return symbols;
}

void SegmentSymbols::Carry(int64_t steps) {
  const int64_t older = (recent_ - 1) * streams_;
  const std::vector<int32_t> last(before_.begin() + older,
                                  before_.begin() + older + streams_);
  std::transform(window_.begin() + steps * streams_,
                 window_.begin() + steps * streams_ + older, before_.begin(),
                 [](int32_t s) { return std::max(s, 0); });
  std::ranges::copy(last, before_.begin() + older);
  // The newest is a symbol also where a stream is over.
  for (int64_t i = 0; i < steps * streams_; ++i) {
    const int32_t s = window_[static_cast<size_t>(recent_ * streams_ + i)];
    if (s >= 0) before_[static_cast<size_t>(older + i % streams_)] = s;
  }
}

void SegmentSymbols::Run(Part part, int64_t steps, uint64_t updates,
                         const std::function<void()>& work) {
  // Some twenty occur in what a compressor makes; others may have blocks of
  // every size, whose routines would take memory without end.
  constexpr size_t kMostRoutines = 32;
  const std::tuple key(part, steps, streams_, replaying_);
  if (routines_.size() >= kMostRoutines && !routines_.contains(key)) {
    routines_.clear();
  }
  std::unique_ptr<Routine>& routine = routines_[key];
  if (routine == nullptr) routine = backend_.NewRoutine();
  backend_.Run(*routine, static_cast<uint32_t>(updates), work);
}

void SegmentSymbols::Predict(int64_t first, int64_t count,
                             std::span<const int32_t> targets, bool from_host,
                             uint64_t updates,
                             const std::function<void()>& predict) {
  PutInputs(first, count, targets);
  // A routine is of steps that begin a segment: later ones have other rows.
  if (first > 0 || from_host) return predict();
  Run(Part::kPredict, count, updates, predict);
}

void SegmentSymbols::Encode(std::span<const int32_t> targets,
                            std::span<RangeEncoder> encoders) {
  const int64_t steps = std::ssize(targets) / streams_;
  PutTargets(steps, targets);
  backend_.EncodeSymbols(*frequencies_, Targets(0, steps), encoders);
}

void SegmentSymbols::Decode(std::span<const int64_t> counts,
                            std::span<RangeDecoder> decoders,
                            std::span<int32_t> targets, bool from_host,
                            uint64_t updates,
                            const std::function<void(int64_t step)>& predict) {
  NNCPP_CHECK(std::ssize(decoders) == streams_);
  const int64_t steps = std::ssize(targets) / streams_;
  const auto decode = [&](int64_t t) {
    predict(t);
    backend_.DecodeSymbols(*frequencies_, t * streams_, Window(recent_ + t, 1));
  };
  const auto download = [&](int64_t first, int64_t count) {
    backend_.DownloadSymbols(
        Targets(first, count).data,
        targets.subspan(static_cast<size_t>(first * streams_),
                        static_cast<size_t>(count * streams_)));
  };
  PutInputs(0, 1, targets);
  backend_.StartDecoding(decoders, counts);
  if (from_host) {
    for (int64_t t = 0; t < steps; ++t) {
      decode(t);
      download(t, 1);
    }
  } else {
    Run(Part::kDecode, steps, updates, [&] {
      for (int64_t t = 0; t < steps; ++t) decode(t);
    });
    download(0, steps);
  }
  backend_.EndDecoding(decoders);
}

bool SegmentSymbols::StateIsSound() const {
  return std::ranges::all_of(
      before_, [this](int32_t s) { return s >= 0 && s < config_.alphabet; });
}

}  // namespace nncpp
