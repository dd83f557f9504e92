#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 7200
# The transfers of tests/e2e/netem.sh at full length: 50 MB each way.  After
# each lost packet pptpd waits for 0.3 s, so with loss it takes half a megabit
# a second, whoever the client is.
export T_MB=${T_MB:-50} T_LOSS=${T_LOSS:-50}
exec bash "$(dirname "$0")/../e2e/netem.sh"
