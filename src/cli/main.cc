// src/cli/main.cc -- the only main, and the only place that catches.
#include <CLI/Error.hpp>
#include <cstdio>
#include <exception>
#include <new>
#include <string>

#include "src/base/error.h"
#include "src/base/machine.h"
#include "src/cli/checkpoint_file.h"
#include "src/cli/commands.h"
#include "src/cli/endpoints.h"
#include "src/cli/options.h"
#include "src/cli/report.h"
#include "src/cli/signals.h"

namespace {

constexpr int kBug = 3;  // docs/cli.md

int Fail(nncpp::ErrorKind kind, const char* message,
         const std::string& subject) {
  std::fputs(nncpp::ErrorLine(kind, message, subject).c_str(), stderr);
  return nncpp::ExitStatus(kind);
}

}  // namespace

int main(int argc, char** argv) {
  std::string subject;  // what is at work, for messages
  try {
    nncpp::ReturnFreedMemory();
    nncpp::ReserveStandardDescriptors();
    nncpp::InstallSignalHandlers();
    nncpp::RunCommand(nncpp::ParseOptions(argc, argv), subject);
    return 0;
  } catch (const nncpp::Stopped& stopped) {
    if (!stopped.message.empty()) {
      std::fprintf(stderr, "nncpp: %s\n",
                   nncpp::Printable(stopped.message).c_str());
    }
    if (stopped.signal == 0) return 0;
    nncpp::EndBySignal(stopped.signal);
    return kBug;  // the signal ends the program
  } catch (const nncpp::Error& error) {
    return Fail(error.kind(), error.what(), subject);
  } catch (const CLI::ParseError& error) {
    return Fail(nncpp::ErrorKind::kUsage, error.what(), subject);
  } catch (const std::bad_alloc&) {
    return Fail(nncpp::ErrorKind::kMemory, "the system has no memory left",
                subject);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "nncpp bug: %s; please report it\n",
                 nncpp::Printable(error.what()).c_str());
    return kBug;
  }
}
