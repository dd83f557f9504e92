#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# host
# limit: 3600
# Each call of a tunnel's life fails once.
[ "$(id -u)" = 0 ] ||
	{ echo "1..0 # SKIP network namespaces need root"; exit; }
FAULTS=all exec bash "$(dirname "$0")/../net/faults.sh"
