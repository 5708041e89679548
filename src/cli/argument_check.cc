// src/cli/argument_check.cc -- contract: argument_check.h
#include "src/cli/argument_check.h"

#include <algorithm>
#include <string_view>

#include "src/base/error.h"

namespace nncpp {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool TakesValue(const CLI::App& app, const std::string& option) {
  const CLI::Option* found = app.get_option_no_throw(option);
  return found != nullptr && found->get_items_expected_max() > 0;
}

// Letters and digits after one '-', up to the one whose value follows.
std::string_view ShortOptions(const CLI::App& app, std::string_view argument) {
  if (!argument.starts_with('-') || argument.starts_with("--")) return {};
  argument.remove_prefix(1);
  for (size_t i = 0; i < argument.size(); ++i) {
    if (TakesValue(app, {'-', argument[i]})) return argument.substr(0, i + 1);
  }
  return argument;
}

// Whether the argument after this one is its value.
bool ValueFollows(const CLI::App& app, const std::string& argument) {
  if (argument.starts_with("--")) return TakesValue(app, argument);
  const std::string_view options = ShortOptions(app, argument);
  return !options.empty() && options.size() + 1 == argument.size() &&
         TakesValue(app, {'-', options.back()});
}

// A level is one digit from 1 to 9.
bool HoldsOtherNumber(std::string_view options) {
  for (size_t i = 0; i < options.size(); ++i) {
    if (options[i] == '0') return true;
    if (i > 0 && IsDigit(options[i - 1]) && IsDigit(options[i])) return true;
  }
  return false;
}

[[noreturn]] void RefuseOption(const std::string& option) {
  throw Error(ErrorKind::kUsage, option + ": no such option; see nncpp --help");
}

[[noreturn]] void RefuseEmpty(const std::string& option) {
  throw Error(ErrorKind::kUsage,
              option + ": has an empty value; give one, or leave it out");
}

// Whether `name` stands where the command should, before the command that was
// understood, if any was.
bool StandsForCommand(const std::string& name, const CLI::App& app,
                      std::span<const char* const> arguments) {
  const std::vector<CLI::App*> verbs = app.get_subcommands();
  for (const char* argument : arguments.subspan(1)) {
    if (!verbs.empty() && verbs.front()->check_name(argument)) return false;
    if (argument == name) return true;
  }
  return true;
}

// Unless it is one of many names of compress.
void RefuseExtra(const std::string& extra, const CLI::App& app, bool command) {
  if (!command && app.got_subcommand("compress")) return;
  throw Error(ErrorKind::kUsage,
              extra + (command ? ": no such command" : ": one name too many") +
                  "; see nncpp --help");
}

// The first name of the command that was not given, or null.
CLI::Option* FreePlace(CLI::App& app) {
  if (app.get_subcommands().empty()) return nullptr;
  for (CLI::Option* option : app.get_subcommands().front()->get_options()) {
    if (option->get_positional() && option->count() == 0) return option;
  }
  return nullptr;
}

}  // namespace

std::span<const char* const> BeforeMark(
    const CLI::App& app, std::span<const char* const> arguments) {
  for (size_t i = 1; i < arguments.size(); ++i) {
    if (std::string_view(arguments[i]) == "--") return arguments.first(i);
    if (ValueFollows(app, arguments[i])) ++i;
  }
  return arguments;
}

void CheckArguments(const CLI::App& app,
                    std::span<const char* const> arguments) {
  arguments = BeforeMark(app, arguments);
  for (size_t i = 1; i < arguments.size(); ++i) {
    std::string argument = arguments[i];
    // The library would end the command with it.
    if (argument == "++") RefuseOption(argument);
    if (HoldsOtherNumber(ShortOptions(app, argument))) RefuseOption(argument);
    if (ValueFollows(app, argument)) ++i;
    // The library would take the next argument for the value.
    if (!argument.starts_with("--") || !argument.ends_with('=')) continue;
    argument.pop_back();
    if (TakesValue(app, argument)) RefuseEmpty(argument);
  }
  for (const CLI::Option* option : app.get_options()) {
    const bool given = option->count() > 0 && !option->results().empty();
    if (given && option->get_items_expected_max() > 0 &&
        option->results().back().empty()) {
      RefuseEmpty(option->get_name());
    }
  }
}

std::vector<std::string> TakeNames(CLI::App& app,
                                   std::span<const char* const> arguments) {
  std::vector<std::string> extras = app.remaining(/*recurse=*/true);
  const auto before = BeforeMark(app, arguments);
  for (const std::string& extra : extras) {
    if (extra.size() > 1 && extra.front() == '-') RefuseOption(extra);
  }
  for (const std::string& extra : extras) {
    RefuseExtra(extra, app, StandsForCommand(extra, app, before));
  }
  for (const char* name :
       arguments.subspan(std::min(before.size() + 1, arguments.size()))) {
    if (CLI::Option* place = FreePlace(app)) {
      place->add_result(name);
      place->run_callback();
    } else {
      RefuseExtra(name, app, app.get_subcommands().empty());
      extras.push_back(name);
    }
  }
  return extras;
}

}  // namespace nncpp
