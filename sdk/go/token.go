package tollgate

import (
	"crypto/ed25519"
	"strings"
)

// The token: its one spelling, and what a verifier checks, in the order of the specification.

const (
	tokenMax      = 2_048
	scopesMax     = 64
	nameMax       = 128
	envMax        = 8
	methodMax     = 32
	pathMax       = 1_024
	jtiDigits     = 32
	lifeMaxS      = 30
	boundLifeMaxS = 10
	skewMaxMS     = 60_000
)

var (
	nameSet   = withoutBlank(printableSet)
	envSet    = setOf(lower + digits)
	methodSet = setOf(letters + digits + "!#$%&'*+-.^_`|~")
)

func withoutBlank(symbols set) set {
	symbols[' '] = false
	return symbols
}

// bad is why something is not as it must be: a code of docs/spec/identity.md, and nothing of what it was.
type bad string

func (b bad) Error() string { return string(b) }

func isName(text string) bool { return only(text, &nameSet, 1, nameMax) }

func isAlg(text string) bool { return text == "EdDSA" || text == "Ed25519" }

// parts are a token whose form is right, and of which nothing is believed yet.
type parts struct {
	kid, alg          string
	signed, signature string
	claims            string
}

// partsOf does steps 1 and 2.
func partsOf(token string) (*parts, error) {
	if len(token) > tokenMax {
		return nil, bad("too_long")
	}
	header, rest, _ := strings.Cut(token, ".")
	claims, signature, dots := strings.Cut(rest, ".")
	if !dots {
		return nil, bad("malformed")
	}
	made := parts{signed: token[:len(header)+1+len(claims)]}
	var headerText string
	for _, part := range []struct {
		symbols string
		into    *string
	}{{header, &headerText}, {claims, &made.claims}, {signature, &made.signature}} {
		data, ok := fromBase64url(part.symbols)
		if !ok {
			return nil, bad("malformed")
		}
		*part.into = data
	}
	read := reader{left: headerText}
	read.literal(`{"alg":`)
	made.alg = read.text()
	read.literal(`,"kid":`)
	made.kid = read.text()
	read.literal(`,"typ":"tg-identity+jwt"}`)
	if !read.end() || !isAlg(made.alg) || !isIdentifier(made.kid) {
		return nil, bad("malformed")
	}
	if len(made.signature) != ed25519.SignatureSize {
		return nil, bad("malformed")
	}
	return &made, nil
}

// identityOf does steps 3 to 6: nothing in the claims is read before the signature holds.
func identityOf(keys *keySet, token *parts) (*Identity, error) {
	key := keys.find(token.kid)
	if key == nil {
		return nil, bad("unknown_kid")
	}
	if key.alg != token.alg {
		return nil, bad("wrong_alg")
	}
	if !key.public.isValid(token.signed, token.signature) {
		return nil, bad("bad_signature")
	}
	made, ok := claimsOf(token.claims)
	if !ok {
		return nil, bad("bad_claims")
	}
	made.kid = key.kid
	return made, nil
}

func claimsOf(claims string) (*Identity, bool) {
	read := reader{left: claims}
	text := func(literal string) string {
		read.literal(literal)
		return read.text()
	}
	integer := func(literal string) uint64 {
		read.literal(literal)
		return read.integer()
	}
	made := &Identity{issuer: text(`{"iss":`), audience: text(`,"aud":`), owner: text(`,"sub":`)}
	made.issuedAt, made.expiresAt = integer(`,"iat":`), integer(`,"exp":`)
	if read.sees(`,"jti":`) {
		made.binding = &Binding{JTI: text(`,"jti":`)}
	}
	made.key, made.tenant, made.env = text(`,"tg":{"key":`), text(`,"tenant":`), text(`,"env":`)
	read.literal(`,"scopes":`)
	made.scopes = read.texts(scopesMax)
	read.literal(`,"plan":`)
	hasPlan := !read.sees("null")
	if hasPlan {
		made.plan = read.text()
	} else {
		read.literal("null")
	}
	isBinding := true
	if made.binding != nil {
		made.binding.Method = text(`,"method":`)
		made.binding.Path, isBinding = fromBase64url(text(`,"path":`))
		isBinding = isBinding && made.binding.isOne()
	}
	read.literal("}}")
	return made, read.end() && made.isOne() && isBinding && (!hasPlan || isIdentifier(made.plan))
}

// isOne says whether every value is within its syntax, of what each form has.
func (i *Identity) isOne() bool {
	return areScopes(i.scopes) && isName(i.issuer) && isName(i.audience) && isIdentifier(i.owner) && isIdentifier(i.key) &&
		isIdentifier(i.tenant) && only(i.env, &envSet, 1, envMax)
}

func (b *Binding) isOne() bool {
	return only(b.JTI, &hexSet, jtiDigits, jtiDigits) && strings.Trim(b.JTI, "0") != "" &&
		only(b.Method, &methodSet, 1, methodMax) &&
		len(b.Path) >= 1 && len(b.Path) <= pathMax && !strings.Contains(b.Path, "?")
}

// Whether it may be used

// requireLife does step 7.
func (i *Identity) requireLife() error {
	most := uint64(lifeMaxS)
	if i.binding != nil {
		most = boundLifeMaxS
	}
	if i.expiresAt <= i.issuedAt || i.expiresAt-i.issuedAt > most {
		return bad("bad_life")
	}
	return nil
}

// requireFor does steps 8 and 9.
func (i *Identity) requireFor(issuer, audience string) error {
	if i.issuer != issuer {
		return bad("wrong_issuer")
	}
	if i.audience != audience {
		return bad("wrong_audience")
	}
	return nil
}

// requireTime does steps 10 and 11. Both integers of a token are at most 2^53, so no sum here is above 2^64.
func (i *Identity) requireTime(skewMS, nowMS uint64) error {
	if begins := i.issuedAt * 1000; begins > skewMS && nowMS < begins-skewMS {
		return bad("not_yet_valid")
	}
	if nowMS >= i.endsMS(skewMS) {
		return bad("expired")
	}
	return nil
}

// endsMS is when it can no longer be used.
func (i *Identity) endsMS(skewMS uint64) uint64 { return i.expiresAt*1000 + skewMS }

// requireRequest does steps 12 to 14.
func (i *Identity) requireRequest(isBindingRequired bool, method, path string) error {
	switch {
	case i.binding == nil && isBindingRequired:
		return bad("unbound")
	case i.binding == nil:
		return nil
	case i.binding.Method != method:
		return bad("wrong_method")
	case i.binding.Path != path:
		return bad("wrong_path")
	}
	return nil
}
