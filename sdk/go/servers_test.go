package tollgate

import (
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Servers of keys, most of which are not what they should be.

const patience = time.Minute

func answerOf(status, more, body string, length int) string {
	return fmt.Sprintf("HTTP/1.1 %s\r\nContent-Length: %d\r\n%s\r\n%s", status, length, more, body)
}

func saidBy(kind string) string {
	good := string(shared.JWKS)
	private := strings.Replace(good, `"kty"`, `"d":"AAAA","kty"`, 1)
	switch kind {
	case "good":
		return answerOf("200 OK", "", good, len(good))
	case "chunked":
		return fmt.Sprintf("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", len(good), good)
	case "status":
		return answerOf("500 Oops", "", good, len(good))
	case "redirect":
		return answerOf("302 Found", "Location: /elsewhere\r\n", good, len(good))
	case "page":
		return answerOf("200 OK", "", "<html>hello</html>", 18)
	case "nothing":
		return ""
	case "cut":
		return answerOf("200 OK", "", good, len(good)+9)
	case "junk":
		return "\x00\xff hello\r\n\r\n"
	case "private":
		return answerOf("200 OK", "", private, len(private))
	case "huge":
		return answerOf("200 OK", "", strings.Repeat(" ", 1<<20), 1<<20)
	case "long-head":
		return answerOf("200 OK", "X: "+strings.Repeat("x", 2*fetchHeadMax)+"\r\n", good, len(good))
	case "dripping-head":
		return "HTTP/1.1 200 OK\r\nX-A: "
	case "dripping-body":
		return "HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n"
	case "endless":
		return "HTTP/1.1 200 OK\r\n\r\n"
	case "silent":
		return ""
	}
	panic("no server is of the kind " + kind)
}

// keyServer is a server of keys of one kind, on a port of its own, until the test ends.
type keyServer struct {
	kind, url string
	asked     atomic.Int64
	sent      atomic.Int64
	// wasAsked is closed at the first question; a server of the kind held answers when released is.
	wasAsked, released, ended chan struct{}
	first                     sync.Once
}

func serveKeys(t testing.TB, kind string) *keyServer {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	made := &keyServer{
		kind: kind, url: fmt.Sprintf("http://%s%s", listener.Addr(), wellKnown),
		wasAsked: make(chan struct{}), released: make(chan struct{}), ended: make(chan struct{}),
	}
	t.Cleanup(func() {
		close(made.ended)
		listener.Close()
	})
	go func() {
		for {
			caller, err := listener.Accept()
			if err != nil {
				return
			}
			go made.serve(caller)
		}
	}()
	return made
}

func (s *keyServer) serve(caller net.Conn) {
	defer caller.Close()
	_ = caller.SetDeadline(time.Now().Add(2 * patience))
	heard, piece := "", make([]byte, 4096)
	for !strings.Contains(heard, "\r\n\r\n") {
		count, err := caller.Read(piece)
		if err != nil {
			return
		}
		heard += string(piece[:count])
	}
	s.asked.Add(1)
	s.first.Do(func() { close(s.wasAsked) })
	kind := s.kind
	if kind == "held" {
		select {
		case <-s.released:
			kind = "good"
		case <-s.ended:
			return
		}
	}
	if _, err := caller.Write([]byte(saidBy(kind))); err == nil {
		s.goOn(kind, caller)
	}
}

// goOn says what has no end.
func (s *keyServer) goOn(kind string, caller net.Conn) {
	pause, piece := 20*time.Millisecond, []byte("x")
	switch kind {
	case "endless":
		pause, piece = 0, make([]byte, 65_536)
	case "silent":
		piece = nil
	case "dripping-head", "dripping-body":
	default:
		return
	}
	for {
		select {
		case <-s.ended:
			return
		case <-time.After(pause):
		}
		count, err := caller.Write(piece)
		s.sent.Add(int64(count))
		if err != nil {
			return
		}
	}
}
