// See README.md.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/golang/snappy"
	"github.com/klauspost/compress/zstd"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// Messages are bytes.
type raw struct{}

func (raw) Marshal(v interface{}) ([]byte, error) { return *(v.(*[]byte)), nil }
func (raw) Unmarshal(data []byte, v interface{}) error {
	*(v.(*[]byte)) = append([]byte(nil), data...)
	return nil
}
func (raw) String() string { return "raw" }

// What Go's collectors register beside gzip.
type framedSnappy struct{}

func (framedSnappy) Name() string { return "snappy" }
func (framedSnappy) Compress(w io.Writer) (io.WriteCloser, error) {
	return snappy.NewBufferedWriter(w), nil
}
func (framedSnappy) Decompress(r io.Reader) (io.Reader, error) { return snappy.NewReader(r), nil }

type zstandard struct{}

func (zstandard) Name() string                                 { return "zstd" }
func (zstandard) Compress(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w) }
func (zstandard) Decompress(r io.Reader) (io.Reader, error)    { return zstd.NewReader(r) }

func init() {
	encoding.RegisterCompressor(framedSnappy{})
	encoding.RegisterCompressor(zstandard{})
}

var (
	lock sync.Mutex
	seen = map[string]bool{}
)

func tell(line string) {
	lock.Lock()
	defer lock.Unlock()
	fmt.Println(line)
}

func first(md metadata.MD, name string) string {
	if values := md.Get(name); len(values) > 0 {
		return values[0]
	}
	return ""
}

func take(_ interface{}, stream grpc.ServerStream) error {
	md, _ := metadata.FromIncomingContext(stream.Context())
	unit := first(md, "wirescribe-unit")
	words := append(strings.Fields(first(md, "scenario")), "ok", "")
	scenario, argument := words[0], words[1]
	lock.Lock()
	again := seen[unit]
	seen[unit] = true
	lock.Unlock()
	if again && scenario != "status" && scenario != "slow" {
		scenario = "ok"
	}
	number, _ := strconv.Atoi(argument)
	if scenario == "early" {
		return status.Error(codes.Code(number), "not now")
	}
	tails := []string{}
	for {
		var message []byte
		err := stream.RecvMsg(&message)
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		tails = append(tails, string(message[len(message)-8:]))
		if scenario == "slow" {
			time.Sleep(5 * time.Millisecond)
		}
	}
	code := 0
	switch scenario {
	case "hang":
		<-stream.Context().Done()
		return status.FromContextError(stream.Context().Err()).Err()
	case "status", "once":
		code = number
	case "pushback":
		code = 14
		stream.SetTrailer(metadata.Pairs("grpc-retry-pushback-ms", "60"))
	}
	line, _ := json.Marshal(map[string]interface{}{"unit": unit, "code": code, "tails": tails})
	tell(string(line))
	if code != 0 {
		return status.Error(codes.Code(code), "so be it")
	}
	return stream.SendMsg(&[]byte{})
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func secure(options map[string]string) grpc.ServerOption {
	pair, err := tls.LoadX509KeyPair(options["cert"], options["key"])
	must(err)
	config := &tls.Config{Certificates: []tls.Certificate{pair}}
	if options["ca"] != "" {
		pem, err := os.ReadFile(options["ca"])
		must(err)
		config.ClientCAs = x509.NewCertPool()
		config.ClientCAs.AppendCertsFromPEM(pem)
		config.ClientAuth = tls.RequireAndVerifyClientCert
	}
	return grpc.Creds(credentials.NewTLS(config))
}

func main() {
	options := map[string]string{"port": "0"}
	for _, argument := range os.Args[1:] {
		pair := strings.SplitN(argument, "=", 2)
		options[pair[0]] = pair[1]
	}
	settings := []grpc.ServerOption{grpc.CustomCodec(raw{}), grpc.UnknownServiceHandler(take)}
	if n, err := strconv.Atoi(options["concurrent"]); err == nil {
		settings = append(settings, grpc.MaxConcurrentStreams(uint32(n)))
	}
	if ms, err := strconv.Atoi(options["age"]); err == nil {
		age := keepalive.ServerParameters{MaxConnectionAge: time.Duration(ms) * time.Millisecond}
		settings = append(settings, grpc.KeepaliveParams(age))
	}
	if options["cert"] != "" {
		settings = append(settings, secure(options))
	}
	listener, err := net.Listen("tcp", "127.0.0.1:"+options["port"])
	must(err)
	server := grpc.NewServer(settings...)
	tell(fmt.Sprintf("listening %d", listener.Addr().(*net.TCPAddr).Port))
	go func() {
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	must(server.Serve(listener))
}
