// src/base/host_device.h -- marks what a GPU's compiler makes for both sides.
#pragma once

// Inlined by force: files compiled for AVX-512 must not emit copies that a
// linker could pick for an older processor.
#ifdef __CUDACC__
#define NNCPP_HD __host__ __device__ __forceinline__
#else
#define NNCPP_HD inline __attribute__((always_inline))
#endif
