package tollgate

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"
)

// The rows that all verifiers share.

type request struct {
	Method  string      `json:"method"`
	Target  string      `json:"target"`
	Headers [][2]string `json:"headers"`
}

type requestRow struct {
	ID      string         `json:"id"`
	Why     string         `json:"why"`
	Bound   bool           `json:"bound"`
	Needs   []string       `json:"needs"`
	Wire    bool           `json:"wire"`
	Request request        `json:"request"`
	Out     map[string]any `json:"out"`
}

func (row requestRow) isServed() bool { return row.Out["status"] == 200.0 }

type sharedRows struct {
	Issuer   string          `json:"issuer"`
	Audience string          `json:"audience"`
	SkewMS   int64           `json:"skew_ms"`
	NowMS    int64           `json:"now_ms"`
	JWKS     json.RawMessage `json:"jwks"`
	Public   []string        `json:"public"`
	Requests []requestRow    `json:"requests"`
	Sweeps   []struct {
		Why, Token string
		Masks      []byteNumber
		Refused    int
	} `json:"sweeps"`
	Documents []struct {
		Why, Document string
		Out           map[string]any
	} `json:"documents"`
	Answers []struct {
		Code      string   `json:"code"`
		Required  []string `json:"required"`
		Method    string   `json:"method"`
		RequestID string   `json:"request_id"`
		Out       struct {
			Status int
			Fields [][2]string
			Body   string
		} `json:"out"`
	} `json:"answers"`
	Events []struct {
		Why      string
		BasePath string `json:"base_path"`
		Event    json.RawMessage
		Out      map[string]any
	} `json:"events"`
	Paths []struct {
		Why, Target string
		Public      bool
	} `json:"paths"`
	Publics []setting `json:"publics"`
	Bases   []setting `json:"bases"`
}

// setting is a path, and whether it can be set.
type setting struct {
	Path  string
	Taken bool
}

// A list of bytes would be read as base64.
type byteNumber uint16

var (
	shared            sharedRows
	plain, bound, k2  string
	one, two, twoAsK1 []byte
)

const path = "/v1/orders/%41"

// tally has rows that were judged, and lines that say what became of them: printed by the run.
var tally struct {
	lock  sync.Mutex
	rows  int
	lines []string
}

func judged(rows int) {
	tally.lock.Lock()
	defer tally.lock.Unlock()
	tally.rows += rows
}

func say(format string, about ...any) {
	tally.lock.Lock()
	defer tally.lock.Unlock()
	tally.lines = append(tally.lines, fmt.Sprintf(format, about...))
}

func TestMain(m *testing.M) {
	load()
	status := m.Run()
	for _, line := range tally.lines {
		fmt.Println(line)
	}
	fmt.Printf("tollgate-tally rows=%d\n", tally.rows)
	os.Exit(status)
}

func load() {
	readJSON("tests/origins/adversarial.json", &shared)
	plain = tokenFor("a token without binding")
	bound = tokenFor("a token with binding, for this request")
	k2 = tokenFor("a key of the alg Ed25519")
	var both struct {
		Keys []map[string]any `json:"keys"`
	}
	must(json.Unmarshal(shared.JWKS, &both))
	one, two = documentOf(both.Keys[0]), documentOf(both.Keys[1])
	both.Keys[1]["kid"], both.Keys[1]["alg"] = "k1", "EdDSA"
	twoAsK1 = documentOf(both.Keys[1])
}

func documentOf(keys ...map[string]any) []byte {
	text, err := json.Marshal(map[string]any{"keys": keys})
	must(err)
	return text
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// readJSON reads a file of the project. A broken copy lies elsewhere, and is put the same rows.
func readJSON(name string, into any) {
	project := os.Getenv("TOLLGATE_PROJECT")
	if project == "" {
		project = "../.."
	}
	text, err := os.ReadFile(filepath.Join(project, name))
	must(err)
	must(json.Unmarshal(text, into))
}

func tokenFor(why string) string {
	for _, row := range shared.Requests {
		if row.Why == why {
			return row.Request.Headers[0][1]
		}
	}
	panic("no row is called " + why)
}

func atNow() time.Time { return time.UnixMilli(shared.NowMS) }

// settings are what the shared rows expect of a verifier.
func settings(change ...func(*Settings)) Settings {
	made := Settings{
		Issuer: shared.Issuer, Audience: shared.Audience, JWKSDocument: shared.JWKS,
		Skew: time.Duration(shared.SkewMS) * time.Millisecond, Now: atNow, OnKeysFailed: func(string) {},
	}
	for _, one := range change {
		one(&made)
	}
	return made
}

func verifierWith(t testing.TB, change ...func(*Settings)) *Verifier {
	t.Helper()
	made, err := New(settings(change...))
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// latin gives the bytes of a text of which each character is one.
func latin(text string) string {
	var made strings.Builder
	for _, symbol := range text {
		made.WriteByte(byte(symbol))
	}
	return made.String()
}

// headerOf has the names as they stand, and not as net/http would write them.
func headerOf(row requestRow) http.Header {
	made := http.Header{}
	for _, field := range row.Request.Headers {
		name := latin(field[0])
		made[name] = append(made[name], latin(field[1]))
	}
	return made
}

func with(token string) http.Header { return http.Header{"Tollgate-Identity": {token}} }

func admit(v *Verifier, token string) (*Identity, error) {
	return v.Admit(context.Background(), with(token), "GET", path)
}

// reason is why a token is refused, or empty.
func reason(v *Verifier, token string) string {
	_, err := admit(v, token)
	return reasonOf(err)
}

func reasonOf(err error) string {
	var refused *Refused
	if errors.As(err, &refused) {
		return refused.Reason
	}
	if err != nil {
		return "no refusal: " + err.Error()
	}
	return ""
}

// seen is an identity as rows have it.
func seen(i *Identity) map[string]any {
	made := map[string]any{
		"key": i.Key(), "sub": i.Owner(), "tenant": i.Tenant(), "env": i.Env(), "scopes": listOf(i.Scopes()), "plan": nil,
		"kid": i.KID(), "iss": i.Issuer(), "aud": i.Audience(), "iat": float64(i.IssuedAt().Unix()),
		"exp": float64(i.ExpiresAt().Unix()), "binding": nil,
	}
	if i.Plan() != "" {
		made["plan"] = i.Plan()
	}
	if binding, ok := i.Binding(); ok {
		path := hex.EncodeToString([]byte(binding.Path))
		made["binding"] = map[string]any{"jti": binding.JTI, "method": binding.Method, "path": path}
	}
	return made
}

func listOf(texts []string) []any {
	made := []any{}
	for _, text := range texts {
		made = append(made, text)
	}
	return made
}

// verdict is what became of a request, as rows have it.
func verdict(identity *Identity, err error) map[string]any {
	var refused *Refused
	switch {
	case errors.As(err, &refused):
		return map[string]any{"status": float64(refused.Status()), "code": refused.Code, "reason": refused.Reason}
	case err != nil:
		return map[string]any{"error": err.Error()}
	}
	return map[string]any{"status": 200.0, "identity": seen(identity)}
}

func same(t *testing.T, what string, found, wanted any) {
	t.Helper()
	if !reflect.DeepEqual(found, wanted) {
		t.Errorf("%s: found %v, wanted %v", what, found, wanted)
	}
}
