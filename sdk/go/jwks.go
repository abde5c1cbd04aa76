package tollgate

import (
	"encoding/json"
	"unicode/utf8"
)

// The document of public keys, and the key set that it holds.

const (
	keysMax = 4
	// The gate's own document has at most 1,024 bytes.
	documentMax = 16_384
)

// signer is a key that identities are signed with.
type signer struct {
	kid, alg string
	public   publicKey
}

// keySet is what a verifier trusts: 1 to 4 keys by their names.
type keySet struct{ keys []signer }

func (k *keySet) find(kid string) *signer {
	for at := range k.keys {
		if k.keys[at].kid == kid {
			return &k.keys[at]
		}
	}
	return nil
}

// add takes one key more, or says why not.
func (k *keySet) add(kid, alg, x string) error {
	if !isIdentifier(kid) {
		return bad("bad_kid")
	}
	if !isAlg(alg) {
		return bad("bad_alg")
	}
	public, ok := publicKeyOf(x)
	if !ok {
		return bad("bad_key")
	}
	if k.find(kid) != nil {
		return bad("duplicate_kid")
	}
	k.keys = append(k.keys, signer{kid, alg, public})
	return nil
}

// published is a key as a document has it.
type published struct{ kid, alg, x string }

// keySetOf makes a set of 1 to 4 good keys, and of nothing else.
func keySetOf(keys []published) (*keySet, error) {
	if len(keys) == 0 {
		return nil, bad("no_keys")
	}
	if len(keys) > keysMax {
		return nil, bad("too_many_keys")
	}
	made := &keySet{}
	for _, key := range keys {
		if err := made.add(key.kid, key.alg, key.x); err != nil {
			return nil, err
		}
	}
	return made, nil
}

// readJWKS reads a document. One with anything but good public keys of ours is none.
//
// Members are looked up in maps: a struct would be filled from names in any case.
func readJWKS(document []byte) (*keySet, error) {
	if len(document) > documentMax {
		return nil, bad("jwks_too_long")
	}
	var top map[string]any
	// What is not UTF-8 would be read as if something else stood there.
	if !utf8.Valid(document) || json.Unmarshal(document, &top) != nil {
		return nil, bad("no_jwks")
	}
	entries, ok := top["keys"].([]any)
	if !ok {
		return nil, bad("no_jwks")
	}
	keys := make([]published, 0, len(entries))
	for _, entry := range entries {
		key, err := publishedOf(entry)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keySetOf(keys)
}

func publishedOf(entry any) (published, error) {
	members, _ := entry.(map[string]any)
	if _, isPrivate := members["d"]; isPrivate {
		return published{}, bad("no_jwks")
	}
	if members["kty"] != "OKP" || members["crv"] != "Ed25519" || members["use"] != "sig" {
		return published{}, bad("no_jwks")
	}
	kid, hasKID := members["kid"].(string)
	alg, hasAlg := members["alg"].(string)
	symbols, hasX := members["x"].(string)
	if !hasKID || !hasAlg || !hasX || !isASCII(symbols) {
		return published{}, bad("no_jwks")
	}
	x, ok := fromBase64url(symbols)
	if !ok {
		return published{}, bad("bad_key")
	}
	return published{kid, alg, x}, nil
}

func isASCII(text string) bool {
	for at := 0; at < len(text); at++ {
		if text[at] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
