// A disk whose power can be cut: an ext4 file system on a loop device over a file, mounted in a
// mount name space of this process.
#pragma once

#include <cstdint>
#include <string>

namespace zcrew::test {

class PowerDisk {
 public:
  // Makes the file system in `folder`. Throws std::runtime_error with the reason if it cannot.
  explicit PowerDisk(const std::string& folder);
  ~PowerDisk();
  PowerDisk(const PowerDisk&) = delete;
  PowerDisk& operator=(const PowerDisk&) = delete;

  // Why no such disk can be had here; empty if it can.
  static std::string missing();

  [[nodiscard]] const std::string& path() const { return path_; }
  void mount();
  void unmount();

  void flush() const;

  // From now on nothing reaches the disk, and all calls fail.
  void cut();

 private:
  std::string path_;
  std::string device_;
  int device_fd_ = -1;
  bool mounted_ = false;
};

}  // namespace zcrew::test
