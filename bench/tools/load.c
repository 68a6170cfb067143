// SPDX-License-Identifier: Apache-2.0
//
// Load for the agent's benchmark: keep-alive connections, one request at a time on each, every request with a path of its
// own (/<prefix>/<connection>/<sequence>), at a fixed rate or as fast as the server answers. One thread, epoll, no copies:
// it shares two cores with what is measured. tools/traffic/load.ts is the same thing without a compiler.
//
//   load --port P [--host 127.0.0.1] [--connections 32] [--rate R] [--seconds S] [--prefix p]
//
// Requests are due by the clock: who falls behind catches up. Prints one JSON line; latencies in microseconds, from the
// moment a request was due (at a rate) or sent.
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_CONNECTIONS 10000
// Latencies are counted in buckets of a microsecond; the last one takes whatever is longer.
#define BUCKETS (1 << 20)
// How long answers are waited for when all requests are sent.
#define DRAIN_SECONDS 5

struct connection {
	int fd, index;
	uint64_t sequence;
	double due;
	// Of the answer: what of its head has come, its status, and the bytes of the body still to come.
	char head[4096];
	size_t head_bytes;
	long missing;
	int status;
};

static struct {
	const char *host, *prefix;
	int port, connections;
	double rate, seconds;
} options = {.host = "127.0.0.1", .prefix = "p", .connections = 32, .seconds = 5};

static struct connection *connections;
// Connections without a request, first in, first out.
static struct connection **idle;
static size_t idle_first, idle_count;
static uint64_t made, answered, succeeded, broken;
static uint32_t *latencies;
static uint64_t latency_max;
static int sockets;

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

static void fail(const char *what)
{
	fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void put_idle(struct connection *connection)
{
	idle[(idle_first + idle_count++) % options.connections] = connection;
}

static struct connection *take_idle(void)
{
	struct connection *connection = idle[idle_first];

	idle_first = (idle_first + 1) % options.connections;
	idle_count--;
	return connection;
}

static void open_connection(int index)
{
	struct connection *connection = &connections[index];
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(options.port)};
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
	int one = 1;

	if (inet_pton(AF_INET, options.host, &address.sin_addr) != 1)
		fail(options.host);
	connection->index = index;
	connection->missing = -1;
	connection->fd = socket(AF_INET, SOCK_STREAM, 0);
	if (connection->fd < 0 || connect(connection->fd, (struct sockaddr *)&address, sizeof(address)))
		fail("connect");
	setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (epoll_ctl(sockets, EPOLL_CTL_ADD, connection->fd, &event))
		fail("epoll_ctl");
	put_idle(connection);
}

static void send_request(struct connection *connection, double due)
{
	char request[512];
	int bytes = snprintf(request, sizeof(request),
			     "GET /%s/%d/%llu HTTP/1.1\r\nHost: load.test\r\nUser-Agent: load\r\nAccept: */*\r\n\r\n",
			     options.prefix, connection->index, (unsigned long long)connection->sequence++);

	connection->due = due;
	made++;
	// A request is far smaller than a socket's empty buffer: a partial send means a broken connection.
	if (send(connection->fd, request, bytes, MSG_NOSIGNAL) != bytes)
		broken++;
}

static void finish(struct connection *connection)
{
	uint64_t microseconds = (now() - connection->due) * 1e6;

	latencies[microseconds < BUCKETS ? microseconds : BUCKETS - 1]++;
	if (microseconds > latency_max)
		latency_max = microseconds;
	answered++;
	succeeded += connection->status == 200;
	connection->missing = -1;
	connection->head_bytes = 0;
	put_idle(connection);
}

// The head is complete: its status, its length, and what of the body came with it.
static void read_head(struct connection *connection, char *end)
{
	char *length;

	*end = 0;
	length = strcasestr(connection->head, "\r\ncontent-length:");
	if (!length) {
		fprintf(stderr, "load: an answer without Content-Length\n");
		exit(1);
	}
	connection->status = atoi(connection->head + 9);
	connection->missing = atol(length + 17) - (long)(connection->head + connection->head_bytes - (end + 4));
}

static void receive(struct connection *connection)
{
	static char body[65536];
	int in_head = connection->missing < 0;
	char *to = in_head ? connection->head + connection->head_bytes : body;
	size_t room = in_head ? sizeof(connection->head) - 1 - connection->head_bytes : sizeof(body);
	ssize_t bytes = recv(connection->fd, to, room, 0);
	char *end;

	if (bytes <= 0) {
		epoll_ctl(sockets, EPOLL_CTL_DEL, connection->fd, NULL);
		broken++;
		return;
	}
	if (in_head) {
		connection->head_bytes += bytes;
		connection->head[connection->head_bytes] = 0;
		end = strstr(connection->head, "\r\n\r\n");
		if (!end)
			return;
		read_head(connection, end);
	} else {
		connection->missing -= bytes;
	}
	if (connection->missing <= 0)
		finish(connection);
}

static uint64_t percentile(double share)
{
	uint64_t wanted = answered * share, seen = 0;

	for (int i = 0; i < BUCKETS; i++) {
		seen += latencies[i];
		if (seen > wanted)
			return i;
	}
	return latency_max;
}

static void run(void)
{
	struct epoll_event events[256];
	double start = now(), time = start;

	while (time - start < options.seconds + DRAIN_SECONDS) {
		int sending = time - start < options.seconds;
		uint64_t due = options.rate ? (time - start) * options.rate : UINT64_MAX;

		if (!sending && options.rate)
			due = options.seconds * options.rate;
		while (idle_count && made < due && (sending || options.rate))
			send_request(take_idle(), options.rate ? start + made / options.rate : time);
		if (!sending && answered + broken >= made && (!options.rate || made >= due))
			break;
		int ready = epoll_wait(sockets, events, 256, options.rate ? 1 : 100);
		for (int i = 0; i < ready; i++)
			receive(events[i].data.ptr);
		time = now();
	}
	time -= start;
	printf("{\"made\":%llu,\"answered\":%llu,\"succeeded\":%llu,\"broken\":%llu,\"seconds\":%.3f,\"rate\":%.0f,"
	       "\"p50_us\":%llu,\"p99_us\":%llu,\"max_us\":%llu}\n",
	       (unsigned long long)made, (unsigned long long)answered, (unsigned long long)succeeded,
	       (unsigned long long)broken, time, answered / time, (unsigned long long)percentile(0.5),
	       (unsigned long long)percentile(0.99), (unsigned long long)latency_max);
}

static void parse(int argc, char **argv)
{
	for (int i = 1; i + 1 < argc; i += 2) {
		const char *value = argv[i + 1];

		if (!strcmp(argv[i], "--port"))
			options.port = atoi(value);
		else if (!strcmp(argv[i], "--host"))
			options.host = value;
		else if (!strcmp(argv[i], "--connections"))
			options.connections = atoi(value);
		else if (!strcmp(argv[i], "--rate"))
			options.rate = atof(value);
		else if (!strcmp(argv[i], "--seconds"))
			options.seconds = atof(value);
		else if (!strcmp(argv[i], "--prefix"))
			options.prefix = value;
		else
			options.port = 0, argc = 0;
	}
	if (options.port <= 0 || options.connections < 1 || options.connections > MAX_CONNECTIONS) {
		fprintf(stderr, "usage: load --port P [--host A] [--connections 1..%d] [--rate R] [--seconds S] [--prefix p]\n",
			MAX_CONNECTIONS);
		exit(2);
	}
}

int main(int argc, char **argv)
{
	parse(argc, argv);
	connections = calloc(options.connections, sizeof(*connections));
	idle = calloc(options.connections, sizeof(*idle));
	latencies = calloc(BUCKETS, sizeof(*latencies));
	sockets = epoll_create1(0);
	if (!connections || !idle || !latencies || sockets < 0)
		fail("start");
	for (int i = 0; i < options.connections; i++)
		open_connection(i);
	run();
	return broken ? 1 : 0;
}
