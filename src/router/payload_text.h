// How payload bytes are shown in a JSON document: as they are if they are text, else as base64.
// Pure.
#pragma once

#include <string>
#include <string_view>

namespace zcrew::router {

// Well-formed UTF-8 (no surrogates, nothing overlong, nothing cut short).
bool is_utf8(std::string_view bytes);

// RFC 4648 with padding.
std::string to_base64(std::string_view bytes);

}  // namespace zcrew::router
