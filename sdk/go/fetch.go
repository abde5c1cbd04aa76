package tollgate

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// How the document of keys is fetched, within bounds.

const fetchHeadMax = 16_384

// isKeysURL says whether keys may be fetched from there: over TLS, or from this machine, or as was said to be enough.
func isKeysURL(text string, allowHTTP bool) bool {
	for at := 0; at < len(text); at++ {
		if text[at] < '!' || text[at] > '~' {
			return false
		}
	}
	parts, err := url.Parse(text)
	if err != nil || parts.Hostname() == "" || parts.User != nil || parts.Fragment != "" {
		return false
	}
	if port := parts.Port(); port != "" {
		if number, err := strconv.ParseUint(port, 10, 16); err != nil || number == 0 {
			return false
		}
	}
	switch strings.ToLower(parts.Hostname()) {
	case "127.0.0.1", "::1", "localhost":
		allowHTTP = true
	}
	return parts.Scheme == "https" || (parts.Scheme == "http" && allowHTTP)
}

// fetcher fetches from one address, through no proxy and over no redirect.
type fetcher struct {
	url      string
	deadline time.Duration
	client   *http.Client
}

// newFetcher believes the roots of the system, unless there are others.
func newFetcher(url string, deadline time.Duration, roots *x509.CertPool) *fetcher {
	transport := &http.Transport{
		DialContext:            (&net.Dialer{}).DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots},
		DisableKeepAlives:      true,
		DisableCompression:     true,
		MaxResponseHeaderBytes: fetchHeadMax,
		TLSNextProto:           map[string]func(string, *tls.Conn) http.RoundTripper{},
	}
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &fetcher{url, deadline, &http.Client{Transport: transport, CheckRedirect: stay}}
}

// fetch fetches the document, all of it within the deadline. A redirect is no document.
func (f *fetcher) fetch() (*keySet, error) {
	ctx, cancel := context.WithTimeout(context.Background(), f.deadline)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, f.url, nil)
	if err != nil {
		return nil, bad("jwks_unreachable")
	}
	response, err := f.client.Do(request)
	if err != nil {
		return nil, bad("jwks_unreachable")
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, bad("jwks_status")
	}
	document, err := io.ReadAll(io.LimitReader(response.Body, documentMax+1))
	if err != nil {
		return nil, bad("jwks_unreachable")
	}
	return readJWKS(document)
}
