/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Servers that need something special.  The options that ask for a quirk are in
 * client/options.c.  Explicit options win over the fields of a quirk: the
 * caller sees to that, as only it knows which options were given.
 */
#include <stddef.h>
#include <string.h>

#include "pptp_proto.h"
#include "pptp_quirks.h"

/*
 * Servers that can be recognised, and what is known of them.  pptpd holds back
 * what follows a lost packet for 0.3 s, but sees that the time is over only
 * when another packet comes.  It copies between a raw socket and a pty, too
 * slowly for the kernel's bursts.
 */
#define OVERRUN	"the server is pptpd, which is overrun by the kernel's bursts"
#define SLOW	"pptpd is slow with --data-path=kernel: leave that to auto"
static const struct quirk_server servers[] = {
	{ false, "linux", true, OVERRUN, SLOW },
	{ false, "MoretonBay", false, OVERRUN, SLOW },	/* older pptpd */
	{ false, "cananian", false, NULL, "accel-ppp drops packets that "
	    "others have overtaken, and has an MTU of 1436 at most: mtu 1400" },
	{ true, "MikroTik", false, NULL, "MikroTik: if CCP or IPCP ends again "
	    "and again, give pppd nobsdcomp, nodeflate and novj" },
	{ true, "Microsoft", false, NULL, "Windows: if it asks for EAP, give "
	    "--refuse-eap; a user of a domain needs --domain" },
	{ true, "", false, NULL, NULL }		/* any other */
};

const struct quirk_server *
quirk_server(const char *host, const char *vendor)
{
	const struct quirk_server *s = servers;

	while (s->any_host ?
	    strncmp(vendor, s->vendor, strlen(s->vendor)) != 0 :
	    strcmp(host, "local") != 0 || strcmp(vendor, s->vendor) != 0)
		s++;
	return s;
}

/*
 * Host and vendor are what Linux has sent to servers and NAT helpers for twenty
 * years.  Some servers return max_bps as the speed of the call.
 */
static const struct quirk_fields usual = {
	.framing_caps = FRAMING_ASYNC | FRAMING_SYNC,
	.bearer_caps = BEARER_ANALOG | BEARER_DIGITAL,
	.firmware = 1,
	.host = "local",
	.vendor = "cananian",
	.max_bps = 100000000,
	.bearer_type = BEARER_ANALOG | BEARER_DIGITAL,
	.phone = "",
	.call_id = -1,
	.serial = -1
};

/* The modem of Bezeq accepts no client but this. */
static const struct quirk_fields bezeq = {
	.framing_caps = FRAMING_ASYNC,
	.bearer_caps = BEARER_ANALOG,
	.firmware = 0x6021,
	.host = "RELAY_PPP1",
	.vendor = "MS Win NT",
	.max_bps = 10000000,
	.bearer_type = BEARER_DIGITAL,
	.window = 3,
	.phone = "RELAY_PPP1",
	.call_id = 0,
	.serial = 0,
	.link_info = 1
};

const struct quirk_fields *
quirk_fields(unsigned quirks)
{
	return (quirks & QUIRK_BEZEQ) != 0 ? &bezeq : &usual;
}
