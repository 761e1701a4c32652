// Runs jobs through a JobLoop, for an instruction counter: job_loop_count JOBS WORKERS quick
#include <cstdio>
#include <cstdlib>

#include "job_loop.h"

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fputs("usage: job_loop_count JOBS WORKERS quick|journaled\n", stderr);
    return 2;
  }
  zcrew::micro::Shape shape;
  shape.workers = static_cast<std::uint32_t>(std::strtoul(argv[2], nullptr, 10));
  shape.journaled = argv[3][0] == 'j';
  zcrew::micro::JobLoop loop(shape);
  loop.run(std::strtoull(argv[1], nullptr, 10));
  return 0;
}
