// SPDX-License-Identifier: Apache-2.0
//
// What single system calls cost, for the capture's benchmark. Prints its port, then for each line on stdin one line of JSON with
// nanoseconds per call, the lowest of several repetitions:
//
//   unhooked   getppid: a call no program is attached to
//   other      a read of /dev/zero: hooked, and no socket
//   exchange   a write or read of the four that carry a small HTTP request and its response over loopback
//
//   calls [repetitions] [calls in each]
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const char request[] = "GET /bench/calls HTTP/1.1\r\nHost: bench.test\r\nAccept: */*\r\n\r\n";
static const char response[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: text/plain\r\n\r\nok";

static int client, server, zero;

static double now_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1e9 + time.tv_nsec;
}

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void unhooked(void)
{
	syscall(SYS_getppid);
}

static void other(void)
{
	char byte;

	if (read(zero, &byte, 1) != 1)
		fail("read /dev/zero");
}

static void exchange(void)
{
	char buffer[512];

	if (write(client, request, sizeof(request) - 1) < 0 || read(server, buffer, sizeof(buffer)) < 0 ||
	    write(server, response, sizeof(response) - 1) < 0 || read(client, buffer, sizeof(buffer)) < 0)
		fail("exchange");
}

static double lowest(void (*call)(void), int repetitions, int count)
{
	double best = 0;

	for (int i = 0; i < repetitions; i++) {
		double start = now_ns();

		for (int j = 0; j < count; j++)
			call();
		double each = (now_ns() - start) / count;
		if (i == 0 || each < best)
			best = each;
	}
	return best;
}

static void connect_both(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;

	if (listener < 0 || bind(listener, (struct sockaddr *)&address, length) || listen(listener, 1) ||
	    getsockname(listener, (struct sockaddr *)&address, &length))
		fail("listen");
	client = socket(AF_INET, SOCK_STREAM, 0);
	if (client < 0 || connect(client, (struct sockaddr *)&address, length))
		fail("connect");
	server = accept(listener, NULL, NULL);
	if (server < 0)
		fail("accept");
	setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	printf("port %d\n", ntohs(address.sin_port));
	fflush(stdout);
}

int main(int argc, char **argv)
{
	int repetitions = argc > 1 ? atoi(argv[1]) : 10, count = argc > 2 ? atoi(argv[2]) : 10000;
	char line[64];

	zero = open("/dev/zero", O_RDONLY);
	if (zero < 0)
		fail("/dev/zero");
	connect_both();
	while (fgets(line, sizeof(line), stdin)) {
		printf("{\"unhooked\":%.1f,\"other\":%.1f,\"exchange\":%.1f}\n", lowest(unhooked, repetitions, count),
		       lowest(other, repetitions, count), lowest(exchange, repetitions, count) / 4);
		fflush(stdout);
	}
	return 0;
}
