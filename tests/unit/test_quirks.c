/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../../pptp_quirks.c"
#include "t.h"

static void
test_names(void)
{
	static const struct {
		const char *name;
		unsigned bit;
	} rows[] = {
		{ "BEZEQ_ISRAEL", QUIRK_BEZEQ },
		{ "bezeq-israel", QUIRK_BEZEQ },
		{ "Bezeq_Israel", QUIRK_BEZEQ },
		{ "welcome", QUIRK_WELCOME },
		{ "WELCOME", QUIRK_WELCOME },
		{ "broken-asyncread", QUIRK_ASYNCREAD },
		{ "BROKEN_ASYNCREAD", QUIRK_ASYNCREAD },
		{ "", 0 },
		{ "BEZEQ", 0 },
		{ "BEZEQ_ISRAEL_", 0 },
		{ "welcome ", 0 },
		{ "help", 0 },
		{ "quirk-welcome", 0 },
		{ "WELC\xd6ME", 0 },
		{ "welcom}", 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		T(quirk_by_name(rows[i].name) == rows[i].bit,
		    "quirk \"%s\" is %#x", rows[i].name, rows[i].bit);
}

/* Each row is whole, has a bit of its own and is found by both its names. */
static void
test_table(void)
{
	unsigned all = 0, rows = 0;
	bool ok = true;

	for (const struct quirk *q = quirk_table; q->name != NULL; q++) {
		ok &= q->bit != 0 && (q->bit & (q->bit - 1)) == 0;
		ok &= (all & q->bit) == 0;
		ok &= strncmp(q->option, "quirk-", 6) == 0;
		ok &= quirk_by_name(q->name) == q->bit;
		ok &= quirk_by_name(q->option + 6) == q->bit;
		ok &= strlen(q->help) > 10;
		all |= q->bit;
		rows++;
	}
	T(ok, "each quirk has a bit, an option, a name and a help line");
	T(rows == 3 && all == (QUIRK_WELCOME | QUIRK_ASYNCREAD | QUIRK_BEZEQ),
	    "the table has all three quirks");
}

static void
test_fields(void)
{
	struct quirk_fields f, g;

	quirk_fields(&f, 0);
	T(f.framing_caps == 3 && f.bearer_caps == 3 && f.max_channels == 0 &&
	    f.firmware == 1 && strcmp(f.host, "local") == 0 &&
	    strcmp(f.vendor, "cananian") == 0,
	    "the usual Start-Control-Connection-Request");
	T(f.min_bps == 2400 && f.max_bps == 100000000 && f.bearer_type == 3 &&
	    f.framing_type == 3 && f.window == 0 && f.phone[0] == '\0',
	    "the usual Outgoing-Call-Request");
	T(f.call_id == -1 && f.serial == -1 && f.link_info == 0,
	    "ids are free and no Set-Link-Info is sent, as usual");
	quirk_fields(&g, QUIRK_WELCOME | QUIRK_ASYNCREAD);
	T(memcmp(&f, &g, sizeof(f)) == 0,
	    "what only changes behaviour changes no field");
	quirk_fields(&f, QUIRK_BEZEQ);
	T(f.framing_caps == 1 && f.bearer_caps == 1 && f.max_channels == 0 &&
	    f.firmware == 0x6021 && strcmp(f.host, "RELAY_PPP1") == 0 &&
	    strcmp(f.vendor, "MS Win NT") == 0,
	    "BEZEQ_ISRAEL: Start-Control-Connection-Request");
	T(f.bearer_type == 2 && f.framing_type == 3 &&
	    strcmp(f.phone, "RELAY_PPP1") == 0 && f.call_id == 0 &&
	    f.serial == 0 && f.link_info == 1 && f.window == 3,
	    "BEZEQ_ISRAEL: Outgoing-Call-Request and Set-Link-Info");
	quirk_fields(&g, QUIRK_BEZEQ | QUIRK_WELCOME);
	T(memcmp(&f, &g, sizeof(f)) == 0, "quirks combine");
}

static void
test_holds_back(void)
{
	T(quirk_holds_back("local", "linux"), "pptpd holds back");
	T(!quirk_holds_back("local", "cananian") &&
	    !quirk_holds_back("", "linux") && !quirk_holds_back("", "") &&
	    !quirk_holds_back("", "Microsoft Windows NT"),
	    "others, and who says nothing of itself, do not");
}

int
main(void)
{
	test_names();
	test_table();
	test_fields();
	test_holds_back();
	return t_done();
}
