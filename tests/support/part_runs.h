// tests/support/part_runs.h -- sets of parts that are made and opened in
// memory.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "src/base/error.h"
#include "src/codec/codec.h"
#include "tests/support/codec_runs.h"

namespace nncpp {

// Makes a set. `done` gets each part as it ends.
inline std::vector<Octets> CompressParts(const Octets& original,
                                         const ModelConfig& config,
                                         const PartPlan& plan,
                                         CodecOptions options = OneThread(),
                                         bool size_known = true) {
  std::vector<Octets> parts;
  MemorySink out;
  options.parts = plan;
  options.next_output = [&] { parts.push_back(out.Take()); };
  MemorySource in(original, size_known);
  Compress(in, out, config, options);
  parts.push_back(out.Take());
  return parts;
}

// Opens the parts of a set; one that is missing is Error(kFormat).
class MemoryParts {
 public:
  explicit MemoryParts(const std::vector<Octets>& parts) : parts_(parts) {}

  OpenPart Opener() {
    return [this](int64_t number) -> Source& {
      if (number > std::ssize(parts_)) {
        throw Error(ErrorKind::kFormat, "is missing; get it");
      }
      part_ = std::make_unique<MemorySource>(
          parts_[static_cast<size_t>(number - 1)]);
      return *part_;
    };
  }

 private:
  const std::vector<Octets>& parts_;
  std::unique_ptr<MemorySource> part_;
};

// `out` keeps what was delivered also when an Error is thrown.
inline Report DecompressParts(const std::vector<Octets>& parts, MemorySink& out,
                              CodecOptions options = OneThread()) {
  MemoryParts memory(parts);
  options.open_part = memory.Opener();
  MemorySource first(parts.front());
  return Decompress(first, out, options);
}

inline Octets JoinedParts(const std::vector<Octets>& parts) {
  MemorySink out;
  DecompressParts(parts, out);
  return out.Take();
}

}  // namespace nncpp
