// What the kernel says of running a program: asked before there is a job for it, and when it
// refused one.
#pragma once

#include <string>
#include <vector>

namespace zcrew::worker {

// As execve(2) takes them; valid as long as `texts` is unchanged.
std::vector<char*> pointers(const std::vector<std::string>& texts);

// The error of execve(2) for this program and these arguments; 0 if it would run, or if nobody can
// say (ptrace is forbidden here). No instruction of it is run.
int exec_error(const std::string& path, const std::vector<std::string>& argv);

// True for errors of the moment (no process, memory or descriptor left, a file still being
// written), false for those of the command itself, which every job would meet.
bool will_pass(int error);

// "reason: cure" for an error of starting a program.
std::string explain_start(int error);

}  // namespace zcrew::worker
