// The firewall: forwards what the rules allow between all network cards. It ends with an error if it cannot apply them.
package main

import (
	"fmt"
	"log"
	"net"
	"net/http"
	"net/netip"
	"os"
	"sync/atomic"
	"syscall"
	"unsafe"
)

type firewall struct {
	rules          rules
	own            map[netip.Addr]bool
	passed, denied atomic.Int64
}

func main() {
	log.SetFlags(0)
	log.Fatal("firewall: ", run())
}

// The kernel does not forward; it only chooses the way out.
func run() error {
	parsed, err := parseRules(os.Getenv("FIREWALL_RULES"))
	if err != nil {
		return err
	}
	f := &firewall{rules: parsed, own: map[netip.Addr]bool{}}
	out, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_RAW, syscall.IPPROTO_RAW)
	if err != nil {
		return err
	}
	cards, err := net.Interfaces()
	if err != nil {
		return err
	}
	var sockets []int
	for _, card := range cards {
		if card.Flags&net.FlagLoopback != 0 || card.Flags&net.FlagUp == 0 {
			continue
		}
		socket, err := f.open(card)
		if err != nil {
			return fmt.Errorf("%s: %w", card.Name, err)
		}
		sockets = append(sockets, socket)
	}
	if len(sockets) < 2 {
		return fmt.Errorf("has %d network cards, but needs 2", len(sockets))
	}
	listener, err := net.Listen("tcp4", ":"+os.Getenv("FIREWALL_ADMIN_PORT"))
	if err != nil {
		return err
	}
	for _, socket := range sockets {
		go f.forward(socket, out)
	}
	log.Printf("firewall: %d rules between %d network cards", len(parsed), len(sockets))
	http.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "passed %d, denied %d\n", f.passed.Load(), f.denied.Load())
	})
	// The gate of a replacement: whoever gets an answer knows that the rules are in force on all cards.
	http.HandleFunc("GET /ready", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "%d rules on %d cards\n", len(parsed), len(sockets))
	})
	return http.Serve(guardedListener{listener, f}, nil)
}

func bigEndian(protocol uint16) uint16 { return protocol<<8 | protocol>>8 }

// A socket that gets each packet that arrives on the card.
func (f *firewall) open(card net.Interface) (int, error) {
	addresses, err := card.Addrs()
	if err != nil {
		return 0, err
	}
	for _, address := range addresses {
		f.own[netip.MustParsePrefix(address.String()).Addr()] = true
	}
	socket, err := syscall.Socket(syscall.AF_PACKET, syscall.SOCK_DGRAM, 0)
	if err != nil {
		return 0, err
	}
	if err := keepPacketsApart(socket, card.Name); err != nil {
		return 0, err
	}
	protocol := bigEndian(syscall.ETH_P_IP)
	return socket, syscall.Bind(socket, &syscall.SockaddrLinklayer{Protocol: protocol, Ifindex: card.Index})
}

// Has the kernel not join the packets of a connection, because the result may be too long to be sent.
func keepPacketsApart(socket int, card string) error {
	const siocEthtool, setGRO = 0x8946, 0x2c // linux/sockios.h, linux/ethtool.h
	value := struct{ command, on uint32 }{setGRO, 0}
	request := struct {
		name [16]byte
		data uintptr
		_    [16]byte
	}{data: uintptr(unsafe.Pointer(&value))}
	copy(request.name[:], card)
	if _, _, code := syscall.Syscall(syscall.SYS_IOCTL, uintptr(socket), siocEthtool, uintptr(unsafe.Pointer(&request))); code != 0 {
		return code
	}
	return nil
}

func (f *firewall) forward(in, out int) {
	buffer := make([]byte, 65536)
	for {
		size, from, err := syscall.Recvfrom(in, buffer, 0)
		link, _ := from.(*syscall.SockaddrLinklayer)
		if err == syscall.EINTR || (err == nil && (link == nil || link.Pkttype != syscall.PACKET_HOST)) {
			continue
		}
		if err != nil {
			log.Fatal("firewall: ", err)
		}
		p, length, ok := readPacket(buffer[:size])
		if ok && f.own[p.to] {
			continue // the kernel's own
		}
		if timeToLive := &buffer[8]; !ok || *timeToLive < 2 || !f.rules.allow(p) {
			f.denied.Add(1)
			continue
		} else {
			*timeToLive-- // the kernel computes the checksum of the header
		}
		if syscall.Sendto(out, buffer[:length], 0, &syscall.SockaddrInet4{Addr: p.to.As4()}) == nil {
			f.passed.Add(1)
		}
	}
}

// The platform asks from its own address in every network, which none of the hosts can have.
var platform = netip.MustParseAddr("172.16.0.1")

// The rules also say who may connect to the firewall itself.
type guardedListener struct {
	net.Listener
	f *firewall
}

func (g guardedListener) Accept() (net.Conn, error) {
	for {
		conn, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		remote, local := conn.RemoteAddr().(*net.TCPAddr).AddrPort(), conn.LocalAddr().(*net.TCPAddr).AddrPort()
		p := packet{protocol: protoTCP, from: remote.Addr().Unmap(), to: local.Addr().Unmap(), toPort: local.Port(), opensTCP: true}
		if p.from == platform || g.f.rules.allow(p) {
			return conn, nil
		}
		g.f.denied.Add(1)
		conn.Close()
	}
}
