// preproc/primer_library.cc -- contract: preproc/primer_library.h
#include "preproc/primer_library.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "preproc/primer.h"
#include "src/base/check.h"

namespace nncpp {
namespace {

// PrimerText() is words, definitions and names up to here, then examples.
constexpr size_t kExamples = 431'015;

// What PrimerText() has is of use to all that has English, and close to
// nothing.
bool IsCommon(std::string_view text) {
  return text.data() >= PrimerText().data() &&
         text.data() < PrimerText().data() + PrimerText().size();
}

constexpr int kRun = 6;
constexpr uint64_t kRunMask = (uint64_t{1} << (8 * kRun)) - 1;

// Calls act(run) for every kRun neighbouring bytes, as one number.
template <typename Text, typename Act>
void ForEachRun(const Text& text, const Act& act) {
  uint64_t run = 0;
  int64_t bytes = 0;
  for (const auto byte : text) {
    run = (run << 8 | static_cast<uint8_t>(byte)) & kRunMask;
    if (++bytes >= kRun) act(run);
  }
}

// The different runs of a head, and whether they occur in texts; a hash table.
class Runs {
 public:
  explicit Runs(std::span<const uint8_t> head) : places_(kPlaces) {
    ForEachRun(head, [this](uint64_t run) {
      Place& place = Find(run);
      if (place.times == 0) ++all_;
      place.run = run;
      ++place.times;
    });
  }

  // How many occur in `text`, each as often as in the head.
  int64_t In(std::string_view text) {
    int64_t found = 0;
    ++texts_;
    ForEachRun(text, [&](uint64_t run) {
      Place& place = Find(run);
      if (place.times == 0 || place.seen_in == texts_) return;
      if (place.seen_in == 0) ++in_any_;
      place.seen_in = texts_;
      found += place.times;
    });
    return found;
  }

  // How many different ones there are, and are in any text In was asked of.
  int64_t all() const { return all_; }
  int64_t in_any() const { return in_any_; }

 private:
  static constexpr int kBits = 18;  // four places for each run of a head
  static constexpr size_t kPlaces = size_t{1} << kBits;
  static_assert(kPlaces >= 4 * kPrimerHead);

  struct Place {
    uint64_t run = 0;
    int32_t times = 0;    // in the head; 0: free
    int32_t seen_in = 0;  // the last text that had it; 0: none
  };

  // The place of this run, or the free one where it belongs.
  Place& Find(uint64_t run) {
    size_t at = run * 0x9E3779B97F4A7C15 >> (64 - kBits);
    while (places_[at].times > 0 && places_[at].run != run) {
      at = (at + 1) % kPlaces;
    }
    return places_[at];
  }

  std::vector<Place> places_;
  int32_t texts_ = 0;
  int64_t all_ = 0;
  int64_t in_any_ = 0;
};

}  // namespace

std::span<const std::string_view> PrimerLibrary() {
  static const std::string_view texts[] = {
#include "preproc/primer/list.inc"
  };
  return texts;
}

std::vector<uint8_t> MostAlike(std::span<const uint8_t> head) {
  constexpr int64_t kLeastAlike = 20;  // one run in so many
  head = head.first(std::min(head.size(), size_t{kPrimerHead}));
  Runs runs(head);
  std::vector<std::pair<int64_t, uint8_t>> found;
  for (size_t i = 0; i < PrimerLibrary().size(); ++i) {
    const std::string_view text = PrimerLibrary()[i].substr(0, kPrimerHead);
    const int64_t in = runs.In(text);
    if (!IsCommon(text)) found.emplace_back(in, static_cast<uint8_t>(i));
  }
  std::vector<uint8_t> last;
  if (runs.in_any() * kLeastAlike <= runs.all()) return last;
  std::sort(found.begin(), found.end());
  for (auto text = found.end() - kMostAlike; text != found.end(); ++text) {
    last.push_back(text->second);
  }
  return last;
}

std::string LibraryEnd(int64_t texts, std::span<const uint8_t> last,
                       int64_t bytes) {
  NNCPP_CHECK(!last.empty() && bytes >= 0);
  std::vector<uint8_t> order;
  for (int64_t i = 0; i < texts; ++i) order.push_back(static_cast<uint8_t>(i));
  const auto place = [&](uint8_t text) {
    const auto at = std::find(last.begin(), last.end(), text);
    return at == last.end() ? -std::abs(int{text} - int{last.back()})
                            : static_cast<int>(at - last.begin()) + 1;
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](uint8_t a, uint8_t b) { return place(a) < place(b); });
  std::string all;
  for (const uint8_t text : order) all += PrimerLibrary()[text];
  return all.substr(all.size() -
                    std::min(all.size(), static_cast<size_t>(bytes)));
}

}  // namespace nncpp
