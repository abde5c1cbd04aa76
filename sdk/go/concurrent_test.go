package tollgate

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"
)

// Many at once. What is shared lies behind three locks, and is put here to the schedules that a machine of several
// cores has; with TOLLGATE_FULL also under the race detector, which needs a C compiler.

const (
	workers = 16
	turns   = 300
)

// startOf says where the bytes of a text lie.
func startOf(text string) unsafe.Pointer {
	return *(*unsafe.Pointer)(unsafe.Pointer(&text))
}

// gate signs what a gate would.
type gate struct {
	kid string
	key ed25519.PrivateKey
}

func gateOf(kid string, seed byte) gate {
	seeds := make([]byte, ed25519.SeedSize)
	seeds[0] = seed
	return gate{kid, ed25519.NewKeyFromSeed(seeds)}
}

func (g gate) document() []byte {
	x := base64.RawURLEncoding.EncodeToString(g.key.Public().(ed25519.PublicKey))
	return documentOf(map[string]any{"kty": "OKP", "crv": "Ed25519", "x": x, "kid": g.kid, "alg": "EdDSA", "use": "sig"})
}

// sign gives a token of this tenant, bound to the usual request if there is a jti.
func (g gate) sign(tenant, jti string) string { return g.signWith(tenant, jti, "") }

// signWith has these scopes, as they stand in the list.
func (g gate) signWith(tenant, jti, scopes string) string {
	part := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	at, named, binding := shared.NowMS/1000, "", ""
	if jti != "" {
		named = `,"jti":"` + jti + `"`
		binding = `,"method":"GET","path":"` + part(path) + `"`
	}
	claims := fmt.Sprintf(
		`{"iss":"%s","aud":"%s","sub":"o","iat":%d,"exp":%d%s,"tg":{"key":"k","tenant":"%s","env":"live","scopes":[%s],"plan":null%s}}`,
		shared.Issuer, shared.Audience, at, at+10, named, tenant, scopes, binding,
	)
	signed := part(`{"alg":"EdDSA","kid":"`+g.kid+`","typ":"tg-identity+jwt"}`) + "." + part(claims)
	return signed + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(g.key, []byte(signed)))
}

// atOnce runs so many, which begin together, and waits for them.
func atOnce(count int, run func(worker int)) {
	var all sync.WaitGroup
	begin := make(chan struct{})
	for worker := 0; worker < count; worker++ {
		all.Add(1)
		go func(worker int) {
			defer all.Done()
			<-begin
			run(worker)
		}(worker)
	}
	close(begin)
	all.Wait()
}

func TestOfManyThatUseATokenAtOnceOneIsServed(t *testing.T) {
	verifier := verifierWith(t, replaying(turns))
	for turn := 0; turn < 20; turn++ {
		token := gateOf("k1", 7).sign("acme", fmt.Sprintf("%032x", turn+1))
		verifier.keys = fixedTo(t, gateOf("k1", 7))
		var served, replayed atomic.Int64
		atOnce(4*workers, func(int) {
			switch why := reason(verifier, token); why {
			case "":
				served.Add(1)
			case "replayed":
				replayed.Add(1)
			default:
				t.Error(why)
			}
		})
		same(t, "served", served.Load(), int64(1))
		same(t, "replayed", replayed.Load(), int64(4*workers-1))
	}
}

func fixedTo(t *testing.T, g gate) fixed {
	t.Helper()
	held, err := readJWKS(g.document())
	if err != nil {
		t.Fatal(err)
	}
	return fixed{held}
}

func TestEveryoneIsToldWhoTheyAreAndNobodyElseAndMemoryStaysBounded(t *testing.T) {
	const most, tenants = 8, 32
	signer := gateOf("k1", 7)
	verifier := verifierWith(t, func(s *Settings) { s.RememberMax = most })
	verifier.keys = fixedTo(t, signer)
	tokens := [tenants]string{}
	for at := range tokens {
		tokens[at] = signer.sign(fmt.Sprintf("t%d", at), "")
	}
	atOnce(workers, func(worker int) {
		for turn := 0; turn < turns; turn++ {
			at := (worker*7 + turn*5) % tenants
			who, err := admit(verifier, tokens[at])
			if err != nil || who.Tenant() != fmt.Sprintf("t%d", at) {
				t.Errorf("t%d is %v, %v", at, who, err)
			}
			verifier.remembered.lock.RLock()
			held, inOrder := len(verifier.remembered.held), verifier.remembered.order.Len()
			verifier.remembered.lock.RUnlock()
			if held > most || held != inOrder {
				t.Errorf("%d are held, %d in order", held, inOrder)
			}
		}
	})
}

func TestWhileKeysChangeEveryoneIsServedByASetThatIsWhole(t *testing.T) {
	signers := [2]gate{gateOf("k1", 1), gateOf("k1", 2)}
	var steady, landed, flying atomic.Int64
	var isOver atomic.Bool
	made := &keys{
		fetch: func() (*keySet, error) {
			if flying.Add(1) > 1 {
				t.Error("two fetches at once")
			}
			defer landed.Add(1)
			defer flying.Add(-1)
			return readJWKS(signers[(landed.Load()+1)%2].document())
		},
		ages:  ages{time.Second, time.Minute, time.Second, 30 * time.Second},
		clock: func() instant { return instant{steady: time.Duration(steady.Load())} },
		run:   func(work func()) { go work() },
	}
	verifier := verifierWith(t, func(s *Settings) { s.Deadline = 30 * time.Second })
	verifier.keys = made
	tokens := [2]string{signers[0].sign("first", ""), signers[1].sign("second", "")}
	var served [2]atomic.Int64
	ask := func(which int64) bool {
		who, err := admit(verifier, tokens[which])
		if err != nil && reasonOf(err) != "bad_signature" {
			t.Error(err)
		} else if err == nil && who.Tenant() != [2]string{"first", "second"}[which] {
			t.Error("somebody is told that they are another")
		} else if err == nil {
			served[which].Add(1)
		}
		return err == nil
	}
	atOnce(4, func(worker int) {
		if worker > 0 {
			for turn := int64(worker); !isOver.Load(); turn++ {
				ask(turn % 2)
			}
			return
		}
		defer isOver.Store(true)
		for change := 0; change < 20; change++ {
			before := landed.Load()
			steady.Add(int64(time.Second))
			// Whoever asks first sets off the fetch; then those are served whose key it brought.
			for !ask(landed.Load()%2) || landed.Load() == before {
			}
		}
	})
	if served[0].Load() == 0 || served[1].Load() == 0 {
		t.Errorf("%d and %d served", served[0].Load(), served[1].Load())
	}
}
