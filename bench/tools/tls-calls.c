// SPDX-License-Identifier: Apache-2.0
//
// What calls of OpenSSL cost, for the benchmark of TLS: a client and a server in one process, over loopback. Prints its port, then
// for each line on stdin one line of JSON: nanoseconds for each of the four calls that carry a small HTTP request and its
// response (SSL_write, SSL_read, SSL_write, SSL_read), their system calls included; the lowest of several repetitions.
//
//   tls-calls KEY CERT [repetitions] [exchanges in each]
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

static const char request[] = "GET /bench/calls HTTP/1.1\r\nHost: bench.test\r\nAccept: */*\r\n\r\n";
static const char response[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: text/plain\r\n\r\nok";

static SSL *client, *server;

static void fail(const char *what)
{
	fprintf(stderr, "tls-calls: cannot %s\n", what);
	ERR_print_errors_fp(stderr);
	exit(1);
}

static double now_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1e9 + time.tv_nsec;
}

static void exchange(void)
{
	char buffer[512];

	if (SSL_write(client, request, sizeof(request) - 1) <= 0 || SSL_read(server, buffer, sizeof(buffer)) <= 0 ||
	    SSL_write(server, response, sizeof(response) - 1) <= 0 || SSL_read(client, buffer, sizeof(buffer)) <= 0)
		fail("exchange a request and its response");
}

static void *accept_client(void *unused)
{
	(void)unused;
	if (SSL_accept(server) != 1)
		fail("accept");
	return NULL;
}

static void connect_both(const char *key, const char *certificate)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0), ends[2], one = 1;
	SSL_CTX *contexts[2] = {SSL_CTX_new(TLS_client_method()), SSL_CTX_new(TLS_server_method())};
	pthread_t thread;

	if (listener < 0 || bind(listener, (struct sockaddr *)&address, length) || listen(listener, 1) ||
	    getsockname(listener, (struct sockaddr *)&address, &length))
		fail("listen");
	ends[0] = socket(AF_INET, SOCK_STREAM, 0);
	if (ends[0] < 0 || connect(ends[0], (struct sockaddr *)&address, length))
		fail("connect");
	ends[1] = accept(listener, NULL, NULL);
	if (SSL_CTX_use_PrivateKey_file(contexts[1], key, SSL_FILETYPE_PEM) != 1 ||
	    SSL_CTX_use_certificate_file(contexts[1], certificate, SSL_FILETYPE_PEM) != 1)
		fail("read the key and the certificate");
	client = SSL_new(contexts[0]);
	server = SSL_new(contexts[1]);
	SSL_set_fd(client, ends[0]);
	SSL_set_fd(server, ends[1]);
	for (int i = 0; i < 2; i++)
		setsockopt(ends[i], IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (pthread_create(&thread, NULL, accept_client, NULL) || SSL_connect(client) != 1 || pthread_join(thread, NULL))
		fail("shake hands");
	printf("port %d\n", ntohs(address.sin_port));
	fflush(stdout);
}

int main(int argc, char **argv)
{
	int repetitions = argc > 3 ? atoi(argv[3]) : 10, count = argc > 4 ? atoi(argv[4]) : 2000;
	char line[64];

	if (argc < 3)
		fail("start: give it KEY CERT");
	connect_both(argv[1], argv[2]);
	while (fgets(line, sizeof(line), stdin)) {
		double best = 0;

		for (int i = 0; i < repetitions; i++) {
			double start = now_ns();

			for (int j = 0; j < count; j++)
				exchange();
			double each = (now_ns() - start) / count / 4;
			if (i == 0 || each < best)
				best = each;
		}
		printf("{\"call\":%.1f}\n", best);
		fflush(stdout);
	}
	return 0;
}
