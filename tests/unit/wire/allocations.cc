#include "allocations.h"

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<std::size_t> total{0};

}  // namespace

namespace zcrew {

std::size_t allocated_bytes() { return total; }

}  // namespace zcrew

#ifndef ZCREW_SANITIZED  // the sanitizers bring their own
void* operator new(std::size_t size) {
  total += size;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc{};
}

void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
#endif
