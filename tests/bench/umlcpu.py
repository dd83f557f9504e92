#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""umlcpu.py OUT - tells a guest of User-Mode Linux (tests/rig/uml with the
same OUT) how much processor time it has used so far.  The guest's own clock
ticks count what other work on this machine takes from it, too; this machine
knows better.  The guest makes OUT/ask.N and gets milliseconds in OUT/cpu.N.
Ends with the guest."""
import glob
import os
import sys
import time

out = sys.argv[1]
mark = ("uml_dir=%s/.uml/" % out).encode()
tick = 1000 / os.sysconf("SC_CLK_TCK")


def used():
    total = 0
    for path in glob.glob("/proc/[0-9]*"):
        try:
            with open(path + "/cmdline", "rb") as f:
                words = f.read().split(b"\0")
            if mark not in words or not words[0].endswith(b"linux.uml"):
                continue
            with open(path + "/stat") as f:
                fields = f.read().rsplit(")", 1)[1].split()
        except OSError:
            continue
        total += sum(int(x) for x in fields[11:15])    # children's too
    return total * tick


while not os.path.exists(out + "/.rc"):
    for ask in glob.glob(out + "/ask.*"):
        n = ask.rsplit(".", 1)[1]
        with open(out + "/.cpu", "w") as f:
            f.write("%.0f\n" % used())
        os.rename(out + "/.cpu", "%s/cpu.%s" % (out, n))
        os.unlink(ask)
    time.sleep(0.01)
