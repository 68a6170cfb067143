// Lookups as go-conntrack publishes them: one netlink message, one answer, one connection at a time, over
// github.com/mdlayher/netlink, on which it is built. Only the fields that the bench checks are decoded, so this is
// at least as fast as that library.
//
//	conntrack-go MILLISECONDS SOURCE DESTINATION DPORT SPORT...
//
// Prints lookups per second.
package main

import (
	"encoding/binary"
	"fmt"
	"log"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/mdlayher/netlink"
)

// linux/netfilter/nfnetlink.h and nfnetlink_conntrack.h
const (
	netfilter      = 12
	getConnection  = 1<<8 | 1
	tupleOriginal  = 1
	tupleReply     = 2
	tupleAddresses = 1
	tupleProtocol  = 2
	sourceV4       = 1
	destinationV4  = 2
	protocolNumber = 1
	sourcePort     = 2
	destPort       = 3
	tcp            = 6
)

type tuple struct {
	source, destination net.IP
	sport, dport        uint16
}

func (t tuple) encode() []byte {
	encoder := netlink.NewAttributeEncoder()
	encoder.ByteOrder = binary.BigEndian
	encoder.Nested(tupleOriginal, func(original *netlink.AttributeEncoder) error {
		original.Nested(tupleAddresses, func(addresses *netlink.AttributeEncoder) error {
			addresses.Bytes(sourceV4, t.source.To4())
			addresses.Bytes(destinationV4, t.destination.To4())
			return nil
		})
		original.Nested(tupleProtocol, func(protocol *netlink.AttributeEncoder) error {
			protocol.ByteOrder = binary.BigEndian
			protocol.Uint8(protocolNumber, tcp)
			protocol.Uint16(sourcePort, t.sport)
			protocol.Uint16(destPort, t.dport)
			return nil
		})
		return nil
	})
	attributes, err := encoder.Encode()
	if err != nil {
		log.Fatal(err)
	}
	return append([]byte{2, 0, 0, 0}, attributes...)
}

// The port that the answering side really has.
func replySource(data []byte) (port uint16) {
	decoder, err := netlink.NewAttributeDecoder(data[4:])
	if err != nil {
		log.Fatal(err)
	}
	for decoder.Next() {
		if decoder.Type() != tupleReply {
			continue
		}
		decoder.Nested(func(reply *netlink.AttributeDecoder) error {
			for reply.Next() {
				if reply.Type() != tupleProtocol {
					continue
				}
				reply.Nested(func(protocol *netlink.AttributeDecoder) error {
					protocol.ByteOrder = binary.BigEndian
					for protocol.Next() {
						if protocol.Type() == sourcePort {
							port = protocol.Uint16()
						}
					}
					return nil
				})
			}
			return nil
		})
	}
	return port
}

func lookup(connection *netlink.Conn, wanted tuple) {
	request := netlink.Message{Header: netlink.Header{
		Type:  getConnection,
		Flags: netlink.Request | netlink.Acknowledge,
	}, Data: wanted.encode()}
	replies, err := connection.Execute(request)
	if err != nil {
		log.Fatal(err)
	}
	if len(replies) == 0 || replySource(replies[0].Data) != 8080 {
		log.Fatalf("a connection that is open was not found: %v", replies)
	}
}

func number(text string) uint16 {
	value, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		log.Fatal(err)
	}
	return uint16(value)
}

func main() {
	if len(os.Args) < 6 {
		log.Fatal("conntrack-go MILLISECONDS SOURCE DESTINATION DPORT SPORT...")
	}
	slice := time.Duration(number(os.Args[1])) * time.Millisecond
	var tuples []tuple
	for _, sport := range os.Args[5:] {
		tuples = append(tuples, tuple{net.ParseIP(os.Args[2]), net.ParseIP(os.Args[3]), number(sport), number(os.Args[4])})
	}
	connection, err := netlink.Dial(netfilter, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer connection.Close()
	lookups := 0
	start := time.Now()
	for ; time.Since(start) < slice; lookups++ {
		lookup(connection, tuples[lookups%len(tuples)])
	}
	fmt.Println(int(float64(lookups) / time.Since(start).Seconds()))
}
