// preproc/code_addresses.h -- addresses in machine code made absolute, and
// back.
//
// Code names a place by its distance from the instruction, so that each call of
// one function, and each use of one variable, reads otherwise. Absolute, they
// read alike. What is an address, and what it becomes, is part of the format
// (docs/format.md, "Addresses"). x86 code, whose instructions begin anywhere,
// is converted from back to front, and back from front to back: what a step
// reads is then as it was when that step was done. Sources:
// [intel-sdm], 2.1.5, 2.2.1.6 and appendix A; [arm-arm], C6.2.
#pragma once

#include <cstdint>
#include <span>

namespace nncpp {

// The value is part of the format.
enum class CodeAddresses : uint8_t {
  kNone = 0,
  kX86Calls = 1,  // calls and jumps: all that code of 32 bits has
  kX86 = 2,       // operands as well
  kArm64 = 3,     // calls and pages
};
inline constexpr CodeAddresses kLastCodeAddresses = CodeAddresses::kArm64;

// In place. `at`: the position of the first byte in the original.
void ToAbsolute(CodeAddresses which, std::span<uint8_t> code, int64_t at);
void ToRelative(CodeAddresses which, std::span<uint8_t> code, int64_t at);

// Whether absolute addresses repeat more often than distances do, one in four
// of them, and one in every kilobyte. Of kNone there are none.
bool AddressesRepeat(CodeAddresses which, std::span<const uint8_t> bytes,
                     int64_t at);

// Which there are in what begins so: as the first header of a program says
// (ELF, PE, Mach-O) or, where there is none, those that repeat.
CodeAddresses AddressesOf(std::span<const uint8_t> head);

}  // namespace nncpp
