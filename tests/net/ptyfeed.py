#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""ptyfeed.py [options] CLIENT ARGUMENT... - plays pppd for a client.

Gives it a pty's master (or two pipes, or a socket) as descriptors 0 and 1, as
pppd's pty option does, and exchanges PPP frames in async HDLC (RFC 1662):
LCP Configure-Request each second until the Configure-Ack comes, then --count
numbered frames, which the server is expected to send back.  Prints

    began TIME                      of the client's exec; a monotonic clock
    up SECONDS                      the Configure-Ack came
    received N of COUNT, ordered|disordered, D duplicate, B bad
    slowest SECONDS, O other        longest way there and back; frames that
                                    are neither LCP nor ours
    frames 0 1 2 ...                what came back (with --list)
    exit STATUS SECONDS             the client's end, and how long that took

and leaves with status 0 if the link came up."""
import argparse
import os
import pty
import select
import signal
import socket
import subprocess
import sys
import time
import tty

TABLE = []
for b in range(256):
    for _ in range(8):
        b = b >> 1 ^ 0x8408 if b & 1 else b >> 1
    TABLE.append(b)


def fcs(data):
    f = 0xFFFF
    for b in data:
        f = f >> 8 ^ TABLE[(f ^ b) & 255]
    return f


def encode(frame):
    f = fcs(frame) ^ 0xFFFF
    out = bytearray(b"\x7e")
    for b in frame + bytes([f & 255, f >> 8]):
        if b < 0x20 or b in (0x7D, 0x7E):
            out += bytes([0x7D, b ^ 0x20])
        else:
            out.append(b)
    return bytes(out + b"\x7e")


class Decoder:
    def __init__(self):
        self.rest, self.bad = b"", 0

    def frames(self, data):
        *parts, self.rest = (self.rest + data).split(b"\x7e")
        for part in filter(None, parts):
            frame, escaped = bytearray(), False
            for b in part:
                if escaped:
                    frame.append(b ^ 0x20)
                    escaped = False
                elif b == 0x7D:
                    escaped = True
                else:
                    frame.append(b)
            if escaped or len(frame) < 4 or fcs(frame) != 0xF0B8:
                self.bad += 1
                continue
            yield bytes(frame[:-2])


def numbered(i, size):
    """FF 03, an unassigned protocol, a number, and every sort of octet."""
    head = b"\xff\x03\x00\xfd" + i.to_bytes(4, "big")
    return head + bytes((i + k) & 255 for k in range(size - len(head)))


def start(kind, argv, stdin_eof=False):
    """The client, and the descriptors to read from and to write to."""
    if kind == "pty":
        master, slave = pty.openpty()
        tty.setraw(slave)
        child, ours = (master, master), (slave, slave)
    elif kind == "pipes":
        a, b = os.pipe(), os.pipe()
        child, ours = (a[0], b[1]), (b[0], a[1])
    else:
        x, y = socket.socketpair()
        child, ours = (x.detach(),) * 2, (y.detach(),) * 2
    p = subprocess.Popen(argv, stdin=child[0], stdout=child[1])
    for fd in set(child):
        os.close(fd)
    for fd in ours:
        os.set_blocking(fd, False)
    return p, ours


def main():
    a = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    a.add_argument("--fd", choices=["pty", "pipes", "socket"], default="pty")
    a.add_argument("--count", type=int, default=50)
    a.add_argument("--size", type=int, default=200)
    a.add_argument("--wait", type=float, default=10, help="for the link")
    a.add_argument("--quiet", type=float, default=1.5,
                   help="no frame for so long: it was the last")
    a.add_argument("--burst", type=int, default=1, help="frames in a write")
    a.add_argument("--gap", type=float, default=0.002, help="between writes")
    a.add_argument("--hold", type=float, default=0, help="stay up so long")
    a.add_argument("--list", action="store_true")
    a.add_argument("--end", default="hangup",
                   help="hangup, wait (for the client), terminate (PPP, then "
                        "wait), or a signal's name")
    a.add_argument("client", nargs=argparse.REMAINDER)
    a = a.parse_args()

    print("began %.3f" % time.monotonic(), flush=True)
    p, (rd, wr) = start(a.fd, a.client)
    began, dec, up, hungup = time.monotonic(), Decoder(), None, False
    got, sent, out, times, slowest, other = [], 0, b"", [], 0, 0
    lcp = encode(b"\xff\x03\xc0\x21\x01\x01\x00\x0e\x02\x06\0\0\0\0" +
                 b"\x07\x02\x08\x02")
    goodbye = encode(b"\xff\x03\xc0\x21\x05\x02\x00\x10User request")
    next_lcp, last, next_send = began, began, began
    while not hungup:
        now = time.monotonic()
        if up is None:
            if now - began > a.wait:
                break
            if now >= next_lcp:
                out, next_lcp = out + lcp, now + 1
        elif sent < a.count and now >= next_send:
            n = min(a.burst, a.count - sent)
            out += b"".join(encode(numbered(sent + i, a.size))
                            for i in range(n))
            sent, next_send, last = sent + n, now + a.gap, now
            times += [now] * n
        elif sent == a.count and a.end == "terminate":
            out, a.end = out + goodbye, "wait"
        elif sent == a.count and a.end != "wait" and now - began > a.hold and (
                len(set(got)) >= a.count or now - last > a.quiet):
            break
        r, w, _ = select.select([rd], [wr] if out else [], [], 0.001)
        if w:
            try:
                out = out[os.write(wr, out):]
            except BlockingIOError:
                pass
            except OSError:
                break
        if not r:
            continue
        try:
            data = os.read(rd, 65536)
        except OSError:
            data = b""
        hungup = not data
        for frame in dec.frames(data):
            last = time.monotonic()
            if frame[:5] == b"\xff\x03\xc0\x21\x02" and up is None:
                up = last - began
                print("up %.3f" % up, flush=True)
            elif frame[:4] == b"\xff\x03\x00\xfd":
                i = int.from_bytes(frame[4:8], "big")
                if frame == numbered(i, len(frame)):
                    got.append(i)
                    if i < len(times):
                        slowest = max(slowest, last - times[i])
                else:
                    dec.bad += 1
            elif frame[:4] != b"\xff\x03\xc0\x21":
                other += 1
    ended = time.monotonic()
    if up is not None:
        print("received %d of %d, %s, %d duplicate, %d bad" % (
            len(set(got)), a.count,
            "ordered" if got == sorted(got) else "disordered",
            len(got) - len(set(got)), dec.bad))
        print("slowest %.3f, %d other" % (slowest, other))
    if a.list:
        print("frames", *got)
    if hungup:
        print("hangup")
    if a.end not in ("hangup", "wait") and not hungup:
        p.send_signal(getattr(signal, "SIG" + a.end))
    else:
        for fd in {rd, wr}:
            os.close(fd)
    try:
        status = p.wait(30)
    except subprocess.TimeoutExpired:
        p.kill()
        status = "none"
    print("exit %s %.1f" % (status, time.monotonic() - ended))
    return 0 if up is not None else 1


if __name__ == "__main__":
    sys.exit(main())
