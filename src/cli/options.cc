// src/cli/options.cc -- the command line, parsed by CLI11.
#include "src/cli/options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "src/base/error.h"
#include "src/cli/report.h"

namespace nncpp {
namespace {

constexpr std::string_view kSuffix = ".nncpp";
constexpr int kMaxThreads = 1024;
constexpr double kMaxMemory = 0x1p62;  // bytes
constexpr double kMaxEvery = 1e9;      // of --checkpoint-every, in its unit

// Options that only some commands take form a group of this name. All are
// options of the whole program for the library, so that they may stand before
// the command.
constexpr const char* kForCompress = "compress";
constexpr const char* kForReports = "test and list";
constexpr const char* kForFiles = "compress and decompress";

// A model option as given: its row and its text. Applied after the profile is
// known, whatever the order on the command line.
using Setting = std::pair<const ConfigField*, std::string>;

// What the library fills in and ParseOptions then judges.
struct Raw {
  Options options;
  bool help = false;
  bool help_all = false;
  bool version = false;
  bool no_progress = false;
  bool self_check = false;
  std::string threads = "0";
  std::string memory_limit;
  std::string checkpoint_every;
  std::string device = "auto";
  std::string topic;
  std::string profile = "default";
  std::vector<Setting> settings;
};

template <typename T>
T ParseNumber(const ConfigField& field, std::string_view text) {
  T value{};
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value);
  const bool sound = result.ec == std::errc() && result.ptr == end;
  // False for NaN, too.
  const double wide = static_cast<double>(value);
  if (sound && wide >= field.minimum && wide <= field.maximum) return value;
  throw Error(ErrorKind::kUsage, "--" + std::string(field.name) + " " +
                                     std::string(text) + ": not possible; " +
                                     "give a number from " +
                                     FormatReal(field.minimum) + " to " +
                                     FormatReal(field.maximum));
}

void Apply(const Setting& setting, ModelConfig& config) {
  const ConfigField& field = *setting.first;
  const std::string& text = setting.second;
  if (field.whole != nullptr) {
    config.*field.whole = ParseNumber<int64_t>(field, text);
  } else if (field.real != nullptr) {
    config.*field.real = ParseNumber<float>(field, text);
  } else {
    config.*field.bits = ParseNumber<uint64_t>(field, text);
  }
}

// "500M", "1.5GiB": 1k is 1000 bytes and 1KiB is 1024, in either
// case. (CLI11's own reader of sizes takes -5 and loses digits of fractions.)
int64_t ParseSize(std::string_view text) {
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
              "--memory-limit " + std::string(text) +
                  ": not possible; give bytes, as in 500M or 2GiB");
}

void AddCommonOptions(CLI::App& app, Raw& raw) {
  Options& options = raw.options;
  app.add_flag("-f,--force", options.force);
  app.add_flag("-q,--quiet", options.quiet);
  app.add_flag("-v,--verbose", options.verbose);
  app.add_flag("--no-progress", raw.no_progress);
  app.add_option("-T,--threads", raw.threads)->type_name("number");
  app.add_option("-M,--memory-limit", raw.memory_limit)->type_name("size");
  app.add_option("--device", raw.device)->type_name("name");
  app.add_flag("--json", options.json)->group(kForReports);
  app.add_flag("-h,--help", raw.help);
  app.add_flag("--help-all", raw.help_all);
  app.add_flag("-V,--version", raw.version);
}

void AddCompressOptions(CLI::App& app, Raw& raw) {
  app.add_option("--profile", raw.profile)
      ->type_name("name")
      ->group(kForCompress);
  app.add_flag("--self-check,!--no-self-check", raw.self_check)
      ->group(kForCompress);
  for (const ConfigField& field : ConfigFields()) {
    const auto keep = [&raw, &field](const std::string& text) {
      raw.settings.emplace_back(&field, text);
    };
    app.add_option_function<std::string>("--" + std::string(field.name), keep)
        ->type_name("number")
        ->group(kForCompress);
  }
}

void AddFileOptions(CLI::App& app, Raw& raw) {
  app.add_option("--checkpoint", raw.options.checkpoint)
      ->type_name("file")
      ->group(kForFiles);
  app.add_option("--checkpoint-every", raw.checkpoint_every)
      ->type_name("time or blocks")
      ->group(kForFiles);
  app.add_flag("--resume", raw.options.resume)->group(kForFiles);
}

void AddVerbs(CLI::App& app, Raw& raw) {
  Options& options = raw.options;
  CLI::App* compress = app.add_subcommand("compress")->alias("c");
  CLI::App* decompress = app.add_subcommand("decompress")->alias("d");
  CLI::App* test = app.add_subcommand("test")->alias("t");
  CLI::App* list = app.add_subcommand("list")->alias("l")->alias("info");
  CLI::App* help = app.add_subcommand("help");
  for (CLI::App* verb : {compress, decompress}) {
    verb->add_option("IN", options.input);
    verb->add_option("OUT", options.output);
  }
  for (CLI::App* verb : {test, list}) verb->add_option("FILE", options.input);
  help->add_option("TOPIC", raw.topic);
  for (CLI::App* verb : {compress, decompress, test, list, help}) {
    verb->set_help_flag();
    verb->fallthrough();  // so that options may stand anywhere
  }
}

// Refuses options that the command does not take.
void CheckGroups(const CLI::App& app, Verb verb) {
  const bool reports = verb == Verb::kTest || verb == Verb::kList;
  for (const CLI::Option* option : app.get_options()) {
    const std::string& group = option->get_group();
    if (option->count() == 0 ||
        (group == kForCompress && verb == Verb::kCompress) ||
        (group == kForReports && reports) || (group == kForFiles && !reports) ||
        (group != kForCompress && group != kForReports && group != kForFiles)) {
      continue;
    }
    throw Error(ErrorKind::kUsage, option->get_name() + ": is an option of " +
                                       group + " only; leave it out");
  }
}

// The profile, then the single options on top of it.
ModelConfig ChosenConfig(const Raw& raw) {
  ModelConfig config = ProfileConfig(raw.profile);
  for (const Setting& setting : raw.settings) Apply(setting, config);
  CheckConfig(config);
  return config;
}

std::string DefaultOutput(Verb verb, const std::string& input) {
  if (input == "-") return "-";
  if (verb == Verb::kCompress) return input + std::string(kSuffix);
  const size_t slash = input.rfind('/');
  const std::string name =
      slash == std::string::npos ? input : input.substr(slash + 1);
  if (name.size() > kSuffix.size() && name.ends_with(kSuffix)) {
    return input.substr(0, input.size() - kSuffix.size());
  }
  throw Error(ErrorKind::kUsage,
              input + ": gives no name for the output; use nncpp d IN OUT");
}

void CheckNames(Options& options) {
  if (options.input.empty()) {
    throw Error(ErrorKind::kUsage,
                "no input named; give a file, or - for standard input");
  }
  // Opened by name, these would be files of their own, and one of them would
  // be replaced by the output.
  if (options.input == "/dev/stdin") options.input = "-";
  if (options.output == "/dev/stdout") options.output = "-";
  const bool writes =
      options.verb == Verb::kCompress || options.verb == Verb::kDecompress;
  if (writes && options.output.empty()) {
    options.output = DefaultOutput(options.verb, options.input);
  }
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

// "90s", "10m", "2h", "1d" is a time; a plain number counts blocks.
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
  if (sound && scale != std::string_view::npos) {
    constexpr double kSeconds[] = {1, 60, 3600, 86400};
    return {number * kSeconds[scale], 0};
  }
  throw Error(ErrorKind::kUsage,
              "--checkpoint-every " + std::string(text) +
                  ": not possible; give a time, as in 90s, 10m or 2h, or a "
                  "number of blocks");
}

void CheckCheckpoint(const Raw& raw, Options& options) {
  if (!raw.checkpoint_every.empty()) {
    options.checkpoint_every = ParseEvery(raw.checkpoint_every);
  }
  const bool asked = options.resume || !raw.checkpoint_every.empty();
  if (asked && options.checkpoint.empty()) {
    throw Error(ErrorKind::kUsage,
                "no checkpoint named; add --checkpoint FILE");
  }
  if (options.checkpoint.empty()) return;
  if (options.output == "-") {
    throw Error(ErrorKind::kUsage,
                "standard output: cannot be continued by a later run; name an "
                "output file, or leave --checkpoint out");
  }
}

// "auto", "cpu", "cuda" or "cuda:N".
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

// Whether `name` stands where the command should, before the command that was
// understood, if any was.
bool StandsForCommand(const std::string& name, const CLI::App& app,
                      std::span<const char* const> arguments) {
  const std::vector<CLI::App*> verbs = app.get_subcommands();
  for (const char* argument : arguments.subspan(1)) {
    if (argument == name) return true;
    if (!verbs.empty() && verbs.front()->check_name(argument)) return false;
  }
  return true;
}

// Refuses what no option and no name took.
void CheckExtras(const CLI::App& app, std::span<const char* const> arguments) {
  std::vector<std::string> extras = app.remaining(/*recurse=*/true);
  std::erase(extras, "--");  // did its work
  if (extras.empty()) return;
  for (const std::string& extra : extras) {
    if (extra.size() > 1 && extra.front() == '-') {
      throw Error(ErrorKind::kUsage,
                  extra + ": no such option; see nncpp --help");
    }
  }
  const std::string& extra = extras.front();
  const bool command = StandsForCommand(extra, app, arguments);
  throw Error(ErrorKind::kUsage,
              extra + (command ? ": no such command" : ": one name too many") +
                  "; see nncpp --help");
}

Verb ChosenVerb(const Raw& raw, const CLI::App& app,
                std::span<const char* const> arguments) {
  if (raw.version) return Verb::kVersion;
  if (raw.help_all) return Verb::kModelHelp;
  if (raw.help) return Verb::kHelp;
  CheckExtras(app, arguments);
  if (app.get_subcommands().empty()) {
    throw Error(ErrorKind::kUsage, "nothing to do; see nncpp --help");
  }
  const std::string& name = app.get_subcommands().front()->get_name();
  if (name == "compress") return Verb::kCompress;
  if (name == "decompress") return Verb::kDecompress;
  if (name == "test") return Verb::kTest;
  if (name == "list") return Verb::kList;
  return raw.topic == "all" ? Verb::kModelHelp : Verb::kHelp;
}

}  // namespace

Options ParseOptions(int argc, const char* const* argv) {
  Raw raw;
  Options& options = raw.options;
  CLI::App app;
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  app.set_help_flag();
  // One verb: what follows it is a file, even if it is called "t".
  app.require_subcommand(0, 1);
  app.allow_extras();  // for CheckExtras, whose words are plainer
  AddCommonOptions(app, raw);
  AddCompressOptions(app, raw);
  AddFileOptions(app, raw);
  AddVerbs(app, raw);

  app.parse(argc, argv);
  options.verb = ChosenVerb(raw, app, {argv, static_cast<size_t>(argc)});
  if (options.verb >= Verb::kHelp) return options;
  CheckGroups(app, options.verb);
  options.verbose = options.verbose && !options.quiet;
  options.progress = !raw.no_progress && !options.quiet;
  options.threads = ParseThreads(raw.threads);
  options.device = ParseDevice(raw.device);
  if (app.count("--memory-limit") > 0) {
    options.memory_limit = ParseSize(raw.memory_limit);
  }
  if (app.count("--self-check") > 0) options.self_check = raw.self_check;
  if (options.verb == Verb::kCompress) options.config = ChosenConfig(raw);
  options.config_given = !raw.settings.empty() || app.count("--profile") > 0;
  CheckNames(options);
  CheckCheckpoint(raw, options);
  return options;
}

}  // namespace nncpp
