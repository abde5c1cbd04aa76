package tollgate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// Settings, answers, scopes, and keys that go.

func TestWhatCannotBeMeantIsRefusedWhenItIsMade(t *testing.T) {
	many := make([]string, publicMax+1)
	for at := range many {
		many[at] = fmt.Sprintf("/%d", at)
	}
	for at, change := range []func(*Settings){
		func(s *Settings) { s.Issuer = "" },
		func(s *Settings) { s.Issuer = "a b" },
		func(s *Settings) { s.Issuer = strings.Repeat("x", 129) },
		func(s *Settings) { s.Audience = "" },
		func(s *Settings) { s.Audience = `a"` },
		func(s *Settings) { s.Audience = `a\` },
		func(s *Settings) { s.Audience = "a\xff" },
		func(s *Settings) { s.Skew = -2 },
		func(s *Settings) { s.Skew = time.Minute + time.Millisecond },
		func(s *Settings) { s.Skew = time.Microsecond },
		func(s *Settings) { s.ReplayMax = 10 },
		func(s *Settings) { s.ReplayMax, s.RequireBinding = -1, true },
		func(s *Settings) { s.ReplayMax, s.RequireBinding = 1_048_577, true },
		func(s *Settings) { s.RememberMax = -2 },
		func(s *Settings) { s.RememberMax = 65_537 },
		func(s *Settings) { s.Source = 2 },
		func(s *Settings) { s.Source = -1 },
		func(s *Settings) { s.Realm = `a"b` },
		func(s *Settings) { s.Realm = "a\r\nb" },
		func(s *Settings) { s.Realm = strings.Repeat("x", 65) },
		func(s *Settings) { s.Fresh = time.Second - 1 },
		func(s *Settings) { s.Fresh = -time.Second },
		func(s *Settings) { s.Fresh = 5 * time.Minute },
		func(s *Settings) { s.MaxAge = 24*time.Hour + 1 },
		func(s *Settings) { s.Refetch = time.Second - 1 },
		func(s *Settings) { s.Refetch = time.Hour + 1 },
		func(s *Settings) { s.Deadline = 50*time.Millisecond - 1 },
		func(s *Settings) { s.Deadline = 30*time.Second + 1 },
		func(s *Settings) { s.Public = []string{"health"} },
		func(s *Settings) { s.Public = []string{"/health?"} },
		func(s *Settings) { s.Public = []string{""} },
		func(s *Settings) { s.Public = many },
		func(s *Settings) { s.Public, s.Source = []string{"/health"}, APIGateway },
		func(s *Settings) { s.JWKSDocument = []byte{} },
		func(s *Settings) { s.JWKSDocument = []byte(`{"keys":[]}`) },
		func(s *Settings) { s.JWKS = "https://gate.example/" },
		func(s *Settings) { s.JWKSDocument, s.Issuer = nil, "gate" },
		func(s *Settings) { s.JWKSDocument, s.JWKS = nil, "gate" },
	} {
		_, err := New(settings(change))
		var config ConfigError
		if !errors.As(err, &config) {
			t.Errorf("setting %d is taken", at)
		}
	}
	for _, change := range []func(*Settings){
		func(s *Settings) { s.ReplayMax, s.RequireBinding = 10, true },
		func(s *Settings) { s.Skew = NoSkew },
		func(s *Settings) { s.RememberMax = RememberNone },
		func(s *Settings) { s.JWKSDocument = nil },
		func(s *Settings) { s.Public = many[:publicMax] },
	} {
		verifierWith(t, change)
	}
}

func TestWhatIsLeftOutIsAsUsual(t *testing.T) {
	made, err := New(Settings{Issuer: "https://gate.example/", Audience: "orders"})
	if err != nil {
		t.Fatal(err)
	}
	keys := made.keys.(*keys)
	same(t, "ages", keys.ages, ages{time.Minute, 5 * time.Minute, 10 * time.Second, 2 * time.Second})
	same(t, "skew", made.skewMS, uint64(5000))
	same(t, "remembered", made.remembered.most, 1024)
	same(t, "used", made.used.most, 0)
	same(t, "realm", made.settings.Realm, "api")
	same(t, "source", made.settings.Source, Header)
	if made.settings.RequireBinding || made.settings.AllowHTTP || time.Since(made.settings.Now()) > time.Hour {
		t.Error("a setting is not as usual")
	}
}

func TestNoneIsSaidAndZeroIsAsUsual(t *testing.T) {
	none := verifierWith(t, func(s *Settings) { s.Skew, s.RememberMax = NoSkew, RememberNone })
	same(t, "skew", none.skewMS, uint64(0))
	same(t, "remembered", none.remembered.most, 0)
	zero := verifierWith(t, func(s *Settings) { s.Skew, s.RememberMax = 0, 0 })
	same(t, "the usual skew", zero.skewMS, uint64(5000))
	same(t, "remembered as usual", zero.remembered.most, 1024)
	late := func(skew time.Duration, seconds int64) string {
		return reason(verifierWith(t, func(s *Settings) {
			s.Skew, s.Now = skew, func() time.Time { return atNow().Add(time.Duration(30+seconds) * time.Second) }
		}), plain)
	}
	same(t, "with no skew", late(NoSkew, 1), "expired")
	same(t, "with the usual one", late(0, 1), "")
	same(t, "with no skew, within its life", late(NoSkew, -1), "")
}

func TestSettingsAreReadOnce(t *testing.T) {
	public := []string{"/health"}
	verifier := verifierWith(t, func(s *Settings) { s.Public = public })
	public[0] = "/"
	same(t, "changed later", verifier.isPublic("/"), false)
	same(t, "as it was", verifier.isPublic("/health"), true)
}

func TestAVerifierOfOneSourceReadsNoOther(t *testing.T) {
	var config ConfigError
	_, err := verifierWith(t).AdmitEvent(context.Background(), []byte("{}"))
	same(t, "an event", errors.As(err, &config), true)
	_, err = admit(verifierWith(t, func(s *Settings) { s.Source = APIGateway }), plain)
	same(t, "a header", errors.As(err, &config), true)
}

func TestOnlyTheGatesOwnNameOfARequestIsRepeated(t *testing.T) {
	id := "0123456789abcdef"
	for _, given := range [][]string{
		{"0123456789abcdeg"}, {"<script>"}, {""}, {id + id}, {id, id}, {}, {id + "\n"}, {strings.ToUpper(id)},
	} {
		body := verifierWith(t).tell(refusedFor("expired"), http.Header{"X-Request-Id": given}, "GET").body
		var read struct{ Instance string }
		must(json.Unmarshal([]byte(body), &read))
		name := strings.TrimPrefix(read.Instance, "urn:tollgate:request:")
		if name == id || !only(name, &hexSet, 16, 16) {
			t.Errorf("%q: %s", given, body)
		}
	}
}

func TestNoErrorAndNoAnswerHoldsAByteOfAToken(t *testing.T) {
	told := []string{}
	verifier := verifierWith(t, func(s *Settings) {
		s.OnRefused = func(refused *Refused) { told = append(told, fmt.Sprintf("%+v", refused)) }
	})
	tokens := []string{plain[:len(plain)-1], plain[:len(plain)-2] + "AA", plain + strings.Repeat("A", 9), plain + "\n", bound}
	for _, token := range tokens {
		_, err := verifier.Admit(context.Background(), with(token), "PUT", path)
		var refused *Refused
		if !errors.As(err, &refused) {
			t.Fatal(err)
		}
		text := fmt.Sprintf("%v %+v %v %v", err, err, verifier.tell(refused, with(token), "GET"), told)
		for at := 0; at+12 <= len(plain); at += 12 {
			if strings.Contains(text, plain[at:at+12]) {
				t.Errorf("%s", text)
			}
		}
	}
	same(t, "told", len(told), len(tokens))
}

func TestWhatIsHeldAndNothingElseIsAllowed(t *testing.T) {
	who, err := admit(verifierWith(t), plain)
	if err != nil {
		t.Fatal(err)
	}
	if !who.Allows("orders:read") || !who.Allows("orders:read", "orders:write") || !who.Allows() {
		t.Error("what is held is not allowed")
	}
	for _, scope := range []string{"orders:delete", "orders:*", "*:read", "*:*", "order:read"} {
		if who.Allows(scope) || who.Allows("orders:read", scope) {
			t.Errorf("%q is allowed", scope)
		}
		var refused *Refused
		if !errors.As(who.Require("orders:read", scope), &refused) || refused.Status() != 403 {
			t.Errorf("%q is not refused", scope)
		}
	}
	var config ConfigError
	for _, scope := range []string{"orders", "", "a:b:c", "orders:read\r\nX: y", `a:b"`} {
		if who.Allows(scope) || !errors.As(who.Require("orders:drop", scope), &config) {
			t.Errorf("%q is a scope", scope)
		}
	}
	var nobody Identity
	same(t, "nobody", nobody.Allows("orders:read"), false)
}

func TestNobodyChangesAnIdentityThatOthersHaveToo(t *testing.T) {
	verifier := verifierWith(t)
	who, _ := admit(verifier, plain)
	who.Scopes()[0] = "*:*"
	again, _ := admit(verifier, plain)
	same(t, "scopes", again.Scopes(), []string{"orders:read", "orders:write"})
	same(t, "allowed", again.Allows("orders:drop"), false)
}

func TestGarbageFetchesNothing(t *testing.T) {
	p, verifier := play(), verifierWith(t)
	verifier.keys = &p.keys
	for _, token := range []string{"x.y.z", "", strings.Repeat(".", 99), plain[:len(plain)-1], plain + strings.Repeat("A", 9999)} {
		if why := reason(verifier, token); why != "malformed" && why != "too_long" {
			t.Errorf("%q", why)
		}
	}
	same(t, "fetches", p.fetches, 0)
}

func TestARemovedKeyIsRefusedAlsoForTokensThatAreRemembered(t *testing.T) {
	p, verifier := play(), verifierWith(t)
	verifier.keys = &p.keys
	same(t, "k2", reason(verifier, k2), "")
	same(t, "k1", reason(verifier, plain), "")
	p.document = one
	p.pass(time.Minute)
	same(t, "k1, which brings the news", reason(verifier, plain), "")
	same(t, "k2, removed", reason(verifier, k2), "unknown_kid")
	same(t, "remembered", len(verifier.remembered.held), 1)
	same(t, "k1", reason(verifier, plain), "")
	// Another key under the name of the one that is gone.
	p.document = twoAsK1
	p.pass(time.Minute)
	same(t, "k1, which brings the news", reason(verifier, plain), "")
	same(t, "another k1", reason(verifier, plain), "bad_signature")
}

func TestARememberedTokenIsNoGoodWithoutKeys(t *testing.T) {
	p, verifier := play(), verifierWith(t)
	verifier.keys = &p.keys
	same(t, "with keys", reason(verifier, plain), "")
	p.fault = bad("jwks_unreachable")
	p.pass(5 * time.Minute)
	same(t, "without", reason(verifier, plain), "no_keys")
}
