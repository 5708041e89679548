# Makefile -- builds, checks and installs nncpp. `make help` lists the targets.
#
# VARIANT names a set of objects under build/; sanitizers are variants. The
# program of the variant asked for (release by default) is build/nncpp.

VARIANT ?= release
B := build/$(VARIANT)

ifeq ($(origin CXX),default)
CXX := g++
endif
CLANGXX ?= clang++
CXXFLAGS ?= -O3 -g0
CUDA ?= auto
PREFIX ?= /usr/local
FUZZ_SECONDS ?= 60
DEMO_BYTES ?= all
DATA ?= ../shared/data
BENCH_ARGS ?=

# One job per core, unless the command line says otherwise.
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(shell nproc 2>/dev/null || echo 2)
endif
ifneq ($(filter clean,$(MAKECMDGOALS)),)
.NOTPARALLEL:
endif

# ---- flags

compiler := $(shell $(CXX) --version 2>/dev/null)
machine := $(shell $(CXX) -dumpmachine 2>/dev/null)

# Law 4 of docs/design.md: these stand last on every compile line and undo
# whatever CXXFLAGS asked for, -Ofast included. -fno-trapping-math keeps
# clang from reading the rest as a wish for strict exceptions (and no vectors).
override LAW := -std=c++20 -fno-fast-math -fno-unsafe-math-optimizations \
  -fno-associative-math -fno-reciprocal-math -fno-finite-math-only \
  -fsigned-zeros -fno-math-errno -fno-trapping-math -ffp-contract=off
ifneq ($(findstring clang,$(compiler)),)
override LAW += -fno-approx-func -fdenormal-fp-math=ieee \
  -Wno-overriding-t-option
else
override LAW += -fno-rounding-math -fno-cx-limited-range \
  -fno-single-precision-constant
endif

SAN_OPT ?= -O1 -g1 -fno-omit-frame-pointer
asan := -fsanitize=address
ubsan := -fsanitize=undefined,float-cast-overflow -fno-sanitize-recover=all
sanitize_asan := $(asan)
sanitize_ubsan := $(ubsan)
sanitize_asan-ubsan := $(asan) $(ubsan)
sanitize_tsan := -fsanitize=thread
sanitize_fuzz := -fsanitize=fuzzer-no-link $(asan) $(ubsan)
sanitize := $(sanitize_$(VARIANT))

# g++ 12 sees overlapping copies in `"0" + std::string` (its bug 105651), and
# notes that vectors wider than the processor are passed otherwise than once.
WERROR ?=
warnings := -Wall -Wextra $(if $(WERROR),-Werror)
ifeq ($(findstring clang,$(compiler)),)
warnings += -Wno-restrict -Wno-psabi
endif
compile = $(CXX) -I. $(warnings) $(CPPFLAGS) $(CXXFLAGS) \
  $(if $(sanitize),$(SAN_OPT) $(sanitize)) -pthread -MMD -MP
# CXXFLAGS stays away from here: -Ofast on a link line adds start-up code that
# turns denormals off. Nor may LDFLAGS bring it.
link = $(CXX) $(sanitize) -pthread \
  $(filter-out -Ofast -f%-math-optimizations -ffast-math,$(LDFLAGS))
libraries := -ldl
# For libnncpp.a, and into the program, so that it runs anywhere.
zlib := -l:libz.a

# ---- sources, all found by wildcard

find = $(sort $(shell find $(1) -name '$(2)' 2>/dev/null))
program_main := src/cli/main.cc
sources := $(filter-out $(program_main),$(call find,src preproc,*.cc)) \
  $(wildcard kernels/*.cc kernels/cpu/*.cc)
simd_sources := $(filter %_simd.cc,$(sources))
test_sources := $(call find,tests,*_test.cc)
long_sources := $(filter %_long_test.cc,$(test_sources))
unit_sources := $(filter-out $(long_sources),$(test_sources))
fuzz_main := tests/support/fuzz_main.cc
support_sources := $(filter-out $(fuzz_main),$(wildcard tests/support/*.cc))
cuda_library := kernels/cuda/library.cu
cuda_sources := $(filter-out $(cuda_library),$(wildcard kernels/cuda/*.cu))
fuzz_sources := $(wildcard tests/fuzz/*_fuzz.cc)
bench_sources := $(call find,bench,*_bench.cc)
bench_support := $(filter-out $(bench_sources),$(call find,bench,*.cc))

# A *_simd.cc is compiled once per instruction set; the program picks a form
# at run time. Elsewhere than on x86-64 there is the scalar form only.
forms := Scalar
ifneq ($(findstring x86_64,$(machine)),)
forms += Avx2 Avx512
endif
form_Scalar := -DNNCPP_FORM=Scalar -DNNCPP_FORM_SCALAR=1
form_Avx2 := -DNNCPP_FORM=Avx2 -DNNCPP_FORM_AVX2=1 -mavx2
form_Avx512 := -DNNCPP_FORM=Avx512 -DNNCPP_FORM_AVX512=1 -mavx512f \
  -mavx512bw -mavx512dq -mavx512vl -mavx512vnni -mprefer-vector-width=512

objects = $(patsubst %.cc,$(B)/obj/%.o,$(1))
library_objects := $(call objects,$(filter-out $(simd_sources),$(sources))) \
  $(foreach f,$(forms),$(patsubst %.cc,$(B)/obj/%.$(f).o,$(simd_sources)))
main_object := $(call objects,$(program_main))
# The kernels again, as C++ for an emulated device.
support_objects := $(call objects,$(support_sources)) \
  $(patsubst %.cu,$(B)/obj/%.emulated.o,$(cuda_sources))
# A sanitizer watches the code under test and its support; the tests themselves
# are the release build's, except where every access counts (tsan).
tests_of := $(if $(filter asan ubsan asan-ubsan,$(VARIANT)),release,$(VARIANT))
unit_test_objects := $(patsubst %.cc,build/$(tests_of)/obj/%.o,$(unit_sources))
unit_objects := $(unit_test_objects) $(support_objects)
long_objects := $(call objects,$(long_sources)) $(support_objects)
fuzz_objects := $(call objects,$(fuzz_sources) $(fuzz_main))
bench_objects := $(call objects,$(bench_sources) $(bench_support))
fuzz_names := $(patsubst tests/fuzz/%_fuzz.cc,%,$(fuzz_sources))
replays := $(fuzz_names:%=$(B)/replay/%)
fuzzers := $(fuzz_names:%=$(B)/fuzz/%)

# ---- building

include kernels/cuda/cuda.mk

all: program $(if $(nvcc)$(filter 1,$(CUDA)),cuda)
	@mkdir -p build
	@cmp -s $(B)/nncpp build/nncpp || \
	  { cp -f $(B)/nncpp build/nncpp.part && mv build/nncpp.part build/nncpp; }

program: $(B)/nncpp
unit-tests: $(B)/unit_tests
unit-test-objects: $(unit_test_objects)
long-tests: $(B)/long_tests
replays: $(replays)
fuzzers: $(fuzzers)
benches: $(B)/benchmarks

# The flags of the last build: when they change, everything is made anew.
flag_text = $(compile) $(LAW) $(link) $(form_Avx2) $(form_Avx512) \
  $(firstword $(compiler)) $(lastword $(compiler))
$(B)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(flag_text)' | cmp -s - $@ || echo '$(flag_text)' > $@
FORCE:

# What the compiler says is shown, and kept beside the object for `make lint`.
define run_compiler
@mkdir -p $(@D)
@echo '  CXX  $@'
@$(compile) $(1) $(LAW) -c $< -o $@ 2> $@.warn || { cat $@.warn >&2; exit 1; }
@cat $@.warn >&2
endef

$(B)/obj/src/%.o: src/%.cc $(B)/flags | build-packages
	$(call run_compiler,-Wconversion)
ifneq ($(tests_of),$(VARIANT))
$(unit_test_objects): release-tests ;
release-tests:
	@$(MAKE) --no-print-directory VARIANT=release CUDA=0 unit-test-objects
endif
$(B)/obj/tests/%.o: tests/%.cc $(B)/flags | test-packages
	$(call run_compiler,$(TEST_OPT))
# Unit tests share what they all include, unless PRECOMPILED is 0.
PRECOMPILED ?= 1
precompiled := $(if $(filter 1,$(PRECOMPILED)),\
  $(B)/obj/tests/support/precompiled.h)
$(B)/obj/tests/%_test.o: tests/%_test.cc $(B)/flags \
    $(precompiled:%=%.gch) | test-packages
	$(call run_compiler,$(TEST_OPT) $(precompiled:%=-include %))
$(B)/obj/tests/support/precompiled.h.gch: tests/support/precompiled.h \
    $(B)/flags | test-packages
	@mkdir -p $(@D)
	@echo '#include "$<"' > $(@:.gch=)
	@echo '  CXX  $@'
	@$(compile) $(TEST_OPT) $(LAW) -MF $@.d -x c++-header $(@:.gch=) -o $@
$(B)/obj/bench/%.o: bench/%.cc $(B)/flags | bench-packages
	$(call run_compiler)
define simd_rule
$(B)/obj/%_simd.$(1).o: %_simd.cc $(B)/flags | build-packages
	$$(call run_compiler,$$(form_$(1)))
endef
$(foreach f,$(forms),$(eval $(call simd_rule,$(f))))
$(B)/obj/%.emulated.o: %.cu $(B)/flags | build-packages
	$(call run_compiler,-x c++ -include tests/support/cuda_emulation.h)
$(B)/obj/%.o: %.cc $(B)/flags | build-packages
	$(call run_compiler)

# Whether the tests are right to the letter, without making code of them.
syntax_checks := $(patsubst %.cc,$(B)/syntax/%.ok,$(test_sources) \
  $(support_sources))
syntax: $(syntax_checks)
$(B)/syntax/%.ok: %.cc $(B)/flags $(precompiled:%=%.gch) | test-packages
	@mkdir -p $(@D)
	@echo '  SYNTAX $<'
	@$(compile) $(TEST_OPT) $(precompiled:%=-include %) $(LAW) \
	  -MF $(@:.ok=.d) -MT $@ -fsyntax-only $<
	@touch $@

# Tests are compiled more often than they are run; the code under test keeps
# its own flags.
TEST_OPT ?= -O1

$(B)/libnncpp.a: $(library_objects)
	@mkdir -p $(@D)
	@rm -f $@
	@ar rcsD $@ $^

define run_linker
@mkdir -p $(@D)
@echo '  LINK $@'
@$(link) $(2) -o $@ $(filter %.o %.a,$^) $(1) \
  $(if $(filter %.a,$^),$(zlib)) $(libraries)
endef

$(B)/nncpp: $(main_object) $(B)/libnncpp.a
	$(call run_linker)
# Of an inline function the linker takes the first it meets: the watched one.
$(B)/unit_tests: $(support_objects) $(B)/libnncpp.a $(unit_test_objects)
	@mkdir -p $(@D)
	@echo '  LINK $@'
	@$(link) -o $@ $(support_objects) -Wl,--whole-archive $(B)/libnncpp.a \
	  -Wl,--no-whole-archive $(unit_test_objects) -lgtest_main -lgtest \
	  $(zlib) $(libraries)
$(B)/long_tests: $(long_objects) $(B)/libnncpp.a
	$(call run_linker,-lgtest_main -lgtest)
$(B)/replay/%: $(B)/obj/tests/fuzz/%_fuzz.o $(call objects,$(fuzz_main)) \
    $(support_objects) $(B)/libnncpp.a
	$(call run_linker,-lgtest)
$(B)/fuzz/%: $(B)/obj/tests/fuzz/%_fuzz.o $(support_objects) \
    $(B)/libnncpp.a
	$(call run_linker,-lgtest,-fsanitize=fuzzer)
$(B)/benchmarks: $(bench_objects) $(B)/libnncpp.a
	$(call run_linker,-lbenchmark_main -lbenchmark -lopenblas)

.SECONDARY:
-include $(syntax_checks:.ok=.d) $(patsubst %.o,%.d,$(library_objects) \
  $(main_object) $(unit_objects) $(long_objects) $(fuzz_objects) \
  $(bench_objects) $(cuda_objects))

# ---- packages: looked for before compiling, installed by the targets below

support := tests/support
build-packages:
	@$(if $(BARE),:,CXX='$(CXX)' $(support)/packages.sh need build)
test-packages:
	@$(if $(BARE),:,CXX='$(CXX)' $(support)/packages.sh need build unit)
bench-packages:
	@CXX='$(CXX)' $(support)/packages.sh need build bench
deps:
	@CXX='$(CXX)' $(support)/packages.sh install build unit test bench

# ---- checking. Each script ends in `N passed, N failed, N skipped`.

export MAKE CXX CLANGXX
export NNCPP_DATA := $(DATA)
tally := $(support)/tally.sh
release_build := $(MAKE) --no-print-directory VARIANT=release CUDA=0 \
  all unit-tests replays
clang_build := $(MAKE) --no-print-directory VARIANT=clang CXX=$(CLANGXX) \
  WERROR=1 program syntax
# Tests that take long: where a sanitizer sees no more than elsewhere, and all.
# `make test` runs them in the release build, `make check` leaves them out.
long_inputs := Codec.StoresWhat*:Mixing.CostsNext*:Expectation.IsToldOnce*
long_inputs := $(long_inputs):WideSymbolsInArchives.ComeBack*:CudaCodec.*
long_inputs := $(long_inputs):SelfTest.*OnADevice:*DamagedArchive.Never*/1
long_inputs := $(long_inputs):*Golden*/library_mixed:*Golden*/streams_any
emulated := Sizes/EmulatedCuda.*/Size
long_inputs := $(long_inputs):$(emulated)5:$(emulated)7
slow := $(long_inputs):$(emulated)3:$(emulated)6:DamagedParts.*:*OfWarp*
slow := $(slow):*DamagedArchive.Never*:ProductAvx512Emulated.*
scans := Exp.*:Log.*:Tanh.*:Sigmoid.*:Alphabets/CoderCost.*
variant_build = $(MAKE) --no-print-directory VARIANT=$(1) program unit-tests \
  replays
variant_pieces = "build $(1)=$(call variant_build,$(1))" \
  "unit tests, $(1)=$(support)/run_unit_tests.sh build/$(1)/unit_tests \
    '-$(long_inputs):$(scans)'" \
  "fuzz replay, $(1)=$(support)/replay_fuzz.sh build/$(1)/replay"
quick_pieces = "build=$(release_build)" \
  "unit tests=$(support)/run_unit_tests.sh build/release/unit_tests \
    '-$(slow)'" \
  "command line=$(support)/run_cli_tests.sh build/nncpp" \
  "fuzz replay=$(support)/replay_fuzz.sh build/release/replay" \
  "layers=$(support)/layers_test.sh" \
  "lint=$(support)/lint.sh" \
  "format=$(support)/format.sh check"
full_pieces = $(quick_pieces) \
  "long unit tests=$(support)/run_unit_tests.sh build/release/unit_tests \
    '$(slow)'" \
  $(call variant_pieces,asan-ubsan) \
  "build clang=$(clang_build)" \
  "flags=$(support)/flags_test.sh" "symbols=$(support)/symbols.sh" \
  "exactness=$(support)/exactness.sh" "cuda=$(support)/cuda_test.sh" \
  "levels=$(support)/levels.sh build/nncpp" \
  "faults=$(support)/faults.sh build/nncpp" \
  "install=$(support)/install_test.sh" "gpu=$(support)/gpu_scripts_test.sh"
long_pieces = $(full_pieces) \
  "build tsan=$(call variant_build,tsan)" \
  "unit tests, tsan=$(support)/run_unit_tests.sh build/tsan/unit_tests" \
  "long unit tests, asan-ubsan=$(support)/run_unit_tests.sh \
    build/asan-ubsan/unit_tests '$(long_inputs):$(scans)'" \
  "build long=$(MAKE) --no-print-directory VARIANT=release long-tests" \
  "includes=$(MAKE) --no-print-directory VARIANT=plain CXX=$(CLANGXX) \
    PRECOMPILED=0 WERROR=1 syntax" \
  "unit tests, clang=$(MAKE) --no-print-directory VARIANT=clang \
    CXX=$(CLANGXX) WERROR=1 unit-tests && \
    $(support)/run_unit_tests.sh build/clang/unit_tests" \
  "exactness, all=$(support)/exactness.sh all" \
  "all levels=$(support)/levels.sh build/nncpp 1" \
  "all faults=$(support)/faults.sh build/nncpp 1" \
  "long tests=$(support)/run_unit_tests.sh build/release/long_tests" \
  "fuzz=$(MAKE) --no-print-directory fuzz FUZZ_SECONDS=600" \
  "round trips=$(support)/round_trips.sh build/nncpp"

check:
	+@CXX='$(CXX)' $(support)/packages.sh need build unit
	+@$(tally) $(quick_pieces)
test:
	@CXX='$(CXX)' $(support)/packages.sh install build unit test
	+@$(tally) $(full_pieces)
test-long:
	@CXX='$(CXX)' $(support)/packages.sh install build unit test
	+@$(tally) $(long_pieces)
asan ubsan tsan asan-ubsan:
	+@$(tally) $(call variant_pieces,$@) \
	  "command line, $@=$(support)/run_cli_tests.sh build/$@/nncpp"
cli-test: all
	@$(support)/run_cli_tests.sh build/nncpp
cli-rewrite: all
	@$(support)/run_cli_tests.sh --rewrite build/nncpp
exactness:
	+@$(support)/exactness.sh all
layers:
	@$(support)/layers_test.sh
lint:
	@$(support)/lint.sh
	@$(support)/symbols.sh
format:
	@$(support)/format.sh fix
format-check:
	@$(support)/format.sh check
fuzz:
	@CXX='$(CXX)' $(support)/packages.sh install build unit test
	+@$(MAKE) --no-print-directory VARIANT=fuzz CXX=$(CLANGXX) fuzzers
	@$(support)/fuzz.sh build/fuzz/fuzz $(FUZZ_SECONDS)

# ---- showing

demo:
	@CXX='$(CXX)' $(support)/packages.sh install build
	+@$(MAKE) --no-print-directory all
	@$(support)/demo.sh build/nncpp $(DEMO_BYTES)
bench:
	@CXX='$(CXX)' $(support)/packages.sh install build bench
	+@$(MAKE) --no-print-directory all benches
	OPENBLAS_NUM_THREADS=1 $(B)/benchmarks $(BENCH_ARGS)
info:
	@CXX='$(CXX)' CUDA='$(CUDA)' CUDA_ARCHS='$(CUDA_ARCHS)' \
	  $(support)/info.sh '$(CXXFLAGS)' '$(LAW)'

# ---- installing

bin = $(DESTDIR)$(PREFIX)/bin
lib = $(DESTDIR)$(PREFIX)/lib
share = $(DESTDIR)$(PREFIX)/share
installed = $(bin)/nncpp $(lib)/libnncpp_cuda.so $(share)/man/man1/nncpp.1 \
  $(share)/bash-completion/completions/nncpp \
  $(share)/zsh/site-functions/_nncpp \
  $(share)/fish/vendor_completions.d/nncpp.fish \
  $(share)/nncpp/nncpp.magic $(share)/doc/nncpp/LICENSE

install: all
	install -D -m 755 build/nncpp $(bin)/nncpp
	$(if $(nvcc),install -D -m 755 build/libnncpp_cuda.so \
	  $(lib)/libnncpp_cuda.so)
	install -D -m 644 docs/nncpp.1 $(share)/man/man1/nncpp.1
	install -D -m 644 docs/completions/nncpp.bash \
	  $(share)/bash-completion/completions/nncpp
	install -D -m 644 docs/completions/nncpp.zsh \
	  $(share)/zsh/site-functions/_nncpp
	install -D -m 644 docs/completions/nncpp.fish \
	  $(share)/fish/vendor_completions.d/nncpp.fish
	install -D -m 644 docs/nncpp.magic $(share)/nncpp/nncpp.magic
	install -D -m 644 LICENSE $(share)/doc/nncpp/LICENSE
uninstall:
	rm -f $(installed)
clean:
	rm -rf build

help:
	@$(support)/help.sh

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.PHONY: all program unit-tests unit-test-objects release-tests syntax \
  long-tests replays fuzzers benches FORCE build-packages test-packages deps \
  bench-packages check test test-long asan ubsan tsan asan-ubsan cli-test \
  cli-rewrite exactness layers lint format format-check fuzz demo bench info \
  install uninstall clean help
