#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""transfer.py serve ADDR PORT | put|get HOST PORT SIZE [INTERFACE]

Moves random octets over TCP and compares a SHA-256 of what was sent with one
of what arrived.  SIZE: megabytes, or kilobytes (whole pieces of 64) as in
128k.  Prints "SIZE MB, MBIT Mbit/s, checksums agree"."""
import hashlib
import os
import socket
import sys
import threading
import time

PIECE = 1 << 16                 # a time limit is for each of them


def pieces(size):
    return int(size[:-1]) // 64 if size.endswith("k") else int(size) * 16


def send(s, count):
    """count pieces, all different, and then the sum of them."""
    piece, h = bytearray(os.urandom(PIECE)), hashlib.sha256()
    for i in range(count):
        piece[:8] = i.to_bytes(8, "big")
        h.update(piece)
        s.sendall(piece)
    return h.hexdigest()


def receive(s, count):
    h, left = hashlib.sha256(), count * PIECE
    while left:
        data = s.recv(min(left, 1 << 20))
        if not data:
            raise EOFError("connection ended %d octets early" % left)
        h.update(data)
        left -= len(data)
    return h.hexdigest()


def line(s):
    text = b""
    while not text.endswith(b"\n"):
        c = s.recv(1)
        if not c:
            raise EOFError("connection ended")
        text += c
    return text.decode().strip()


def answer(s):
    try:
        what, count = line(s).split()
        total = (send if what == "get" else receive)(s, int(count))
        s.sendall((total + "\n").encode())
    except (OSError, EOFError, ValueError) as e:
        print("transfer: %s" % e, file=sys.stderr)
    s.close()


def main():
    what, host, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
    if what == "serve":
        listener = socket.create_server((host, port))
        while True:
            s, _ = listener.accept()
            threading.Thread(target=answer, args=(s,), daemon=True).start()
    count = pieces(sys.argv[4])
    s = socket.socket()
    if sys.argv[5:] and sys.argv[5]:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE,
                     sys.argv[5].encode())
    # Without this it is the last line that waits for all that is buffered.
    s.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 * PIECE)
    s.settimeout(120)
    s.connect((host, port))
    began = time.monotonic()
    s.sendall(("%s %d\n" % (what, count)).encode())
    ours = (receive if what == "get" else send)(s, count)
    theirs = line(s)
    took = time.monotonic() - began
    if ours != theirs:
        sys.exit("%s of %d pieces: checksums differ" % (what, count))
    print("%g MB, %.1f Mbit/s, checksums agree"
          % (count / 16, count * PIECE * 8 / took / 1e6))


main()
