// Finding the program that a command line names, before any job depends on it.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace zcrew::worker {

struct Program {
  std::string path;
  // The kernel cannot run it by itself, /bin/sh can (a script without "#!"), as execvp(3) has it.
  bool is_plain_script = false;
};

// The program of argv[0], looked up in PATH as a shell does, or one line with cause and cure. Looks
// at the file's permission and at a script's interpreter, and asks the kernel whether it would run
// it with these arguments.
Result<Program, std::string> find_program(const std::vector<std::string>& argv);

}  // namespace zcrew::worker
