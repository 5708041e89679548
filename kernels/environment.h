// kernels/environment.h -- the floating-point environment of law 4.
#pragma once

namespace nncpp {

// Sets this thread to round to nearest, keep denormals and trap nothing
// (MXCSR 0x1F80, FPCR 0), whatever a library or a parent process left there.
void SetFloatEnvironment();

// The same, and checks that it did: what every thread that computes begins
// with.
void RequireFloatEnvironment();

// Whether this thread computes in that environment: looks at the register and
// at the result of an addition of denormals.
bool FloatEnvironmentIsDefault();

}  // namespace nncpp
