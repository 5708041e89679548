// src/cli/report.cc -- numbers, tables, JSON and error lines.
#include "src/cli/report.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <limits>
#include <vector>

#include "src/base/check.h"
#include "src/format/archive.h"
#include "src/model/config.h"

namespace nncpp {
namespace {

template <typename... Values>
std::string Print(const char* format, Values... values) {
  std::array<char, 128> text;
  const int length = std::snprintf(text.data(), text.size(), format, values...);
  NNCPP_CHECK(length >= 0 && static_cast<size_t>(length) < text.size());
  return std::string(text.data(), static_cast<size_t>(length));
}

// Whole numbers without an exponent: to_chars would say 1e+06.
template <typename T>
std::string Shortest(T value) {
  constexpr T kExact = 1 << 24;  // every whole number below is one in T
  if (value > -kExact && value < kExact) {
    const auto whole = static_cast<int64_t>(value);
    if (static_cast<T>(whole) == value) return std::to_string(whole);
  }
  std::array<char, 64> text;
  const auto end =
      std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  return std::string(text.data(), end);
}

double Ratio(const Listing& listing) {
  if (listing.archive_bytes == 0) return 0;
  return static_cast<double>(listing.original_bytes) /
         static_cast<double>(listing.archive_bytes);
}

// Length of the UTF-8 sequence at the start of `text`, which is not empty, or
// 0 when there is none.
// Source: Unicode 15, table 3-7.
size_t Utf8Length(std::string_view text) {
  const auto byte = [text](size_t i) -> unsigned {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0;
  };
  const auto tail = [byte](size_t i) { return (byte(i) & 0xC0) == 0x80; };
  const unsigned first = byte(0);
  const unsigned second = byte(1);
  if (first < 0x80) return 1;
  if (first < 0xC2 || first > 0xF4 || !tail(1)) return 0;
  if (first < 0xE0) return 2;
  if (first == 0xE0 && second < 0xA0) return 0;  // longer than need be
  if (first == 0xED && second > 0x9F) return 0;  // a surrogate
  if (first < 0xF0) return tail(2) ? 3 : 0;
  if (first == 0xF0 && second < 0x90) return 0;  // longer than need be
  if (first == 0xF4 && second > 0x8F) return 0;  // beyond U+10FFFF
  return tail(2) && tail(3) ? 4 : 0;
}

std::string_view Advice(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kUsage:
      return "see nncpp --help";
    case ErrorKind::kIo:
      return "check the path, the permissions and the free space";
    case ErrorKind::kMemory:
      return "free some memory or choose a smaller model";
    case ErrorKind::kNoDevice:
    case ErrorKind::kDevice:
      return "leave the device out to run on the CPU";
    case ErrorKind::kFormat:
      return "get another copy of the archive";
    case ErrorKind::kUnsupported:
      return "use a newer nncpp";
    case ErrorKind::kNumerics:
      return "this program or machine computes wrongly, try another";
  }
  return "";
}

// One row of a table or one member of an object; `quoted` values are text.
struct Row {
  std::string name;
  std::string value;
  bool quoted = false;
};

std::vector<Row> ListingRows(const std::string& name, const Listing& listing,
                             int64_t memory_bytes) {
  const double bits =
      BitsPerByte(listing.original_bytes, listing.archive_bytes);
  std::vector<Row> rows = {
      {"file", name, true},
      {"original_bytes", std::to_string(listing.original_bytes)},
      {"archive_bytes", std::to_string(listing.archive_bytes)},
      {"ratio", Print("%.3f", Ratio(listing))},
      {"bits_per_byte", FormatBits(bits)},
      {"blocks", std::to_string(listing.blocks)},
      {"stored_blocks", std::to_string(listing.stored_blocks)},
      {"format", std::to_string(listing.format_version)},
      {"numerics", std::to_string(listing.numerics_version)},
  };
  if (!listing.original_hash.empty()) {
    rows.push_back({"original_xxh128", listing.original_hash, true});
  }
  rows.push_back({"symbols", listing.symbols, true});
  rows.push_back({"memory_bytes", std::to_string(memory_bytes)});
  if (listing.part) {
    const bool chained = listing.part->way == PartWay::kChained;
    rows.push_back({"parts_are", chained ? "chained" : "independent", true});
    rows.push_back(listing.parts > 0
                       ? Row{"parts", std::to_string(listing.parts)}
                       : Row{"part", std::to_string(listing.part->number)});
  }
  if (!listing.files.empty()) {
    rows.push_back({"files", std::to_string(listing.files.size())});
  }
  return rows;
}

std::string JsonMember(const Row& row) {
  return JsonString(row.name) + ": " +
         (row.quoted ? JsonString(row.value) : row.value);
}

}  // namespace

std::string VersionText() {
  return "nncpp " + std::string(kProgramVersion) + " (archive format " +
         std::to_string(kFormatNumber) + ", numerics " +
         std::to_string(kNumericsNumber) + ")\n";
}

std::string FormatReal(float value) { return Shortest(value); }
std::string FormatReal(double value) { return Shortest(value); }

std::string FieldText(const ConfigField& field, const ModelConfig& config) {
  if (field.whole != nullptr) return std::to_string(config.*field.whole);
  if (field.real != nullptr) return FormatReal(config.*field.real);
  return std::to_string(config.*field.bits);
}

std::string MaximumText(const ConfigField& field) {
  // Not a number that a double can hold.
  constexpr uint64_t kMost = std::numeric_limits<uint64_t>::max();
  if (field.bits != nullptr && field.maximum >= static_cast<double>(kMost)) {
    return std::to_string(kMost);
  }
  return FormatReal(field.maximum);
}

std::string FormatCount(int64_t count) {
  std::string text = std::to_string(count);
  const int64_t first = count < 0 ? 1 : 0;
  for (int64_t i = std::ssize(text) - 3; i > first; i -= 3) {
    text.insert(static_cast<size_t>(i), 1, ',');
  }
  return text;
}

std::string FormatRate(double bytes_per_second) {
  if (bytes_per_second < 1e6) return Print("%.1f kB/s", bytes_per_second / 1e3);
  return Print("%.1f MB/s", bytes_per_second / 1e6);
}

std::string FormatAbout(double seconds) {
  struct Unit {
    const char* name;
    double seconds;
    double from;  // seconds that are told in it
  };
  static constexpr std::array<Unit, 4> kUnits = {{{"d", 86400, 48 * 3600},
                                                  {"h", 3600, 100 * 60},
                                                  {"min", 60, 100},
                                                  {"s", 1, 1}}};
  for (const Unit& unit : kUnits) {
    if (seconds < unit.from) continue;
    return Print("about %.0f %s", seconds / unit.seconds, unit.name);
  }
  return "less than a second";
}

std::string ExpectedTime(const Expectation& expected) {
  const std::string rate = FormatRate(expected.bytes_per_second);
  if (expected.seconds < 0) return "about " + rate;
  return FormatAbout(expected.seconds) + " (" + rate + ")";
}

std::string ExpectationLine(const std::string& name,
                            const Expectation& expected) {
  return Printable(name) + ": needs " + FormatCount(expected.memory_bytes) +
         " bytes of memory and " + ExpectedTime(expected) + "\n";
}

std::string TableLine(std::string name, const std::string& value) {
  std::replace(name.begin(), name.end(), '_', ' ');
  return Print("%-20s", (name + ":").c_str()) + Printable(value) + "\n";
}

double BitsPerByte(int64_t original_bytes, int64_t coded_bytes) {
  if (original_bytes == 0) return 0;
  return 8 * static_cast<double>(coded_bytes) /
         static_cast<double>(original_bytes);
}

std::string FormatBits(double bits_per_byte) {
  return Print("%.3f", bits_per_byte);
}

std::string Printable(std::string_view text) {
  std::string printable;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) {
      printable += Print("\\x%02X", unsigned{byte});
    } else {
      printable += c;
    }
  }
  return printable;
}

std::string JsonString(std::string_view text) {
  std::string json = "\"";
  while (!text.empty()) {
    const size_t length = Utf8Length(text);
    const auto byte = static_cast<unsigned char>(text.front());
    if (length == 0) {
      json += "\\ufffd";
    } else if (byte == '"' || byte == '\\') {
      json += {'\\', text.front()};
    } else if (byte < 0x20) {
      json += Print("\\u%04x", unsigned{byte});
    } else {
      json += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return json + '"';
}

int ExitStatus(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kUsage:
    case ErrorKind::kIo:
    case ErrorKind::kMemory:
    case ErrorKind::kNoDevice:
    case ErrorKind::kDevice:
      return 1;
    case ErrorKind::kFormat:
    case ErrorKind::kUnsupported:
      return 2;
    case ErrorKind::kNumerics:
      return 4;
  }
  return 3;
}

std::string ErrorLine(ErrorKind kind, std::string_view message,
                      std::string_view subject) {
  const bool about_archive =
      kind == ErrorKind::kFormat || kind == ErrorKind::kUnsupported ||
      kind == ErrorKind::kNumerics || kind == ErrorKind::kMemory;
  std::string line = "nncpp: ";
  if (about_archive && !subject.empty()) line += Printable(subject) + ": ";
  line += Printable(message);
  if (message.find("; ") == std::string_view::npos) {
    line += "; " + std::string(Advice(kind));
  }
  return line + "\n";
}

std::string SummaryLine(const std::string& name, const Report& report,
                        bool compressing, double seconds) {
  const std::string original = FormatCount(report.original_bytes);
  const std::string coded = FormatCount(report.coded_bytes);
  const double bits = BitsPerByte(report.original_bytes, report.coded_bytes);
  // A clock tick at least: an empty input takes no time.
  const double rate =
      static_cast<double>(report.original_bytes - report.resumed_bytes) /
      (seconds > 1e-6 ? seconds : 1e-6);
  return Printable(name) + ": " + (compressing ? original : coded) + " -> " +
         (compressing ? coded : original) + " bytes, " + FormatBits(bits) +
         " bits/byte, " + Print("%.1f s, ", seconds) + FormatRate(rate) + "\n";
}

std::string ConfigTable(const ModelConfig& config) {
  std::string table;
  for (const ConfigField& field : ConfigFields()) {
    table += TableLine(std::string(field.name), FieldText(field, config));
  }
  return table;
}

std::string ListingTable(const std::string& name, const Listing& listing,
                         int64_t memory_bytes) {
  std::string table;
  for (const Row& row : ListingRows(name, listing, memory_bytes)) {
    table += TableLine(row.name, row.value);
  }
  for (const ArchiveFile& file : listing.files) {
    table += TableLine("  " + std::to_string(file.size), file.name);
  }
  return table + ConfigTable(listing.config);
}

std::string ListingJson(const std::string& name, const Listing& listing,
                        int64_t memory_bytes) {
  std::string json = "{\n";
  for (const Row& row : ListingRows(name, listing, memory_bytes)) {
    json += "  " + JsonMember(row) + ",\n";
  }
  for (const ArchiveFile& file : listing.files) {
    json += &file == &listing.files.front() ? "  \"names\": [\n" : ",\n";
    json += "    {" + JsonMember({"name", file.name, true}) + ", " +
            JsonMember({"bytes", std::to_string(file.size)}) + "}";
  }
  if (!listing.files.empty()) json += "\n  ],\n";
  json += "  \"config\": {";
  std::string_view separator = "\n";
  for (const ConfigField& field : ConfigFields()) {
    json += separator;
    json += "    " + JsonMember({std::string(field.name),
                                 FieldText(field, listing.config)});
    separator = ",\n";
  }
  return json + "\n  }\n}\n";
}

std::string TestJson(const std::string& name, const Report& report) {
  const std::vector<Row> rows = {
      {"file", name, true},
      {"ok", "true"},
      {"original_bytes", std::to_string(report.original_bytes)},
      {"archive_bytes", std::to_string(report.coded_bytes)},
      {"blocks", std::to_string(report.blocks)},
      {"stored_blocks", std::to_string(report.stored_blocks)},
  };
  std::string json = "{\n";
  for (const Row& row : rows) {
    json += (&row == &rows.front() ? "  " : ",\n  ") + JsonMember(row);
  }
  return json + "\n}\n";
}

}  // namespace nncpp
