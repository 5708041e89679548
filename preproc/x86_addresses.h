// preproc/x86_addresses.h -- addresses in x86 code made absolute, and back.
//
// Code names a place by its distance from the instruction, so that each call of
// one function, and each use of one variable, reads otherwise. Absolute, with
// the high byte first, they read alike. What is an address, and what it
// becomes, is part of the format (docs/format.md, "Addresses"). Code is gone
// through from back to front, so that what stands behind an opcode has been
// converted, if it is any more, when its turn comes; on the way back from front
// to back. Source: [intel-sdm], 2.1.5, 2.2.1.6 and appendix A.
#pragma once

#include <cstdint>
#include <span>

namespace nncpp {

// The value is part of the format.
enum class X86Addresses : uint8_t {
  kNone = 0,
  kCalls = 1,  // of calls and jumps: all that code of 32 bits has
  kAll = 2,    // and of operands
};

// In place. `at`: the position of the first byte in the original.
void X86ToAbsolute(X86Addresses which, std::span<uint8_t> code, int64_t at);
void X86ToRelative(X86Addresses which, std::span<uint8_t> code, int64_t at);

// Whether absolute addresses repeat more often than distances do, and once in
// every kilobyte at least.
bool X86AddressesRepeat(X86Addresses which, std::span<const uint8_t> bytes);

// Which there are in what begins so: as the header of a program for x86 says
// (ELF, PE) or, where none is there, those that repeat.
X86Addresses X86AddressesOf(std::span<const uint8_t> head);

}  // namespace nncpp
