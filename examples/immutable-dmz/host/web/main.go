// The web server: one page, on two ports.
package main

import (
	"fmt"
	"log"
	"net/http"
)

func main() {
	log.SetFlags(0)
	http.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "hello from the DMZ") })
	go func() { log.Fatal("web: ", http.ListenAndServe(":8081", nil)) }()
	log.Fatal("web: ", http.ListenAndServe(":80", nil))
}
