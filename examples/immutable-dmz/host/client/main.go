// A workstation: answers on port 8080 what it reaches, one line per request, and keeps asking on request.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"
)

// One dial, and one request on a busy machine.
const dialTimeout, requestTimeout = 2 * time.Second, 30 * time.Second

// Requests before those that count.
const warmUps = 100

// What the client has seen since the last GET /start.
type observations struct {
	sync.Mutex
	Sent, Answered, Failed int
	Reused                 int // requests on connections that were open before
	SlowestMs              int64
	Attempts, Reached      int // at the address that must be blocked
	LastError              string
}

func main() {
	log.SetFlags(0)
	seen := &observations{}
	stop := func() {}
	http.HandleFunc("GET /fetch", func(w http.ResponseWriter, r *http.Request) {
		client := http.Client{Timeout: requestTimeout, Transport: &http.Transport{DisableKeepAlives: true}}
		fmt.Fprintln(w, describe(fetch(&client, r.FormValue("url"))))
	})
	http.HandleFunc("GET /dial", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, describe("connected", dial(r.FormValue("address"))))
	})
	http.HandleFunc("GET /lookup", func(w http.ResponseWriter, r *http.Request) {
		resolver := net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "udp4", r.FormValue("server"))
		}}
		addresses, err := resolver.LookupHost(r.Context(), r.FormValue("name"))
		fmt.Fprintln(w, describe(fmt.Sprint(addresses), err))
	})
	// Asks url so many times a second, and all the time whether the address blocked can be reached.
	http.HandleFunc("GET /start", func(w http.ResponseWriter, r *http.Request) {
		stop()
		var ctx context.Context
		ctx, stop = context.WithCancel(context.Background())
		seen = &observations{}
		var perSecond int
		fmt.Sscan(r.FormValue("perSecond"), &perSecond)
		go seen.ask(ctx, r.FormValue("url"), max(1, perSecond))
		go seen.knock(ctx, r.FormValue("blocked"))
		fmt.Fprintln(w, "started")
	})
	http.HandleFunc("GET /stop", func(w http.ResponseWriter, _ *http.Request) { stop(); fmt.Fprintln(w, "stopped") })
	http.HandleFunc("GET /seen", func(w http.ResponseWriter, _ *http.Request) {
		seen.Lock()
		defer seen.Unlock()
		json.NewEncoder(w).Encode(seen)
	})
	log.Fatal("client: ", http.ListenAndServe(":8080", nil))
}

func describe(answer string, err error) string {
	if err != nil {
		return "error " + err.Error()
	}
	return "ok " + answer
}

func dial(address string) error {
	conn, err := net.DialTimeout("tcp", address, dialTimeout)
	if err == nil {
		conn.Close()
	}
	return err
}

func fetch(client *http.Client, url string) (string, error) {
	reply, err := client.Get(url)
	if err != nil {
		return "", err
	}
	defer reply.Body.Close()
	body, err := io.ReadAll(reply.Body)
	if err == nil && reply.StatusCode != http.StatusOK {
		err = fmt.Errorf("status %d", reply.StatusCode)
	}
	return string(body), err
}

// Sends requests at fixed times, whether or not the ones before have been answered.
func (seen *observations) ask(ctx context.Context, url string, perSecond int) {
	opened := 0
	transport := &http.Transport{MaxConnsPerHost: 64, MaxIdleConnsPerHost: 64, DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		seen.Lock()
		opened++
		seen.Unlock()
		return new(net.Dialer).DialContext(ctx, network, address)
	}}
	client := &http.Client{Timeout: requestTimeout, Transport: transport}
	for range warmUps { // what the hosts run for the first time, they run slowly
		fetch(client, url)
	}
	ticker := time.NewTicker(time.Second / time.Duration(perSecond))
	defer ticker.Stop()
	for ctx.Err() == nil {
		<-ticker.C
		seen.Lock()
		seen.Sent++
		seen.Unlock()
		go func() {
			startedAt := time.Now()
			_, err := fetch(client, url)
			seen.Lock()
			defer seen.Unlock()
			if err != nil {
				seen.Failed++
				seen.LastError = err.Error()
				return
			}
			seen.Answered++
			seen.Reused = seen.Answered - opened
			seen.SlowestMs = max(seen.SlowestMs, time.Since(startedAt).Milliseconds())
		}()
	}
}

func (seen *observations) knock(ctx context.Context, address string) {
	for ctx.Err() == nil {
		go func() {
			err := dial(address)
			seen.Lock()
			defer seen.Unlock()
			seen.Attempts++
			if err == nil {
				seen.Reached++
			}
		}()
		time.Sleep(50 * time.Millisecond)
	}
}
