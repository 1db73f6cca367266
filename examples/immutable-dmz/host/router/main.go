// The router: the kernel forwards.
package main

import (
	"log"
	"os"
	"time"
)

func main() {
	log.SetFlags(0)
	if os.Getenv("ROUTER_FORWARD") != "1" {
		log.Fatal("router: ROUTER_FORWARD is not 1")
	}
	if err := os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0); err != nil {
		log.Fatal("router: ", err)
	}
	log.Print("router: forwarding")
	for {
		time.Sleep(time.Hour)
	}
}
