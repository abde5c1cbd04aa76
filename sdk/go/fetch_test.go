package tollgate

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// What a server can do to whoever fetches keys from it.

func fetchFrom(url string, deadline time.Duration) (*keySet, error) {
	return newFetcher(url, deadline, nil).fetch()
}

func refusedBy(t *testing.T, server *keyServer, deadline time.Duration) string {
	t.Helper()
	_, err := fetchFrom(server.url, deadline)
	var reason bad
	if !errors.As(err, &reason) {
		t.Fatalf("%s: %v", server.kind, err)
	}
	return string(reason)
}

func TestAGoodDocumentIsRead(t *testing.T) {
	for _, kind := range []string{"good", "chunked"} {
		set, err := fetchFrom(serveKeys(t, kind).url, patience)
		if err != nil {
			t.Fatal(kind, err)
		}
		same(t, kind, kidsOf(set), []string{"k1", "k2"})
	}
}

func TestWhatIsWrongIsNoDocument(t *testing.T) {
	for kind, reason := range map[string]string{
		"status": "jwks_status", "redirect": "jwks_status", "page": "no_jwks", "nothing": "jwks_unreachable",
		"cut": "jwks_unreachable", "junk": "jwks_unreachable", "private": "no_jwks", "long-head": "jwks_unreachable",
	} {
		server := serveKeys(t, kind)
		same(t, kind, refusedBy(t, server, patience), reason)
		same(t, kind+": questions", server.asked.Load(), int64(1))
	}
}

func TestAHugeDocumentIsReadNoFurtherThanItsBound(t *testing.T) {
	for _, kind := range []string{"huge", "endless"} {
		server := serveKeys(t, kind)
		same(t, kind, refusedBy(t, server, patience), "jwks_too_long")
		// What lies in the buffers of both ends is all that is sent beyond it.
		if sent := server.sent.Load(); sent > 32<<20 {
			t.Errorf("%s: %d bytes were sent", kind, sent)
		}
	}
	same(t, "the bound", documentMax, 16_384)
}

func TestWhoeverAnswersSlowlyIsNotWaitedFor(t *testing.T) {
	for _, kind := range []string{"silent", "dripping-head", "dripping-body"} {
		began := time.Now()
		same(t, kind, refusedBy(t, serveKeys(t, kind), 300*time.Millisecond), "jwks_unreachable")
		if took := time.Since(began); took > 10*time.Second {
			t.Fatalf("%s was waited for: %s", kind, took)
		}
	}
}

func TestNobodyThereIsAnAnswerOfOurOwn(t *testing.T) {
	// Nobody listens on this port.
	_, err := fetchFrom("http://127.0.0.1:1/", patience)
	same(t, "error", err, error(bad("jwks_unreachable")))
}

func TestKeysOverTLSComeFromWhoeverHasACertificateForThatName(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(shared.JWKS)
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	set, err := newFetcher(server.URL, patience, roots).fetch()
	if err != nil {
		t.Fatal(err)
	}
	same(t, "kids", kidsOf(set), []string{"k1", "k2"})
	for what, fetcher := range map[string]*fetcher{
		"a root that nobody believes": newFetcher(server.URL, patience, nil),
		"a root of others":            newFetcher(server.URL, patience, x509.NewCertPool()),
	} {
		_, err := fetcher.fetch()
		same(t, what, err, error(bad("jwks_unreachable")))
	}
	server.TLS.MaxVersion = tls.VersionTLS11
	_, err = newFetcher(server.URL, patience, roots).fetch()
	same(t, "an old version", err, error(bad("jwks_unreachable")))
}

func TestKeysAreAskedForThroughNoProxy(t *testing.T) {
	if newFetcher("https://gate.example/", patience, nil).client.Transport.(*http.Transport).Proxy != nil {
		t.Error("whoever sets the surroundings of the process could say who calls")
	}
}

func TestKeysAreOnlyFetchedFromWhereNobodySitsBetween(t *testing.T) {
	for _, row := range []struct {
		url             string
		allowHTTP, good bool
	}{
		{"https://gate.example/jwks.json", false, true},
		{"https://gate.example:8443", false, true},
		{"http://127.0.0.1:8/jwks", false, true},
		{"http://[::1]:8/jwks", false, true},
		{"http://localhost/x", false, true},
		{"http://LOCALHOST/x", false, true},
		{"http://gate.internal/x", false, false},
		{"http://gate.internal/x", true, true},
		{"http://127.0.0.1.evil.example/", false, false},
		{"http://localhost.evil.example/", false, false},
		{"http://127.0.0.1@evil.example/", false, false},
		{"ftp://gate.example/x", true, false},
		{"file:///etc/keys", true, false},
		{"gate.example", true, false},
		{"https:gate.example", true, false},
		{"https://", true, false},
		{"https://user@gate.example/", true, false},
		{"https://gate.example/\r\nX: y", true, false},
		{"https://gate.example/a b", true, false},
		{"https://gate.example/#x", true, false},
		{"https://gate.example:0/", true, false},
		{"https://gate.example:99999/", true, false},
	} {
		_, err := New(settings(func(s *Settings) {
			s.JWKSDocument, s.JWKS, s.AllowHTTP = nil, row.url, row.allowHTTP
		}))
		same(t, row.url, err == nil, row.good)
	}
}

// over is a verifier over a server of keys, in real time.
func over(t *testing.T, server *keyServer, deadline time.Duration) *Verifier {
	t.Helper()
	return verifierWith(t, func(s *Settings) { s.JWKSDocument, s.JWKS, s.Deadline = nil, server.url, deadline })
}

func TestAThousandRequestsAtOnceFetchOnce(t *testing.T) {
	server := serveKeys(t, "held")
	verifier := over(t, server, 30*time.Second)
	var all sync.WaitGroup
	for turn := 0; turn < 1000; turn++ {
		all.Add(1)
		go func() {
			defer all.Done()
			if why := reason(verifier, plain); why != "" {
				t.Error(why)
			}
		}()
	}
	<-server.wasAsked
	close(server.released)
	all.Wait()
	same(t, "questions", server.asked.Load(), int64(1))
}

func TestWithoutKeysNobodyIsServedAndTheAnswerSaysThatItIsOurs(t *testing.T) {
	for _, kind := range []string{"status", "silent", "private"} {
		verifier := over(t, serveKeys(t, kind), 200*time.Millisecond)
		_, err := admit(verifier, plain)
		var refused *Refused
		if !errors.As(err, &refused) {
			t.Fatal(kind, err)
		}
		same(t, kind, [2]string{refused.Code, refused.Reason}, [2]string{"unavailable", "no_keys"})
	}
}
