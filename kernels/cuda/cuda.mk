# kernels/cuda/cuda.mk -- the part of the Makefile that is about GPUs.
#
# The CUDA backend is a shared object apart, built wherever there is nvcc, for
# the architectures named and as PTX of the last one for those to come.

CUDA_ARCHS ?= 80 86 89 90
NVCC ?= nvcc
NVCCFLAGS ?= -O3

nvcc := $(if $(filter 0,$(CUDA)),,$(shell command -v $(NVCC) 2>/dev/null))
empty :=
C := build/cuda/$(subst $(empty) ,-,$(strip $(CUDA_ARCHS)))
cuda_objects := $(patsubst %.cu,$(C)/obj/%.o,$(cuda_sources) $(cuda_library)) \
  $(C)/obj/kernels/backend.o
newest_arch := $(lastword $(CUDA_ARCHS))
override CUDA_LAW := -std=c++20 -fmad=false -ftz=false -prec-div=true \
  -prec-sqrt=true -Xcompiler -ffp-contract=off
cuda_archs = \
  $(foreach a,$(CUDA_ARCHS),-gencode=arch=compute_$(a),code=sm_$(a))
cuda_ptx = -gencode=arch=compute_$(newest_arch),code=compute_$(newest_arch)
# wgmma is in sm_90a and nothing else, not even in what came later; such code
# is chosen at run time.
wgmma_arch = -gencode=arch=compute_90a,code=sm_90a
# 554: a conversion of MatrixRef<const float> to itself is never called.
cuda_compile = $(nvcc) -I. $(NVCCFLAGS) \
  $(if $(filter %_wgmma.cu,$<),$(wgmma_arch),$(cuda_archs) $(cuda_ptx)) \
  -Xcompiler -fPIC,-fvisibility=hidden,-Wall,-Wextra -diag-suppress 554 \
  -MMD -MP
# A library of another interface is not used (kernels/cuda/library.h).
interface := $(shell cat kernels/backend.h \
  kernels/backend_types.h kernels/numerics.h src/coder/range_coder.h \
  src/coder/interval.h | cksum)
stamp := -DNNCPP_BACKEND_STAMP='"$(firstword $(interface))"'

cuda: $(C)/libnncpp_cuda.so
	@cmp -s $< build/libnncpp_cuda.so || { cp -f $< build/cuda/part && \
	  mv build/cuda/part build/libnncpp_cuda.so; }

cuda_flag_text = $(cuda_compile) $(wgmma_arch) $(CUDA_LAW) $(stamp)
$(C)/flags: FORCE
	@[ -n '$(nvcc)' ] || \
	  { echo "no $(NVCC) here; CUDA=0 builds without it" >&2; exit 1; }
	@mkdir -p $(@D)
	@echo '$(cuda_flag_text)' | cmp -s - $@ || echo '$(cuda_flag_text)' > $@

$(B)/obj/kernels/load_cuda.o: kernels/load_cuda.cc $(B)/flags | build-packages
	$(call run_compiler,$(stamp))

# What the library needs of the program's own code, which it cannot take from
# there.
$(C)/obj/kernels/backend.o: kernels/backend.cc $(C)/flags
	@mkdir -p $(@D)
	@echo '  NVCC $@'
	@$(cuda_compile) $(CUDA_LAW) -c $< -o $@
$(C)/obj/%.o: %.cu $(C)/flags
	@mkdir -p $(@D)
	@echo '  NVCC $@'
	@$(cuda_compile) $(if $(filter $(cuda_library),$<),$(stamp)) \
	  $(CUDA_LAW) -c $< -o $@ 2> $@.warn || { cat $@.warn >&2; exit 1; }
	@cat $@.warn >&2
$(C)/libnncpp_cuda.so: $(cuda_objects)
	@echo '  LINK $@'
	@$(nvcc) $(cuda_archs) -Xlinker -z,defs -shared -o $@ $^

# ---- on a GPU. Of packages, only the compilers and CUDA are needed there
# (BARE=1): the checks have a main of their own, and what else they take along
# is what `make gpu-bundle` leaves in build/.

gpu_objects := $(call objects,tests/gpu/gpu_tests.cc \
  $(wildcard tests/support/backend_cases*.cc)) $(filter $(B)/obj/kernels/% \
  $(addprefix $(B)/obj/src/,base/thread_pool.o base/huge_pages.o \
  base/bytes.o base/unfinished.o coder/range_coder.o),$(library_objects))
$(B)/gpu_tests: $(gpu_objects)
	$(call run_linker)
# cudnn.h may come with the compiler, with Python's packages or in the bundle;
# the library is opened when the measurement begins.
cudnn_header = $(firstword $(wildcard $(addsuffix /include/cudnn.h, \
  $(shell python3 -c 'import nvidia.cudnn as c; print(*c.__path__)' \
  2> /dev/null) build/gpu-data)))
# CUBLAS=0 leaves it out, where there is none.
cublas = $(if $(filter 0,$(CUBLAS)),-DNNCPP_NO_CUBLAS,-lcublasLt \
  -Xlinker -rpath=$(dir $(realpath $(nvcc)))../lib64)
gpu_bench_objects := $(filter-out $(B)/obj/tests/%,$(gpu_objects))
bench_measure := bench/gpu/measure.cu bench/gpu/library_product.cu
$(B)/gpu_bench: bench/gpu/gpu_bench.cu $(bench_measure) bench/gpu/measure.h \
    $(gpu_bench_objects) $(C)/flags
	@echo '  NVCC $@'
	@$(cuda_compile) $(cublas) $(CUDA_LAW) -o $@ $(filter %.cu %.o,$^) \
	  $(libraries)
$(B)/gpu_bench_lstm: bench/gpu/gpu_bench_lstm.cu bench/gpu/cudnn_lstm.cu \
    bench/gpu/cudnn_lstm.h $(filter-out %library_product.cu,$(bench_measure)) \
    bench/gpu/measure.h $(gpu_bench_objects) $(C)/flags
	@echo '  NVCC $@'
	@$(cuda_compile) $(cudnn_header:%/cudnn.h=-I%) $(CUDA_LAW) -o $@ \
	  $(filter %.cu %.o,$^) $(libraries)
gpu-tests: $(B)/gpu_tests
gpu-bench: $(B)/gpu_bench
gpu-bench-lstm: $(B)/gpu_bench_lstm
gpu-bundle: all
	@$(support)/gpu_bundle.sh
gpu-check:
	+@$(support)/gpu_check.sh

.PHONY: cuda gpu-tests gpu-bench gpu-bench-lstm gpu-bundle gpu-check
