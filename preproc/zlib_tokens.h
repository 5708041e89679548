// preproc/zlib_tokens.h -- the literals and copies that zlib makes of data.
//
// What zlib decides is part of the format (docs/format.md, "Streams"), whatever
// later versions of zlib do: hence this twin. It says at every place what zlib
// would do next, and goes on from what is there, so that data of another
// program is told by the differences. Sources: [rfc1951]; [zlib], deflate.c.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "preproc/deflate_tokens.h"

namespace nncpp {

struct ZlibSettings {
  int level = 6;         // 1 to 9
  int memory_level = 8;  // 1 to 9
  int window_bits = 15;  // 9 to 15
  // Of matches, 3 to 6; zlib has 3, and 6 by Z_FILTERED from level 4 on.
  int shortest = 3;

  bool AreSound() const;
  bool IsLazy() const { return level >= 4; }  // looks again at the next place
  bool operator==(const ZlibSettings&) const = default;
};

// Kept from stream to stream: files have many short ones.
struct ZlibTables {
  std::vector<int64_t> head;  // last place of each hash; all 0 between streams
  std::vector<int64_t> before;  // the place before, by place in the window
};

class ZlibTokens {
 public:
  // REQUIRES: the settings are sound. The tables are this one's alone until it
  // ends; so is the data.
  ZlibTokens(std::span<const uint8_t> data, const ZlibSettings& settings,
             ZlibTables& tables);
  ~ZlibTokens();
  ZlibTokens(const ZlibTokens&) = delete;
  ZlibTokens& operator=(const ZlibTokens&) = delete;

  int64_t at() const { return at_; }  // bytes passed
  int64_t left() const { return std::ssize(data_) - at_; }

  // Places that were looked at so far; long matches count more.
  int64_t work() const { return work_; }

  // What zlib would do here. REQUIRES: left() > 0.
  DeflateToken Next();

  // Passes a token, which is what Next() said or not.
  // REQUIRES: token.length() <= left().
  void Take(const DeflateToken& token, bool is_next);

  // Passes bytes that are in no token. REQUIRES: bytes <= left().
  void Skip(int64_t bytes);

 private:
  // zlib's table of levels.
  struct Effort {
    int64_t good;   // a match before so long: a quarter of the chain will do
    int64_t lazy;   // one longer than this is taken without another look
    int64_t nice;   // one so long ends the search
    int64_t chain;  // places looked at
  };
  struct Match {
    int64_t length = kShortestCopy - 1;  // this: there is none
    int64_t place = 0;
  };

  static const Effort& EffortOf(int level);

  size_t HashAt(int64_t at) const;  // of three bytes
  int64_t Enter(int64_t at);
  Match Search(int64_t at, int64_t least);
  Match Longest(int64_t at, int64_t place, int64_t least);

  const std::span<const uint8_t> data_;
  const Effort effort_;
  const bool lazy_;         // looks again at the next place
  const int64_t shortest_;  // match
  const int64_t farthest_;  // distance of a match
  const int shift_;
  const uint32_t mask_;
  ZlibTables& tables_;
  int64_t at_ = 0;
  int64_t entered_ = 0;  // places before this one have been, or never will be
  Match match_;          // at at_, if it is known
  bool is_known_ = false;
  Match later_;  // one place further, longer than that at at_
  int64_t work_ = 0;
};

}  // namespace nncpp
