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

// From now on the first SIGINT, SIGTERM or SIGHUP is only noted, so that a last
// checkpoint can be written; any further one ends the program at once. Throws
// Error(kIo) when the system is out of descriptors.
void HoldEndings();

// The signal that was noted, or 0; and a descriptor that becomes readable with
// it, or -1 without HoldEndings.
int HeldEnding();
int WakeDescriptor();

// Does what `signal` did before InstallSignalHandlers.
void EndBySignal(int signal);

// True once after each SIGUSR1.
bool TakeProgressRequest();

// Says whether an unfinished progress line stands on the terminal; a signal
// then ends it first.
void SetLineOpen(bool open);

}  // namespace nncpp
