// Reads framed snappy streams, each behind its length in 4 bytes, and writes what they hold in the same way.
package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"os"

	"github.com/golang/snappy"
)

func main() {
	in, out := bufio.NewReader(os.Stdin), bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for {
		var length uint32
		if binary.Read(in, binary.BigEndian, &length) != nil {
			return
		}
		stream := make([]byte, length)
		if _, err := io.ReadFull(in, stream); err != nil {
			panic(err)
		}
		data, err := io.ReadAll(snappy.NewReader(bytes.NewReader(stream)))
		if err != nil {
			panic(err)
		}
		binary.Write(out, binary.BigEndian, uint32(len(data)))
		out.Write(data)
	}
}
