// A gateway that counts its requests in Redis. Clients send their key as X-Api-Key.
//
//	GET /       "<greeting> from <host>, request <number>"
//	GET /ready  {"status":"pass"}, or "fail" with 503 while Redis does not answer
package main

import (
	"bufio"
	"context"
	"crypto/subtle"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

const redisTimeout = 2 * time.Second

// Sends commands to Redis on one connection, after the password, and returns the last reply without its first character.
func askRedis(commands ...[]string) (string, error) {
	connection, err := net.DialTimeout("tcp", net.JoinHostPort(os.Getenv("REDIS_HOST"), os.Getenv("REDIS_PORT")), redisTimeout)
	if err != nil {
		return "", err
	}
	defer connection.Close()
	if err := connection.SetDeadline(time.Now().Add(redisTimeout)); err != nil {
		return "", err
	}
	if password := os.Getenv("REDIS_PASSWORD"); password != "" {
		commands = append([][]string{{"AUTH", password}}, commands...)
	}
	replies, last := bufio.NewReader(connection), ""
	for _, words := range commands {
		request := fmt.Sprintf("*%d\r\n", len(words))
		for _, word := range words {
			request += fmt.Sprintf("$%d\r\n%s\r\n", len(word), word)
		}
		if _, err := connection.Write([]byte(request)); err != nil {
			return "", err
		}
		reply, err := replies.ReadString('\n')
		if err != nil {
			return "", err
		}
		if strings.HasPrefix(reply, "-") {
			return "", fmt.Errorf("redis refused %s: %s", words[0], strings.TrimSpace(reply[1:]))
		}
		last = strings.TrimSpace(reply[1:])
	}
	return last, nil
}

func ready(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if _, err := askRedis([]string{"PING"}); err != nil {
		log.Print(err)
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprintln(w, `{"status":"fail"}`)
		return
	}
	fmt.Fprintln(w, `{"status":"pass"}`)
}

func greet(w http.ResponseWriter, r *http.Request) {
	if subtle.ConstantTimeCompare([]byte(r.Header.Get("X-Api-Key")), []byte(os.Getenv("API_KEY"))) != 1 {
		http.Error(w, "wrong key", http.StatusUnauthorized)
		return
	}
	number, err := askRedis([]string{"INCR", "requests"})
	if err != nil {
		log.Print(err)
		http.Error(w, "try again", http.StatusBadGateway)
		return
	}
	host, _ := os.Hostname()
	fmt.Fprintf(w, "%s from %s, request %s\n", os.Getenv("GREETING"), host, number)
}

func main() {
	if os.Getenv("API_KEY") == "" {
		log.Fatal("API_KEY is not set")
	}
	http.HandleFunc("/ready", ready)
	http.HandleFunc("/", greet)
	server := &http.Server{Addr: ":8080", ReadHeaderTimeout: 10 * time.Second}
	stopped := make(chan struct{})
	go func() {
		signals := make(chan os.Signal, 1)
		signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
		<-signals
		_ = server.Shutdown(context.Background())
		close(stopped)
	}()
	if err := server.ListenAndServe(); err != http.ErrServerClosed {
		log.Fatal(err)
	}
	<-stopped
}
