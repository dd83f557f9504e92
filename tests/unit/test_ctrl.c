/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control connection, driven as a loop would: a world has the machine, a
 * clock, what it sent and what it said.  The messages of the server are
 * written from RFC 2637, each under its dissection.
 */
#include "../../pptp_quirks.c"
#include "../../manager/ctrl_msg.c"
#include "../../pptp_ctrl.c"
#include "ctrl_fields.h"
#include "t.h"

#define SECOND		((int64_t)1000000)
#define HEAD(len, type)	len "0001 1a2b3c4d" type "0000"

/* Sixty-four octets of zero, and other padding. */
#define Z4	"00000000"
#define Z16	Z4 Z4 Z4 Z4
#define Z32	Z16 Z16
#define Z64	Z32 Z32

/*
 * Start-Control-Connection-Reply (2.2), 156 octets
 *	version 1.0, result 1, error 0
 *	framing 3, bearer 2, channels 4, firmware 0x0102
 *	host "lac", vendor "vend"
 */
#define SCCRP_(result, error, channels) \
	HEAD("009c", "0002") "0100" result error "00000003 00000002" \
	channels "0102" \
	"6c616300" Z4 Z4 Z4 Z16 Z32 \
	"76656e64" Z4 Z4 Z4 Z16 Z32
#define SCCRP	SCCRP_("01", "00", "0004")

/*
 * Start-Control-Connection-Request (2.1), 156, a server that takes us for
 * one: version 1.0, the rest zero
 */
#define SCCRQ	HEAD("009c", "0001") "0100 0000" Z64 Z64 Z4 Z4 Z4

/* Stop-Control-Connection-Request (2.3), 16: reason, reserved1, reserved2 */
#define STOPRQ(reason)	HEAD("0010", "0003") reason "00 0000"

/* Stop-Control-Connection-Reply (2.4), 16: result 1, error 0, reserved */
#define STOPRP	HEAD("0010", "0004") "01 00 0000"

/* Echo-Request (2.5), 16: identifier */
#define ECHORQ	HEAD("0010", "0005") "deadbeef"

/*
 * Outgoing-Call-Request (2.7), 168, which a server has no business to send:
 * call 0x0309, the rest zero
 */
#define OCRQ	HEAD("00a8", "0007") "0309 0000" Z16 Z4 Z4 Z64 Z64

/*
 * Outgoing-Call-Reply (2.8), 32 octets
 *	call (the server's), peer's call (ours), result, error, cause
 *	speed 0x00010000, window 16, delay 2, channel 9
 */
#define OCRP_(call, peer, result, error, cause) \
	HEAD("0020", "0008") call peer result error cause \
	"00010000 0010 0002 00000009"
#define OCRP(call, peer)	OCRP_(call, peer, "01", "00", "0000")

/*
 * Incoming-Call-Request (2.9), 220 octets
 *	call 0x0411, serial 1, bearer 2, channel 0, lengths 3 and 0
 *	dialed "123", dialing "", subaddress ""
 */
#define ICRQ	HEAD("00dc", "0009") "0411 0001 00000002 00000000 0003 0000" \
	"31323300" Z4 Z4 Z4 Z16 Z32 Z64 Z64

/* Incoming-Call-Reply (2.10), 24: call, peer's, result, error, 0, 0, 0 */
#define ICRP	HEAD("0018", "000a") "0001 0002 01 00 0000 0000 0000"

/* Incoming-Call-Connected (2.11), 28: peer's call, 0, speed, 0, 0, framing */
#define ICCN	HEAD("001c", "000b") "0001 0000 00002580 0003 0000 00000001"

/* Call-Clear-Request (2.12), 16: call, reserved */
#define CCRQ(call)	HEAD("0010", "000c") call "0000"

/*
 * Call-Disconnect-Notify (2.13), 148 octets
 *	call, result, error, cause, reserved, statistics "in 1\n"
 */
#define CDN_(call, result, error, cause) \
	HEAD("0094", "000d") call result error cause "0000" \
	"696e2031 0a000000" Z4 Z4 Z16 Z32 Z64
#define CDN(call, result)	CDN_(call, result, "00", "0000")

/* WAN-Error-Notify (2.14), 40: peer's call, reserved, six counters */
#define WEN	HEAD("0028", "000e") "0007 0000 00000001 00000002 00000003" \
	"00000004 00000005 00000006"

/* Set-Link-Info (2.15), 24: peer's call, reserved, send and receive ACCM */
#define SLI	HEAD("0018", "000f") "0007 0000 ffffffff 00000000"

enum { SENT_MAX = 4096 };

struct world {
	struct ctrl	 c;
	int64_t		 now;
	unsigned	 down_status;
	char		 down_text[CTRL_TEXT];
	unsigned	 count[CTRL_EV_CLOSED + 1];
	unsigned	 loud;		/* lines at level 2 */
	bool		 late;		/* something came after CLOSED */
	char		 lines[65536];
	uint8_t		 sent[SENT_MAX];
	size_t		 sent_len;
	unsigned	 messages;
};

static struct world w;

static void
on_event(void *user, enum ctrl_event_type type, unsigned code,
    const char *text)
{
	struct world *in = user;
	size_t used = strlen(in->lines);

	in->late |= in->count[CTRL_EV_CLOSED] > 0;
	in->count[type]++;
	in->loud += type == CTRL_EV_LOG && code == 2;
	if (type == CTRL_EV_CALL_DOWN) {
		in->down_status = code;
		snprintf(in->down_text, CTRL_TEXT, "%s", text);
	}
	if (text != NULL && used < sizeof(in->lines) - 512)
		snprintf(in->lines + used, sizeof(in->lines) - used, "%s\n",
		    text);
}

/* Writes what may be written now, each message whole. */
static void
flush(void)
{
	const uint8_t *p;
	size_t len;

	while ((p = ctrl_output(&w.c, &len, w.now)) != NULL &&
	    w.sent_len + len <= SENT_MAX) {
		memcpy(w.sent + w.sent_len, p, len);
		w.sent_len += len;
		w.messages++;
		ctrl_sent(&w.c, len, w.now);
	}
}

static void
forget(void)
{
	w.sent_len = w.messages = 0;
	w.lines[0] = '\0';
	w.loud = 0;
	memset(w.count, 0, sizeof(w.count));
	w.down_status = 0;
	w.down_text[0] = '\0';
}

/* Was exactly this sent since the last question? */
static bool
sent(const char *hex)
{
	uint8_t want[SENT_MAX];
	bool same;

	flush();
	same = t_messages(w.sent, w.sent_len, want,
	    t_hex(want, sizeof(want), hex));
	w.sent_len = w.messages = 0;
	return same;
}

static void
feed(const uint8_t *p, size_t n)
{
	size_t used = 0;

	while (used < n)
		used += ctrl_feed(&w.c, p + used, n - used, w.now);
}

static void
hear(const char *hex)
{
	uint8_t buf[8192];

	feed(buf, t_hex(buf, sizeof(buf), hex));
	flush();
}

static void
tick_at(int64_t now)
{
	w.now = now;
	ctrl_tick(&w.c, now);
	flush();
}

/* Calls the machine whenever it wants until the time has come. */
static void
run_until(int64_t then)
{
	while (ctrl_due(&w.c) <= then)
		tick_at(ctrl_due(&w.c) > w.now ? ctrl_due(&w.c) : w.now);
	w.now = then;
	flush();
}

static void
begin(const struct ipc_call *conf, int64_t now)
{
	memset(&w, 0, sizeof(w));
	w.now = now;
	ctrl_init(&w.c, conf, 5, on_event, &w, now);
	flush();
}

static void
start(unsigned quirks)
{
	struct ipc_call conf = { .id = 7, .window = 32, .quirks = quirks,
	    .idle_us = 60 * SECOND, .echo_us = 50 * SECOND };

	begin(&conf, 1000 * SECOND);
}

/* Up, with our call 7, which is 0x0102 of the server. */
static void
start_up(unsigned quirks)
{
	start(quirks);
	hear(SCCRP OCRP("0102", "0007"));
	forget();
}

static bool
closed(void)
{
	return T_EQ(w.count[CTRL_EV_CLOSED], 1) && T_IS(!w.late) &&
	    T_EQ(w.c.state, CTRL_CLOSED);
}

static bool
down(enum exit_status status, const char *words)
{
	if (w.count[CTRL_EV_CALL_DOWN] == 1 && w.down_status == status &&
	    strstr(w.down_text, words) != NULL)
		return true;
	printf("# down %u times, status %u: %s\n",
	    w.count[CTRL_EV_CALL_DOWN], w.down_status, w.down_text);
	return false;
}

static bool
ended(enum exit_status status, const char *words)
{
	return down(status, words) && closed();
}

static bool
said(const char *words)
{
	if (strstr(w.lines, words) != NULL)
		return true;
	printf("# said: %s\n", w.lines);
	return false;
}

static void
test_ours(void)
{
	struct ipc_call named = { .hostname =
	    "h0123456789012345678901234567890123456789"
	    "0123456789012345678901t" };
	struct ipc_call conf = { .id = 0xbeef, .window = 32, .phone = "+49" };

	begin(&conf, 0);
	/*
	 * Start-Control-Connection-Request (2.1), 156 octets
	 *	version 1.0, reserved, framing 3, bearer 3, channels 0,
	 *	firmware 1, host "local", vendor "cananian"
	 */
	T(sent(HEAD("009c", "0001") "0100 0000 00000003 00000003 0000 0001"
	    "6c6f6361 6c000000" Z4 Z4 Z16 Z32
	    "63616e61 6e69616e" Z4 Z4 Z16 Z32),
	    "it begins with a Start-Control-Connection-Request");
	hear(SCCRP);
	T(T_EQ(w.count[CTRL_EV_UP], 1) && T_EQ(w.c.state, CTRL_WAIT_CALL),
	    "the reply brings the connection up");
	T(T_STR(w.c.peer.host, "lac") && T_STR(w.c.peer.vendor, "vend") &&
	    T_EQ(w.c.peer.firmware, 0x102) &&
	    T_EQ(w.c.peer.max_channels, 4),
	    "what the server said of itself is kept");
	/*
	 * Outgoing-Call-Request (2.7), 168 octets
	 *	call 0xbeef, serial 5, 2400 to 100000000 bit/s
	 *	bearer 3, framing 3, window 32, delay 0, phone length 3, 0
	 *	phone "+49", subaddress ""
	 */
	T(sent(HEAD("00a8", "0007") "beef 0005 00000960 05f5e100"
	    "00000003 00000003 0020 0000 0003 0000"
	    "2b343900" Z4 Z4 Z4 Z16 Z32 Z64),
	    "an Outgoing-Call-Request asks for the call");
	hear(OCRP("0102", "beef"));
	T(T_EQ(w.count[CTRL_EV_CALL_UP], 1) && T_EQ(w.c.state, CTRL_UP) &&
	    sent(""), "the reply brings the call up");
	T(T_EQ(w.c.peer_id, 0x102),
	    "the id by which the server knows the call is kept");
	hear(ECHORQ);
	/* Echo-Reply (2.6), 20 octets: identifier, result 1, error 0, 0 */
	T(sent(HEAD("0014", "0006") "deadbeef 01 00 0000"),
	    "an Echo-Request is answered with its identifier");
	hear(OCRQ);
	/*
	 * Outgoing-Call-Reply (2.8), 32 octets
	 *	call 0, peer's call 0x0309, result 7, the rest 0
	 */
	T(sent(HEAD("0020", "0008") "0000 0309 07 00 0000" Z4 Z4 Z4),
	    "an Outgoing-Call-Request of the server is refused");
	hear(ICRQ);
	/*
	 * Incoming-Call-Reply (2.10), 24 octets
	 *	call 0, peer's call 0x0411, result 3, the rest 0
	 */
	T(sent(HEAD("0018", "000a") "0000 0411 03 00 0000 0000 0000"),
	    "an Incoming-Call-Request is refused");
	ctrl_stop(&w.c, w.now);
	T(sent(CCRQ("beef")), "a Call-Clear-Request carries our own id");
	T(T_EQ(w.count[CTRL_EV_CALL_DOWN], 0), "the call ends once confirmed");
	hear(CDN("0102", "04"));
	T(sent(STOPRQ("03")) && down(EXIT_OK, "ended here"),
	    "then the Stop-Control-Connection-Request");
	hear(STOPRP);
	T(closed() && sent(""), "its reply ends the connection in order");
	T(T_EQ(ctrl_due(&w.c), CTRL_NEVER), "and nothing is due any more");

	start_up(0);
	hear(CCRQ("0007"));
	/*
	 * Call-Disconnect-Notify (2.13), 148 octets
	 *	call 7, result 4, error 0, cause 0, 0, statistics ""
	 */
	T(sent(HEAD("0094", "000d") "0007 04 00 0000 0000" Z64 Z64) &&
	    down(EXIT_SERVER_ENDED, "Call-Clear-Request"),
	    "a Call-Clear-Request of the server is answered and obeyed");
	hear(CCRQ("0007"));
	T(sent("") && T_EQ(w.count[CTRL_EV_CALL_DOWN], 1),
	    "a second one is ignored");

	memset(named.phone, '9', PPTP_TEXT);
	begin(&named, 0);
	T(T_EQ(w.sent_len, 156) && T_MEM(w.sent + 28, named.hostname, 64),
	    "a host name of 64 octets fills its field");
	forget();
	hear(SCCRP);
	T(T_EQ(w.sent_len, 168) && T_EQ(w.sent[37], 64) &&
	    T_MEM(w.sent + 40, named.phone, 64) && T_EQ(w.sent[104], 0),
	    "a phone number of 64 octets fills its field");
}

/* The server's messages that only are logged. */
static void
test_heard(void)
{
	start_up(0);
	hear(SLI);
	T(said("received Set-Link-Info: peer's call 7, send ACCM 0xffffffff, "
	    "receive ACCM 0x00000000") && T_EQ(w.loud, 0),
	    "Set-Link-Info is read and harmless");
	hear(WEN);
	T(said("CRC errors 1, framing errors 2, hardware overruns 3, buffer "
	    "overruns 4, time-outs 5, alignment errors 6"),
	    "WAN-Error-Notify is read");
	hear(ICRQ);
	T(said("call 1041, serial 1, bearer 2, channel 0, dialed \"123\""),
	    "Incoming-Call-Request is read");
	hear(ICCN ICRP SCCRQ);
	T(said("peer's call 1, bit/s 9600, window 3") &&
	    said("Incoming-Call-Connected is not expected") &&
	    said("Incoming-Call-Reply is not expected") &&
	    said("Start-Control-Connection-Request is not expected"),
	    "messages that make no sense are read and ignored");
	hear(SCCRP OCRP("0102", "0007") STOPRP);
	T(said("Start-Control-Connection-Reply is not expected") &&
	    said("Outgoing-Call-Reply is not expected") &&
	    said("Stop-Control-Connection-Reply is not expected"),
	    "duplicates are ignored");
	T(T_EQ(w.c.state, CTRL_UP), "none of them harms the call");
	forget();
	hear(HEAD("000c", "0000") HEAD("0010", "0010") Z4
	    HEAD("000c", "ffff") "0010 0002 1a2b3c4d 0005 0000" Z4);
	T(T_EQ(w.c.state, CTRL_UP) && said("unknown type 1.0, 12 octets") &&
	    said("unknown type 1.16, 16 octets") &&
	    said("unknown type 1.65535") && said("unknown type 2.5") &&
	    sent(""),
	    "unknown messages are skipped by their length");
	hear(CDN_("0102", "01", "00", "0011"));
	T(said("call 258, result 1, error 0, cause 17, statistics "
	    "\"in 1\\x0a\""), "Call-Disconnect-Notify is read, and escaped");
}

static void
test_framing(void)
{
	static const char stream[] = SCCRP ECHORQ SLI ECHORQ WEN ECHORQ
	    OCRP("0102", "0007") ICRQ CDN("0102", "03") STOPRQ("01");
	uint8_t buf[2048], expect[SENT_MAX];
	size_t n = t_hex(buf, sizeof(buf), stream), len = 0;
	bool same = true, once = true;

	for (size_t piece = 1; piece <= n; piece++) {
		start(0);
		for (size_t at = 0; at < n; at += piece) {
			feed(buf + at, n - at < piece ? n - at : piece);
			flush();
		}
		if (piece == 1) {
			len = w.sent_len;
			memcpy(expect, w.sent, len);
		}
		same &= w.sent_len == len &&
		    w.c.state == CTRL_CLOSED &&
		    w.count[CTRL_EV_CALL_DOWN] == 1 &&
		    w.count[CTRL_EV_CALL_UP] == 1;
	}
	T(same && T_EQ(len, 156 + 168 + 3 * 20 + 24 + 16),
	    "ten messages in one read or octet by octet do the same");

	start(0);
	for (size_t at = 0; at < n && once; ) {
		size_t used = ctrl_feed(&w.c, buf + at, n - at, w.now);

		once = used == msg_u16(buf + at) || w.c.state >= CTRL_FLUSH;
		at += used;
	}
	T(once, "each ctrl_feed() handles one message");
	T(T_EQ(ctrl_feed(&w.c, buf, 0, w.now), 0), "nothing is nothing");

	start_up(0);
	hear("0014 0001 1a2b3c4d 0005 beef 00000007 99999999");
	T(sent(HEAD("0014", "0006") "00000007 01 00 0000"),
	    "a surplus and a reserved field of any value are ignored");
	t_hex(buf, sizeof(buf), "0400 0001 1a2b3c4d 0005 0000 00000008");
	memset(buf + 16, 0xa5, 1008);
	feed(buf, 1024);
	hear(ECHORQ);
	T(sent(HEAD("0014", "0006") "00000008 01 00 0000"
	    HEAD("0014", "0006") "deadbeef 01 00 0000"),
	    "a message of 1024 octets is taken, and the next one found");
	for (unsigned i = 0; i < 1024; i++)	/* the reply waits meanwhile */
		ctrl_feed(&w.c, buf + i, 1, w.now);
	for (unsigned i = 0; i < 1024; i++)
		ctrl_feed(&w.c, buf + i, 1, w.now);
	T(sent(HEAD("0014", "0006") "00000008 01 00 0000"
	    HEAD("0014", "0006") "00000008 01 00 0000"),
	    "octet by octet as well, and its surplus is not kept");
}

static void
test_malformed(void)
{
	static const struct {
		const char *claim, *hex, *words;
	} rows[] = {
		{ "length 0", "0000 0001 1a2b3c4d 0005 0000",
		    "bad length 0 or magic" },
		{ "length 8", "0008 0001 1a2b3c4d", "length 8" },
		{ "length 11", "000b 0001 1a2b3c4d 0005 00", "length 11" },
		{ "length 1025", "0401 0001 1a2b3c4d 0005 0000",
		    "length 1025" },
		{ "length 65535", "ffff 0001 1a2b3c4d 0005 0000",
		    "length 65535" },
		{ "bad magic", "0010 0001 1a2b3c4e 0005 0000",
		    "bad length 16 or magic cookie 0x1a2b3c4e" },
		{ "a short reply", "009b 0001 1a2b3c4d 0002 0000" Z64 Z64 Z4
		    Z4 Z4 "000000",
		    "Start-Control-Connection-Reply of 155 octets instead of "
		    "156" },
		{ "a short echo", "000f 0001 1a2b3c4d 0005 0000 000000",
		    "Echo-Request of 15 octets" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		start(0);
		hear(rows[i].hex);
		T(ended(EXIT_NOT_PPTP, rows[i].words),
		    "%s at first: not a PPTP server", rows[i].claim);
		if (strstr(rows[i].claim, "short") != NULL)
			continue;
		start_up(0);
		hear(rows[i].hex);
		T(ended(EXIT_LOST, rows[i].words) &&
		    down(EXIT_LOST, "malformed message") && sent(""),
		    "%s later: the connection is lost", rows[i].claim);
	}
	start_up(0);
	ctrl_stop(&w.c, w.now);
	hear(CDN("0102", "04") "0000 0001 1a2b3c4d 0005 0000");
	T(ended(EXIT_OK, "ended here"),
	    "a malformed message while stopping only ends it sooner");
}

/* Where the stream stays in step, nothing ends that the server did not end. */
static void
test_short(void)
{
	static const struct {
		const char *claim, *hex, *sends;
	} rows[] = {
		{ "Echo-Reply", HEAD("000c", "0006"), "" },
		{ "Echo-Reply without a result", HEAD("0010", "0006") "12345678",
		    "" },
		{ "Echo-Request", HEAD("000f", "0005") "123456",
		    HEAD("0014", "0006") "12345600 01 00 0000" },
		{ "WAN-Error-Notify", HEAD("000e", "000e") "0007", "" },
		{ "Set-Link-Info", HEAD("0017", "000f") "0007 0000 ffffffff"
		    "000000", "" },
		{ "Outgoing-Call-Reply", HEAD("000c", "0008"), "" },
		{ "Start-Control-Connection-Reply", HEAD("000c", "0002"), "" },
		{ "Incoming-Call-Connected", HEAD("000c", "000b"), "" },
	};
	int64_t begun;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		start_up(0);
		hear(rows[i].hex);
		T(T_EQ(w.c.state, CTRL_UP) &&
		    said("a malformed message: ") && sent(rows[i].sends),
		    "a short %s ends nothing", rows[i].claim);
		hear(ECHORQ);
		T(said("sent Echo-Reply"), "what follows is understood");
	}
	for (int i = 0; i < 1000; i++)
		hear(HEAD("000c", "0006"));
	T(T_EQ(w.c.state, CTRL_UP), "nor do a thousand");
	start_up(0);
	begun = w.now;
	run_until(begun + 60 * SECOND);
	T(w.c.echo_due != CTRL_NEVER, "an Echo-Request");
	hear(HEAD("000c", "0006"));
	T(T_EQ(w.c.echo_due, CTRL_NEVER), "is answered by less than a reply");
	hear(HEAD("000e", "000d") "0102");
	T(down(EXIT_SERVER_ENDED, "ended the call: no reason given"),
	    "a short Call-Disconnect-Notify means what it says");
	start_up(0);
	hear(HEAD("000c", "0003"));
	T(down(EXIT_SERVER_ENDED, "no reason given (reason 0)"),
	    "so does a short Stop-Control-Connection-Request");
}

/* A stream of text: what is said of it. */
static bool
guess(const char *text, const char *words)
{
	start(0);
	feed((const uint8_t *)text, strlen(text));
	return ended(EXIT_NOT_PPTP, words);
}

static void
test_strangers(void)
{
	uint8_t junk[4096];
	uint64_t seed = 1;

	T(guess("HTTP/1.1 400 Bad Request\r\n", "web server"), "HTTP");
	T(guess("<html><body>", "web server"), "HTML");
	T(guess("SSH-2.0-OpenSSH_9\r\n", "SSH server"), "SSH");
	T(guess("\x15\x03\x01\x01\x02\x02\x16zz", "TLS server"), "TLS alert");
	T(guess("220 mail.example ESMTP\r\n", "mail or FTP"), "SMTP");
	T(guess("* OK IMAP ready\r\n", "IMAP"), "IMAP");
	T(guess("+OK POP ready\r\n", "POP3"), "POP3");
	T(guess("RFB 003.008\n", "VNC"), "VNC");
	T(guess("Welcome\x1b", "or magic cookie"),
	    "its beginning is not all text");
	T(guess("Welcome!\r\n\x1b[0m", "greets: --quirk-welcome"),
	    "a greeting that sets the terminal names the quirk too");
	T(guess("Welcome to node 7\r\n",
	    "the text \"Welcome to node 7\\x0d\\x0a\" (if it is one that "
	    "greets: --quirk-welcome)"), "a greeting names the quirk");
	start(0);
	for (size_t i = 0; i < sizeof(junk); i++)
		junk[i] = (uint8_t)t_random(&seed);
	w.sent_len = 0;
	for (unsigned i = 0; i < 256; i++)
		feed(junk, sizeof(junk));
	T(ended(EXIT_NOT_PPTP, "or magic cookie") && sent(""),
	    "a megabyte of junk ends it once");
	start(0);
	for (const char *p = "HTTP/1.1 "; *p != '\0'; p++)
		feed((const uint8_t *)p, 1);
	T(ended(EXIT_NOT_PPTP, "web server"), "HTTP, octet by octet");
}

static unsigned owed_up, owed_down;

/* Two worlds: the set-up, and a connection with a call. */
static void
mangled(const uint8_t *p, size_t n)
{
	for (int up = 0; up < 2; up++) {
		if (up)
			start_up(0);
		else
			start(0);
		feed(p, n);
		flush();
		ctrl_eof(&w.c, 0);
		owed_up += w.c.state != CTRL_CLOSED ||
		    w.count[CTRL_EV_CLOSED] != 1;
		owed_down += w.count[CTRL_EV_CALL_DOWN] != 1;
	}
}

static void
test_mangled(void)
{
	static const char *const all[] = { SCCRQ, SCCRP, STOPRQ("01"),
	    STOPRP, ECHORQ, HEAD("0014", "0006") "12345678 01 00 0000", OCRQ,
	    OCRP("0102", "0007"), ICRQ, ICRP, ICCN, CCRQ("0007"),
	    CDN("0102", "01"), WEN, SLI };
	uint8_t buf[256];

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		size_t n = t_hex(buf, sizeof(buf), all[i]);

		t_mangle(buf, n, mangled);
	}
	T(T_EQ(owed_up, 0),
	    "every truncation and bit flip ends with one CLOSED");
	T(T_EQ(owed_down, 0), "and with one CALL_DOWN");
}

/*
 * Every state and message: the state afterwards (W waiting for the reply, w for
 * the call, u up, d clearing, o call over, S stopping, F flushing, C closed).
 */
static const char state_letter[] = "WwudoSFC";

static void
world_of(char from)
{
	start(0);
	if (from == 'W')
		return;
	hear(SCCRP);
	if (from == 'w')
		return;
	if (from == 'd') {			/* aborted before its reply */
		ctrl_stop(&w.c, w.now);
		return;
	}
	hear(OCRP("0102", "0007"));
	if (from == 'u')
		return;
	if (from == 'o') {
		hear(CDN("0102", "01"));
		return;
	}
	ctrl_stop(&w.c, w.now);
	if (from == 'D')
		return;
	hear(CDN("0102", "04"));
	if (from == 'F')
		hear(STOPRQ("01"));
}

static const struct {
	char		 from;		/* as in world_of() */
	const char	*claim, *after;	/* of types 0 to 16 */
} grid[] = {
	{ 'W', "waiting for the reply", "WWwCWWWWWWWWWWWWW" },
	{ 'w', "call requested", "wwwCwwwwuwwwSSwww" },
	{ 'u', "call up", "uuuCuuuuuuuuoouuu" },
	{ 'd', "call aborted", "dddCddddddddSSddd" },
	{ 'D', "call to be disconnected", "dddCddddddddSSddd" },
	{ 'o', "call ended by the server", "oooCooooooooooooo" },
	{ 'S', "stopping", "SSSCCSSSSSSSSSSSS" },
	{ 'F', "closed", "CCCCCCCCCCCCCCCCC" },
};

static void
test_grid(void)
{
	static const char *const all[17] = { HEAD("0010", "0000") Z4,
	    SCCRQ, SCCRP,
	    STOPRQ("01"), STOPRP, ECHORQ,
	    HEAD("0014", "0006") "12345678 01 00 0000", OCRQ,
	    OCRP("0102", "0007"), ICRQ, ICRP, ICCN, CCRQ("0007"),
	    CDN("0102", "01"), WEN, SLI, HEAD("0010", "0010") Z4 };

	for (size_t g = 0; g < sizeof(grid) / sizeof(grid[0]); g++) {
		bool ok = true;

		for (unsigned type = 0; type < 17; type++) {
			char is;

			world_of(grid[g].from);
			hear(all[type]);
			is = state_letter[w.c.state];
			if (is == grid[g].after[type])
				continue;
			ok = false;
			printf("# type %u: %c\n", type, is);
		}
		T(ok, "%s: every message leads where it should",
		    grid[g].claim);
	}
}

static void
test_refusals(void)
{
	static const struct {
		const char *hex, *words;
	} starts[] = {
		{ SCCRP_("02", "04", "0000"), "general error (result 2), "
		    "error 4: insufficient resources" },
		{ SCCRP_("03", "00", "0000"), "there is a control connection "
		    "already (result 3)" },
		{ SCCRP_("04", "00", "0000"), "this client is not authorised" },
		{ SCCRP_("05", "00", "0000"), "the version of the protocol" },
		{ SCCRP_("4d", "00", "0000"), "for a reason unknown to RFC "
		    "2637 (result 77)" },
	}, calls[] = {
		{ OCRP_("0000", "0007", "02", "05", "0000"),
		    "general error (result 2), error 5: call id invalid" },
		{ OCRP_("0000", "0007", "03", "00", "0000"), "no carrier" },
		{ OCRP_("0000", "0007", "04", "00", "0011"),
		    "busy (result 4), cause 17: user busy" },
		{ OCRP_("0000", "0007", "05", "00", "0000"), "no dial tone" },
		{ OCRP_("0000", "0007", "06", "00", "0000"), "time-out at" },
		{ OCRP_("0000", "0007", "07", "00", "0000"), "prohibited" },
		{ OCRP_("0000", "0007", "00", "00", "0000"), "result 0" },
		{ OCRP_("0000", "0007", "c8", "09", "00ff"),
		    "result 200), error 9: ?, cause 255: ?" },
		{ OCRP_("0000", "0000", "07", "00", "0000"), "prohibited" },
		{ CDN_("0000", "02", "04", "0029"), "the server refused the "
		    "call: general error (result 2), error 4: insufficient "
		    "resources, cause 41: temporary failure" },
	};

	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		start(0);
		forget();
		hear(starts[i].hex);
		T(ended(EXIT_REFUSED, starts[i].words) && sent(""),
		    "connection refused: %s", starts[i].words);
	}
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		start(0);
		hear(SCCRP);
		hear(calls[i].hex);
		T(down(EXIT_CALL_REFUSED, calls[i].words) &&
		    T_EQ(w.c.state, CTRL_WAIT_STOP),
		    "call refused: %s", calls[i].words);
	}
	start(0);
	hear(SCCRP OCRP("0102", "0000"));
	T(T_EQ(w.c.state, CTRL_WAIT_CALL) && T_EQ(w.loud, 1),
	    "success has to say whose it is");
	start_up(0);
	hear(OCRP_("0000", "0000", "07", "00", "0000"));
	T(T_EQ(w.c.state, CTRL_UP) && T_EQ(w.count[CTRL_EV_CALL_DOWN], 0),
	    "a refusal of no call, while none is asked for, hits none");
	start(0);
	hear(SCCRP_("00", "00", "0000"));
	T(T_EQ(w.c.state, CTRL_WAIT_CALL) && T_EQ(w.loud, 1) &&
	    said("no result"),
	    "result 0 is taken for success, with a line");
	start(0);
	forget();
	hear(HEAD("009c", "0002") "0099 01 00" Z64 Z64 Z4 Z4 Z4);
	T(sent(STOPRQ("02")) && down(EXIT_REFUSED, "version 0.153"),
	    "a lower version is stopped for that reason");
	hear(STOPRP);
	T(ended(EXIT_REFUSED, "version 0.153 of PPTP"),
	    "and is a refusal");
	start(0);
	w.sent_len = 0;
	hear(HEAD("009c", "0002") "0099 01 00" Z64 Z64 Z4 Z4 Z4);
	T(sent(STOPRQ("02")), "a lower version");
	hear(STOPRQ("01"));
	T(sent(STOPRP) && ended(EXIT_REFUSED, "version 0.153"),
	    "also when the server stops at the same time");
	start(0);
	hear(HEAD("009c", "0002") "0200 01 00" Z64 Z64 Z4 Z4 Z4);
	T(T_EQ(w.c.state, CTRL_WAIT_CALL), "a higher version is taken");
	start(0);
	hear(STOPRQ("03"));
	T(sent(HEAD("009c", "0001") "0100 0000 00000003 00000003 0000 0001"
	    "6c6f6361 6c000000" Z4 Z4 Z16 Z32
	    "63616e61 6e69616e" Z4 Z4 Z16 Z32 STOPRP) &&
	    ended(EXIT_REFUSED, "shutting down (reason 3)"),
	    "a stop instead of the reply is answered, and a refusal");
}

static void
test_disconnects(void)
{
	static const struct {
		const char *hex, *words;
	} rows[] = {
		{ CDN("0102", "01"), "lost carrier (result 1)" },
		{ CDN_("0102", "02", "06", "0000"), "vendor-specific" },
		{ CDN("0102", "03"), "shut down by its administrator" },
		{ CDN("0102", "04"), "as requested" },
		{ CDN("0102", "00"), "no reason given (result 0)" },
		{ CDN_("0007", "01", "00", "001b"), "destination out of" },
		{ CDN("0700", "01"), "lost carrier" },
		{ CDN("ffff", "01"), "lost carrier" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		start_up(0);
		hear(rows[i].hex);
		T(down(EXIT_SERVER_ENDED, rows[i].words) &&
		    T_EQ(w.c.state, CTRL_CALL_OVER) && sent(""),
		    "call ended: %s", rows[i].words);
		run_until(w.now + 199999);
		T(sent(""), "the server may end the connection as well");
		run_until(w.now + 1);
		T(sent(STOPRQ("03")), "if it does not, we do");
	}
	start_up(0);
	hear(STOPRQ("00"));
	T(sent(STOPRP) && down(EXIT_SERVER_ENDED, "no reason") &&
	    ended(EXIT_SERVER_ENDED, "no reason given (reason 0)"),
	    "the undefined reason 0 of a stop");
	start_up(0);
	ctrl_eof(&w.c, 0);
	T(down(EXIT_SERVER_ENDED, "closed the control") &&
	    ended(EXIT_SERVER_ENDED, "closed"), "FIN once up");
	start_up(0);
	ctrl_eof(&w.c, ECONNRESET);
	T(down(EXIT_LOST, "reset by the server") &&
	    ended(EXIT_LOST, "reset"), "RST once up");
	start_up(0);
	ctrl_eof(&w.c, ETIMEDOUT);
	T(ended(EXIT_LOST, "timed out"), "TCP gives up");
	start_up(0);
	ctrl_eof(&w.c, ENETUNREACH);
	ctrl_eof(&w.c, ENETUNREACH);
	T(ended(EXIT_LOST, "unreachable"), "the end comes once only");
	start(0);
	hear(SCCRP);
	ctrl_eof(&w.c, 0);
	T(down(EXIT_CALL_REFUSED, "closed"),
	    "FIN instead of the Outgoing-Call-Reply refuses the call");
	start(0);
	ctrl_eof(&w.c, 0);
	T(ended(EXIT_REFUSED, "without an answer"), "FIN at once");
	start(0);
	ctrl_eof(&w.c, ECONNRESET);
	T(ended(EXIT_REFUSED, "without an answer"), "RST at once");
	start(0);
	ctrl_eof(&w.c, EPIPE);
	T(ended(EXIT_REFUSED, "without an answer"),
	    "or at our first message");
	start(0);
	ctrl_eof(&w.c, EIO);
	T(ended(EXIT_LOST, "failed (error 5)"), "another error");
	start(0);
	hear("009c 0001 1a2b");
	ctrl_eof(&w.c, 0);
	T(ended(EXIT_NOT_PPTP, "within its first message"),
	    "FIN within the first message");
}

static void
test_end(void)
{
	uint8_t buf[16];

	start_up(0);
	ctrl_stop(&w.c, w.now);
	ctrl_stop(&w.c, w.now);
	T(sent(CCRQ("0007")), "a stop clears the call first, once");
	run_until(w.now + SECOND - 1);
	T(sent("") && T_EQ(w.count[CTRL_EV_CALL_DOWN], 0), "and waits");
	run_until(w.now + 1);
	T(sent(STOPRQ("03")) && down(EXIT_OK, "ended here"),
	    "but no longer than it should");
	run_until(w.now + SECOND);
	T(ended(EXIT_OK, "ended here") && sent(""),
	    "neither for the Stop-Control-Connection-Reply");

	start_up(0);
	ctrl_stop(&w.c, w.now);
	run_until(w.now + SECOND);
	forget();
	hear(CDN("0102", "04"));
	T(T_EQ(w.loud, 0) && T_EQ(w.c.state, CTRL_WAIT_STOP),
	    "a notify after the wait for it surprises nobody");
	hear(STOPRP);
	T(closed() && sent(""), "and the stop goes on");

	start_up(0);
	ctrl_stop(&w.c, w.now);
	ctrl_eof(&w.c, 0);
	T(ended(EXIT_OK, "ended here"), "FIN in place of the notify is good");
	start_up(0);
	ctrl_stop(&w.c, w.now);
	ctrl_eof(&w.c, ECONNRESET);
	T(ended(EXIT_OK, "ended here"), "so is RST");
	start_up(0);
	ctrl_stop(&w.c, w.now);
	hear(CDN("0102", "04"));
	ctrl_eof(&w.c, 0);
	T(ended(EXIT_OK, "ended here"),
	    "FIN in place of the Stop-Control-Connection-Reply is good");
	start_up(0);
	ctrl_stop(&w.c, w.now);
	hear(STOPRQ("01"));
	T(sent(CCRQ("0007") STOPRP) && ended(EXIT_OK, "ended here"),
	    "a crossing stop before the notify is answered");
	start(0);
	forget();
	ctrl_stop(&w.c, w.now);
	T(sent("") && ended(EXIT_OK, "ended here"),
	    "before the reply there is nothing to stop");
	start_up(0);
	hear(CDN("0102", "01"));
	ctrl_stop(&w.c, w.now);
	T(sent(""), "a call that is over is not cleared");
	run_until(w.now + 200000);
	T(sent(STOPRQ("03")), "the connection stops");
	run_until(w.now + SECOND);
	T(ended(EXIT_SERVER_ENDED, "lost carrier"), "and closes");

	/* A peer that never reads the last reply cannot hold us. */
	start_up(0);
	feed(buf, t_hex(buf, sizeof(buf), STOPRQ("01")));
	T(T_EQ(w.c.state, CTRL_FLUSH) &&
	    T_EQ(ctrl_due(&w.c), w.now + SECOND),
	    "the last reply is bounded");
	w.now += SECOND;
	ctrl_tick(&w.c, w.now);
	T(ended(EXIT_SERVER_ENDED, "reason 1"), "and given up");
	ctrl_stop(&w.c, w.now);
	ctrl_tick(&w.c, w.now + SECOND);
	ctrl_sent(&w.c, 16, w.now);	/* it was written before the end */
	T(closed() && sent(""), "a closed machine does nothing more");
}

static void
test_crossing(void)
{
	start(0);
	T(T_EQ(ctrl_due(&w.c), CTRL_NEVER),
	    "how long to wait for a reply is for others to say");
	hear(SCCRP);
	T(T_EQ(ctrl_due(&w.c), CTRL_NEVER), "of either kind");
	ctrl_stop(&w.c, w.now);
	flush();
	forget();
	hear(OCRP("0102", "0007"));
	T(T_EQ(w.c.state, CTRL_WAIT_CLEAR) && sent(""),
	    "a reply that crosses our clear changes nothing");
	hear(CDN("0102", "04"));
	T(sent(STOPRQ("03")), "nor does the call's end");
	start(0);
	hear(SCCRP);
	ctrl_stop(&w.c, w.now);
	hear(OCRP_("0000", "0007", "04", "00", "0000"));
	T(down(EXIT_OK, "ended here") && T_EQ(w.c.state, CTRL_WAIT_STOP),
	    "a refusal that crosses our clear ends the call");
}

/* The Echo-Request just sent; its identifier. */
static bool
echoed(uint32_t *id)
{
	struct rd r = { .p = w.sent + 12, .end = w.sent + SENT_MAX };
	bool one = w.messages == 1 && w.sent_len == 16 &&
	    w.sent[9] == ECHO_REQUEST;

	*id = rd_u32(&r);
	w.sent_len = w.messages = 0;
	return one;
}

static void
answer(uint32_t id)
{
	char hex[64];

	snprintf(hex, sizeof(hex), HEAD("0014", "0006") "%08x 01000000", id);
	hear(hex);
}

static void
test_echo(void)
{
	struct ipc_call conf = { .quirks = 0 };
	uint32_t id, first;
	int64_t begun;

	start_up(0);
	begun = w.now;
	run_until(begun + 60 * SECOND - 1);
	T(T_EQ(w.messages, 0), "no Echo-Request before its time");
	run_until(begun + 60 * SECOND);
	T(echoed(&first), "an Echo-Request after sixty seconds of silence");
	run_until(begun + 70 * SECOND);
	answer(first);
	T(T_EQ(w.c.echo_due, CTRL_NEVER) &&
	    T_EQ(ctrl_due(&w.c), begun + 130 * SECOND),
	    "the answer begins a new silence");
	run_until(begun + 100 * SECOND);
	hear(WEN);
	T(T_EQ(ctrl_due(&w.c), begun + 160 * SECOND),
	    "so does any other message");
	run_until(begun + 160 * SECOND);
	hear(WEN);
	T(T_EQ(w.c.echo_due, CTRL_NEVER) && T_EQ(w.messages, 1),
	    "which also is an answer");
	forget();
	begun += 60 * SECOND;
	run_until(begun + 160 * SECOND);
	T(echoed(&id) && id != first, "the next one has a new identifier");
	run_until(begun + 210 * SECOND - 1);
	T(T_EQ(w.c.state, CTRL_UP) && T_EQ(w.messages, 0), "one at a time");
	run_until(begun + 210 * SECOND);
	T(ended(EXIT_LOST, "Echo-Request within 50 s") &&
	    down(EXIT_LOST, "50 s") &&
	    T_EQ(w.now, begun + 210 * SECOND),
	    "without an answer the connection is lost");

	start(0);
	hear(SCCRP);
	forget();
	run_until(w.now + 1000 * SECOND);
	T(T_EQ(w.messages, 0), "no Echo-Request while the call is set up");
	hear(OCRP("0102", "0007"));
	run_until(w.now + 60 * SECOND);
	T(echoed(&id), "but as soon as it is up");

	begin(&conf, 0);
	hear(SCCRP OCRP("0102", "0000"));
	forget();
	T(T_EQ(ctrl_due(&w.c), CTRL_NEVER), "idle wait 0: never");
	conf.idle_us = 10 * SECOND;
	begin(&conf, 0);
	hear(SCCRP OCRP("0102", "0000"));
	forget();
	run_until(1000 * SECOND);
	T(T_EQ(w.c.state, CTRL_UP) && T_EQ(w.messages, 100),
	    "echo wait 0: asks for ever and never gives up");
	for (unsigned i = 0; i < 100; i++) {	/* and nothing is written */
		w.now += 10 * SECOND;
		ctrl_tick(&w.c, w.now);
	}
	T(T_EQ(w.c.out_len, 16), "but once at a time");
}

/* Clocks that jump: a suspended machine, a stopped process. */
static void
test_jumps(void)
{
	uint32_t id;

	start_up(0);
	tick_at(w.now + 3600 * SECOND);
	T(echoed(&id) && T_EQ(ctrl_due(&w.c), w.now + 50 * SECOND),
	    "an hour late: an Echo-Request goes out first");
	tick_at(w.now + 3600 * SECOND);
	T(echoed(&id) && T_EQ(w.c.state, CTRL_UP),
	    "slept while it was unanswered: another one");
	tick_at(w.now + 50 * SECOND);
	T(ended(EXIT_LOST, "50 s"), "awake and unanswered: lost");

	start_up(0);
	tick_at(w.now + 60 * SECOND);
	echoed(&id);
	w.now += 3600 * SECOND;
	answer(id);
	tick_at(w.now);
	T(T_EQ(w.c.state, CTRL_UP) && T_EQ(ctrl_due(&w.c), w.now + 60 * SECOND),
	    "an answer that waited in the socket counts");

	start(0);
	w.now += 3600 * SECOND;
	hear(SCCRP);
	T(T_EQ(w.c.state, CTRL_WAIT_CALL),
	    "a reply that is there is taken however late it is read");
	start_up(0);
	ctrl_stop(&w.c, w.now);
	flush();
	tick_at(w.now + 3600 * SECOND);
	tick_at(w.now + 3600 * SECOND);
	T(ended(EXIT_OK, "ended here"), "an end ends, however late");

	/* The wait for an answer counts from sending. */
	start_up(0);
	w.now += 60 * SECOND;
	ctrl_tick(&w.c, w.now);
	T(T_EQ(ctrl_due(&w.c), w.now + 50 * SECOND),
	    "an unsent echo has a limit");
	w.now += 10 * SECOND;
	flush();
	T(T_EQ(ctrl_due(&w.c), w.now + 50 * SECOND), "which is anew once sent");
}

static void
test_flood(void)
{
	struct ipc_call conf = { .quirks = QUIRK_BEZEQ,
	    .idle_us = 60 * SECOND, .echo_us = 60 * SECOND };
	uint8_t buf[64], got[SENT_MAX], all[256];
	size_t n = t_hex(buf, sizeof(buf), ECHORQ), len;
	const uint8_t *p;
	unsigned whole = 0;

	start_up(0);
	for (unsigned i = 0; i < 10000; i++)
		feed(buf, n);
	T(T_IS(w.c.out_len <= CTRL_OUT / 2) && T_EQ(w.c.state, CTRL_UP) &&
	    said("left out"),
	    "a flood of echoes fills half the queue only");
	T(w.loud <= WARN_MAX + 1, "and is not repeated in the log for ever");
	ctrl_stop(&w.c, w.now);
	T(T_EQ(w.c.state, CTRL_WAIT_CLEAR),
	    "there is room for what we have to say");
	while ((p = ctrl_output(&w.c, &len, w.now)) != NULL) {
		memcpy(got, p, 1);
		ctrl_sent(&w.c, 0, w.now);
		ctrl_sent(&w.c, 1, w.now);
		whole += len == 1;
	}
	T(T_EQ(whole, 25 + 1), "octet by octet, whole messages leave");

	/* Nothing is ever written. */
	memset(&w, 0, sizeof(w));
	ctrl_init(&w.c, &conf, 5, on_event, &w, 0);
	feed(all, t_hex(all, sizeof(all), SCCRP OCRP("0102", "0000")));
	for (unsigned i = 0; i < 100; i++)
		feed(buf, n);
	w.now = 60 * SECOND;
	ctrl_tick(&w.c, w.now);
	ctrl_stop(&w.c, w.now);
	w.now += SECOND;
	ctrl_tick(&w.c, w.now);
	feed(all, t_hex(all, sizeof(all), STOPRQ("01")));
	T(T_EQ(w.c.state, CTRL_FLUSH) && T_EQ(w.c.out_len,
	    156 + 168 + 24 + 8 * 20 + 16 + 16 + 16 + 16),
	    "all that we ever have to say fits");
	start_up(0);
	w.now += 60 * SECOND;
	ctrl_tick(&w.c, w.now);
	feed(all, t_hex(all, sizeof(all), WEN));
	T(T_EQ(w.c.echo_due, w.now + 50 * SECOND),
	    "what comes answers no Echo-Request that is not written yet");
	w.now += 50 * SECOND;
	ctrl_tick(&w.c, w.now);
	T(ended(EXIT_LOST, "50 s"), "a server that never reads is given up");

	start_up(0);
	for (unsigned i = 0; i < 100; i++)
		hear(HEAD("0010", "0063") Z4);
	T(T_EQ(w.loud, WARN_MAX + 1) && said("further warnings"),
	    "of a hundred warnings twelve are logged, and a word on others");
	w.now += 60 * SECOND - 1;
	hear(HEAD("0010", "0063") Z4);
	T(T_EQ(w.loud, WARN_MAX + 1), "within a minute");
	w.now++;
	for (unsigned i = 0; i < 100; i++)
		hear(HEAD("0010", "0063") Z4);
	T(T_EQ(w.loud, 2 * (WARN_MAX + 1)), "so it is in the next");
	start_up(0);
	hear(HEAD("0010", "0063") Z4);
	T(T_EQ(w.loud, 1), "one warning is one line");
}

static void
test_welcome(void)
{
	uint8_t text[WELCOME_MAX + 1], reply[256];
	size_t n = t_hex(reply, sizeof(reply), SCCRP);
	static const uint8_t lure[] = { 0, 11, 0, 1, 0x1a, 0x2b, 0x3c, 0x4d,
	    0, 2, 0, 0, 12, 0, 1, 0x1a, 0x2b, 0x3c };
	static const char *const untyped[] = { HEAD("0010", "0000"),
	    HEAD("0010", "0010") };

	memset(text, 'x', sizeof(text));
	start(QUIRK_WELCOME);
	feed((const uint8_t *)"Hello, this is node 7\r\n", 23);
	hear(SCCRP);
	T(T_EQ(w.c.state, CTRL_WAIT_CALL) && said("skipped 23 octets of text"),
	    "text before the first message is skipped");
	start(QUIRK_WELCOME);
	feed(text, WELCOME_MAX);
	for (size_t i = 0; i < n; i++)
		feed(reply + i, 1);
	T(T_EQ(w.c.state, CTRL_WAIT_CALL), "4096 octets of it, in any pieces");
	start(QUIRK_WELCOME);
	feed(text, WELCOME_MAX + 1);
	feed(reply, n);
	T(ended(EXIT_NOT_PPTP, "no message in the first 4096"),
	    "but not 4097");
	start(QUIRK_WELCOME);
	hear(SCCRP);
	T(T_EQ(w.c.state, CTRL_WAIT_CALL) && T_EQ(w.loud, 0),
	    "none at all is welcome too");
	start(QUIRK_WELCOME);
	feed(lure, sizeof(lure));
	hear(SCCRP);
	T(T_EQ(w.c.state, CTRL_WAIT_CALL) && said("skipped 18 octets"),
	    "what only looks like a header is skipped");
	feed((const uint8_t *)"Hello again!", 12);
	T(ended(EXIT_LOST, "or magic cookie"),
	    "after the first message there is no skipping");
	for (size_t i = 0; i < 2; i++) {
		start(QUIRK_WELCOME);
		hear(untyped[i]);
		hear(SCCRP);
		T(T_EQ(w.c.state, CTRL_WAIT_CALL) && said("skipped 12 octets"),
		    "neither is a header of type %zu one", i * PPTP_TYPES);
	}
	start(QUIRK_WELCOME);
	feed(text, 100);
	ctrl_eof(&w.c, 0);
	T(ended(EXIT_NOT_PPTP, "100 octets of text"),
	    "text alone is not PPTP");
}

static void
test_asyncread(void)
{
	int64_t begun;

	start(QUIRK_ASYNCREAD);
	begun = w.now;
	T(T_EQ(w.messages, 1) && T_EQ(w.c.hold_until, begun + 200000),
	    "the first message goes out at once");
	w.now += 1000;
	forget();
	hear(SCCRP);
	T(T_EQ(w.messages, 1), "an answered request lets the next one go");
	forget();
	hear(OCRP("0102", "0007") ECHORQ ECHORQ ECHORQ);
	T(T_EQ(w.messages, 1), "three pipelined requests: one reply at once");
	T(T_EQ(ctrl_due(&w.c), w.now + 200000), "it says when to come again");
	tick_at(w.now + 199999);
	T(T_EQ(w.messages, 1), "not before");
	tick_at(w.now + 1);
	T(T_EQ(w.messages, 2), "the second 200 ms later");
	begun = w.now;
	ctrl_stop(&w.c, w.now);
	run_until(w.now + 399999);
	T(T_EQ(w.messages, 3), "the third 200 ms after that");
	run_until(begun + 400000);
	T(T_EQ(w.messages, 4) && T_EQ(w.sent[20 * 3 + 9], CALL_CLEAR_REQUEST),
	    "then what we have to say ourselves");
	forget();
	hear(CDN("0102", "04"));
	T(sent(STOPRQ("03")), "whose answer lets the next one go at once");
	hear(STOPRQ("01"));
	T(T_EQ(w.messages, 0) && T_EQ(w.c.state, CTRL_FLUSH),
	    "the last reply is spaced as well");
	run_until(w.now + 200000);
	T(T_EQ(w.messages, 1) && closed(), "and leaves before the end");

	/* What is partly sent goes on, hold or not. */
	start(QUIRK_ASYNCREAD);
	hear(SCCRP);
	w.now += SECOND;
	ctrl_tick(&w.c, w.now);
	{
		uint8_t buf[32];
		size_t len;
		const uint8_t *p;

		feed(buf, t_hex(buf, sizeof(buf), ECHORQ));
		p = ctrl_output(&w.c, &len, w.now);
		T(p != NULL && T_EQ(len, 20), "one message");
		ctrl_sent(&w.c, 7, w.now);
		p = ctrl_output(&w.c, &len, w.now);
		T(p != NULL && T_EQ(len, 13),
		    "the rest of it needs no waiting");
		ctrl_sent(&w.c, 13, w.now);
		feed(buf, t_hex(buf, sizeof(buf), ECHORQ));
		T(ctrl_output(&w.c, &len, w.now) == NULL && T_EQ(len, 0),
		    "the next one does");
		w.now += 200000;
		T(ctrl_output(&w.c, &len, w.now) != NULL &&
		    ctrl_due(&w.c) > w.now, "and is due no longer once free");
	}
}

/* The exchange with the modem, octet by octet. */
static void
test_bezeq(void)
{
	struct ipc_call conf = { .quirks = QUIRK_BEZEQ, .window = 3 };
	struct ipc_call cc = { .quirks = QUIRK_BEZEQ, .hostname = "mine",
	    .phone = "1234" };

	begin(&conf, 0);
	/*
	 * Start-Control-Connection-Request: version 1.0, framing 1, bearer 1,
	 * channels 0, firmware 0x6021, host "RELAY_PPP1", vendor "MS Win NT"
	 */
	T(sent(HEAD("009c", "0001") "0100 0000 00000001 00000001 0000 6021"
	    "52454c41595f50505031 0000" Z4 Z16 Z32
	    "4d532057696e204e54 000000" Z4 Z16 Z32),
	    "BEZEQ_ISRAEL: it introduces itself as the modem expects");
	hear(SCCRP_("00", "00", "0000"));
	T(T_EQ(w.c.state, CTRL_WAIT_CALL), "a result of 0 is good enough");
	/*
	 * Outgoing-Call-Request: call 0, serial 0, 2400 to 10000000 bit/s,
	 * bearer 2, framing 3, window 3, delay 0, phone length 10, reserved,
	 * phone "RELAY_PPP1", subaddress ""
	 */
	T(sent(HEAD("00a8", "0007") "0000 0000 00000960 00989680"
	    "00000002 00000003 0003 0000 000a 0000"
	    "52454c41595f50505031 0000" Z4 Z16 Z32 Z64),
	    "it asks for call 0 with its phone number");
	hear(OCRP("0001", "0000"));
	/* Set-Link-Info (2.15), 24 octets: peer's call 1, 0, both ACCMs */
	T(T_EQ(w.count[CTRL_EV_CALL_UP], 1) &&
	    sent(HEAD("0018", "000f") "0001 0000 ffffffff ffffffff"),
	    "the reply for call 0 brings it up, a Set-Link-Info follows");
	ctrl_stop(&w.c, w.now);
	T(sent(CCRQ("0000")), "call 0 is cleared");
	hear(CDN("0001", "04") STOPRP);
	T(ended(EXIT_OK, "ended here"), "and ends in order");

	begin(&cc, 0);
	hear(SCCRP);
	T(T_STR((char *)w.sent + 28, "mine") && T_EQ(w.sent[156 + 37], 4) &&
	    T_STR((char *)w.sent + 156 + 40, "1234"),
	    "an explicit host name and phone number win");
}

static void
test_texts(void)
{
	static const struct {
		enum msg_text of;
		unsigned first, last, known;
	} rows[] = {
		{ MSG_START_RESULT, 1, 5, 5 },
		{ MSG_CALL_RESULT, 1, 7, 7 },
		{ MSG_DISCONNECT_RESULT, 0, 4, 5 },
		{ MSG_STOP_REASON, 0, 3, 4 },
		{ MSG_GENERAL_ERROR, 0, 6, 7 },
		{ MSG_CAUSE_CODE, 1, 127, 23 },
	};
	static const uint16_t sizes[PPTP_TYPES] = { 0, 156, 156, 16, 16, 16,
	    20, 168, 32, 220, 24, 28, 16, 148, 40, 24 };
	bool exact = true;
	char out[8] = "?";

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned known = 0, outside = 0;

		for (unsigned code = 0; code < 70000; code++) {
			bool q = strcmp(msg_text(rows[i].of, code), "?") == 0;

			known += !q;
			outside += !q && (code < rows[i].first ||
			    code > rows[i].last);
		}
		T(T_EQ(known, rows[i].known) && T_EQ(outside, 0),
		    "table %zu has its %u texts and no other (%u)", i,
		    rows[i].known, known);
	}
	for (unsigned type = 0; type < PPTP_TYPES; type++)
		exact &= ctrl_msgs[type].size == sizes[type];
	T(exact, "each message has its size");
	msg_fields(out, sizeof(out), "", (struct rd){ .bad = true });
	T(T_EQ(out[0], '\0'), "no fields, no words");
	T(T_IS(is_text("a~\r\n\t", 5)) && T_IS(!is_text("a\x7f", 2)) &&
	    T_IS(!is_text("\x0e", 1)) && T_IS(!is_text("", 0)),
	    "what text is");
	T(T_STR(msg_text(MSG_CAUSE_CODE, 16), "normal call clearing") &&
	    T_STR(msg_text(MSG_CAUSE_CODE, 127), "interworking, unspecified") &&
	    T_STR(msg_text(MSG_CAUSE_CODE, 10), "?"),
	    "causes of Q.931");
}

static void
test_escape(void)
{
	char out[12];

	text_escape(out, sizeof(out), "a\n\x7f\xff", 4, false);
	T(T_STR(out, "a\\x0a\\x7f"), "no half escape at the end");
	text_escape(out, sizeof(out), "a\0b~ ", 5, false);
	T(T_STR(out, "a\\x00b~ "), "a NUL is escaped as any other");
	text_escape(out, 4, "abcdef", 6, false);
	T(T_STR(out, "abc"), "cut where it does not fit");
	memset(out, '!', sizeof(out));
	text_escape(out, 1, "abc", 3, false);
	T(T_EQ(out[0], '\0') && T_EQ(out[1], '!'), "room for the end only");
	text_escape(out, 0, "abc", 3, false);
	T(T_EQ(out[1], '!'), "no room at all");
	text_escape(out, sizeof(out), "a\"b\\\n", 5, false);
	T(T_STR(out, "a\"b\\\\x0a"), "a line keeps its marks");
	text_escape(out, sizeof(out), "a\"b\\\n", 5, true);
	T(T_STR(out, "a\\\"b\\\\\\x0a"), "what will be quoted does not");
	text_escape(out, 4, "ab\"", 3, true);
	T(T_STR(out, "ab"), "no mark without its backslash");
	/* A server whose name is "b\, and would like to be more. */
	start(0);
	hear(HEAD("009c", "0002") "0100 0100 00000003 00000003 0001 0001"
	    "22625c22 2c000000" Z32 Z16 "0000000000000000" Z32 Z32);
	T(said("host \"\\\"b\\\\\\\",\""), "nor does it end its quotation");
	T(guess("+\"a\\\r\n bad", "text \"+\\\"a\\\\\\x0d\\x0a bad\""),
	    "a stranger's text neither");
	/* A server whose name is an attack on terminals, 64 octets long. */
	start(0);
	hear(HEAD("009c", "0002") "0100 0100 00000003 00000003 0001 0001"
	    "1b5d303b 07410a42 ffffffff ffffffff" Z16 Z32
	    "41414141 41414141 41414141 41414141 41414141 41414141 41414141"
	    "41414141 41414141 41414141 41414141 41414141 41414141 41414141"
	    "41414141 41414142");
	T(T_EQ(w.c.peer.vendor[63], 'B') && T_EQ(w.c.peer.vendor[64], '\0'),
	    "a name of 64 octets needs no NUL");
	for (const char *p = w.lines; *p != '\0'; p++)
		if ((unsigned char)*p > '~' || ((unsigned char)*p < ' ' &&
		    *p != '\n'))
			T(false, "octet %02x in the log", (unsigned char)*p);
	T(said("host \"\\x1b]0;\\x07A\\x0aB\\xff"),
	    "what the server says of itself is escaped");
}

int
main(void)
{
	test_ours();
	test_heard();
	test_framing();
	test_malformed();
	test_short();
	test_strangers();
	test_mangled();
	test_grid();
	test_refusals();
	test_disconnects();
	test_end();
	test_crossing();
	test_echo();
	test_jumps();
	test_flood();
	test_welcome();
	test_asyncread();
	test_bezeq();
	test_texts();
	test_escape();
	return t_done();
}
