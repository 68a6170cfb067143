// [KEY CERT]: Go's net/http with the answers of the matrix; logs each request as a JSON line.
package main

import (
	"bufio"
	"crypto/sha1"
	"crypto/tls"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
)

var output sync.Mutex

func logged(request *http.Request, status int) {
	line, _ := json.Marshal(map[string]any{"method": request.Method, "path": request.RequestURI, "status": status})
	output.Lock()
	defer output.Unlock()
	fmt.Println(string(line))
}

func answer(response http.ResponseWriter, request *http.Request) {
	query := request.URL.Query()
	if query.Has("ws") {
		websocket(response, request)
		return
	}
	if _, err := io.Copy(io.Discard, request.Body); err != nil {
		return
	}
	size, err := strconv.Atoi(query.Get("size"))
	if err != nil {
		size = 7
	}
	logged(request, 200)
	chunked := query.Has("chunked")
	if !chunked {
		response.Header().Set("Content-Length", strconv.Itoa(size))
	}
	if request.Method == "HEAD" {
		return
	}
	piece := make([]byte, 65536)
	for size > 0 {
		part := piece[:min(size, len(piece))]
		if _, err := response.Write(part); err != nil {
			return
		}
		if chunked {
			response.(http.Flusher).Flush()
		}
		size -= len(part)
	}
}

func min(a, b int) int {
	if a < b {
		return a
	}
	return b
}

// Echoes what comes in, frame by frame.
func websocket(response http.ResponseWriter, request *http.Request) {
	connection, stream, err := response.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	defer connection.Close()
	logged(request, 101)
	hash := sha1.Sum([]byte(request.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	accept := base64.StdEncoding.EncodeToString(hash[:])
	fmt.Fprintf(stream, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n", accept)
	stream.Flush()
	for echo(stream) {
	}
}

func echo(stream *bufio.ReadWriter) bool {
	start := make([]byte, 8)
	if _, err := io.ReadFull(stream, start[:2]); err != nil || start[1]&127 != 126 {
		return false
	}
	io.ReadFull(stream, start[2:])
	payload := make([]byte, binary.BigEndian.Uint16(start[2:4]))
	io.ReadFull(stream, payload)
	stream.Write([]byte{start[0], 126, start[2], start[3]})
	stream.Write(payload)
	return stream.Flush() == nil
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	server := &http.Server{Handler: http.HandlerFunc(answer)}
	if len(os.Args) == 3 {
		// HTTP/1 only.
		server.TLSNextProto = map[string]func(*http.Server, *tls.Conn, http.Handler){}
		panic(server.ServeTLS(listener, os.Args[2], os.Args[1]))
	}
	panic(server.Serve(listener))
}
