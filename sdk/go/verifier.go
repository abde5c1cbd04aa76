package tollgate

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"
)

const (
	field  = "tollgate-identity"
	folded = "tollgateidentity"
)

// lookout has the keys that may be used now, and what to wait for if they are not enough for this kid.
type lookout interface {
	look(kid string) (*keySet, *flight)
}

// fixed are keys that were given and never change.
type fixed struct{ held *keySet }

func (f fixed) look(string) (*keySet, *flight) { return f.held, nil }

// Verifier verifies identities by one set of settings. One is enough for a process; it is safe for use by many
// goroutines.
type Verifier struct {
	settings   Settings
	skewMS     uint64
	keys       lookout
	remembered *remembered
	used       *used
}

// New makes a verifier. Its error is a [ConfigError]: settings that cannot be meant. Nothing is fetched yet.
func New(settings Settings) (*Verifier, error) {
	settings = settings.usual()
	if err := settings.check(); err != nil {
		return nil, err
	}
	keys, err := settings.keys()
	if err != nil {
		return nil, err
	}
	return &Verifier{
		settings:   settings,
		skewMS:     uint64(settings.Skew / time.Millisecond),
		keys:       keys,
		remembered: remember(settings.RememberMax),
		used:       useOnce(settings.ReplayMax),
	}, nil
}

// Admit gives the identity of a request whose header, method and path are these; else its error is a [*Refused].
//
// The path is the target as it was sent, before the first '?'. A platform that does not tell it leaves it empty,
// which no binding matches.
func (v *Verifier) Admit(ctx context.Context, header http.Header, method, path string) (*Identity, error) {
	if v.settings.Source != Header {
		return nil, ConfigError("this verifier reads the context of an authorizer, and no header")
	}
	token, err := tokenOf(header)
	if err == nil {
		return v.judged(ctx, token, method, path)
	}
	return nil, refusal(err)
}

func (v *Verifier) judged(ctx context.Context, token, method, path string) (*Identity, error) {
	identity, err := v.judge(ctx, token, method, path)
	if err != nil {
		return nil, refusal(err)
	}
	return identity, nil
}

// refusal is what a caller is given for a reason.
func refusal(err error) error {
	var reason bad
	if errors.As(err, &reason) {
		return refusedFor(reason)
	}
	return err
}

func (v *Verifier) judge(ctx context.Context, token, method, path string) (*Identity, error) {
	known := v.remembered.find(token)
	var read *parts
	var kid string
	if known != nil {
		kid = known.key.kid
	} else {
		// Nothing is fetched for what is not even a token.
		made, err := partsOf(token)
		if err != nil {
			return nil, err
		}
		read, kid = made, made.kid
	}
	keys, err := v.keysFor(ctx, kid)
	if err != nil {
		return nil, err
	}
	var identity *Identity
	if known != nil && known.isUnder(keys) {
		identity = known.identity
	} else if identity, err = v.verify(token, read, keys); err != nil {
		return nil, err
	}
	nowMS := milliseconds(v.settings.Now())
	if err := identity.requireTime(v.skewMS, nowMS); err != nil {
		v.forget(known)
		return nil, err
	}
	if err := identity.requireRequest(v.settings.RequireBinding, method, path); err != nil {
		return nil, err
	}
	if err := v.used.take(identity, v.skewMS, nowMS); err != nil {
		return nil, err
	}
	if known == nil || identity != known.identity {
		v.remembered.keep(token, keys, identity)
	}
	return identity, nil
}

// isUnder says whether the key that it was verified with is still one of these.
func (g *good) isUnder(keys *keySet) bool {
	key := keys.find(g.key.kid)
	return key != nil && *key == g.key
}

func (v *Verifier) forget(known *good) {
	if known != nil {
		v.remembered.forget(known.token)
	}
}

// verify does what does not depend on the time or on the request. A token that was known and no longer is, is read
// again.
func (v *Verifier) verify(token string, read *parts, keys *keySet) (*Identity, error) {
	if read == nil {
		v.remembered.forget(token)
		made, err := partsOf(token)
		if err != nil {
			return nil, err
		}
		read = made
	}
	identity, err := identityOf(keys, read)
	if err != nil {
		return nil, err
	}
	if err := identity.requireLife(); err != nil {
		return nil, err
	}
	return identity, identity.requireFor(v.settings.Issuer, v.settings.Audience)
}

// keysFor gives the keys to judge this kid by, and waits for them if it must.
func (v *Verifier) keysFor(ctx context.Context, kid string) (*keySet, error) {
	keys, flight := v.keys.look(kid)
	if flight != nil {
		deadline := time.NewTimer(v.settings.Deadline)
		defer deadline.Stop()
		select {
		case <-flight.landed:
		case <-deadline.C:
		case <-ctx.Done():
		}
		keys, _ = v.keys.look(kid)
	}
	if keys == nil {
		return nil, bad("no_keys")
	}
	return keys, nil
}

func milliseconds(now time.Time) uint64 {
	if ms := now.UnixMilli(); ms > 0 {
		return uint64(ms)
	}
	return 0
}

// tokenOf gives the one identity header of a request. Two of them, or one in another spelling: refused.
func tokenOf(header http.Header) (string, error) {
	count, token := 0, ""
	isOurs := true
	for name, values := range header {
		if !isIdentityField(name) {
			continue
		}
		isOurs = isOurs && strings.ToLower(name) == field
		for _, value := range values {
			count, token = count+1, value
		}
	}
	if count == 0 {
		return "", bad("missing")
	}
	// Hosts that join two headers do so with a comma, which no token has.
	if count > 1 || !isOurs || strings.Contains(token, ",") {
		return "", bad("ambiguous")
	}
	return token, nil
}

// isIdentityField says whether some origin could read this as the name of the identity's header: by its letters and
// digits alone.
func isIdentityField(name string) bool {
	at := 0
	for next := 0; next < len(name); next++ {
		symbol := name[next] | 0x20
		switch {
		case symbol >= 'a' && symbol <= 'z':
		case name[next] >= '0' && name[next] <= '9':
			symbol = name[next]
		default:
			continue
		}
		if at == len(folded) || symbol != folded[at] {
			return false
		}
		at++
	}
	return at == len(folded)
}
