// preproc/primer.cc -- contract: preproc/primer.h
#include "preproc/primer.h"

#include <algorithm>

#include "src/base/hash.h"

namespace nncpp {
namespace {

constexpr char kText[] =
#include "preproc/primer_text.inc"
    ;

constexpr int64_t kBytesPerWord = 100;

}  // namespace

std::string_view PrimerText() { return {kText, sizeof(kText) - 1}; }

uint64_t PrimerHash(std::string_view primer) {
  return HashBytes64(
      {reinterpret_cast<const uint8_t*>(primer.data()), primer.size()});
}

std::string_view PrimerEnd(int64_t bytes) {
  const std::string_view all = PrimerText();
  return all.substr(all.size() -
                    std::min(all.size(), static_cast<size_t>(bytes)));
}

bool LooksEnglish(std::span<const uint8_t> head) {
  const std::string_view text(reinterpret_cast<const char*>(head.data()),
                              head.size());
  int64_t found = 0;
  for (const std::string_view word :
       {" the ", " of ", " and ", " to ", " in "}) {
    for (size_t at = text.find(word); at != std::string_view::npos;
         at = text.find(word, at + 1)) {
      ++found;
    }
  }
  return found > 0 && found * kBytesPerWord >= std::ssize(head);
}

}  // namespace nncpp
