// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// What the first bytes of an operation are. Eight bytes are compared at once, as a little-endian number.
#pragma once

#define CHAR(text, i) ((u64)(u8)(text)[i] << (8 * (i)))
#define HEAD8(text, n)                                                                                                 \
	(((n) > 0 ? CHAR(text, 0) : 0) | ((n) > 1 ? CHAR(text, 1) : 0) | ((n) > 2 ? CHAR(text, 2) : 0) |             \
	 ((n) > 3 ? CHAR(text, 3) : 0) | ((n) > 4 ? CHAR(text, 4) : 0) | ((n) > 5 ? CHAR(text, 5) : 0) |             \
	 ((n) > 6 ? CHAR(text, 6) : 0) | ((n) > 7 ? CHAR(text, 7) : 0))
#define MASK8(n) ((n) >= 8 ? ~0ULL : ((1ULL << (8 * ((n) & 7))) - 1))
// `text` includes the space; at most eight bytes of it are compared.
#define STARTS(word, text) (((word) & MASK8(sizeof(text) - 1)) == HEAD8(text "\0\0\0\0\0\0\0\0", sizeof(text) - 1))

static __always_inline int starts_request(u64 a, u64 b)
{
	if (STARTS(a, "GET ") || STARTS(a, "POST ") || STARTS(a, "HEAD ") || STARTS(a, "PUT ") ||
	    STARTS(a, "DELETE ") || STARTS(a, "OPTIONS ") || STARTS(a, "PATCH ") || STARTS(a, "CONNECT ") ||
	    STARTS(a, "TRACE "))
		return 1;
	if (((u8)a < 'A') | ((u8)a > 'U'))
		return 0;
	if (STARTS(a, "QUERY ") || STARTS(a, "PURGE ") || STARTS(a, "MERGE ") || STARTS(a, "MKCOL ") ||
	    STARTS(a, "COPY ") || STARTS(a, "MOVE ") || STARTS(a, "LOCK ") || STARTS(a, "UNLOCK ") ||
	    STARTS(a, "LINK ") || STARTS(a, "UNLINK ") || STARTS(a, "BIND ") || STARTS(a, "REBIND ") ||
	    STARTS(a, "UNBIND ") || STARTS(a, "ACL ") || STARTS(a, "REPORT ") || STARTS(a, "SEARCH ") ||
	    STARTS(a, "SOURCE ") || STARTS(a, "NOTIFY "))
		return 1;
	return (STARTS(a, "PROPFIND") && STARTS(b, " ")) || (STARTS(a, "PROPPATC") && STARTS(b, "H ")) ||
	       (STARTS(a, "MKCALEND") && STARTS(b, "AR ")) || (STARTS(a, "MKACTIVI") && STARTS(b, "TY ")) ||
	       (STARTS(a, "CHECKOUT") && STARTS(b, " ")) || (STARTS(a, "M-SEARCH") && STARTS(b, " ")) ||
	       (STARTS(a, "SUBSCRIB") && STARTS(b, "E ")) || (STARTS(a, "UNSUBSCR") && STARTS(b, "IBE "));
}

static __always_inline int starts_response(u64 a)
{
	u8 digit = a >> 40;

	return STARTS(a, "HTTP/") && digit >= '0' && digit <= '9';
}

// The start of a TLS record: its type, version 3.x (RFC 8446, 5.1).
static __always_inline int is_tls_record(u64 a)
{
	return (u8)a >= 20 && (u8)a <= 23 && (u8)(a >> 8) == 3 && (u8)(a >> 16) <= 4;
}

struct first_bytes {
	u8 protocol;
	u8 message;
};

// `first`: the first 24 bytes of the operation, zeroes behind its end.
static __always_inline struct first_bytes classify(const u8 *first)
{
	struct first_bytes found = {};
	u64 a = *(const u64 *)first, b = *(const u64 *)(first + 8);

	// A few clients send an empty line before the next request (RFC 9112, 2.2).
	if ((u16)a == 0x0a0d) {
		a = a >> 16 | b << 48;
		b = b >> 16 | *(const u64 *)(first + 16) << 48;
		if ((u16)a == 0x0a0d) {
			a = a >> 16 | b << 48;
			b = b >> 16;
		}
	}
	if (starts_response(a)) {
		found.protocol = PROTOCOL_HTTP1;
		found.message = MESSAGE_RESPONSE;
	} else if (starts_request(a, b)) {
		found.protocol = PROTOCOL_HTTP1;
		found.message = MESSAGE_REQUEST;
	} else if (STARTS(a, "PRI * HT") && STARTS(b, "TP/2.0\r\n")) {
		found.protocol = PROTOCOL_HTTP2;
	} else if (is_tls_record(a)) {
		found.protocol = PROTOCOL_TLS;
	}
	return found;
}
