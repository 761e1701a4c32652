// Messages as the bytes that a router would send.
#pragma once

#include <string>

#include "wire/encode.h"

namespace zcrew::client {

template <typename Message>
std::string frame_of(const Message& message) {
  std::string frame;
  wire::encode(message, frame);
  return frame;
}

}  // namespace zcrew::client
