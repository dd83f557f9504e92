#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Who may call whom: each file has a room, rooms have an order, and #include
# lines and symbols point down in it; no two files need each other.
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=tests/tap.sh
. tests/tap.sh
command -v python3 > /dev/null || skip_all "no python3"

dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
cat > "$dir/rooms.py" <<'P'
import glob, os, re, subprocess, sys

# From the top down.  Rooms of one line do not use each other.
ORDER = [
    ["pptp.c"],
    ["client"],
    ["pptp_callmgr.c"],
    ["tunnel", "pptp_ctrl.c"],
    ["manager"],
    ["pptp_gre.c", "pptp_quirks.c"],
    ["sys"],
    ["util.c"],
    ["include"],        # headers without a .c: configuration, numbers, octets
]
RANK = {room: i for i, line in enumerate(ORDER) for room in line}

top, build = sys.argv[1:]
os.chdir(top)
sources = sorted(glob.glob("*.c") + glob.glob("[cmst]*/*.c"))
sources = [s for s in sources if not s.startswith("tests/")]
stems = {os.path.basename(s)[:-2].replace("pptp_", ""): s for s in sources}


def owner(header):
    """The .c a header belongs to; itself if there is none."""
    name = os.path.basename(header)
    stem = name[:-2].replace("pptp_", "")
    return stems.get(stem) or "include/" + name


def room(f):
    return f.split("/")[0]


def text(f):
    with open(f, errors="replace") as stream:
        return stream.read()


arrows = {}             # (from, to): what ties them
for f in sources + glob.glob("include/*.h"):
    for name in re.findall(r'^#\s*include "([^"]+)"', text(f), re.M):
        a, b = owner(f) if f.endswith(".h") else f, owner(name)
        if a != b:
            arrows.setdefault((a, b), name)

defines, needs = {}, {}
for s in sources:
    o = os.path.join(build, s[:-2] + ".o")
    if not os.path.exists(o):
        continue        # pppd's plugin is not part of the program
    for line in subprocess.run(["nm", o], text=True, check=True,
                               capture_output=True).stdout.splitlines():
        kind, symbol = line.split()[-2:]
        if kind == "U":
            needs.setdefault(s, []).append(symbol)
        elif kind.isupper():
            defines[symbol] = s
for s, symbols in needs.items():
    for symbol in symbols:
        to = defines.get(symbol, s)
        if to != s:
            arrows[s, to] = symbol + "()"

bad = []
for (a, b), what in sorted(arrows.items()):
    if room(a) not in RANK or room(b) not in RANK:
        bad.append("%s -> %s: no such room" % (a, b))
    elif room(a) != room(b) and RANK[room(a)] >= RANK[room(b)]:
        bad.append("upwards: %s -> %s by %s" % (a, b, what))

state = {}              # circles: depth first


def visit(f, path):
    state[f] = 1
    for a, b in sorted(arrows):
        if a != f:
            continue
        if state.get(b) == 1:
            bad.append("circle: " + " -> ".join(path[path.index(b):] + [b]))
        elif b not in state:
            visit(b, path + [b])
    state[f] = 2


for f in sorted({a for a, b in arrows}):
    if f not in state:
        visit(f, [f])
if len(arrows) < 50 or len(defines) < 50:
    bad.append("only %d arrows found" % len(arrows))
print("\n".join(bad))
P
make -s > "$dir/log" 2>&1 || { cat "$dir/log"; echo "Bail out!"; exit 1; }
rooms() { python3 "$dir/rooms.py" "$1" "$PWD/build" 2>&1; }
is "no arrow points upwards, no circle" "$(rooms .)" ""
is "the files at the top are these six" "$(echo ./*.c)" \
	"./pptp.c ./pptp_callmgr.c ./pptp_ctrl.c ./pptp_gre.c ./pptp_quirks.c ./util.c"
is "util.c includes its own header, and wire.h" \
	"$(sed -n 's/^#include "\(.*\)"/\1/p' util.c | xargs)" "util.h wire.h"

# The test can fail: arrows added by hand to a copy.
mkdir "$dir/copy" && cp -r ./*.c client manager sys tunnel include "$dir/copy"
echo '#include "call.h"' >> "$dir/copy/tunnel/watch.c"
echo '#include "gateway.h"' >> "$dir/copy/manager/ipc.c"
echo '#include "launch.h"' >> "$dir/copy/client/resolve.c"
said=$(rooms "$dir/copy")
has "tunnel/ using client/ is seen" "$said" '^upwards: tunnel/watch.c -> client/call.c'
has "manager/ using tunnel/ is seen" "$said" '^upwards: manager/ipc.c -> tunnel/gateway.c'
has "a circle of files is seen" "$said" '^circle: .*client/resolve.c'
plan
