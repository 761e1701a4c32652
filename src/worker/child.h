// Starting a program with three pipes, in a process group of its own.
//
// The program dies with the thread that started it (PR_SET_PDEATHSIG), so that a killed worker
// leaves no job running that the router gives to somebody else. Its own children live in its
// process group, which kill_group() reaches as long as the worker lives, and the guardian after it.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.h"
#include "worker/descriptor.h"
#include "worker/guardian.h"
#include "worker/program.h"

namespace zcrew::worker {

struct Child {
  pid_t pid = -1;
  Descriptor input;   // to its stdin; this and the two below never block
  Descriptor output;  // from its stdout
  Descriptor errors;  // from its stderr
  Descriptor exit;    // readable once it has ended; not open where the system has no pidfd
};

struct StartFailure {
  std::string text;      // one line with cause and cure
  bool lasting = false;  // it is the command itself, so the next start will fail as well
};

// `environment` holds NAME=VALUE entries, all there will be.
Result<Child, StartFailure> start_child(const Program& program,
                                        const std::vector<std::string>& argv,
                                        const std::vector<std::string>& environment,
                                        const Guardian& guardian);

// Both require that wait_for() was not called yet: until then the number belongs to this child.
void kill_group(const Child& child, int signal);
bool has_ended(const Child& child);

// Reaps the child and returns its status as of wait(2). Blocks until it has ended.
int wait_for(Child& child);

}  // namespace zcrew::worker
