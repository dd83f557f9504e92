#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""paced.py HOST INTERFACE PACKETS RATE - sends UDP datagrams of 1300 octets
at that many a second.  Prints the megabytes that left by INTERFACE and the
milliseconds of processor time that the whole guest needed for it, our own
sending included, as umlcpu.py outside knows them."""
import os
import socket
import sys
import time

host, interface, packets, rate = sys.argv[1:]
packets, rate, burst = int(packets), int(rate), 10
DATA = bytes(1300)
OUT = os.environ["OUT"]


def left():
    with open("/sys/class/net/%s/statistics/tx_packets" % interface) as f:
        return int(f.read())


def busy():
    n = "%d.%d" % (os.getpid(), time.monotonic_ns())
    n = n.replace(".", "")
    open(OUT + "/ask." + n, "w").close()
    answer = OUT + "/cpu." + n
    while not os.path.exists(answer):
        time.sleep(0.01)
    with open(answer) as f:
        return float(f.read())


s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.connect((host, 9))
before, cpu = left(), busy()
start = time.monotonic()
for i in range(packets // burst):
    wait = start + i * burst / rate - time.monotonic()
    if wait > 0:
        time.sleep(wait)
    for _ in range(burst):
        try:
            s.send(DATA)
        except OSError:
            pass
time.sleep(0.2)
print("%.2f %.0f" % ((left() - before) * len(DATA) / 1e6, busy() - cpu))
