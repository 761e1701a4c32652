// Writes the arrays of layout.h with msgpack's packer. Pure.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <msgpack/pack.hpp>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/check.h"
#include "wire/fields.h"
#include "wire/layout.h"
#include "wire/names.h"

namespace zcrew::wire {

// Where the packer writes to: the front part of a string. Its size is room that may be used without
// asking, so that most writes are a comparison and a copy of known length.
class Sink {
 public:
  // Goes on behind the first `used` bytes of `storage`.
  Sink(std::string& storage, std::size_t used)
      : storage_(storage), at_(storage.data() + used), end_(storage.data() + storage.size()) {}

  void write(const char* from, std::size_t size) {
    if (static_cast<std::size_t>(end_ - at_) < size) {
      // Without the address of this object, which may then live in registers.
      const std::size_t before = used();
      grow(storage_, before, from, size);
      at_ = storage_.data() + before;
      end_ = storage_.data() + storage_.size();
    } else if (size != 0) {  // an empty payload has no address
      std::memcpy(at_, from, size);
    }
    at_ += size;
  }

  // The next `size` bytes, for the caller to write: one comparison for all parts of an id.
  template <std::size_t size>
  [[nodiscard]] char* room() {
    static_assert(size <= growth_min);
    if (static_cast<std::size_t>(end_ - at_) < size) {
      const std::size_t before = used();
      grow(storage_, before, "", 0);
      at_ = storage_.data() + before;
      end_ = storage_.data() + storage_.size();
    }
    return std::exchange(at_, at_ + size);
  }

  [[nodiscard]] std::size_t used() const { return static_cast<std::size_t>(at_ - storage_.data()); }

 private:
  static constexpr std::size_t growth_min = 256;  // a message of one small job grows once

  // Writes those bytes too, and leaves room for more behind them, at least growth_min.
  static void grow(std::string& storage, std::size_t used, const char* from, std::size_t size);

  std::string& storage_;
  char* at_;
  char* end_;
};

// For what msgpack counts as bytes, there is room to write them at their place.
class MsgPacker : public msgpack::packer<Sink> {
 public:
  explicit MsgPacker(Sink& sink) : msgpack::packer<Sink>(sink), sink_(sink) {}

  template <std::size_t size>
  [[nodiscard]] char* room() {
    return sink_.room<size>();
  }

 private:
  Sink& sink_;
};

template <Rule rule>
void put(MsgPacker& out, std::string_view bytes) {
  ZCREW_CHECK(bytes.size() <= UINT32_MAX);
  const auto size = static_cast<std::uint32_t>(bytes.size());
  if constexpr (rule == Rule::text) {
    out.pack_str(size).pack_str_body(bytes.data(), size);
  } else {
    out.pack_bin(size).pack_bin_body(bytes.data(), size);
  }
}

template <Rule rule>
void put(MsgPacker& out, const Uuid& uuid) {
  put<Rule::exact>(out, {reinterpret_cast<const char*>(uuid.bytes.data()), uuid.bytes.size()});
}

// Ids are written where they stay: gathering them first would make the copy wait for the parts'
// stores.
template <Rule rule>
void put(MsgPacker& out, const JobId& id) {
  out.pack_bin(job_bytes);
  store(out.room<job_bytes>(), id);
}

template <Rule rule>
void put(MsgPacker& out, const Token& token) {
  out.pack_bin(token_bytes);
  store(out.room<token_bytes>(), token);
}

template <Rule rule, typename Number>
requires std::is_integral_v<Number> || std::is_enum_v<Number>
void put(MsgPacker& out, Number value) {
  if constexpr (std::is_same_v<Number, bool>) {
    value ? out.pack_true() : out.pack_false();
  } else if constexpr (sizeof(Number) == 1) {
    out.pack_uint8(static_cast<std::uint8_t>(value));
  } else if constexpr (sizeof(Number) == 2) {
    out.pack_uint16(static_cast<std::uint16_t>(value));
  } else if constexpr (sizeof(Number) == 4) {
    out.pack_uint32(static_cast<std::uint32_t>(value));
  } else {
    out.pack_uint64(static_cast<std::uint64_t>(value));
  }
}

template <Rule rule, Record T>
void put(MsgPacker& out, const T& record);

template <typename T>
void put_bare(MsgPacker& out, const T& entry) {
  using Bare = typename Layout<T>::Bare;
  std::size_t size = Bare::fixed_bytes;
  Bare::each([&]<typename P>() {
    if constexpr (P::bytes == 0) size += P::in(entry).size();
  });
  ZCREW_CHECK(size <= UINT32_MAX);
  out.pack_bin(static_cast<std::uint32_t>(size));
  char* at = out.room<Bare::fixed_bytes>();
  Bare::each([&]<typename P>() {
    using As = typename P::Written;
    if constexpr (P::bytes == 0) {
      out.pack_bin_body(P::in(entry).data(), static_cast<std::uint32_t>(P::in(entry).size()));
    } else if constexpr (std::is_integral_v<As>) {
      store_big(at, static_cast<As>(P::in(entry)));
    } else {
      store(at, P::in(entry));
    }
    at += P::bytes;
  });
}

// An entry of a list, in the shorter of its forms.
template <Rule rule, typename T>
void put_entry(MsgPacker& out, const T& entry, [[maybe_unused]] const T* before) {
  if constexpr (MayBeBare<T>) {
    if (Layout<T>::is_bare(entry, before)) return put_bare(out, entry);
  }
  put<rule>(out, entry);
}

template <Rule rule, typename T>
void put(MsgPacker& out, const std::vector<T>& list) {
  out.pack_array(static_cast<std::uint32_t>(list.size()));
  const T* before = nullptr;
  for (const T& entry : list) {
    put_entry<rule>(out, entry, before);
    before = &entry;
  }
}

template <typename F>
bool is_default(const typename F::Record& record) {
  if constexpr (is_list<typename F::Value>) {
    return F::in(record).empty();
  } else {
    return F::in(record) == F::in(typename F::Record{});
  }
}

// Optional fields at the end that have their default are left out.
template <typename T>
std::uint32_t fields_used(const T& record) {
  std::uint32_t used = Layout<T>::required;
  std::uint32_t at = 0;
  Layout<T>::each([&]<typename F>() {
    ++at;
    if (at > Layout<T>::required && !is_default<F>(record)) used = at;
  });
  return used;
}

template <typename T>
void put_fields(MsgPacker& out, const T& record, std::uint32_t used) {
  std::uint32_t at = 0;
  Layout<T>::each([&]<typename F>() {
    if (at++ < used) put<F::rule>(out, F::in(record));
  });
}

template <Rule rule, Record T>
void put(MsgPacker& out, const T& record) {
  const std::uint32_t used = fields_used(record);
  out.pack_array(used);
  put_fields(out, record, used);
}

}  // namespace zcrew::wire
