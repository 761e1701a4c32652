// Buffers that messages are packed in, kept from turn to turn so that the steady state allocates
// nothing, and bounded so that a burst does not stay in memory. Loop thread only.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "wire/encode.h"

namespace zcrew::router {

// A message being packed; null while there is none.
template <typename Entry>
using Packing = std::unique_ptr<wire::Packer<Entry>>;

template <typename Entry>
class PackerPool {
 public:
  // Buffers kept, and bytes above which one is not worth keeping.
  static constexpr std::size_t kept_max = 64;
  static constexpr std::size_t kept_bytes_max = std::size_t{1} << 20U;

  Packing<Entry> take() {
    if (kept_.empty()) return std::make_unique<wire::Packer<Entry>>();
    Packing<Entry> packing = std::move(kept_.back());
    kept_.pop_back();
    return packing;
  }

  void give(Packing<Entry> packing) {
    if (kept_.size() >= kept_max || packing->size() > kept_bytes_max) return;
    packing->clear();
    kept_.push_back(std::move(packing));
  }

 private:
  std::vector<Packing<Entry>> kept_;
};

}  // namespace zcrew::router
