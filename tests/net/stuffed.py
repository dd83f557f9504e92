#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""stuffed.py tty|both|pipe|socket COMMAND... - runs a command whose standard
error is full and read by nobody; both: a terminal that is its standard output
as well.

A terminal has room for one octet left: so it says that it can be written, and
makes whoever writes a line wait.  Afterwards prints "stderr: blocking" if
standard error is still as it was for others, else "stderr: non-blocking", and
how long the command took.  Leaves with the command's status."""
import fcntl
import os
import pty
import socket
import subprocess
import sys
import time


def fill(fd, most=None):
    """Writes single octets until no more is taken; how many were."""
    os.set_blocking(fd, False)
    n = 0
    try:
        while n != most:
            n += os.write(fd, b"x")
    except BlockingIOError:
        pass
    os.set_blocking(fd, True)
    return n


def stuffed(kind):
    """The descriptor to write to, and what must stay open beside it."""
    if kind in ("tty", "both"):
        first, full = pty.openpty(), pty.openpty()
        fill(full[1], fill(first[1]) - 1)
        return full[1], (first, full)
    if kind == "pipe":
        ends = os.pipe()
        fill(ends[1])
        return ends[1], ends
    pair = socket.socketpair()
    fill(pair[1].fileno())
    return pair[1].fileno(), pair


err, kept = stuffed(sys.argv[1])
began = time.monotonic()
out = err if sys.argv[1] == "both" else None
status = subprocess.run(sys.argv[2:], stdout=out, stderr=err,
                        check=False).returncode
flags = fcntl.fcntl(err, fcntl.F_GETFL)
print("stderr:", "non-blocking" if flags & os.O_NONBLOCK else "blocking")
print(f"took {time.monotonic() - began:.1f}")
sys.exit(status)
