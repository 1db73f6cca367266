package main

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"
)

const protoICMP, protoTCP, protoUDP = 1, 6, 17

var protocols = map[string]byte{"any": 0, "icmp": protoICMP, "tcp": protoTCP, "udp": protoUDP}

// What the rules see of a packet.
type packet struct {
	protocol             byte
	from, to             netip.Addr
	fromPort, toPort     uint16
	opensTCP, echoAnswer bool
}

type rule struct {
	allow       bool
	protocol    byte // 0: every one
	from, to    netip.Prefix
	first, last uint16
}

// The first rule that fits a packet decides. The last one fits all.
type rules []rule

// Reads rules such as "allow tcp 0.0.0.0/0 10.0.0.5/32 80-80;deny any 0.0.0.0/0 0.0.0.0/0 0-65535".
func parseRules(text string) (rules, error) {
	var parsed rules
	for _, line := range strings.Split(text, ";") {
		var action, protocol, from, to string
		var one rule
		if _, err := fmt.Sscanf(line, "%s %s %s %s %d-%d", &action, &protocol, &from, &to, &one.first, &one.last); err != nil {
			return nil, fmt.Errorf("FIREWALL_RULES: rule %q: %w", line, err)
		}
		known := false
		one.allow = action == "allow"
		one.protocol, known = protocols[protocol]
		if !known || (!one.allow && action != "deny") {
			return nil, fmt.Errorf("FIREWALL_RULES: rule %q: unknown action or protocol", line)
		}
		var err error
		if one.from, err = netip.ParsePrefix(from); err == nil {
			one.to, err = netip.ParsePrefix(to)
		}
		if err != nil {
			return nil, fmt.Errorf("FIREWALL_RULES: rule %q: %w", line, err)
		}
		parsed = append(parsed, one)
	}
	return parsed, nil
}

func (all rules) first(p packet) bool {
	for _, one := range all {
		fits := (one.protocol == 0 || one.protocol == p.protocol) && one.from.Contains(p.from) && one.to.Contains(p.to)
		if fits && p.toPort >= one.first && p.toPort <= one.last {
			return one.allow
		}
	}
	return false
}

// Also allows the answer to what is allowed. It keeps no record of connections, so that a successor treats open ones in the same way.
func (all rules) allow(p packet) bool {
	isAnswer := p.protocol == protoUDP || p.echoAnswer || (p.protocol == protoTCP && !p.opensTCP)
	asked := packet{protocol: p.protocol, from: p.to, to: p.from, fromPort: p.toPort, toPort: p.fromPort}
	return all.first(p) || (isAnswer && all.first(asked))
}

// Reads an IPv4 packet. False for fragments, whose ports are unknown, and for what is no such packet.
func readPacket(data []byte) (p packet, length int, ok bool) {
	if len(data) < 20 || data[0]>>4 != 4 {
		return p, 0, false
	}
	header := int(data[0]&15) * 4
	length = int(binary.BigEndian.Uint16(data[2:]))
	isFragment := binary.BigEndian.Uint16(data[6:])&0x3fff != 0
	if header < 20 || length < header+4 || length > len(data) || isFragment {
		return p, 0, false
	}
	p.protocol = data[9]
	p.from, p.to = netip.AddrFrom4([4]byte(data[12:16])), netip.AddrFrom4([4]byte(data[16:20]))
	body := data[header:length]
	switch p.protocol {
	case protoTCP, protoUDP:
		p.fromPort, p.toPort = binary.BigEndian.Uint16(body), binary.BigEndian.Uint16(body[2:])
		if p.protocol == protoTCP {
			if len(body) < 20 {
				return p, 0, false
			}
			p.opensTCP = body[13]&0x12 == 0x02 // SYN without ACK
		}
	case protoICMP:
		p.echoAnswer = body[0] == 0
	}
	return p, length, true
}
