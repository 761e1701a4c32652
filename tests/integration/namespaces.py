"""Namespaces of a test's own: links, ports and mounts in which it disturbs nobody."""

import fcntl
import os
import socket
import struct
import subprocess
import sys

from crew_test import SKIPPED_EXIT

INSIDE = "ZCREW_TEST_OWN_NAMESPACES"


def enter_own_namespaces(flags):
    """Runs this program again under `unshare FLAGS` (a network, -n, among them) and returns in
    there, with a loopback that is up; exits as skipped where that is not permitted."""
    if os.environ.get(INSIDE):
        bring_up_loopback()
        return
    may = subprocess.run(["unshare", flags, "true"], capture_output=True, text=True, check=False)
    if may.returncode != 0:
        print(f"SKIPPED: unshare {flags} is not permitted here (root may): {may.stderr}",
              file=sys.stderr)
        sys.exit(SKIPPED_EXIT)
    os.environ[INSIDE] = "1"
    os.execvp("unshare", ["unshare", flags, sys.executable, *sys.argv])


def bring_up_loopback():
    """A new namespace's is down. SIOCSIFFLAGS with IFF_UP."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, 0x8914, struct.pack("16sh14x", b"lo", 1))
