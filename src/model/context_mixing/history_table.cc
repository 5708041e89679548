// src/model/context_mixing/history_table.cc -- contract:
// src/model/context_mixing/history_table.h
#include "src/model/context_mixing/history_table.h"

#include <cstring>

#include "src/model/context_mixing/bit_history.h"

namespace nncpp {

HistoryTable::HistoryTable(int64_t bits)
    : shift_(static_cast<int>(64 - (bits - 2))),
      lines_(size_t{1} << (bits - 2)) {}

uint8_t* HistoryTable::Find(uint64_t hash) {
  Line64& line = lines_[Line(hash)];
  const auto byte = static_cast<uint8_t>(hash >> 8);
  const uint8_t check = byte == 0 ? uint8_t{1} : byte;  // 0: empty
  int least = 0, least_seen = 1 << 30;
  for (int way = 0; way < kWays; ++way) {
    uint8_t* bucket = line.bucket[way];
    if (bucket[0] == check) return bucket;
    const uint8_t root = bucket[1];
    const int seen = kBitHistories.zeros[root] + kBitHistories.ones[root];
    if (seen < least_seen) {
      least = way;
      least_seen = seen;
    }
  }
  uint8_t* bucket = line.bucket[least];
  std::memset(bucket, 0, sizeof(line.bucket[0]));
  bucket[0] = check;
  return bucket;
}

}  // namespace nncpp
