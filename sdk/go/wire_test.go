package tollgate

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// Requests over TCP, byte for byte, and a real server to send them to.

// came is what comes back: no status if the connection ended without one.
type came struct {
	status int
	fields map[string]string
	body   string
}

func (c came) code() string {
	var read struct{ Code string }
	_ = json.Unmarshal([]byte(c.body), &read)
	return read.Code
}

func ask(t *testing.T, address, host string, asked request) came {
	t.Helper()
	var text bytes.Buffer
	fmt.Fprintf(&text, "%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n", latin(asked.Method), latin(asked.Target), host)
	for _, field := range asked.Headers {
		fmt.Fprintf(&text, "%s: %s\r\n", latin(field[0]), latin(field[1]))
	}
	text.WriteString("\r\n")
	return send(t, address, text.Bytes())
}

func send(t *testing.T, address string, text []byte) came {
	t.Helper()
	connection, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	_ = connection.SetDeadline(time.Now().Add(patience))
	// A server need not read what it refuses.
	_, _ = connection.Write(text)
	said, err := io.ReadAll(connection)
	if err != nil && !errors.Is(err, syscall.ECONNRESET) {
		t.Fatal(err)
	}
	return cameOf(string(said))
}

func cameOf(said string) came {
	head, body, _ := strings.Cut(said, "\r\n\r\n")
	lines := strings.Split(head, "\r\n")
	made := came{fields: map[string]string{}, body: body}
	if words := strings.Split(lines[0], " "); len(words) > 1 {
		made.status, _ = strconv.Atoi(words[1])
	}
	for _, line := range lines[1:] {
		name, value, _ := strings.Cut(line, ": ")
		made.fields[strings.ToLower(name)] = value
	}
	return made
}

// serve starts a server of net/http, and gives its address.
func serve(t *testing.T, handler http.Handler) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: patience}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return listener.Addr().String()
}

// telling is a handler that says who calls, and counts.
func telling(reached *atomic.Int64) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reached.Add(1)
		who, ok := From(r.Context())
		if !ok {
			_, _ = io.WriteString(w, "null")
			return
		}
		_ = json.NewEncoder(w).Encode(seen(who))
	})
}

func TestEveryRowOverTCPUnderNetHTTP(t *testing.T) {
	var reached atomic.Int64
	usual := verifierWith(t).Middleware(telling(&reached))
	binding := verifierWith(t, func(s *Settings) { s.RequireBinding = true }).Middleware(telling(&reached))
	address := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Host == "bound" {
			binding.ServeHTTP(w, r)
			return
		}
		usual.ServeHTTP(w, r)
	}))
	served, refused, byServer := 0, 0, 0
	leftOut := map[string]int{}
	for _, row := range shared.Requests {
		if !row.Wire {
			leftOut["no request can be written so"]++
			continue
		}
		host := "usual"
		if row.Bound {
			host = "bound"
		}
		before := reached.Load()
		found := ask(t, address, host, row.Request)
		what := row.ID + ": " + row.Why
		if row.isServed() {
			var identity map[string]any
			_ = json.Unmarshal([]byte(found.body), &identity)
			if found.status != 200 || !reflect.DeepEqual(identity, row.Out["identity"]) {
				t.Errorf("%s: %d, %s", what, found.status, found.body)
			}
			served++
			continue
		}
		same(t, what+": the handler was reached", reached.Load(), before)
		if found.code() != "" {
			same(t, what, found.code(), row.Out["code"])
			same(t, what, float64(found.status), row.Out["status"])
			refused++
		} else if found.status == 0 || (found.status >= 400 && found.status < 500) {
			byServer++
		} else {
			t.Errorf("%s: %d", what, found.status)
		}
	}
	judged(served + refused + byServer)
	// Most must have come to the verifier, or nothing was shown of it.
	if served < 15 || refused < 500 {
		t.Errorf("%d served, %d refused", served, refused)
	}
	say("net/http: %d served, %d refused, %d refused by the server itself, %s", served, refused, byServer, notApplicable(leftOut))
}
