#include "server/repository/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "server/base/text.h"

extern char** environ;

namespace driftserve {
namespace {

// A process that ends closes its files before it can be waited for; writing a core file may come between.
constexpr int kEndMillis = 5000;

std::string Describe(int status) {
  if (WIFSIGNALED(status)) {
    return Concat("crashed with signal ", WTERMSIG(status), " (", strsignal(WTERMSIG(status)), ")");
  }
  return Concat("ended with exit code ", WEXITSTATUS(status));
}

int Reap(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

// Waits until the process can be reaped.
void AwaitEnd(pid_t pid, int millis) {
  const int handle = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  if (handle < 0) return;
  pollfd ended{handle, POLLIN, 0};
  while (poll(&ended, 1, millis) < 0 && errno == EINTR) {
  }
  close(handle);
}

}  // namespace

absl::StatusOr<std::unique_ptr<ChildProcess>> ChildProcess::Spawn(const std::string& program,
                                                                  const std::string& argument, int shared_memory) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    return absl::UnavailableError(Concat("a trial cannot begin: socketpair: ", std::strerror(errno)));
  }
  // Above the numbers that the child knows, so that neither is overwritten before it is copied.
  const int memory = fcntl(shared_memory, F_DUPFD_CLOEXEC, kChildSocket + 1);
  const int socket = fcntl(ends[1], F_DUPFD_CLOEXEC, kChildSocket + 1);
  close(ends[1]);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&files, memory, kChildSharedMemory);
  posix_spawn_file_actions_adddup2(&files, socket, kChildSocket);
  posix_spawn_file_actions_addclosefrom_np(&files, kChildSocket + 1);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  const absl::Cleanup release = [&] {
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    close(memory);
    close(socket);
  };
  std::string name = "driftserve", option = argument;
  char* const arguments[] = {name.data(), option.data(), nullptr};
  pid_t pid = 0;
  const int error = posix_spawn(&pid, program.c_str(), &files, &attributes, arguments, environ);
  if (error == 0) return std::unique_ptr<ChildProcess>(new ChildProcess(pid, ends[0]));
  close(ends[0]);
  return absl::UnavailableError(Concat("a trial cannot begin: ", program, ": ", std::strerror(error)));
}

ChildProcess::~ChildProcess() {
  Kill();
  close(socket_);
}

std::string ChildProcess::End() {
  AwaitEnd(pid_, kEndMillis);
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) == pid_) {
    pid_ = 0;
    return Describe(status);
  }
  Kill();
  return "stopped answering";
}

void ChildProcess::Kill() {
  if (pid_ == 0) return;
  kill(-pid_, SIGKILL);  // with whatever it started
  Reap(pid_);
  pid_ = 0;
}

}  // namespace driftserve
