#include "zcrew/types.h"

namespace zcrew {

const char* to_text(JobEnd end) {
  switch (end) {
    case JobEnd::done:
      return "done";
    case JobEnd::dead:
      return "dead";
    case JobEnd::cancelled:
      return "cancelled";
    case JobEnd::expired:
      return "expired";
    case JobEnd::unknown:
      break;
  }
  return "unknown";
}

}  // namespace zcrew
