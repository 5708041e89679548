// tests/faults/peak.cc -- the memory that a command took.
//
// peak FILE COMMAND...  runs it and writes to FILE the bytes that were resident
// at most; ends as it did.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>

int main(int count, char** words) {
  if (count < 3) return 125;
  const pid_t child = ::fork();
  if (child == 0) {
    ::execvp(words[2], words + 2);
    ::_exit(127);
  }
  int status = 0;
  rusage usage = {};
  if (child < 0 || ::wait4(child, &status, 0, &usage) != child) return 126;
  std::FILE* file = std::fopen(words[1], "w");
  if (file == nullptr) return 126;
  std::fprintf(file, "%ld\n", usage.ru_maxrss * 1024);
  std::fclose(file);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
