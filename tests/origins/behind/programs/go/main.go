// An origin with net/http: what it is told in ORIGIN, and what it answers, are in ../../origin.py.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"
	"strings"
	"time"

	tollgate "github.com/tollgate/tollgate/sdk/go"
)

type told struct {
	Port     int    `json:"port"`
	Issuer   string `json:"issuer"`
	Audience string `json:"audience"`
	Other    string `json:"other"`
	JWKS     string `json:"jwks"`
	Fresh    int    `json:"fresh_s"`
	MaxAge   int    `json:"max_age_s"`
	Refetch  int    `json:"refetch_s"`
	Deadline int    `json:"deadline_s"`
}

func (t told) settings() tollgate.Settings {
	seconds := func(number int) time.Duration { return time.Duration(number) * time.Second }
	return tollgate.Settings{
		Issuer: t.Issuer, Audience: t.Audience, JWKS: t.JWKS,
		Fresh: seconds(t.Fresh), MaxAge: seconds(t.MaxAge), Refetch: seconds(t.Refetch), Deadline: seconds(t.Deadline),
		OnRefused: func(refused *tollgate.Refused) { fmt.Fprintln(os.Stderr, "refused", refused.Reason) },
	}
}

func guarded(settings tollgate.Settings) http.Handler {
	verifier, err := tollgate.New(settings)
	if err != nil {
		log.Fatal(err)
	}
	return verifier.Middleware(http.HandlerFunc(answer))
}

func answer(w http.ResponseWriter, r *http.Request) {
	who, _ := tollgate.From(r.Context())
	var bound any
	if binding, ok := who.Binding(); ok {
		bound = []string{binding.Method, binding.Path}
	}
	var plan any
	if who.Plan() != "" {
		plan = who.Plan()
	}
	_ = json.NewEncoder(w).Encode(map[string]any{
		"key": who.Key(), "owner": who.Owner(), "tenant": who.Tenant(), "env": who.Env(), "plan": plan,
		"scopes": append([]string{}, who.Scopes()...), "kid": who.KID(), "expires_at": who.ExpiresAt().Unix(),
		"bound": bound, "token": r.Header.Get("Tollgate-Identity"),
	})
}

func main() {
	var t told
	if err := json.Unmarshal([]byte(os.Getenv("ORIGIN")), &t); err != nil {
		log.Fatal(err)
	}
	usual := guarded(t.settings())
	demanding := t.settings()
	demanding.RequireBinding = true
	bound := guarded(demanding)
	somebody := t.settings()
	somebody.Audience = t.Other
	other := guarded(somebody)
	log.Fatal(http.ListenAndServe(fmt.Sprintf("127.0.0.1:%d", t.Port), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.URL.Path, "/bound/"):
			bound.ServeHTTP(w, r)
		case strings.HasPrefix(r.URL.Path, "/other/"):
			other.ServeHTTP(w, r)
		default:
			usual.ServeHTTP(w, r)
		}
	})))
}
