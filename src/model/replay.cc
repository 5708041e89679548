// src/model/replay.cc -- contract: src/model/replay.h
#include "src/model/replay.h"

#include <algorithm>
#include <utility>

#include "src/base/check.h"
#include "src/base/error.h"

namespace nncpp {
namespace {

int64_t Window(const ModelConfig& config) {
  return config.replay_passes * config.replay_period;
}

// Room for each stream of a block cut into `streams`.
int64_t RoomOfStream(const ModelConfig& config, int64_t streams) {
  return (config.block_symbols + streams - 1) / streams;
}

}  // namespace

Replay::Replay(const ModelConfig& config, Backend& backend,
               std::unique_ptr<Model> model)
    : Model(backend),
      config_(config),
      model_(std::move(model)),
      window_(Window(config)),
      before_(static_cast<size_t>(window_)),
      block_(static_cast<size_t>(config.block_symbols + config.streams)),
      lengths_(static_cast<size_t>(config.streams)) {
  NNCPP_CHECK(config.replay_period > 0);
  counts_.until_replay = config.replay_period;
}

int64_t Replay::Bytes(const ModelConfig& config) {
  // Both twice, since a copy is kept, and what a replay gathers.
  return 2 * (3 * Window(config) + 2 * config.block_symbols) +
         18 * config.streams;
}

std::span<uint16_t> Replay::Stream(int64_t b) {
  const int64_t room = RoomOfStream(config_, counts_.streams);
  return std::span(block_).subspan(
      static_cast<size_t>(b * room),
      static_cast<size_t>(lengths_[static_cast<size_t>(b)]));
}

// The last symbols of the history, at most window_: the blocks before, then
// each stream of this one.
std::vector<uint16_t> Replay::Recent() {
  std::vector<std::span<const uint16_t>> parts = {
      std::span(before_).first(static_cast<size_t>(counts_.before))};
  for (int64_t b = 0; b < counts_.streams; ++b) parts.push_back(Stream(b));
  auto room = static_cast<size_t>(window_);
  for (size_t i = parts.size(); i-- > 0;) {
    parts[i] = parts[i].last(std::min(parts[i].size(), room));
    room -= parts[i].size();
  }
  std::vector<uint16_t> recent;
  for (const std::span<const uint16_t> part : parts) {
    recent.insert(recent.end(), part.begin(), part.end());
  }
  return recent;
}

void Replay::StartBlock(int64_t streams) {
  NNCPP_CHECK(streams >= 1 && streams <= config_.streams);
  const std::vector<uint16_t> recent = Recent();
  std::copy(recent.begin(), recent.end(), before_.begin());
  counts_.before = std::ssize(recent);
  counts_.streams = streams;
  std::fill(block_.begin(), block_.end(), uint16_t{0});
  std::fill(lengths_.begin(), lengths_.end(), 0);
  model_->StartBlock(streams);
}

void Replay::Predict(int64_t first, int64_t count,
                     std::span<const int32_t> targets) {
  model_->Predict(first, count, targets);
}

std::span<const uint64_t> Replay::FrequenciesAt(int64_t row) const {
  return model_->FrequenciesAt(row);
}

uint64_t Replay::TotalAt(int64_t row) const { return model_->TotalAt(row); }

void Replay::Encode(std::span<const int32_t> targets,
                    std::span<RangeEncoder> encoders) {
  model_->Encode(targets, encoders);
}

void Replay::Decode(std::span<const int64_t> counts,
                    std::span<RangeDecoder> decoders,
                    std::span<int32_t> targets) {
  model_->Decode(counts, decoders, targets);
}

void Replay::Train(int64_t steps, std::span<const int32_t> targets) {
  model_->Train(steps, targets);
  const int64_t room = RoomOfStream(config_, counts_.streams);
  for (int64_t row = 0; row < steps * counts_.streams; ++row) {
    const int32_t symbol = targets[static_cast<size_t>(row)];
    if (symbol < 0) continue;
    const int64_t b = row % counts_.streams;
    int64_t& length = lengths_[static_cast<size_t>(b)];
    NNCPP_CHECK(length < room);
    block_[static_cast<size_t>(b * room + length)] =
        static_cast<uint16_t>(symbol);
    ++length;
    --counts_.until_replay;
  }
  if (counts_.until_replay <= 0) {
    counts_.until_replay += config_.replay_period;
    Run();
  }
}

void Replay::Run() {
  const std::vector<uint16_t> recent = Recent();
  const int64_t streams = std::min(config_.replay_streams, std::ssize(recent));
  const int64_t length = std::ssize(recent) / streams;
  std::vector<int32_t> targets;
  model_->StartReplay(streams);
  for (int64_t first = 0; first < length; first += config_.replay_steps) {
    const int64_t steps = std::min(config_.replay_steps, length - first);
    targets.clear();
    for (int64_t t = first; t < first + steps; ++t) {
      for (int64_t b = 0; b < streams; ++b) {
        targets.push_back(recent[static_cast<size_t>(b * length + t)]);
      }
    }
    model_->ReplaySegment(steps, targets);
  }
  model_->EndReplay();
}

void Replay::StartReplay(int64_t streams) { model_->StartReplay(streams); }

void Replay::ReplaySegment(int64_t steps, std::span<const int32_t> targets) {
  model_->ReplaySegment(steps, targets);
}

void Replay::EndReplay() { model_->EndReplay(); }

void Replay::VisitState(StateVisitor& visitor) {
  visitor.Elements(before_);
  visitor.Elements(block_);
  visitor.Elements(lengths_);
  visitor.Value(counts_);
  model_->VisitState(visitor);
}

void Replay::StateReplaced() {
  const auto within = [](int64_t x, int64_t low, int64_t high) {
    return x >= low && x <= high;
  };
  bool sound = within(counts_.before, 0, window_) &&
               within(counts_.streams, 1, config_.streams) &&
               within(counts_.until_replay, 1, config_.replay_period);
  for (int64_t b = 0; sound && b < config_.streams; ++b) {
    const int64_t most =
        b < counts_.streams ? RoomOfStream(config_, counts_.streams) : 0;
    sound = within(lengths_[static_cast<size_t>(b)], 0, most);
  }
  for (const std::vector<uint16_t>* symbols : {&before_, &block_}) {
    for (const uint16_t s : *symbols) sound = sound && s < config_.alphabet;
  }
  if (!sound) throw Error(ErrorKind::kFormat, "not the state of a replay");
  model_->StateReplaced();
}

}  // namespace nncpp
