// src/codec/part_chain.h -- whether archives follow one another as parts do.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "src/base/error.h"
#include "src/format/archive.h"

namespace nncpp {

// Judges the parts of a set in their order (docs/format.md, "Parts"). All
// errors are kFormat, except that of a chained part that comes alone.
class PartChain {
 public:
  // `set`: whether all parts are at hand; otherwise there is one archive only,
  // which is refused where it `decodes` and cannot. `first` is the number of
  // the part that comes first; 0: any.
  PartChain(bool set, bool decodes, int64_t first)
      : set_(set), decodes_(decodes), first_(first) {}

  // The header of the next archive. Throws when it is not the one that must
  // come.
  void Begin(const ArchiveHeader& header) {
    const auto& part = header.part;
    if (!part && !set_) return;
    if (!part) Throw("is no part of a set; give it alone, by its whole name");
    const bool chained = part->way == PartWay::kChained;
    const std::string number = std::to_string(part->number);
    if (!set_ && decodes_ && chained) {
      throw Error(ErrorKind::kUnsupported,
                  "is part " + number +
                      " of a chained set, and is not decoded alone; give the "
                      "name of the set, without the number");
    }
    const int64_t expected = number_ > 0 ? number_ + 1 : first_;
    if (set_ && expected > 0 && part->number != expected) {
      Throw("is part " + number + " where part " + std::to_string(expected) +
            " must be; put the parts in their order");
    }
    if (number_ > 0 && (part->predecessor != link_ || part->way != way_)) {
      Throw("is part " + number + " of another set; get the parts of one set");
    }
    if (number_ > 0 && chained &&
        (header.config != config_ || header.preparation != preparation_)) {
      Throw("is a part with another configuration; get the parts of one set");
    }
    number_ = part->number;
    way_ = part->way;
    config_ = header.config;
    preparation_ = header.preparation;
  }

  // The archive's end: the L behind it, and whether it says that another part
  // follows. Returns whether that is to be read.
  bool End(uint64_t link, bool part_follows) {
    link_ = link;
    return set_ && part_follows;
  }

  int64_t number() const { return number_; }  // of the part; 0: it is none
  bool chained() const { return number_ > 0 && way_ == PartWay::kChained; }

 private:
  [[noreturn]] static void Throw(const std::string& what) {
    throw Error(ErrorKind::kFormat, what);
  }

  const bool set_;
  const bool decodes_;
  const int64_t first_;
  int64_t number_ = 0;
  PartWay way_ = PartWay::kChained;
  uint64_t link_ = 0;
  std::vector<uint8_t> config_;
  std::vector<uint8_t> preparation_;
};

}  // namespace nncpp
