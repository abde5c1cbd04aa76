package tollgate

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// The middleware for net/http, over TCP and by itself.

func get(target string, tokens ...string) request {
	made := request{Method: "GET", Target: target}
	for _, token := range tokens {
		made.Headers = append(made.Headers, [2]string{"Tollgate-Identity", token})
	}
	return made
}

// origin asks for scopes outside and inside of its handlers.
func origin(reached *atomic.Int64) http.Handler {
	mux := http.NewServeMux()
	said := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reached.Add(1)
		who, ok := From(r.Context())
		if ok {
			_, _ = io.WriteString(w, who.Tenant())
		}
	})
	mux.Handle("/write", RequireScope("orders:write")(said))
	mux.Handle("/drop", RequireScope("orders:read", "orders:drop")(said))
	mux.Handle("/open", RequireScope("orders:read")(said))
	mux.Handle("/health", said)
	mux.HandleFunc("/needs/", func(w http.ResponseWriter, r *http.Request) {
		who, _ := From(r.Context())
		if err := who.Require("orders:" + strings.TrimPrefix(r.URL.Path, "/needs/")); err != nil {
			Refuse(w, r, err)
			return
		}
		_, _ = io.WriteString(w, who.Tenant())
	})
	mux.HandleFunc("/fault", func(w http.ResponseWriter, r *http.Request) {
		Refuse(w, r, errors.New("something of ours"))
	})
	return mux
}

func TestScopesAreAskedForAroundAHandlerOrInIt(t *testing.T) {
	var reached atomic.Int64
	address := serve(t, verifierWith(t).Middleware(origin(&reached)))
	for target, status := range map[string]int{"/write": 200, "/needs/read": 200, "/drop": 403, "/needs/drop": 403} {
		found := ask(t, address, "origin", get(target, plain))
		same(t, target, found.status, status)
		if status == 200 {
			same(t, target, found.body, "acme")
			continue
		}
		same(t, target, found.code(), "scope_missing")
		same(t, target, found.fields["content-type"], "application/problem+json")
		if !strings.Contains(found.fields["www-authenticate"], `error="insufficient_scope", scope="orders:`) {
			t.Error(target, found.fields)
		}
	}
	same(t, "nobody", ask(t, address, "origin", get("/drop")).status, 401)
	same(t, "another error", ask(t, address, "origin", get("/fault", plain)).status, 500)
	same(t, "reached", reached.Load(), int64(1))
}

func TestAHeadRequestIsRefusedWithoutABody(t *testing.T) {
	address := serve(t, verifierWith(t).Middleware(http.NotFoundHandler()))
	found := ask(t, address, "origin", request{Method: "HEAD", Target: "/"})
	same(t, "status", found.status, 401)
	same(t, "body", found.body, "")
}

func TestAPublicPathIsExactlyThatPath(t *testing.T) {
	var reached atomic.Int64
	verifier := verifierWith(t, func(s *Settings) { s.Public = shared.Public })
	address := serve(t, verifier.Middleware(telling(&reached)))
	for _, row := range shared.Paths {
		before := reached.Load()
		status := ask(t, address, "origin", get(row.Target)).status
		same(t, row.Why+": what reached the handler", reached.Load() > before, row.Public)
		if row.Public && status != 200 || !row.Public && status != 0 && (status < 400 || status > 499) {
			t.Errorf("%s: %d", row.Why, status)
		}
		judged(1)
	}
	open := verifierWith(t, func(s *Settings) { s.Public = []string{"/open"} })
	same(t, "one that asks for scopes", ask(t, serve(t, open.Middleware(origin(&reached))), "origin", get("/open")).status, 401)
	before := reached.Load()
	// What net/http makes of a CONNECT over HTTP/2 whose authority is spelled like that path.
	connect := httptest.NewRequest("GET", "/health", nil)
	connect.Method, connect.URL = "CONNECT", &url.URL{Host: "/health"}
	answer := httptest.NewRecorder()
	verifier.Middleware(telling(&reached)).ServeHTTP(answer, connect)
	same(t, "CONNECT", answer.Code, 401)
	same(t, "reached", reached.Load(), before)
}

func TestNothingIsServedWithoutTheMiddleware(t *testing.T) {
	var reached atomic.Int64
	address := serve(t, origin(&reached))
	for _, target := range []string{"/write", "/drop", "/fault"} {
		same(t, target, ask(t, address, "origin", get(target, plain)).status, 500)
	}
	same(t, "reached", reached.Load(), int64(0))
	if _, ok := From(context.Background()); ok {
		t.Error("somebody is there")
	}
}

func TestAnIdentityThatWasThereBeforeIsNotBelieved(t *testing.T) {
	var reached atomic.Int64
	inner := verifierWith(t, func(s *Settings) { s.Public = []string{"/health"}; s.Audience = "others" })
	address := serve(t, verifierWith(t).Middleware(inner.Middleware(telling(&reached))))
	same(t, "a public path", ask(t, address, "origin", get("/health", plain)).body, "null")
	same(t, "another", ask(t, address, "origin", get("/", plain)).status, 401)
	same(t, "reached", reached.Load(), int64(1))
}

func TestOthersAreServedWhileSomebodyWaitsForKeys(t *testing.T) {
	server := serveKeys(t, "held")
	verifier := verifierWith(t, func(s *Settings) {
		s.JWKSDocument, s.JWKS, s.Deadline, s.Public = nil, server.url, 30*time.Second, []string{"/health"}
	})
	var reached atomic.Int64
	address := serve(t, verifier.Middleware(telling(&reached)))
	found := make(chan came, 1)
	go func() { found <- ask(t, address, "origin", get("/", plain)) }()
	<-server.wasAsked
	same(t, "somebody else", ask(t, address, "origin", get("/health")).status, 200)
	same(t, "answers before the keys", len(found), 0)
	close(server.released)
	same(t, "whoever waited", (<-found).status, 200)
}

func TestWhoeverGoesAwayIsNoLongerWaitedFor(t *testing.T) {
	server := serveKeys(t, "held")
	verifier := over(t, server, 30*time.Second)
	ctx, leave := context.WithCancel(context.Background())
	left := make(chan error, 1)
	go func() {
		_, err := verifier.Admit(ctx, with(plain), "GET", path)
		left <- err
	}()
	<-server.wasAsked
	leave()
	select {
	case err := <-left:
		same(t, "whoever left", reasonOf(err), "no_keys")
	case <-time.After(20 * time.Second):
		t.Fatal("whoever left is waited for")
	}
	close(server.released)
	// The fetch was for everybody.
	same(t, "whoever comes", reason(verifier, plain), "")
	same(t, "questions", server.asked.Load(), int64(1))
}

func TestWithoutKeysTheAnswerIs503(t *testing.T) {
	var reached atomic.Int64
	address := serve(t, over(t, serveKeys(t, "status"), 30*time.Second).Middleware(telling(&reached)))
	found := ask(t, address, "origin", get("/", plain))
	same(t, "status", found.status, 503)
	same(t, "wait", found.fields["retry-after"], "1")
	same(t, "code", found.code(), "unavailable")
	same(t, "reached", reached.Load(), int64(0))
}

func TestAnUpgradeIsVerifiedLikeAnyRequest(t *testing.T) {
	var reached atomic.Int64
	address := serve(t, verifierWith(t).Middleware(telling(&reached)))
	upgrade := [][2]string{{"Connection", "Upgrade"}, {"Upgrade", "websocket"}}
	same(t, "nobody", ask(t, address, "origin", request{"GET", "/", upgrade}).status, 401)
	good := append([][2]string{{"Tollgate-Identity", plain}}, upgrade...)
	same(t, "somebody", ask(t, address, "origin", request{"GET", "/", good}).status, 200)
	same(t, "reached", reached.Load(), int64(1))
}

func TestATrailerIsNoHeader(t *testing.T) {
	var reached atomic.Int64
	address := serve(t, verifierWith(t).Middleware(telling(&reached)))
	text := "POST / HTTP/1.1\r\nHost: origin\r\nConnection: close\r\nTrailer: Tollgate-Identity\r\n" +
		"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nTollgate-Identity: " + plain + "\r\n\r\n"
	same(t, "status", send(t, address, []byte(text)).status, 401)
	same(t, "reached", reached.Load(), int64(0))
}

func TestTheSameHoldsOverHTTP2(t *testing.T) {
	var reached atomic.Int64
	server := httptest.NewUnstartedServer(verifierWith(t).Middleware(telling(&reached)))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	for what, row := range map[string]struct {
		method, target string
		header         http.Header
		status         int
	}{
		"plain":         {"GET", "/", with(plain), 200},
		"bound":         {"GET", path + "?a=b", with(bound), 200},
		"other path":    {"GET", "/v1/orders/A", with(bound), 401},
		"other method":  {"PUT", path, with(bound), 401},
		"nobody":        {"GET", "/", http.Header{}, 401},
		"two":           {"GET", "/", http.Header{"Tollgate-Identity": {plain, plain}}, 400},
		"folded":        {"GET", "/", http.Header{"tollgate_identity": {plain}}, 400},
		"folded beside": {"GET", "/", http.Header{"Tollgate-Identity": {plain}, "Tollgate_Identity": {"x"}}, 400},
		"changed":       {"GET", "/", with(plain + "A"), 401},
	} {
		asked, err := http.NewRequest(row.method, server.URL+row.target, nil)
		must(err)
		asked.Header = row.header
		found, err := server.Client().Do(asked)
		if err != nil {
			t.Fatal(what, err)
		}
		same(t, what, [2]int{found.ProtoMajor, found.StatusCode}, [2]int{2, row.status})
		found.Body.Close()
	}
	same(t, "reached", reached.Load(), int64(2))
}

func TestARequestThatNoServerReadIsTrustedWithNoBoundToken(t *testing.T) {
	var reached atomic.Int64
	handler := verifierWith(t).Middleware(telling(&reached))
	for token, status := range map[string]int{bound: 401, plain: 200} {
		made := httptest.NewRequest("GET", path, nil)
		made.Header.Set("Tollgate-Identity", token)
		made.RequestURI = ""
		found := httptest.NewRecorder()
		handler.ServeHTTP(found, made)
		same(t, "status", found.Code, status)
	}
}

func TestAMistakeInTheProgramIsSaidWhereItIsWritten(t *testing.T) {
	for what, mistake := range map[string]func(){
		"no scope":       func() { RequireScope("orders") },
		"an empty scope": func() { RequireScope("orders:read", "") },
		"a verifier of events": func() {
			verifierWith(t, func(s *Settings) { s.Source = APIGateway }).Middleware(http.NotFoundHandler())
		},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Error(what, "is taken")
				}
			}()
			mistake()
		}()
	}
}

// event is one of a REST API whose authorizer has put this in its context.
func event(token, action string) json.RawMessage {
	text, err := json.Marshal(map[string]any{
		"httpMethod": "GET", "path": "/", "action": action,
		"requestContext": map[string]any{"authorizer": map[string]any{"identity": token}},
	})
	must(err)
	return text
}

func TestAPathOfAnEventBeginsWhereTheGatesAuthorizerSaysThatItBegins(t *testing.T) {
	own, yours, another := "abc.execute-api.eu-west-1.amazonaws.com", "api.example", "ab"
	for _, row := range []struct{ domain, api, stage, given, path string }{
		{"", "", "v1", "/v1/orders", "/orders"}, {own, "abc", "v1", "/v1/orders", "/orders"}, {own, "abc", "v1", "/v1", "/"},
		{own, "abc", "v1", "/v1/", "/"}, {own, "abc", "v1", "/v10/orders", "/v10/orders"},
		{yours, "abc", "v1", "/v1/orders", "/v1/orders"}, {own, "abc", "v1", "/orders/v1", "/orders/v1"},
		{own, another, "v1", "/v1/orders", "/v1/orders"}, {own, "", "v1", "/v1/orders", "/v1/orders"},
		{own, "abc", "$default", "/$default/orders", "/$default/orders"}, {own, "abc", "", "/v1/orders", "/v1/orders"},
		{own, "abc", "v1", "", ""},
	} {
		context := map[string]any{}
		for name, value := range map[string]string{"domainName": row.domain, "apiId": row.api, "stage": row.stage} {
			if value != "" {
				context[name] = value
			}
		}
		rest := map[string]any{"version": "1.0", "httpMethod": "GET", "requestContext": context}
		if row.given != "" {
			rest["path"], rest["rawPath"] = row.given, row.given
		}
		for _, kind := range []string{"1.0", "2.0"} {
			text, err := json.Marshal(rest)
			must(err)
			method, path := objectOf(text).target("")
			same(t, kind+string(text), [2]string{method, path}, [2]string{"GET", row.path})
			rest["version"], context["http"] = "2.0", map[string]any{"method": "GET"}
		}
	}
}

func TestAHandlerOfLambdaGetsTheIdentityOfTheContextOrTheGatesAnswerIsGiven(t *testing.T) {
	verifier := verifierWith(t, func(s *Settings) { s.Source = APIGateway })
	handler := verifier.Lambda(func(_ context.Context, event json.RawMessage, who *Identity) (any, error) {
		var read struct{ Action string }
		must(json.Unmarshal(event, &read))
		if read.Action == "fail" {
			return nil, errors.New("something of ours")
		}
		return who.Tenant(), who.Require("orders:" + read.Action)
	})
	found, err := handler(context.Background(), event(plain, "read"))
	if found != "acme" || err != nil {
		t.Error(found, err)
	}
	if _, err := handler(context.Background(), event(plain, "fail")); err == nil {
		t.Error("an error of the handler is an answer")
	}
	header := json.RawMessage(`{"headers":{"Tollgate-Identity":"` + plain + `"}}`)
	spelled := json.RawMessage(`{"RequestContext":{"Authorizer":{"identity":"` + plain + `"}}}`)
	huge := json.RawMessage(strings.Repeat(" ", eventMax) + string(event(plain, "read")))
	for what, row := range map[string]struct {
		event  json.RawMessage
		status int
	}{
		"no token": {event("x", "read"), 401}, "a header": {header, 401}, "another spelling": {spelled, 401},
		"nothing": {nil, 401}, "no JSON": {json.RawMessage("{"), 401}, "huge": {huge, 401}, "a scope": {event(plain, "drop"), 403},
	} {
		found, err := handler(context.Background(), row.event)
		if err != nil {
			t.Fatal(what, err)
		}
		told := found.(Proxied)
		same(t, what, told.StatusCode, row.status)
		same(t, what, told.Headers["cache-control"], "no-store")
		text, err := json.Marshal(told)
		must(err)
		if !strings.HasPrefix(string(text), `{"statusCode":`) || !strings.HasSuffix(string(text), `"isBase64Encoded":false}`) {
			t.Errorf("%s: %s", what, text)
		}
	}
}
