// src/model/replay.cc -- contract: src/model/replay.h
#include "src/model/replay.h"

#include <algorithm>
#include <utility>

#include "src/base/check.h"
#include "src/base/hash.h"

namespace nncpp {
namespace {

// Symbols beyond those that are needed, so that they are dropped seldom.
constexpr int64_t kSlack = 1 << 16;

int64_t Window(const ModelConfig& config) {
  return config.replay_passes * config.replay_period;
}

std::span<const uint8_t> AsBytes(const std::vector<uint16_t>& symbols) {
  return {reinterpret_cast<const uint8_t*>(symbols.data()),
          symbols.size() * sizeof(symbols[0])};
}

}  // namespace

Replay::Replay(const ModelConfig& config, std::unique_ptr<Model> model)
    : config_(config), model_(std::move(model)), window_(Window(config)) {
  NNCPP_CHECK(config.replay_period > 0);
  history_.until_replay = config.replay_period;
}

int64_t Replay::Bytes(const ModelConfig& config) {
  const int64_t most = Window(config) + kSlack;
  const int64_t streams = std::min(most * config.streams, config.block_symbols);
  return 2 * 2 * (most + streams) + 2 * Window(config);
}

void Replay::Forget(std::vector<uint16_t>& symbols) const {
  const int64_t surplus = std::ssize(symbols) - window_;
  if (surplus < kSlack) return;
  symbols.erase(symbols.begin(), symbols.begin() + surplus);
}

void Replay::StartBlock(int64_t streams) {
  for (const std::vector<uint16_t>& stream : history_.streams) {
    history_.before.insert(history_.before.end(), stream.begin(), stream.end());
    Forget(history_.before);
  }
  history_.streams.assign(static_cast<size_t>(streams), {});
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

void Replay::Train(int64_t steps, std::span<const int32_t> targets) {
  model_->Train(steps, targets);
  const size_t streams = history_.streams.size();
  for (size_t row = 0; row < static_cast<size_t>(steps) * streams; ++row) {
    if (targets[row] < 0) continue;
    history_.streams[row % streams].push_back(
        static_cast<uint16_t>(targets[row]));
    history_.until_replay -= 1;
  }
  for (std::vector<uint16_t>& stream : history_.streams) Forget(stream);
  if (history_.until_replay <= 0) {
    history_.until_replay += config_.replay_period;
    Run();
  }
}

// The last symbols of the history, at most window_.
std::vector<uint16_t> Replay::Recent() const {
  std::vector<std::span<const uint16_t>> parts = {history_.before};
  for (const std::vector<uint16_t>& stream : history_.streams) {
    parts.emplace_back(stream);
  }
  std::vector<uint16_t> recent;
  int64_t room = window_;
  for (size_t i = parts.size(); i-- > 0;) {
    const auto count =
        std::min<size_t>(parts[i].size(), static_cast<size_t>(room));
    parts[i] = parts[i].last(count);
    room -= static_cast<int64_t>(count);
  }
  for (const std::span<const uint16_t> part : parts) {
    recent.insert(recent.end(), part.begin(), part.end());
  }
  return recent;
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

uint64_t Replay::Digest() {
  const auto until = static_cast<uint64_t>(history_.until_replay);
  uint64_t digest = HashBytes64(AsBytes(Recent()), until);
  const uint64_t of_model = model_->Digest();
  return HashBytes64(
      {reinterpret_cast<const uint8_t*>(&of_model), sizeof(of_model)}, digest);
}

bool Replay::IsFinite() { return model_->IsFinite(); }

void Replay::Save() {
  saved_ = history_;
  model_->Save();
}

void Replay::Restore() {
  history_ = saved_;
  model_->Restore();
}

}  // namespace nncpp
