// tests/support/resign.h -- makes a damaged archive pass its checks again.
#pragma once

#include <cstdint>
#include <vector>

namespace nncpp {

// Walks `archive` by docs/format.md and writes every check and payload hash
// that follows from the archive's bytes: the header's check, each block's
// payload hash and check, the check of the end mark. So a test that changes an
// archive reaches the code behind the checks.
//
// Lenient: takes nothing for granted but the layout, keeps all other bytes and
// the length, and stops where the layout cannot be followed any further. Hashes
// of original bytes, digests and totals stay as they are.
std::vector<uint8_t> Resign(std::vector<uint8_t> archive);

}  // namespace nncpp
