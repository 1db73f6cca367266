// The hosts of the network, one program: its first argument says which one it is.
package main

import (
	"fmt"
	"net/http"
	"os"
	"time"
)

var roles = map[string]func() error{
	"firewall": runFirewall,
	"router":   runRouter,
	"web":      runWeb,
	"dns":      runNameServer,
	"client":   runClient,
}

// A host that cannot do its work ends with an error. For a firewall or router that is the gate of a change: the old one stays.
func main() {
	role := ""
	if len(os.Args) > 1 {
		role = os.Args[1]
	}
	run, ok := roles[role]
	if !ok {
		fail(role, fmt.Errorf("must be one of firewall, router, web, dns and client"))
	}
	fail(role, run())
}

func fail(role string, err error) {
	fmt.Fprintf(os.Stderr, "host %q: %v\n", role, err)
	os.Exit(1)
}

// The kernel forwards.
func runRouter() error {
	if os.Getenv("ROUTER_FORWARD") != "1" {
		return fmt.Errorf("ROUTER_FORWARD is not 1")
	}
	if err := os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0); err != nil {
		return err
	}
	fmt.Println("router: forwarding")
	for {
		time.Sleep(time.Hour)
	}
}

// Serves one page.
func runWeb() error {
	http.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "hello from the DMZ") })
	for _, address := range []string{":80", ":8081"} {
		go func() { fail("web", http.ListenAndServe(address, nil)) }()
	}
	fmt.Println("web: listening on 80 and 8081")
	select {}
}
