// src/cli/options.cc -- the command line, parsed by CLI11.
#include "src/cli/options.h"

#include <CLI/CLI.hpp>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "preproc/dictionary.h"
#include "src/base/error.h"
#include "src/cli/argument_check.h"
#include "src/cli/option_names.h"
#include "src/cli/option_values.h"
#include "src/cli/part_options.h"
#include "src/cli/report.h"
#include "src/codec/preparation.h"

namespace nncpp {
namespace {

// Options that only some commands take form a group of this name. All are
// options of the whole program for the library, so that they may stand before
// the command.
constexpr const char* kForCompress = "compress";
constexpr const char* kForReports = "test and list";
constexpr const char* kForDecompress = "decompress";
constexpr const char* kForTraining = "compress and prep train";
constexpr const char* kForDictionary =
    "compress, decompress, test, prep encode and prep decode";
constexpr const char* kForDecoding = "decompress and test";
constexpr const char* kForModel = "compress, decompress and test";
constexpr const char* kForPieces = "compress and split";
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
  bool prep = false;
  bool no_prep = false;
  bool no_primer = false;
  std::string threads = "0";
  std::string memory_limit;
  std::string max_output;
  std::string checkpoint_every;
  std::string device = "auto";
  std::string topic;
  std::string action;  // of prep
  std::string words;
  std::string min_frequency;
  std::string profile = "default";
  std::string symbols = "bytes";
  PartTexts parts;
  std::vector<std::string> more_names;  // of compress, after IN and OUT
  std::vector<Setting> settings;
};

void AddCommonOptions(CLI::App& app, Raw& raw) {
  Options& options = raw.options;
  app.add_flag("-f,--force", options.force);
  app.add_flag("-q,--quiet", options.quiet);
  app.add_flag("-v,--verbose", options.verbose);
  app.add_flag("--no-progress", raw.no_progress);
  app.add_option("-T,--threads", raw.threads)->type_name("number");
  app.add_option("-M,--memory-limit", raw.memory_limit)
      ->type_name("size")
      ->group(kForModel);
  app.add_option("--device", raw.device)->type_name("name");
  app.add_option("--max-output", raw.max_output)
      ->type_name("size")
      ->group(kForDecoding);
  app.add_flag("--json", options.json)->group(kForReports);
  app.add_flag("-h,--help", raw.help);
  app.add_flag("--help-all", raw.help_all);
  app.add_flag("-V,--version", raw.version);
}

// -1 to -9. Unlike other options each command needs them as its own: where it
// has none that is a digit, the library takes -1 for a name. They and --profile
// do their work while the library reads on, so that the last one counts.
void AddLevels(CLI::App& app, Raw& raw) {
  for (char level = '1'; level <= '9'; ++level) {
    app.add_flag_callback(std::string("-") + level,
                          [&raw, level] { raw.profile = level; })
        ->trigger_on_parse()
        ->group(kForCompress);
  }
}

void AddCompressOptions(CLI::App& app, Raw& raw) {
  app.add_option("--profile", raw.profile)
      ->trigger_on_parse()
      ->type_name("name")
      ->group(kForCompress);
  app.add_option("--symbols", raw.symbols)
      ->type_name("name")
      ->group(kForCompress);
  app.add_flag("--prep", raw.prep)->group(kForCompress);
  app.add_flag("--no-prep", raw.no_prep)->group(kForCompress);
  app.add_flag("--no-primer", raw.no_primer)->group(kForCompress);
  AddLevels(app, raw);
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

void AddDictionaryOptions(CLI::App& app, Raw& raw) {
  app.add_option("--dictionary", raw.options.dictionary)
      ->type_name("file")
      ->group(kForDictionary);
  app.add_option("--prime", raw.options.prime)
      ->type_name("file")
      ->group(kForModel);
  app.add_option("--dictionary-words", raw.words)
      ->type_name("number")
      ->group(kForTraining);
  app.add_option("--min-frequency", raw.min_frequency)
      ->type_name("number")
      ->group(kForTraining);
}

void AddFileOptions(CLI::App& app, Raw& raw) {
  app.add_option("--checkpoint", raw.options.checkpoint)
      ->type_name("file")
      ->group(kForFiles);
  app.add_option("--checkpoint-every", raw.checkpoint_every)
      ->type_name("time or blocks")
      ->group(kForFiles);
  app.add_flag("--salvage", raw.options.salvage)->group(kForDecompress);
  app.add_option("--only", raw.options.only)
      ->type_name("name")
      ->group(kForDecompress);
  app.add_flag("--resume", raw.options.resume)->group(kForFiles);
  AddPartOptions(app, kForCompress, kForPieces, raw.parts);
}

void AddVerbs(CLI::App& app, Raw& raw) {
  Options& options = raw.options;
  CLI::App* compress = app.add_subcommand("compress")->alias("c");
  CLI::App* decompress = app.add_subcommand("decompress")->alias("d");
  CLI::App* test = app.add_subcommand("test")->alias("t");
  CLI::App* list = app.add_subcommand("list")->alias("l")->alias("info");
  CLI::App* help = app.add_subcommand("help");
  CLI::App* prep = app.add_subcommand("prep");
  CLI::App* split = app.add_subcommand("split");
  CLI::App* join = app.add_subcommand("join");
  prep->add_option("ACTION", raw.action);
  for (CLI::App* verb : {compress, decompress, prep, split, join}) {
    verb->add_option("IN", options.input);
    verb->add_option("OUT", options.output);
  }
  for (CLI::App* verb : {test, list}) verb->add_option("FILE", options.input);
  help->add_option("TOPIC", raw.topic);
  for (CLI::App* verb :
       {compress, decompress, test, list, prep, split, join, help}) {
    verb->set_help_flag();
    verb->fallthrough();  // so that options may stand anywhere
    AddLevels(*verb, raw);
  }
}

bool IsPrep(Verb verb) {
  return verb == Verb::kPrepTrain || verb == Verb::kPrepEncode ||
         verb == Verb::kPrepDecode;
}

// Whether the command takes options of the group.
bool Takes(Verb verb, const std::string& group) {
  const bool c = verb == Verb::kCompress, d = verb == Verb::kDecompress;
  const bool t = verb == Verb::kTest;
  if (group == kForCompress) return c;
  if (group == kForReports) return t || verb == Verb::kList;
  if (group == kForDecompress) return d;
  if (group == kForFiles) return c || d;
  if (group == kForDecoding) return d || t;
  if (group == kForModel) return c || d || t;
  if (group == kForPieces) return c || verb == Verb::kSplit;
  if (group == kForTraining) return c || verb == Verb::kPrepTrain;
  if (group != kForDictionary) return true;
  return c || d || t || verb == Verb::kPrepEncode || verb == Verb::kPrepDecode;
}

// Refuses options that the command does not take.
void CheckGroups(const CLI::App& app, Verb verb) {
  for (const CLI::Option* option : app.get_options()) {
    const std::string& group = option->get_group();
    if (option->count() == 0 || Takes(verb, group)) continue;
    throw Error(ErrorKind::kUsage, option->get_name() + ": is an option of " +
                                       group + " only; leave it out");
  }
}

// The profile, then the single options on top of it.
ModelConfig ChosenConfig(const Raw& raw) {
  ModelConfig config = ProfileConfig(raw.profile);
  for (const auto& [field, text] : raw.settings) SetField(*field, text, config);
  CheckConfig(config);
  return config;
}

void CheckNames(Options& options, bool output_given) {
  if (options.input.empty()) {
    throw Error(ErrorKind::kUsage,
                "no input named; give a file, or - for standard input");
  }
  if (output_given && options.output.empty()) {
    throw Error(ErrorKind::kUsage, "the output has an empty name; name it");
  }
  // Opened by name, these would be files of their own, and one of them would
  // be replaced by the output.
  if (options.input == "/dev/stdin") options.input = "-";
  if (options.output == "/dev/stdout") options.output = "-";
  const bool joins =
      options.verb == Verb::kSplit || options.verb == Verb::kJoin;
  if ((joins || IsPrep(options.verb)) && options.output.empty()) {
    throw Error(ErrorKind::kUsage, "no output named; give IN and OUT");
  }
  if ((options.verb == Verb::kPrepEncode ||
       options.verb == Verb::kPrepDecode) &&
      options.dictionary.empty()) {
    throw Error(ErrorKind::kUsage,
                "no dictionary named; give --dictionary FILE, which nncpp "
                "prep train writes");
  }
  const bool writes =
      options.verb == Verb::kCompress || options.verb == Verb::kDecompress;
  if (!writes || !options.output.empty()) return;
  options.output = options.only.substr(options.only.rfind('/') + 1);
  if (options.output.empty()) {
    options.output = DefaultOutput(options.verb, options.input);
  }
}

[[noreturn]] void RefuseTogether(const std::string& option) {
  throw Error(ErrorKind::kUsage,
              option + ": contradicts another option; leave one of them out");
}

// What words the input is turned into, how they are learnt, and what the model
// learns first.
void ReadPrep(const Raw& raw, Options& options) {
  const bool goal = !raw.words.empty() || !raw.min_frequency.empty();
  options.learn_words = options.verb == Verb::kCompress && (raw.prep || goal);
  options.primer = !raw.no_prep && !raw.no_primer;
  options.convert = !raw.no_prep;
  const bool words = !options.dictionary.empty();
  const bool prepares = options.learn_words || words || !options.prime.empty();
  if (prepares && raw.no_prep) RefuseTogether("--no-prep");
  if (prepares && options.wide_symbols) RefuseTogether("--symbols u16");
  if (options.learn_words && words) RefuseTogether("--dictionary");
  if (options.verb == Verb::kCompress) options.goal = PrepOptions().goal;
  options.goal.words = ParseCount("--dictionary-words", raw.words, 1, kMaxWords,
                                  options.goal.words);
  options.goal.min_frequency =
      ParseCount("--min-frequency", raw.min_frequency, 2, 1 << 30,
                 options.goal.min_frequency);
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
  if (options.checkpoint == "-") {
    throw Error(ErrorKind::kUsage, "--checkpoint: takes the name of a file");
  }
  if (options.output == "-") {
    throw Error(ErrorKind::kUsage,
                "standard output: cannot be continued by a later run; name an "
                "output file, or leave --checkpoint out");
  }
}

void CheckSalvage(const Options& options) {
  if (!options.salvage) return;
  if (options.output == "-") {
    throw Error(ErrorKind::kUsage,
                "standard output: gets every sound block anyway; leave "
                "--salvage out");
  }
  if (!options.checkpoint.empty()) {
    throw Error(ErrorKind::kUsage,
                "--salvage: does not go with --checkpoint; leave one out");
  }
}

Verb ChosenVerb(Raw& raw, CLI::App& app,
                std::span<const char* const> arguments) {
  if (raw.version) return Verb::kVersion;
  if (raw.help_all) return Verb::kModelHelp;
  if (raw.help) return Verb::kHelp;
  CheckArguments(app, arguments);
  raw.more_names = TakeNames(app, arguments);
  if (app.get_subcommands().empty()) {
    throw Error(ErrorKind::kUsage, "nothing to do; see nncpp --help");
  }
  const std::string& name = app.get_subcommands().front()->get_name();
  if (name == "compress") return Verb::kCompress;
  if (name == "decompress") return Verb::kDecompress;
  if (name == "test") return Verb::kTest;
  if (name == "list") return Verb::kList;
  if (name == "prep") return PrepVerb(raw.action);
  if (name == "split") return Verb::kSplit;
  if (name == "join") return Verb::kJoin;
  if (raw.topic == "all") return Verb::kModelHelp;
  const auto is_topic = [&raw](const CLI::App* command) {
    return command->check_name(raw.topic);
  };
  if (!raw.topic.empty() && app.get_subcommands(is_topic).empty()) {
    throw Error(ErrorKind::kUsage,
                "help " + raw.topic + ": no such command; see nncpp --help");
  }
  return Verb::kHelp;
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
  app.allow_extras();  // for TakeNames, whose words are plainer
  AddCommonOptions(app, raw);
  AddCompressOptions(app, raw);
  AddDictionaryOptions(app, raw);
  AddFileOptions(app, raw);
  AddVerbs(app, raw);

  const std::span arguments{argv, static_cast<size_t>(argc)};
  app.parse(static_cast<int>(BeforeMark(app, arguments).size()), argv);
  options.verb = ChosenVerb(raw, app, arguments);
  if (options.verb >= Verb::kHelp) return options;
  CheckGroups(app, options.verb);
  const CLI::App& verb = *app.get_subcommands().front();
  CheckGroups(verb, options.verb);
  options.verbose = options.verbose && !options.quiet;
  options.progress = !raw.no_progress && !options.quiet;
  options.threads = ParseThreads(raw.threads);
  options.device = ParseDevice(raw.device);
  if (app.count("--memory-limit") > 0) {
    options.memory_limit = ParseSize("--memory-limit", raw.memory_limit);
  }
  if (app.count("--max-output") > 0) {
    options.max_output = ParseSize("--max-output", raw.max_output);
  }
  if (app.count("--self-check") > 0) options.self_check = raw.self_check;
  if (options.verb == Verb::kCompress) options.config = ChosenConfig(raw);
  options.wide_symbols = ParseIsWide(raw.symbols);
  options.alphabet_given = app.count("--alphabet") > 0;
  ReadPrep(raw, options);
  options.tables_given =
      app.count("--mixing-bits") + app.count("--match-bits") +
          app.count("--direct-bits") + app.count("--ngram-bits") >
      0;
  options.block_given = app.count("--block-symbols") > 0;
  options.jpeg_given = app.count("--jpeg") > 0;
  options.samples_given = app.count("--samples") > 0;
  const bool plain = raw.settings.empty(), usual = raw.profile == "default";
  options.config_given = !plain || !usual || app.count("--profile") > 0;
  options.default_level = plain && (usual || raw.profile == "5");
  TakeMoreNames(raw.more_names, options);
  const CLI::Option* output = verb.get_option_no_throw("OUT");
  CheckNames(options, output != nullptr && output->count() > 0);
  CheckCheckpoint(raw, options);
  CheckSalvage(options);
  ReadParts(raw.parts, options);
  return options;
}

}  // namespace nncpp
