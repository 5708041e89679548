// src/cli/signals.h -- leaving nothing behind when a signal ends the program.
#pragma once

namespace nncpp {

// After this, SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGXCPU, SIGXFSZ and the
// signals of a crash remove the unfinished output and then do what they did
// before, so that a caller sees status 128 + n. SIGABRT, raised by NNCPP_CHECK,
// does the same and ends in exit status 3. SIGUSR1 asks for a line of progress.
// Signals that the caller had ignored (nohup) stay ignored.
void InstallSignalHandlers();

// True once after each SIGUSR1.
bool TakeProgressRequest();

// Says whether an unfinished progress line stands on the terminal; a signal
// then ends it first.
void SetLineOpen(bool open);

}  // namespace nncpp
