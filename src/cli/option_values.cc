// src/cli/option_values.cc -- contract: option_values.h
#include "src/cli/option_values.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <string>

#include "src/base/error.h"
#include "src/cli/report.h"

namespace nncpp {
namespace {

constexpr int kMaxThreads = 1024;
constexpr double kMaxMemory = 0x1p62;  // bytes
constexpr double kMaxEvery = 1e9;      // of --checkpoint-every, in its unit

template <typename T>
T ParseNumber(const ConfigField& field, std::string_view text) {
  T value{};
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value);
  const bool sound = result.ec == std::errc() && result.ptr == end;
  // False for NaN, too.
  const double wide = static_cast<double>(value);
  if (sound && wide >= field.minimum && wide <= field.maximum) return value;
  throw Error(ErrorKind::kUsage,
              "--" + std::string(field.name) + " " + std::string(text) +
                  ": not possible; " + "give a number from " +
                  FormatReal(field.minimum) + " to " + MaximumText(field));
}

}  // namespace

void SetField(const ConfigField& field, std::string_view text,
              ModelConfig& config) {
  if (field.whole != nullptr) {
    config.*field.whole = ParseNumber<int64_t>(field, text);
  } else if (field.real != nullptr) {
    config.*field.real = ParseNumber<float>(field, text);
  } else {
    config.*field.bits = ParseNumber<uint64_t>(field, text);
  }
}

int64_t ParseSize(const std::string& option, std::string_view text) {
  double number = -1;
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, number);
  std::string unit = CLI::detail::to_lower(std::string(result.ptr, end));
  double factor = 1;
  const size_t power = unit.empty() ? std::string_view::npos
                                    : std::string_view("kmgt").find(unit[0]);
  if (power != std::string_view::npos) {
    unit.erase(0, 1);
    const bool binary = unit.starts_with('i');
    if (binary) unit.erase(0, 1);
    for (size_t i = 0; i <= power; ++i) factor *= binary ? 1024 : 1000;
  }
  const double bytes = number * factor;
  const bool sound = result.ec == std::errc() && (unit.empty() || unit == "b");
  if (sound && bytes >= 0 && bytes <= kMaxMemory) {
    return static_cast<int64_t>(bytes);
  }
  throw Error(ErrorKind::kUsage,
              option + " " + std::string(text) +
                  ": not possible; give bytes, as in 500M or 2GiB");
}

int64_t ParseCount(const char* option, std::string_view text, int64_t minimum,
                   int64_t maximum, int64_t none) {
  if (text.empty()) return none;
  int64_t count = -1;
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, count);
  const bool sound = result.ec == std::errc() && result.ptr == end;
  if (sound && count >= minimum && count <= maximum) return count;
  throw Error(ErrorKind::kUsage, std::string(option) + " " + std::string(text) +
                                     ": not possible; give a number from " +
                                     std::to_string(minimum) + " to " +
                                     std::to_string(maximum));
}

int ParseThreads(std::string_view text) {
  int threads = -1;
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, threads);
  const bool sound = result.ec == std::errc() && result.ptr == end;
  if (sound && threads >= 0 && threads <= kMaxThreads) return threads;
  throw Error(ErrorKind::kUsage,
              "--threads " + std::string(text) +
                  ": not possible; give a number from 0 to " +
                  std::to_string(kMaxThreads));
}

Device ParseDevice(std::string_view text) {
  Device device;
  if (text == "auto") return device;
  device.kind = Device::Kind::kCpu;
  if (text == "cpu") return device;
  device.kind = Device::Kind::kCuda;
  if (text == "cuda") return device;
  const std::string_view number = text.substr(std::min<size_t>(text.size(), 5));
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(number.data(), end, device.index);
  if (text.starts_with("cuda:") && result.ec == std::errc() &&
      result.ptr == end && device.index >= 0) {
    return device;
  }
  throw Error(ErrorKind::kUsage,
              "--device " + std::string(text) +
                  ": not possible; give auto, cpu, cuda or cuda:N");
}

bool ParseIsWide(std::string_view text) {
  if (text == "u16" || text == "bytes") return text == "u16";
  throw Error(ErrorKind::kUsage, "--symbols " + std::string(text) +
                                     ": not possible; give u16 or bytes");
}

CheckpointEvery ParseEvery(std::string_view text) {
  double number = -1;
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, number);
  const std::string_view unit(result.ptr,
                              static_cast<size_t>(end - result.ptr));
  const bool sound =
      result.ec == std::errc() && number >= 0 && number <= kMaxEvery;
  const auto blocks = static_cast<int64_t>(sound ? number : 0);
  if (sound && unit.empty() && blocks >= 1 &&
      static_cast<double>(blocks) == number) {
    return {0, blocks};
  }
  const size_t scale = unit.size() == 1 ? std::string_view("smhd").find(unit[0])
                                        : std::string_view::npos;
  if (sound && number > 0 && scale != std::string_view::npos) {
    constexpr double kSeconds[] = {1, 60, 3600, 86400};
    return {number * kSeconds[scale], 0};
  }
  throw Error(ErrorKind::kUsage,
              "--checkpoint-every " + std::string(text) +
                  ": not possible; give a time, as in 90s, 10m or 2h, or a "
                  "number of blocks");
}

}  // namespace nncpp
