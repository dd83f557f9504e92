#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""two.py FILE... - a table of what tests/bench/two printed: a row for each
server, encryption, network and thing measured, a column for each client;
medians, and how many rounds they are of."""
import collections
import statistics
import sys

TEXT = {"usable": "exec to first ping, ms", "tcp-out": "TCP out, Mbit/s",
        "tcp-in": "TCP in, Mbit/s", "tcp8-out": "8 flows out, Mbit/s",
        "tcp8-in": "8 flows in, Mbit/s", "ping-out-p50": "ping beside out, ms",
        "ping-out-p99": "its p99, ms", "ping-in-p50": "ping beside in, ms",
        "ping-in-p99": "its p99, ms"}
rows = collections.defaultdict(lambda: collections.defaultdict(list))
for name in sys.argv[1:]:
    for line in open(name):
        w = line.split()
        if len(w) == 6 and w[4] in TEXT:
            rows[tuple(w[:3]) + (w[4],)][w[3]].append(float(w[5]))
clients = [c for c in ("wire", "kernel", "pty", "pptp-linux")
           if any(c in got for got in rows.values())]
before = None
print("%-30s" % "", *("%10s" % c for c in clients), "%7s" % "rounds")
for key, got in rows.items():
    if key[:3] != before:
        before = key[:3]
        print("%s, %s, %s" % before)
    print("   %-27s" % TEXT[key[3]], *(
        "%10.3g" % statistics.median(got[c]) if got[c] else "%10s" % "-"
        for c in clients), "%7d" % min(map(len, got.values())))
