// kernels/cpu/mixing.h -- the forms of kernels/mixing.h by instruction set.
#pragma once

#include "kernels/mixing.h"

namespace nncpp::cpu {

extern const MixingTable kMixingScalar;
#if defined(__x86_64__)
extern const MixingTable kMixingAvx2;
extern const MixingTable kMixingAvx512;
#endif

}  // namespace nncpp::cpu
