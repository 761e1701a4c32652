// The library's version.
#pragma once

namespace zcrew {

inline constexpr const char* version = "0.1.0";

}  // namespace zcrew
