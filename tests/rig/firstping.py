#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""firstping.py HOST COMMAND... - starts the command and sends HOST an echo
request every 10 ms until one is answered.  Prints the milliseconds from exec
to the answer, and the command's process, which goes on."""
import select
import socket
import struct
import subprocess
import sys
import time

host = sys.argv[1]
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
request = struct.pack("!BBHHH", 8, 0, 0xFFFF ^ 0x0800 ^ 0x7070, 0x7070, 0)
began = time.monotonic()
p = subprocess.Popen(sys.argv[2:], stdin=subprocess.DEVNULL,
                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
while time.monotonic() - began < 30:
    try:
        s.sendto(request, (host, 0))
    except OSError:             # no network yet
        pass
    if select.select([s], [], [], 0.01)[0]:
        packet, (peer, _) = s.recvfrom(2048)
        if peer == host and packet[20] == 0:
            print("%.0f %d" % ((time.monotonic() - began) * 1e3, p.pid))
            sys.exit()
print("none %d" % p.pid)
