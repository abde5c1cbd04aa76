// Command bench measures what verification costs per request, beside the bare handler: go run ./bench, in sdk/go.
//
// A handler of one line is asked in turns: bare, with a token that is remembered, and with tokens that are verified
// each time; in this process without a socket, and over one connection on loopback. The cost is the difference to bare
// in the same round; the median of all rounds is printed.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"sort"
	"time"

	tollgate "github.com/tollgate/tollgate/sdk/go"
)

const (
	rounds   = 15
	requests = 2_000
	target   = "/v1/orders/%41"
)

var shared struct {
	Issuer, Audience string
	NowMS            int64 `json:"now_ms"`
	JWKS             json.RawMessage
	Requests         []struct {
		Why     string
		Request struct{ Headers [][2]string }
	}
}

// run is one way to serve, and the token that it is asked with.
type run struct {
	name, token string
	handler     http.Handler
	times       []float64
}

// door asks a handler so many times.
type door func(run *run) (ask func() error, leave func(), err error)

func main() {
	if err := measure(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func measure() error {
	text, err := os.ReadFile("../../tests/origins/adversarial.json")
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, &shared); err != nil {
		return err
	}
	for _, one := range []struct {
		name string
		door door
	}{{"in this process", inProcess}, {"over loopback", overLoopback}} {
		if err := compare(one.name, one.door); err != nil {
			return err
		}
	}
	return nil
}

func compare(name string, open door) error {
	bare := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") })
	remembered, err := tollgate.New(settings(0))
	if err != nil {
		return err
	}
	forgetful, err := tollgate.New(settings(tollgate.RememberNone))
	if err != nil {
		return err
	}
	plain, bound := token("a token without binding"), token("a token with binding, for this request")
	runs := []*run{
		{name: "bare", token: plain, handler: bare},
		{name: "remembered", token: plain, handler: remembered.Middleware(bare)},
		{name: "verified each time", token: plain, handler: forgetful.Middleware(bare)},
		{name: "bound, verified each time", token: bound, handler: forgetful.Middleware(bare)},
	}
	asks := []func() error{}
	for _, run := range runs {
		ask, leave, err := open(run)
		if err != nil {
			return err
		}
		defer leave()
		asks = append(asks, ask)
	}
	// The first round is not counted.
	for round := 0; round <= rounds; round++ {
		for at, run := range runs {
			began := time.Now()
			for turn := 0; turn < requests; turn++ {
				if err := asks[at](); err != nil {
					return err
				}
			}
			if round > 0 {
				run.times = append(run.times, float64(time.Since(began).Nanoseconds())/requests/1000)
			}
		}
	}
	fmt.Printf("net/http %s, bare: %.2f us per request\n", name, median(runs[0].times))
	for _, run := range runs[1:] {
		more := []float64{}
		for at, took := range run.times {
			more = append(more, took-runs[0].times[at])
		}
		fmt.Printf("net/http %s, %s: %.2f us more\n", name, run.name, median(more))
	}
	return nil
}

func settings(rememberMax int) tollgate.Settings {
	return tollgate.Settings{
		Issuer: shared.Issuer, Audience: shared.Audience, JWKSDocument: shared.JWKS, RememberMax: rememberMax,
		Now: func() time.Time { return time.UnixMilli(shared.NowMS) },
	}
}

func token(why string) string {
	for _, row := range shared.Requests {
		if row.Why == why {
			return row.Request.Headers[0][1]
		}
	}
	panic("no row is called " + why)
}

// silent takes an answer, and remembers its status.
type silent struct {
	header http.Header
	status int
}

func (s *silent) Header() http.Header            { return s.header }
func (s *silent) Write(body []byte) (int, error) { return len(body), nil }
func (s *silent) WriteHeader(status int)         { s.status = status }

func inProcess(run *run) (func() error, func(), error) {
	asked := httptest.NewRequest(http.MethodGet, target, nil)
	asked.Header.Set("Accept", "*/*")
	asked.Header.Set("User-Agent", "bench")
	asked.Header.Set("Tollgate-Identity", run.token)
	writer := &silent{header: http.Header{}}
	return func() error {
		run.handler.ServeHTTP(writer, asked)
		if writer.status != 0 {
			return errors.New("a good token is refused")
		}
		return nil
	}, func() {}, nil
}

func overLoopback(run *run) (func() error, func(), error) {
	server := httptest.NewServer(run.handler)
	connection, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		return nil, nil, err
	}
	asked := []byte("GET " + target + " HTTP/1.1\r\nHost: origin\r\nAccept: */*\r\nUser-Agent: bench\r\n" +
		"Tollgate-Identity: " + run.token + "\r\n\r\n")
	answers := bufio.NewReader(connection)
	ask := func() error {
		if _, err := connection.Write(asked); err != nil {
			return err
		}
		answer, err := http.ReadResponse(answers, nil)
		if err != nil {
			return err
		}
		if _, err := io.Copy(io.Discard, answer.Body); err != nil {
			return err
		}
		if answer.StatusCode != http.StatusOK {
			return errors.New("a good token is refused")
		}
		return nil
	}
	leave := func() {
		connection.Close()
		server.Close()
	}
	return ask, leave, nil
}

func median(values []float64) float64 {
	sorted := append([]float64{}, values...)
	sort.Float64s(sorted)
	return sorted[len(sorted)/2]
}
