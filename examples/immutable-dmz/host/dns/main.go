// A name server of one zone, which is in DNS_RECORDS: "www.dmz.example=10.0.0.5,dmz.example=10.0.0.5".
package main

import (
	"encoding/binary"
	"fmt"
	"log"
	"net"
	"net/netip"
	"os"
	"strings"
)

func main() {
	log.SetFlags(0)
	log.Fatal("dns: ", serve(os.Getenv("DNS_RECORDS")))
}

func serve(zone string) error {
	records := map[string]netip.Addr{}
	for _, record := range strings.Split(zone, ",") {
		name, text, _ := strings.Cut(record, "=")
		address, err := netip.ParseAddr(text)
		if err != nil {
			return fmt.Errorf("DNS_RECORDS: %q: %w", record, err)
		}
		records[name] = address
	}
	socket, err := net.ListenPacket("udp4", ":53")
	if err != nil {
		return err
	}
	log.Printf("dns: %d names", len(records))
	buffer := make([]byte, 512)
	for {
		size, from, err := socket.ReadFrom(buffer)
		if err != nil {
			return err
		}
		if answer := answerQuery(buffer[:size], records); answer != nil {
			socket.WriteTo(answer, from)
		}
	}
}

// The answer to a query with one question; nil for anything else. RFC 1035, section 4.
func answerQuery(query []byte, records map[string]netip.Addr) []byte {
	if len(query) < 12 || query[2]&0xf8 != 0 || binary.BigEndian.Uint16(query[4:]) != 1 {
		return nil
	}
	var labels []string
	at := 12
	for at < len(query) && query[at] != 0 {
		end := at + 1 + int(query[at])
		if query[at] > 63 || end > len(query) {
			return nil
		}
		labels = append(labels, strings.ToLower(string(query[at+1:end])))
		at = end
	}
	if at+5 > len(query) {
		return nil
	}
	address, known := records[strings.Join(labels, ".")]
	isForAddress := binary.BigEndian.Uint16(query[at+1:]) == 1
	answer := append([]byte{}, query[:at+5]...)
	clear(answer[6:12])
	answer[2], answer[3] = 0x84|query[2]&1, 0 // a response, authoritative
	switch {
	case !known:
		answer[3] = 3 // no such name
	case isForAddress:
		answer[7] = 1
		answer = append(answer, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4)
		answer = append(answer, address.AsSlice()...)
	}
	return answer
}
