// preproc/dictionary_trainer.cc -- contract: preproc/dictionary_trainer.h
#include "preproc/dictionary_trainer.h"

#include <algorithm>
#include <string>
#include <vector>

#include "preproc/dictionary_parser.h"
#include "preproc/fixed_log.h"
#include "preproc/pair_counts.h"

namespace nncpp {
namespace {

// Rounds of filling the dictionary and dropping what became rare. A third one
// saves 0.7 % of the symbols and takes half as long again (docs/results.md).
constexpr int64_t kRounds = 2;

// Merges made in one pass over the text: at most this part of the words asked
// for, and none that gains less than this part of the best one. More are
// faster, but later ones rest on counts that earlier ones change.
constexpr int64_t kPassesPerGoal = 32;
constexpr int64_t kGainRange = 8;

constexpr size_t kSymbols = size_t{kByteSymbols} + kMaxWords;

struct Merge {
  Pair pair;
  int64_t gain;  // bits, in units of 2^-kLogBits
};

// By gain; of equal ones the pair of lower symbols comes first.
bool Better(const Merge& x, const Merge& y) {
  return x.gain != y.gain ? x.gain > y.gain : x.pair < y.pair;
}

class Trainer {
 public:
  Trainer(std::span<const uint8_t> sample, const TrainingGoal& goal)
      : sample_(sample),
        goal_(goal),
        frequency_(kSymbols),
        side_(kSymbols),
        merged_(kSymbols) {}

  Dictionary Run() {
    Dictionary dictionary;
    Parse(dictionary);
    for (int64_t round = 0; round < kRounds; ++round) {
      while (std::ssize(spelling_) < kByteSymbols + goal_.words &&
             MergeBest()) {
      }
      dictionary = Dictionary(std::vector<std::string>(
          spelling_.begin() + kByteSymbols, spelling_.end()));
      Parse(dictionary);
      if (!DropRare(dictionary)) break;
    }
    while (DropRare(dictionary)) {
    }
    return dictionary;
  }

 private:
  // What a symbol is in the merges of a pass.
  static constexpr uint8_t kFirst = 1;
  static constexpr uint8_t kSecond = 2;

  // A symbol's partner in a merge, and the word that both become.
  struct Partner {
    uint16_t second;
    uint16_t word;
  };

  void Parse(const Dictionary& dictionary);
  bool DropRare(Dictionary& dictionary);
  bool MergeBest();
  std::vector<Merge> Candidates() const;
  uint16_t AddWord(Pair pair);
  const Partner* FindPartner(uint16_t first, uint16_t second) const;
  void Replace();

  const std::span<const uint8_t> sample_;
  const TrainingGoal goal_;
  std::vector<uint16_t> text_;         // the sample in the words so far
  std::vector<uint32_t> frequency_;    // of each symbol in text_
  PairCounts pairs_;                   // of neighbours in text_
  std::vector<std::string> spelling_;  // of each symbol

  // Of the pass at work.
  std::vector<uint8_t> side_;  // of each symbol: kFirst, kSecond, both, none
  std::vector<std::vector<Partner>> merged_;  // of each symbol that is kFirst
};

// Begins anew with the dictionary's words, used as its parser uses them.
void Trainer::Parse(const Dictionary& dictionary) {
  text_.clear();
  DictionaryParser(dictionary).Parse(sample_, text_);
  spelling_.clear();
  for (int64_t s = 0; s < dictionary.alphabet(); ++s) {
    spelling_.emplace_back(dictionary.Bytes(s));
  }
  std::fill(frequency_.begin(), frequency_.end(), 0u);
  pairs_ = PairCounts();
  for (size_t i = 0; i < text_.size(); ++i) {
    ++frequency_[text_[i]];
    if (i > 0) pairs_.Increment(MakePair(text_[i - 1], text_[i]));
  }
}

// Begins anew without the words that the parser hardly uses, if there are any.
bool Trainer::DropRare(Dictionary& dictionary) {
  std::vector<std::string> words;
  for (size_t s = size_t{kByteSymbols}; s < spelling_.size(); ++s) {
    if (frequency_[s] >= goal_.min_frequency) words.push_back(spelling_[s]);
  }
  if (std::ssize(words) == dictionary.words()) return false;
  dictionary = Dictionary(std::move(words));
  Parse(dictionary);
  return true;
}

// A pair that occurs n times costs n times the information of both symbols;
// as a word it costs n times its own.
std::vector<Merge> Trainer::Candidates() const {
  const int64_t log_total = FixedLog2(text_.size());
  std::vector<Merge> found;
  for (const PairCounts::Entry& entry : pairs_.entries()) {
    if (entry.count < goal_.min_frequency) continue;
    const uint16_t a = FirstOf(entry.pair), b = SecondOf(entry.pair);
    const size_t bytes = spelling_[a].size() + spelling_[b].size();
    const int64_t saved = log_total + FixedLog2(entry.count) -
                          FixedLog2(frequency_[a]) - FixedLog2(frequency_[b]);
    if (bytes > size_t{kMaxWordBytes} || saved <= 0) continue;
    found.push_back({entry.pair, int64_t{entry.count} * saved});
  }
  return found;
}

// Merges the best pairs of which none can overlap another. Returns false when
// there are none.
bool Trainer::MergeBest() {
  std::vector<Merge> best = Candidates();
  if (best.empty()) return false;
  const int64_t words = std::ssize(spelling_) - kByteSymbols;
  const int64_t room = std::min(
      std::max<int64_t>(goal_.words / kPassesPerGoal, 1), goal_.words - words);
  const int64_t keep = std::min(std::ssize(best), 2 * room);
  std::nth_element(best.begin(), best.begin() + keep - 1, best.end(), Better);
  best.resize(static_cast<size_t>(keep));
  std::sort(best.begin(), best.end(), Better);
  const int64_t enough = std::ssize(spelling_) + room;
  for (const Merge& merge : best) {
    if (std::ssize(spelling_) == enough ||
        merge.gain < best.front().gain / kGainRange) {
      break;
    }
    const uint16_t a = FirstOf(merge.pair), b = SecondOf(merge.pair);
    const bool overlaps = a == b && side_[a] != 0;
    if ((side_[a] & kSecond) != 0 || (side_[b] & kFirst) != 0 || overlaps) {
      continue;
    }
    side_[a] |= kFirst;
    side_[b] |= kSecond;
    merged_[a].push_back({b, AddWord(merge.pair)});
  }
  Replace();
  for (const Merge& merge : best) {
    side_[FirstOf(merge.pair)] = side_[SecondOf(merge.pair)] = 0;
    merged_[FirstOf(merge.pair)].clear();
  }
  return true;
}

uint16_t Trainer::AddWord(Pair pair) {
  const auto word = static_cast<uint16_t>(spelling_.size());
  spelling_.push_back(spelling_[FirstOf(pair)] + spelling_[SecondOf(pair)]);
  return word;
}

const Trainer::Partner* Trainer::FindPartner(uint16_t first,
                                             uint16_t second) const {
  if ((side_[first] & kFirst) == 0 || (side_[second] & kSecond) == 0) {
    return nullptr;
  }
  for (const Partner& partner : merged_[first]) {
    if (partner.second == second) return &partner;
  }
  return nullptr;
}

// Replaces the pairs of this pass from left to right, and keeps the counts.
void Trainer::Replace() {
  size_t out = 0;
  for (size_t i = 0; i < text_.size(); ++i) {
    const uint16_t a = text_[i];
    const Partner* partner =
        i + 1 < text_.size() ? FindPartner(a, text_[i + 1]) : nullptr;
    if (partner == nullptr) {
      text_[out++] = a;
      continue;
    }
    const uint16_t b = text_[++i], word = partner->word;
    pairs_.Decrement(MakePair(a, b));
    if (out > 0) {
      pairs_.Decrement(MakePair(text_[out - 1], a));
      pairs_.Increment(MakePair(text_[out - 1], word));
    }
    if (i + 1 < text_.size()) {
      pairs_.Decrement(MakePair(b, text_[i + 1]));
      pairs_.Increment(MakePair(word, text_[i + 1]));
    }
    --frequency_[a];
    --frequency_[b];
    ++frequency_[word];
    text_[out++] = word;
  }
  text_.resize(out);
}

}  // namespace

Dictionary TrainDictionary(std::span<const uint8_t> sample,
                           const TrainingGoal& goal) {
  return Trainer(sample, goal).Run();
}

}  // namespace nncpp
