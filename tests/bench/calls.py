#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""calls.py CLIENT SERVER - what the gateway asks of the kernel, counted by
strace, so without a clock: prints "NAME COUNT" for one frame.

lone: one that goes out while nothing else moves, its echo that comes back, and
the acknowledgement of that; out: of 32 that pppd wrote while the gateway stood
still; in: of 32 that came from the server meanwhile (badserver.py gre=many)."""
import os
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "net"))
import ptyfeed                  # noqa: E402

TIMES, MANY = 8, 32
p, (rd, wr) = ptyfeed.start("pty", sys.argv[1:] + [
    "--nolaunchpppd", "--nohostroute", "--idle-wait", "0"])
LCP = ptyfeed.encode(b"\xff\x03\xc0\x21\x01\x01\x00\x0e\x02\x06\0\0\0\0" +
                     b"\x07\x02\x08\x02")

def write(data):
    while data:
        data = data[os.write(wr, data):]


def drain(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            os.read(rd, 65536)
        except BlockingIOError:
            time.sleep(0.01)


def counted(what, frames, once):
    """The calls of the gateway while once() runs TIMES times."""
    s = subprocess.Popen(["strace", "-qq", "-c", "-U", "calls,name", "-p",
                          str(p.pid)], stderr=subprocess.PIPE, text=True)
    time.sleep(1)
    for _ in range(TIMES):
        once()
    s.send_signal(signal.SIGINT)
    calls = {name: int(n) for n, name in re.findall(
        r"^ *(\d+) ([a-z]\w+)$", s.communicate()[1], re.M)}
    calls.pop("total", None)
    if os.environ.get("CALLS"):
        print("#", what, calls, file=sys.stderr)
    print("%s-calls %.2f" % (what, sum(calls.values()) / TIMES / frames))
    print("%s-wakes %.2f" % (what, calls.get("ppoll", 0) / TIMES / frames))


def frames(word, n):
    return ptyfeed.encode(b"\xff\x03\x00\xfd" + word * 50) * n


def stopped(seconds, data=b""):
    p.send_signal(signal.SIGSTOP)
    time.sleep(0.1)
    write(data)
    time.sleep(seconds)
    p.send_signal(signal.SIGCONT)
    drain(0.4)


def lone():
    write(frames(b"echo", 1))
    drain(0.3)


def many():
    write(frames(b"many", 1))
    drain(0.2)
    stopped(1)


for _ in range(20):
    write(LCP)
    time.sleep(0.5)
    try:
        if b"\x7d\x22" in os.read(rd, 65536):
            break
    except BlockingIOError:
        pass
else:
    sys.exit("calls.py: no tunnel")
drain(0.5)
counted("lone", 1, lone)
counted("out", MANY, lambda: stopped(0.1, frames(b"hush", MANY)))
counted("in", MANY, many)
os.close(rd)
p.wait(30)
