#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 3600
# The transfers of tests/e2e/netem.sh at full length: 50 MB each way, and with
# loss once more.
export T_MB=${T_MB:-50} T_LOSS=${T_LOSS:-50}
exec bash "$(dirname "$0")/../e2e/netem.sh"
