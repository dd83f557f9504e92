/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../../pptp_quirks.c"
#include "t.h"

static void
test_fields(void)
{
	const struct quirk_fields *f = quirk_fields(0);

	T(T_EQ(f->framing_caps, 3) && T_EQ(f->bearer_caps, 3) &&
	    T_EQ(f->firmware, 1) &&
	    T_STR(f->host, "local") && T_STR(f->vendor, "cananian"),
	    "the usual Start-Control-Connection-Request");
	T(T_EQ(f->max_bps, 100000000) && T_EQ(f->bearer_type, 3) &&
	    T_EQ(f->window, 0) && T_EQ(f->phone[0], '\0'),
	    "the usual Outgoing-Call-Request");
	T(T_EQ(f->call_id, -1) && T_EQ(f->serial, -1) && T_EQ(f->link_info, 0),
	    "ids are free and no Set-Link-Info is sent, as usual");
	T(T_IS(quirk_fields(QUIRK_WELCOME | QUIRK_ASYNCREAD) == f),
	    "what only changes behaviour changes no field");
	f = quirk_fields(QUIRK_BEZEQ);
	T(T_EQ(f->framing_caps, 1) && T_EQ(f->bearer_caps, 1) &&
	    T_EQ(f->firmware, 0x6021) &&
	    T_STR(f->host, "RELAY_PPP1") && T_STR(f->vendor, "MS Win NT"),
	    "BEZEQ_ISRAEL: Start-Control-Connection-Request");
	T(T_EQ(f->bearer_type, 2) &&
	    T_STR(f->phone, "RELAY_PPP1") && T_EQ(f->call_id, 0) &&
	    T_EQ(f->serial, 0) && T_EQ(f->link_info, 1) && T_EQ(f->window, 3),
	    "BEZEQ_ISRAEL: Outgoing-Call-Request and Set-Link-Info");
	T(T_IS(quirk_fields(QUIRK_BEZEQ | QUIRK_WELCOME) == f),
	    "quirks combine");
}

static void
test_holds_back(void)
{
	T(quirk_server("local", "linux")->holds_back, "pptpd holds back");
	T(T_IS(!quirk_server("local", "cananian")->holds_back) &&
	    T_IS(!quirk_server("", "linux")->holds_back) &&
	    T_IS(!quirk_server("", "")->holds_back) &&
	    T_IS(!quirk_server("", "Microsoft Windows NT")->holds_back),
	    "others, and who says nothing of itself, do not");
}

static void
test_wants_pty(void)
{
	T(T_IS(quirk_server("local", "linux")->wants_pty != NULL) &&
	    T_IS(quirk_server("local", "MoretonBay")->wants_pty != NULL),
	    "pptpd, new and old, is served better by a pty");
	T(T_IS(quirk_server("local", "cananian")->wants_pty == NULL) &&
	    T_IS(quirk_server("", "linux")->wants_pty == NULL) &&
	    T_IS(quirk_server("", "")->wants_pty == NULL) &&
	    T_IS(quirk_server("", "Microsoft Windows NT")->wants_pty == NULL),
	    "accel-ppp, which has a kernel's path itself, and others are not");
}

static void
test_advice(void)
{
	static const struct {
		const char *host, *vendor, *begins;
	} rows[] = {
		{ "local", "linux", "pptpd" },
		{ "local", "linuxes", NULL },
		{ "local", "cananian", "accel-ppp " },
		{ "office", "MikroTik", "MikroTik: " },
		{ "", "Microsoft", "Windows: " },
		{ "RAS1", "Microsoft Windows NT", "Windows: " },
		{ "office", "linux", NULL },
		{ "local", "Micro", NULL },
		{ "", "", NULL },
		{ "MikroTik", "", NULL }
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *said = quirk_server(rows[i].host,
		    rows[i].vendor)->advice;

		T(rows[i].begins == NULL ? said == NULL : said != NULL &&
		    T_STR(strncmp(said, rows[i].begins,
		    strlen(rows[i].begins)) == 0 ? "" : said, ""),
		    "advice for \"%s\" of \"%s\"", rows[i].host,
		    rows[i].vendor);
	}
}

int
main(void)
{
	test_fields();
	test_holds_back();
	test_wants_pty();
	test_advice();
	return t_done();
}
