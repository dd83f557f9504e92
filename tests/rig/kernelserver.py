#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""kernelserver.py PLUGIN PPPD-WORD... - a PPTP server whose data the kernel
carries, as that of accel-ppp: one call a connection, each with a pppd behind
Linux's own PPTP socket.  PLUGIN is our pptp.so, which takes such a socket."""
import array
import ctypes
import os
import socket
import struct
import subprocess
import sys
import threading

AF_PPPOX, PX_PROTO_PPTP, MAGIC = 24, 2, 0x1A2B3C4D
libc = ctypes.CDLL(None, use_errno=True)


def address(call, ip):
    return struct.pack("=HIHxx4s", AF_PPPOX, PX_PROTO_PPTP, call,
                       socket.inet_aton(ip)).ljust(30, b"\0")


def channel(us, them, peer_call):
    """A PPTP socket, connected to that call; and our call's number."""
    s = socket.socket(AF_PPPOX, socket.SOCK_STREAM, PX_PROTO_PPTP)
    call = struct.unpack("H", os.urandom(2))[0] or 1
    for what, a in ((libc.bind, address(call, us)),
                    (libc.connect, address(peer_call, them))):
        if what(s.fileno(), a, len(a)) == -1:
            raise OSError(ctypes.get_errno(), "the kernel's PPTP")
    return s, call


def hand_over(line, s):
    """The message CHANNEL of include/ipc_msg.h."""
    head = struct.pack("!IBBB", 0x70707470, 2, 11, 1 << 3)
    line.sendmsg([head], [(socket.SOL_SOCKET, socket.SCM_RIGHTS,
                           array.array("i", [s.fileno()]))])


def message(kind, body):
    return struct.pack("!HHIHH", 12 + len(body), 1, MAGIC, kind, 0) + body


def exactly(s, n):
    data = s.recv(n, socket.MSG_WAITALL)
    if len(data) != n:
        raise EOFError
    return data


def serve(s, them):
    us, pppd = s.getsockname()[0], None
    try:
        while True:
            n, _, _, kind, _ = struct.unpack("!HHIHH", exactly(s, 12))
            body = exactly(s, n - 12)
            if kind == 1:               # Start-Control-Connection-Request
                s.sendall(message(2, struct.pack(
                    "!HBBIIHH64s64s", 256, 1, 0, 3, 3, 1, 1, b"kernel",
                    b"tests")))
            elif kind == 5:             # Echo-Request
                s.sendall(message(6, body[:4] + b"\1\0\0\0"))
            elif kind == 7:             # Outgoing-Call-Request
                peer_call = struct.unpack("!H", body[:2])[0]
                data, call = channel(us, them, peer_call)
                a, b = socket.socketpair(socket.AF_UNIX,
                                         socket.SOCK_SEQPACKET)
                hand_over(a, data)
                pppd = subprocess.Popen(
                    ["pppd", "nodetach", "plugin", sys.argv[1], "pptp_server",
                     them, "pptp_socket", str(b.fileno())] + sys.argv[2:],
                    pass_fds=[b.fileno()])
                b.close()
                s.sendall(message(8, struct.pack(
                    "!HHBBHIHHI", call, peer_call, 1, 0, 0, 100000000, 64, 0,
                    0)))
            elif kind in (3, 12):       # Stop-, Call-Clear-Request
                break
    except (EOFError, OSError) as e:
        print("connection:", e or "closed", flush=True)
    if pppd:
        pppd.terminate()
        pppd.wait()
        data.close()
        a.close()
    s.close()


def main():
    listener = socket.create_server(("", 1723))
    while True:
        s, (them, _) = listener.accept()
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=serve, args=(s, them), daemon=True).start()


main()
