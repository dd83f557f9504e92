#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# host
# limit: 3600
# Each call of a tunnel's life fails once.
FAULTS=all exec bash "$(dirname "$0")/../net/faults.sh"
