// preproc/deflated_stream.cc -- contract: preproc/deflated_stream.h
#include "preproc/deflated_stream.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "preproc/zlib_blocks.h"
#include "src/base/error.h"

namespace nncpp {
namespace {

constexpr int64_t kMostStored = 0xFFFF;

// ---- how it comes about -----------------------------------------------------

// Goes through the tokens of `read`; `see` is given each, whether zlib would
// make it, and the places that were looked at so far, and says whether to go
// on.
template <typename See>
void GoThrough(const DeflatedData& read, const ZlibSettings& settings,
               ZlibTables& tables, const See& see) {
  ZlibTokens zlib(read.data, settings, tables);
  auto token = read.tokens.begin();
  for (const DeflateBlock& block : read.blocks) {
    if (block.kind == DeflateKind::kStored) {
      zlib.Skip(block.count);
      continue;
    }
    for (int64_t i = 0; i < block.count; ++i, ++token) {
      const bool is_next = *token == zlib.Next();
      if (!see(*token, is_next, zlib.work())) return;
      zlib.Take(*token, is_next);
    }
  }
}

// About what the changes among the first `tokens` cost, or those that a bounded
// search finds; `stop` or more if it is so much.
int64_t CostOf(const DeflatedData& read, const ZlibSettings& settings,
               int64_t tokens, int64_t stop, ZlibTables& tables) {
  constexpr int64_t kMostWork = int64_t{1} << 22;
  int64_t cost = 0;
  GoThrough(read, settings, tables,
            [&](const DeflateToken& token, bool is_next, int64_t work) {
              if (!is_next) cost += token.distance == 0 ? 1 : 2;
              return --tokens > 0 && cost < stop && work < kMostWork;
            });
  return cost;
}

// That by which zlib's blocks are as long as these, or the usual one.
int MemoryLevelOf(const DeflatedData& read, int usual) {
  const int64_t first = read.blocks.front().count;
  const bool is_all = read.ended && read.blocks.size() == 1;
  for (int level = 1; level <= 9 && !is_all; ++level) {
    if (first == TokensOfBlock(level)) return level;
  }
  return first > TokensOfBlock(usual) ? 9 : usual;
}

// Those to try, the likely ones first.
std::vector<ZlibSettings> Candidates(const DeflatedData& read,
                                     const StreamCoder::Hint& hint) {
  std::vector<int> memory_levels = {MemoryLevelOf(read, 8)};
  for (const int level : {8, 9}) {
    if (level != memory_levels.front()) memory_levels.push_back(level);
  }
  std::vector<ZlibSettings> candidates;
  for (const int shortest : {3, 6, 4}) {
    for (int i = 0; i < 9; ++i) {
      const int level = (hint.level + 8 - i) % 9 + 1;  // the next is one less
      for (const int memory_level : memory_levels) {
        candidates.push_back({level, memory_level, hint.window_bits, shortest});
      }
    }
  }
  return candidates;
}

// All changes, or so many that more bytes would say them than the stream has.
std::vector<TokenChange> ChangesOf(const DeflatedData& read,
                                   const ZlibSettings& settings,
                                   ZlibTables& tables) {
  std::vector<TokenChange> changes;
  int64_t same = 0;
  GoThrough(read, settings, tables,
            [&](const DeflateToken& token, bool is_next, int64_t) {
              if (is_next) {
                ++same;
              } else {
                changes.push_back({same, token});
                same = 0;
              }
              return 2 * std::ssize(changes) <= read.bytes();
            });
  return changes;
}

// `tokens`: those of the block.
ListedBlock ListedOf(const DeflateBlock& block,
                     std::span<const DeflateToken> tokens) {
  ListedBlock listed = {
      block.count, BlockForm::kStored, block.last, block.whole, {}};
  if (block.kind == DeflateKind::kStored) return listed;
  listed.form = BlockForm::kFixed;
  if (block.whole) {
    int64_t bytes = 0;
    for (const DeflateToken& token : tokens) bytes += token.length();
    const BlockCodes usual = ZlibCodes(tokens, bytes);
    if (usual.kind == block.kind && usual.header == block.header) {
      listed.form = BlockForm::kAsZlib;
    } else if (block.kind == DeflateKind::kDynamic &&
               ZlibCodes(tokens, bytes, /*dynamic=*/true).header ==
                   block.header) {
      listed.form = BlockForm::kZlibCodes;
    }
  }
  if (block.kind == DeflateKind::kDynamic && listed.form == BlockForm::kFixed) {
    listed.form = BlockForm::kGivenCodes;
    listed.header = block.header;
  }
  return listed;
}

// Whether zlib makes a block the last one although it is full: from level 4 on
// it adds the last literal of the data when that has ended.
bool IsLastThoughFull(const ZlibSettings& settings, const DeflateToken& token) {
  return settings.IsLazy() && token.distance == 0;
}

// Whether zlib makes such blocks.
bool AreUsual(std::span<const ListedBlock> blocks,
              std::span<const DeflateToken> tokens,
              const ZlibSettings& settings, StreamEnding ending) {
  const int64_t room = TokensOfBlock(settings.memory_level);
  const int64_t rest = std::ssize(tokens) % room;
  std::vector<int64_t> counts(tokens.size() / static_cast<size_t>(room), room);
  if (ending == StreamEnding::kPartial) {
    if (rest > 0) counts.push_back(rest);
    counts.insert(counts.end(), 2, 0);
  } else if (rest > 0 || tokens.empty() ||
             !IsLastThoughFull(settings, tokens.back())) {
    counts.push_back(rest);
  }
  return std::equal(counts.begin(), counts.end(), blocks.begin(), blocks.end(),
                    [](int64_t count, const ListedBlock& block) {
                      return block.form == BlockForm::kAsZlib &&
                             block.count == count;
                    });
}

// ---- the other way ----------------------------------------------------------

class Rebuilder {
 public:
  Rebuilder(std::span<const uint8_t> data, const StreamCode& code, int64_t most,
            ZlibTables& tables)
      : data_(data),
        code_(code),
        most_(most),
        zlib_(data, code.settings, tables),
        until_change_(code.changes.empty() ? kNever : code.changes[0].after) {}

  std::vector<uint8_t> Run() {
    const bool listed = code_.ending >= StreamEnding::kListed;
    listed ? PutListed() : PutUsual();
    if (zlib_.left() > 0 || change_ < code_.changes.size()) throw NoStream();
    return out_.Take(/*filled=*/code_.ending != StreamEnding::kCut);
  }

 private:
  static constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

  void PutListed();
  void PutUsual();
  // A block of tokens_.
  void Put(const BlockCodes& by, bool last, bool whole = true);
  // Fills tokens_ with the next ones, `most` at most.
  void NextTokens(int64_t most);

  const std::span<const uint8_t> data_;
  const StreamCode& code_;
  const int64_t most_;
  ZlibTokens zlib_;
  DeflateWriter out_;
  size_t change_ = 0;  // the next
  int64_t until_change_;
  std::vector<DeflateToken> tokens_;
};

void Rebuilder::NextTokens(int64_t most) {
  tokens_.clear();
  while (std::ssize(tokens_) < most && zlib_.left() > 0) {
    const bool is_next = until_change_-- > 0;
    DeflateToken token;
    if (is_next) {
      token = zlib_.Next();
    } else {
      token = code_.changes[change_++].token;
      until_change_ = change_ < code_.changes.size()
                          ? code_.changes[change_].after
                          : kNever;
      if (token.distance == 0) {
        token.value = data_[static_cast<size_t>(zlib_.at())];
      }
      if (token.length() > zlib_.left()) throw NoStream();
    }
    zlib_.Take(token, is_next);
    tokens_.push_back(token);
  }
}

void Rebuilder::PutUsual() {
  const int64_t room = TokensOfBlock(code_.settings.memory_level);
  const auto put = [&](bool last) {
    int64_t bytes = 0;
    for (const DeflateToken& token : tokens_) bytes += token.length();
    Put(ZlibCodes(tokens_, bytes), last);
  };
  for (NextTokens(room); std::ssize(tokens_) == room; NextTokens(room)) {
    if (zlib_.left() == 0 && code_.ending == StreamEnding::kFinish &&
        IsLastThoughFull(code_.settings, tokens_.back())) {
      break;
    }
    put(/*last=*/false);
  }
  if (code_.ending == StreamEnding::kPartial) {
    if (!tokens_.empty()) put(/*last=*/false);
    tokens_.clear();
    put(/*last=*/false);
  }
  put(/*last=*/true);
}

void Rebuilder::PutListed() {
  for (const ListedBlock& block : code_.blocks) {
    const int64_t begin = zlib_.at();
    if (!block.whole && (code_.ending != StreamEnding::kCut ||
                         &block != &code_.blocks.back())) {
      throw NoStream();
    }
    if (block.form == BlockForm::kStored) {
      if (block.count > std::min(kMostStored, zlib_.left())) throw NoStream();
      out_.PutStored(data_.subspan(static_cast<size_t>(begin),
                                   static_cast<size_t>(block.count)),
                     block.last);
      zlib_.Skip(block.count);
      continue;
    }
    NextTokens(block.count);
    if (std::ssize(tokens_) != block.count) throw NoStream();
    BlockCodes by = {DeflateKind::kFixed, {}, DeflateCodes::Fixed()};
    if (block.form == BlockForm::kGivenCodes) {
      const auto codes = DeflateCodes::Read(block.header);
      if (!codes) throw NoStream();
      by = {DeflateKind::kDynamic, block.header, *codes};
    } else if (block.form != BlockForm::kFixed) {
      by = ZlibCodes(tokens_, zlib_.at() - begin,
                     block.form == BlockForm::kZlibCodes);
    }
    Put(by, block.last, block.whole);
  }
}

void Rebuilder::Put(const BlockCodes& by, bool last, bool whole) {
  if (by.kind == DeflateKind::kStored || !out_.Put(by, tokens_, last, whole) ||
      out_.size() > most_) {
    throw NoStream();
  }
}

}  // namespace

StreamCode StreamCoder::Code(const DeflatedData& read, const Hint& hint) {
  StreamCode code;
  code.settings = Choose(read, hint);
  code.changes = ChangesOf(read, code.settings, tables_);
  size_t token = 0;
  for (const DeflateBlock& block : read.blocks) {
    const bool stored = block.kind == DeflateKind::kStored;
    const auto count = stored ? 0 : static_cast<size_t>(block.count);
    code.blocks.push_back(
        ListedOf(block, std::span(read.tokens).subspan(token, count)));
    token += count;
  }
  code.ending = read.ended ? StreamEnding::kListed : StreamEnding::kCut;
  for (const StreamEnding usual :
       {StreamEnding::kFinish, StreamEnding::kPartial}) {
    if (read.ended &&
        AreUsual(code.blocks, read.tokens, code.settings, usual)) {
      code.ending = usual;
      code.blocks.clear();
      break;
    }
  }
  return code;
}

ZlibSettings StreamCoder::Choose(const DeflatedData& read, const Hint& hint) {
  constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
  const int64_t tokens = std::ssize(read.tokens);
  ZlibSettings before = last_;
  before.window_bits = hint.window_bits;
  before.memory_level = MemoryLevelOf(read, last_.memory_level);
  int64_t least = CostOf(read, before, tokens, /*stop=*/1, tables_);
  if (least == 0 || missed_ == kMostMissed) return before;
  // All on some tokens, then the best of them on more.
  constexpr size_t kBest = 4;
  std::vector<ZlibSettings> candidates = Candidates(read, hint);
  for (const int64_t some : {int64_t{1} << 14, int64_t{1} << 18}) {
    std::vector<std::pair<int64_t, ZlibSettings>> costs;
    least = kNever / 2;
    for (const ZlibSettings& settings : candidates) {
      const int64_t cost = CostOf(read, settings, some,
                                  std::max<int64_t>(2 * least, 1), tables_);
      costs.emplace_back(cost, settings);
      least = std::min(least, cost);
      if (least == 0 && some >= tokens) break;
    }
    std::stable_sort(
        costs.begin(), costs.end(),
        [](const auto& a, const auto& b) { return a.first < b.first; });
    last_ = costs.front().second;
    if (some >= tokens) break;
    const bool exact = least == 0;
    candidates.clear();
    for (const auto& [cost, settings] : costs) {
      if (exact ? cost == 0 : candidates.size() < kBest) {
        candidates.push_back(settings);
      }
    }
  }
  if (least > 0) ++missed_;
  return last_;
}

std::vector<uint8_t> DeflateAgain(std::span<const uint8_t> data,
                                  const StreamCode& code, int64_t most,
                                  ZlibTables& tables) {
  std::vector<uint8_t> made = Rebuilder(data, code, most, tables).Run();
  if (std::ssize(made) > most) throw NoStream();
  return made;
}

}  // namespace nncpp
