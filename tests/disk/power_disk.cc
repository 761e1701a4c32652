#include "power_disk.h"

#include <fcntl.h>
#include <linux/loop.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <system_error>

namespace zcrew::test {

namespace {

// fs/ext4/ext4.h of Linux, not among the headers for programs: stop at once, without a last flush
// of ext4's own journal (EXT4_GOING_FLAGS_NOLOGFLUSH).
constexpr unsigned long shutdown_call = _IOR('X', 125, std::uint32_t);
constexpr std::uint32_t without_flush = 2;

// Sparse; room for the blocks that the journal reserves ahead.
constexpr off_t image_bytes = off_t{512} << 20U;

[[noreturn]] void fail(const std::string& doing) {
  throw std::runtime_error("cannot " + doing + ": " + std::strerror(errno));
}

int attach(const std::string& image, std::string& device) {
  const int control = ::open("/dev/loop-control", O_RDWR | O_CLOEXEC);
  if (control < 0) fail("open /dev/loop-control");
  const int backing = ::open(image.c_str(), O_RDWR | O_CLOEXEC);
  // Another process may take a free device first.
  for (int tries = 0; tries < 100; ++tries) {
    const int number = ::ioctl(control, LOOP_CTL_GET_FREE);
    device = "/dev/loop" + std::to_string(number);
    const int fd = number < 0 ? -1 : ::open(device.c_str(), O_RDWR | O_CLOEXEC);
    if (fd >= 0 && ::ioctl(fd, LOOP_SET_FD, backing) == 0) {
      loop_info64 info{};
      info.lo_flags = LO_FLAGS_AUTOCLEAR;  // gone with this process, however it ends
      ::ioctl(fd, LOOP_SET_STATUS64, &info);
      ::close(control);
      ::close(backing);
      return fd;
    }
    if (fd >= 0) ::close(fd);
  }
  ::close(control);
  ::close(backing);
  fail("attach a loop device");
}

}  // namespace

std::string PowerDisk::missing() {
  if (::geteuid() != 0) return "it needs root, for loop devices and mounts";
  if (::access("/dev/loop-control", W_OK) != 0) return "there are no loop devices here";
  if (std::system("PATH=$PATH:/usr/sbin:/sbin; command -v mkfs.ext4 >/dev/null") != 0)
    return "mkfs.ext4 is missing (package e2fsprogs)";
  if (::unshare(CLONE_NEWNS) != 0 || ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr))
    return "it may not have mounts of its own";
  return {};
}

PowerDisk::PowerDisk(const std::string& folder) : path_(folder + "/disk") {
  const std::string image = folder + "/image";
  const int fd = ::open(image.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0 || ::ftruncate(fd, image_bytes) != 0) fail("make " + image);
  ::close(fd);
  const std::string make = "PATH=$PATH:/usr/sbin:/sbin; mkfs.ext4 -q -F -m 0 '" + image + "'";
  if (std::system(make.c_str()) != 0) throw std::runtime_error("mkfs.ext4 failed");
  ::mkdir(path_.c_str(), 0700);
  device_fd_ = attach(image, device_);
}

PowerDisk::~PowerDisk() {
  if (mounted_) ::umount2(path_.c_str(), MNT_DETACH);
  if (device_fd_ >= 0) {
    ::ioctl(device_fd_, LOOP_CLR_FD);
    ::close(device_fd_);
  }
}

void PowerDisk::mount() {
  if (::mount(device_.c_str(), path_.c_str(), "ext4", 0, nullptr) != 0) fail("mount " + device_);
  mounted_ = true;
}

void PowerDisk::unmount() {
  if (::umount(path_.c_str()) != 0) fail("unmount " + path_);
  mounted_ = false;
}

void PowerDisk::flush() const {
  const int fd = ::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0 || ::syncfs(fd) != 0) fail("flush the disk");
  ::close(fd);
}

void PowerDisk::cut() {
  const int fd = ::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  std::uint32_t how = without_flush;
  if (fd < 0 || ::ioctl(fd, shutdown_call, &how) != 0) fail("cut the power");
  ::close(fd);
}

}  // namespace zcrew::test
