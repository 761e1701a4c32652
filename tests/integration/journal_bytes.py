"""Changes a journal's format version in place (docs/journal.md section 3), as a newer zcrew would
have written it."""

import ctypes
import ctypes.util
import struct

MAGIC = b"zcrewjnl"
ENVELOPE = struct.Struct(">BBQ")  # version, kind, checksum
FORMAT_KIND = 1


def checksum(key, version, kind, body):
    """XXH3 of the body, seeded with XXH3 of the key + 256 × version + kind."""
    xxhash = ctypes.CDLL(ctypes.util.find_library("xxhash"))
    xxhash.XXH3_64bits.restype = xxhash.XXH3_64bits_withSeed.restype = ctypes.c_uint64
    xxhash.XXH3_64bits.argtypes = [ctypes.c_char_p, ctypes.c_size_t]
    xxhash.XXH3_64bits_withSeed.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint64]
    seed = (xxhash.XXH3_64bits(key, len(key)) + 256 * version + kind) % (1 << 64)
    return xxhash.XXH3_64bits_withSeed(body, len(body), seed)


def row(format_version):
    body = MAGIC + struct.pack(">I", format_version)
    return ENVELOPE.pack(1, FORMAT_KIND, checksum(b"format", 1, FORMAT_KIND, body)) + body


def set_format(data_file, old, new):
    """Rewrites every copy of the row, also those of older snapshots."""
    data = data_file.read_bytes()
    if row(old) not in data:
        raise AssertionError(f"{data_file} has no format row of version {old}")
    data_file.write_bytes(data.replace(row(old), row(new)))
