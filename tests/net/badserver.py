#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""badserver.py [KEY=VALUE...] - a PPTP server (RFC 2637) that misbehaves.

Without arguments it is a good one: it answers, and sends every PPP frame that
comes in GRE back (Configure-Request of LCP as Configure-Ack).  It writes a
line for all that happens to standard output.  Keys:

 accept=  what a new TCP connection meets: silent rst close http tls junk
          magic len0 len11 len65535 welcome welcomeN (N octets of text)
 sccrp=   result code of the SCCRP; or silent fin rst stop trickle (an octet a
          second) short bytes (each octet its own segment) version
 ocrp=    result code of the OCRP; or silent fin rst cdn once (a first call only)
 error= cause=            go with refusals
 channels= host= vendor=  what the SCCRP says
 after=   comma list, sent once a call is up, 50 ms apart: cdn (its own id)
          cdn-ours (the client's) stop echo icrq wen sli unknown ocrp sccrp
          fin rst magic junk trickle (an Echo-Request, an octet a second);
          sleepN waits N seconds; together: the rest in one segment
 clear=   answer to Call-Clear-Request: cdn (default) silent fin
 stopped= answer to Stop-Control-Connection-Request: reply (default) silent
 linger=1 sends an Echo-Request 100 ms after that answer, then closes
 noecho=1 Echo-Requests stay unanswered
 read=1   every read() is one message to it; what follows is thrown away
 slow=S   reads only every S seconds
 modem=1  an Orckit ATUR3: refuses a client that is not the one it knows
 early=1  sends a GRE packet before the OCRP; =lcp: a Configure-Request
 gre=     echo silent dup swap late far behind restart truncated alien lying
          wrap first1 welcome noack stranger (10.9.0.3, which has to be there,
          forges each packet first) mute (each is acknowledged, none
          answered) skip (20 numbers, once) flood (40 frames
          for the first, which does not come back, 3 ms apart) batch (likewise
          64 half a second later, all at once, behind a missing one) many
          (likewise 32 for one that says "many"; none for "hush") unreach
          (each is answered by ICMP protocol-unreachable)
 lcp=AUTH,MRU  for the client's Configure-Request it sends one of its own, that
          wants this login (hex: c22381; may be empty); lcp=end: it ends LCP
 addr= port=              where it listens (all addresses, 1723)"""
import os
import select
import socket
import struct
import sys
import threading
import time

MAGIC = 0x1A2B3C4D
NAMES = ["?", "SCCRQ", "SCCRP", "StopCCRQ", "StopCCRP", "EchoRQ", "EchoRP",
         "OCRQ", "OCRP", "ICRQ", "ICRP", "ICCN", "CCRQ", "CDN", "WEN", "SLI"]
conf = dict(x.split("=", 1) for x in sys.argv[1:])
raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, 47)
raw.bind((conf.get("addr", ""), 0))
raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
calls = {}                      # our call id: Gre
lock = threading.Lock()


def say(*words):
    with lock:
        print("%.3f" % time.monotonic(), *words, flush=True)


def message(kind, body, length=None, magic=MAGIC):
    return struct.pack("!HHIHH", length or 12 + len(body), 1, magic,
                       kind, 0) + body


def sccrp(result=1, error=0):
    version = 0x0200 if conf.get("sccrp") == "version" else 0x0100
    return message(2, struct.pack(
        "!HBBIIHH64s64s", version, result, error, 3, 3,
        int(conf.get("channels", 1)), 1, conf.get("host", "bad").encode(),
        conf.get("vendor", "tests").encode()))


class Gre:
    """The data of one call, and what is done to it on its way back."""

    def __init__(self, peer, peer_id, trick):
        self.peer, self.peer_id, self.trick = peer, peer_id, trick
        self.seq = {"wrap": 0xFFFFFFF0, "first1": 1}.get(trick, 0)
        self.highest, self.count, self.kept = None, 0, None
        self.source = None      # of the last packet

    def packet(self, seq, data, flags=0x3001, length=None, call=None):
        ack = b""
        if self.highest is not None and self.trick != "noack":
            flags |= 0x80
            ack = struct.pack("!I", self.highest)
        return struct.pack("!HHHHI", flags, 0x880B,
                           len(data) if length is None else length,
                           self.peer_id if call is None else call,
                           seq & 0xFFFFFFFF) + ack + data

    def put(self, packet):
        raw.sendto(packet, (self.peer, 0))

    def next(self):
        self.seq = (self.seq + 1) & 0xFFFFFFFF
        return (self.seq - 1) & 0xFFFFFFFF

    def take(self, whole, seq, data):
        if seq is not None and (self.highest is None or
                                0 < (seq - self.highest) % 2**32 < 2**31):
            self.highest = seq
        if self.trick == "unreach":
            icmp = struct.pack("!BBHI", 3, 2, 0, 0) + whole[:28]
            total = sum(struct.unpack("!18H", icmp))
            total = (total >> 16) + (total & 0xFFFF)
            icmp = icmp[:2] + struct.pack("!H", ~(total + (total >> 16)) &
                                          0xFFFF) + icmp[4:]
            socket.socket(socket.AF_INET, socket.SOCK_RAW, 1).sendto(
                icmp, (self.peer, 0))
        if self.trick == "mute" and data:
            self.put(struct.pack("!HHHHI", 0x2081, 0x880B, 0, self.peer_id,
                                 self.highest))
        if not data or self.trick in ("silent", "unreach", "mute"):
            return
        if data[:5] == b"\xff\x03\xc0\x21\x01":
            say("lcp", len(data), "from", self.source)
            if self.trick == "welcome":
                self.put(self.packet(self.next(), b"Welcome to the terminal"))
            if conf.get("lcp"):
                self.put(self.packet(self.next(), self.request()))
            self.put(self.packet(self.next(), data[:4] + b"\x02" + data[5:]))
            return
        if data[:5] == b"\xff\x03\xc0\x21\x05":
            say("lcp end")
            self.put(self.packet(self.next(), data[:4] + b"\x06" + data[5:]))
            return
        self.count += 1
        self.back(data)

    def request(self):
        if conf["lcp"] == "end":
            return bytes.fromhex("ff03c0210509000400")
        auth, mru = conf["lcp"].split(",")
        options = struct.pack("!BBH", 1, 4, int(mru))
        if auth:
            auth = bytes.fromhex(auth)
            options += struct.pack("!BB", 3, 2 + len(auth)) + auth
        return b"\xff\x03\xc0\x21\x01\x07" + struct.pack(
            "!H", 4 + len(options)) + options

    def flood(self):
        for _ in range(40):
            time.sleep(0.003)
            self.put(self.packet(self.next(), b"\xff\x03\x00\xfbflood"))

    def batch(self):
        time.sleep(0.5)
        self.next()
        for _ in range(64):
            self.put(self.packet(self.next(), b"\xff\x03\x00\xfbbatch"))
        say("batch sent")

    def many(self, data):
        time.sleep(0.5)
        for _ in range(32):
            self.put(self.packet(self.next(), data))

    def back(self, data):
        n, trick = self.count, self.trick
        if trick == "many" and data[4:8] in (b"many", b"hush"):
            if data[4:8] == b"many":
                threading.Thread(target=self.many, args=(data,)).start()
            return
        if trick == "batch" and n == 1:
            threading.Thread(target=self.batch).start()
            return
        if trick == "flood" and n == 1:
            threading.Thread(target=self.flood).start()
            return
        seq = self.next()
        if trick == "swap" and n % 10 == 3 or trick == "late" and n % 10 == 3:
            self.kept = self.packet(seq, data)
            return
        if trick == "far" and n == 20:          # one forged far-ahead packet
            self.put(self.packet(seq + 1000000, b"\xff\x03\x00\xfdforged"))
        elif trick == "behind" and n == 20:        # likewise far behind
            self.put(self.packet(seq - 100000, b"\xff\x03\x00\xfdforged"))
        elif trick == "skip" and n == 20:
            self.seq, seq = seq + 21, seq + 20
        elif trick == "restart" and n == 20:
            self.seq, seq = 1, 0
        elif trick == "truncated":
            self.put(self.packet(seq, data)[:7])
            self.put(struct.pack("!HHHHI", 0x3001, 0x880B, 4, self.peer_id,
                                 seq)[:10])
        elif trick == "stranger":
            with socket.socket(socket.AF_INET, socket.SOCK_RAW, 47) as s:
                s.bind(("10.9.0.3", 0))
                s.sendto(self.packet(seq, b"\xff\x03\x00\xfdforged"),
                         (self.peer, 0))
        elif trick == "lying":                  # longer than what is there
            self.put(self.packet(seq, data[:20], length=len(data) + 500))
        elif trick == "alien":
            self.put(self.packet(seq, data, flags=0x3000))
            self.put(self.packet(seq, data, flags=0xB001))
            self.put(self.packet(seq, data, call=self.peer_id ^ 1))
            self.put(b"\x20\x00\x65\x58" + data)
            self.put(b"\x30")
        packet = self.packet(seq, data)
        self.put(packet)
        if trick == "dup":
            self.put(packet)
        if self.kept and (trick == "swap" or n % 10 == 8):
            self.put(self.kept)
            self.kept = None


def gre_loop():
    while True:
        packet, (peer, _) = raw.recvfrom(65536)
        p = packet[(packet[0] & 15) * 4:]
        if len(p) < 8:
            continue
        flags, proto, length, call = struct.unpack("!HHHH", p[:8])
        g, at, seq = calls.get(call), 8, None
        if g is None or proto != 0x880B or flags & 0x7F != 1:
            say("gre odd", p[:16].hex())
            continue
        g.source = peer
        if flags & 0x1000:
            seq, at = struct.unpack("!I", p[8:12])[0], 12
        if flags & 0x80:
            say("gre ack", struct.unpack("!I", p[at:at + 4])[0],
                "alone" if seq is None else "")
            at += 4
        if seq is not None:
            say("gre seq", seq, "length", length)
        g.take(packet, seq, p[at:at + length])


class Connection:
    def __init__(self, s, peer):
        self.s, self.peer, self.data = s, peer, b""
        self.ours = self.theirs = None
        self.resetting = False

    def send(self, data, *what):
        say("tx", *what or (NAMES[min(data[9], 15)],))
        self.s.sendall(data)

    def slowly(self, data, pause):
        say("tx slowly", len(data))
        for i in range(len(data)):
            self.s.sendall(data[i:i + 1])
            time.sleep(pause)

    def reset(self):
        say("tx RST")
        self.s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                          struct.pack("ii", 1, 0))
        raise EOFError

    def finish(self):
        say("tx FIN")
        raise EOFError

    def silence(self):
        self.s.settimeout(None)
        while self.s.recv(4096):
            pass
        raise EOFError

    def need(self, n):
        while len(self.data) < n:
            data = self.s.recv(65536)
            if self.resetting:
                self.reset()
            if not data:
                say("rx FIN")
                raise EOFError
            say("segment", len(data))
            self.data += data

    def messages(self):
        while True:
            time.sleep(float(conf.get("slow", 0)))
            self.need(12)
            n, _, magic, kind, _ = struct.unpack("!HHIHH", self.data[:12])
            self.need(n)
            body, self.data = self.data[12:n], self.data[n:]
            if conf.get("read"):
                if self.data:
                    say("lost", len(self.data))
                self.data = b""
            say("rx", NAMES[min(kind, 15)] if kind < 16 else "?", "length", n,
                "" if magic == MAGIC else "BAD MAGIC")
            yield kind, body

    def greet(self):
        how = conf.get("accept")
        if how == "silent":
            self.silence()
        elif how == "rst":
            self.reset()
        elif how == "close":
            self.finish()
        elif how == "http":
            self.send(b"HTTP/1.1 400 Bad Request\r\nServer: nginx\r\n\r\n", how)
        elif how == "tls":
            self.send(bytes.fromhex("15030300020246"), how)
            self.finish()
        elif how == "junk":
            for _ in range(1024):
                self.s.sendall(os.urandom(1024))
            say("tx junk")
        elif how == "welcome":
            self.send(b"Welcome to terminal server 7!\r\n*** \x1a\x2b ***\r\n",
                      how)
        elif how and how.startswith("welcome"):
            self.send((b"\0x Welcome! \x1a\x2b\x3c" * 512)[:int(how[7:])], how)
        elif how == "magic":
            self.send(message(2, sccrp()[12:], magic=0xDEADBEEF), how)
        elif how and how.startswith("len"):
            n = int(how[3:])
            self.send(struct.pack("!H", n) + sccrp()[2:], how)
        if how and not how.startswith("welcome"):
            self.silence()

    def on_sccrq(self, body):
        how = conf.get("sccrp", "1")
        version, _, framing, bearer, channels, firmware, host, vendor = \
            struct.unpack("!HHIIHH64s64s", body)
        names = [x.rstrip(b"\0").decode("latin-1") for x in (host, vendor)]
        say("sccrq framing", framing, "bearer", bearer, "channels", channels,
            "firmware", hex(firmware), "host", names[0], "vendor", names[1])
        if conf.get("modem") and (framing, bearer, firmware, *names) != (
                1, 1, 0x6021, "RELAY_PPP1", "MS Win NT"):
            how = "4"
        if how == "silent":
            self.silence()
        elif how == "fin":
            self.finish()
        elif how == "rst":
            self.reset()
        elif how == "stop":
            self.send(message(3, b"\1\0\0\0"))
        elif how == "trickle":
            self.slowly(sccrp(), 1)
        elif how == "bytes":
            self.slowly(sccrp(), 0.002)
        elif how == "short":
            self.send(message(2, sccrp()[12:100]))
        elif how == "version":
            self.send(sccrp(5))
        else:
            self.send(sccrp(int(how), int(conf.get("error", 0))))

    def on_ocrq(self, body):
        how = conf.get("ocrp", "1")
        self.theirs = struct.unpack("!H", body[:2])[0]
        call, serial, low, high, bearer, framing, window, delay, digits, _, \
            phone, sub = struct.unpack("!HHIIIIHHHH64s64s", body)
        phone, sub = (x.rstrip(b"\0").decode("latin-1") for x in (phone, sub))
        say("phone", phone)
        say("ocrq call", call, "serial", serial, "bps", low, high, "bearer",
            bearer, "framing", framing, "window", window, "delay", delay,
            "digits", digits, "phone", phone, "subaddress", sub)
        if conf.get("modem") and (call, serial, bearer, framing, digits, phone
                                  ) != (0, 0, 2, 3, 10, "RELAY_PPP1"):
            how = "7"
        if how == "once":
            how = "silent" if calls else "1"
        self.ours = struct.unpack("!H", os.urandom(2))[0]
        g = calls[self.ours] = Gre(self.peer, self.theirs,
                                   conf.get("gre", "echo"))
        if conf.get("early"):
            g.put(g.packet(g.next(), b"\xff\x03\xc0\x21\1\x77\0\4" if
                           conf["early"] == "lcp" else
                           b"\xff\x03\x00\xfbearly"))
            time.sleep(0.1)
        if how == "silent":
            return
        if how == "fin":
            self.finish()
        elif how == "rst":
            self.reset()
        elif how == "cdn":
            self.cdn(self.ours)
            return
        reply = self.ocrp(int(how) if how.isdigit() else 1)
        if conf.get("sccrp") == "bytes":
            self.slowly(reply, 0.002)
        else:
            self.send(reply)
        if how == "1":
            threading.Thread(target=self.after, daemon=True).start()

    def ocrp(self, result):
        return message(8, struct.pack(
            "!HHBBHIHHI", self.ours, self.theirs, result,
            int(conf.get("error", 0)), int(conf.get("cause", 0)), 100000000,
            64, 0, 0))

    def cdn(self, call):
        self.send(message(13, struct.pack(
            "!HBBHH128s", call, int(conf.get("result", 3)),
            int(conf.get("error", 0)), int(conf.get("cause", 0)), 0,
            b"calls: 1\x1b[31m")))

    def after(self):
        extra = {
            "stop": lambda: message(3, b"\3\0\0\0"),
            "echo": lambda: message(5, b"ABCD"),
            "icrq": lambda: message(9, struct.pack(
                "!HHIIHH64s64s64s", 77, 1, 1, 0, 0, 0, b"", b"", b"")),
            "wen": lambda: message(14, struct.pack("!HH6I", self.theirs, 0,
                                                   1, 2, 3, 4, 5, 6)),
            "sli": lambda: message(15, struct.pack("!HHII", self.theirs, 0,
                                                   0, 0)),
            "unknown": lambda: message(99, b"what is this?"),
            "ocrp": lambda: self.ocrp(1),
            "sccrp": sccrp,
            "magic": lambda: message(5, b"ABCD", magic=1),
            "junk": lambda: os.urandom(1024),
        }
        together = b""
        try:
            for what in filter(None, conf.get("after", "").split(",")):
                time.sleep(0.05)
                if what.startswith("sleep"):
                    time.sleep(float(what[5:]))
                elif what.startswith("file"):
                    while not os.path.exists(what[4:]):
                        time.sleep(0.01)
                elif what == "together":
                    together = b" "
                elif what.startswith("cdn"):
                    self.cdn(self.theirs if what == "cdn-ours" else self.ours)
                elif what == "fin":
                    say("tx FIN")
                    self.s.shutdown(socket.SHUT_RDWR)
                elif what == "rst":
                    self.resetting = True   # wakes the reader, who does it
                    self.s.shutdown(socket.SHUT_RD)
                elif what == "trickle":
                    self.slowly(message(5, b"ABCD"), 1)
                elif together:
                    together += extra[what]()
                else:
                    self.send(extra[what](), what)
            if together:
                self.send(together[1:], "together")
        except OSError as e:
            say("after:", e)

    def run(self):
        say("accepted", self.peer, "at", self.s.getsockname()[0])
        try:
            self.greet()
            for kind, body in self.messages():
                if kind == 1:
                    self.on_sccrq(body)
                elif kind == 7:
                    self.on_ocrq(body)
                elif kind == 5 and not conf.get("noecho"):
                    self.send(message(6, body[:4] + b"\1\0\0\0"))
                elif kind == 15:
                    say("sli", body[:2].hex(), body[4:].hex())
                elif kind == 12:
                    how = conf.get("clear", "cdn")
                    if how == "fin":
                        self.finish()
                    elif how == "cdn":
                        theirs = struct.unpack("!H", body[:2])[0]
                        self.cdn(next((n for n, g in list(calls.items())
                                       if g.peer_id == theirs),
                                      self.ours or 0))
                elif kind == 3 and conf.get("stopped") != "silent":
                    self.send(message(4, b"\1\0\0\0"))
                    if conf.get("linger"):
                        time.sleep(0.1)
                        self.send(message(5, b"LAST"))
                    self.finish()
        except (EOFError, OSError) as e:
            say("closed", str(e))
        calls.pop(self.ours, None)
        try:
            self.s.close()
        except OSError:
            pass


def main():
    listener = socket.create_server((conf.get("addr", ""), int(conf.get("port", 1723))),
                                    backlog=512)
    threading.Thread(target=gre_loop, daemon=True).start()
    say("ready")
    while True:
        select.select([listener], [], [])
        s, (peer, _) = listener.accept()
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=Connection(s, peer).run, daemon=True).start()


main()
