// src/cli/signals.h -- leaving nothing behind when a signal ends the program.
#pragma once

namespace nncpp {

// After this, SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGXCPU and the
// signals of a crash remove the unfinished output and then do what they did
// before, so that a caller sees status 128 + n. SIGABRT, raised by NNCPP_CHECK,
// does the same and ends in exit status 3. SIGXFSZ becomes an error of write,
// SIGUSR1 asks for a line of progress. Signals that the caller had ignored
// (nohup) stay ignored.
void InstallSignalHandlers();

// True once after each SIGUSR1.
bool TakeProgressRequest();

// Says whether an unfinished progress line stands on the terminal; a signal
// then ends it first.
void SetLineOpen(bool open);

}  // namespace nncpp
