package tollgate

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The identity rows of tests/vectors, and the scope rows.

type vectorRow struct {
	ID, Why, Op string
	In          map[string]json.RawMessage
	Out         map[string]any
}

var notOurs = map[string]string{
	"identity.sign":     "an origin signs nothing",
	"identity.public":   "an origin holds no seed",
	"identity.reusable": "the gate says which token it sends again",
}

func vectors(suite string) []vectorRow {
	var read struct{ Rows []vectorRow }
	readJSON("tests/vectors/"+suite+".json", &read)
	return read.Rows
}

func (row vectorRow) into(name string, into any) {
	must(json.Unmarshal(row.In[name], into))
}

// text gives the bytes meant by a text of a vector.
func (row vectorRow) text(name string) string {
	var read any
	row.into(name, &read)
	return octets(read)
}

func octets(text any) string {
	switch text := text.(type) {
	case string:
		return text
	case []any:
		made := ""
		for _, part := range text {
			made += octets(part)
		}
		return made
	case map[string]any:
		if _, ok := text["hex"]; ok {
			return unhex(text["hex"].(string))
		}
		return strings.Repeat(text["repeat"].(string), int(text["times"].(float64)))
	}
	panic("no text")
}

func unhex(digits string) string {
	data, err := hex.DecodeString(digits)
	must(err)
	return string(data)
}

func (row vectorRow) hex(name string) string {
	var digits string
	row.into(name, &digits)
	return unhex(digits)
}

func (row vectorRow) flag(name string) bool {
	var flag bool
	row.into(name, &flag)
	return flag
}

func (row vectorRow) number(name string) uint64 {
	number, err := strconv.ParseUint(strings.Trim(string(row.In[name]), `"`), 10, 64)
	must(err)
	return number
}

func (row vectorRow) keySet() (*keySet, error) {
	var given []struct{ KID, Alg, X string }
	row.into("keys", &given)
	keys := []published{}
	for _, key := range given {
		keys = append(keys, published{key.KID, key.Alg, unhex(key.X)})
	}
	return keySetOf(keys)
}

// settingsOf gives the settings of a row, or the code that refuses them.
func (row vectorRow) settings() (Settings, error) {
	skew := NoSkew
	if ms := row.number("skew_ms"); ms > 0 {
		skew = time.Duration(ms) * time.Millisecond
	}
	made := Settings{
		Issuer: row.text("iss"), Audience: row.text("aud"), Skew: skew, RequireBinding: row.flag("require_binding"),
	}.usual()
	switch err := made.check(); {
	case err == nil:
		return made, nil
	case strings.Contains(err.Error(), "Skew"):
		return made, bad("bad_skew")
	}
	return made, bad("bad_name")
}

func (row vectorRow) verify() (map[string]any, error) {
	keys, err := row.keySet()
	if err != nil {
		return nil, err
	}
	settings, err := row.settings()
	if err != nil {
		return nil, err
	}
	token, err := partsOf(row.text("token"))
	if err != nil {
		return nil, err
	}
	identity, err := identityOf(keys, token)
	if err != nil {
		return nil, err
	}
	for _, step := range []func() error{
		identity.requireLife,
		func() error { return identity.requireFor(settings.Issuer, settings.Audience) },
		func() error {
			return identity.requireTime(uint64(settings.Skew/time.Millisecond), row.number("now_ms"))
		},
		func() error {
			return identity.requireRequest(settings.RequireBinding, row.text("method"), row.text("path"))
		},
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return seen(identity), nil
}

// jwks reads the document that the row expects back; what is no key set is none here either.
func (row vectorRow) jwks(t *testing.T) (map[string]any, error) {
	set, err := row.keySet()
	if err != nil {
		return nil, err
	}
	document := row.Out["jwks"]
	read, err := readJWKS([]byte(document.(string)))
	same(t, row.ID, read, set)
	return map[string]any{"jwks": document}, err
}

func (row vectorRow) signature() map[string]any {
	key, ok := publicKeyOf(row.hex("x"))
	return map[string]any{"valid": ok && key.isValid(row.hex("message"), row.hex("signature"))}
}

func TestEveryIdentityRowIsAnsweredAsItSays(t *testing.T) {
	accepted, refused := 0, 0
	leftOut := map[string]int{}
	for _, row := range vectors("identities") {
		if why, ok := notOurs[row.Op]; ok {
			leftOut[why]++
			continue
		}
		var found map[string]any
		var err error
		switch row.Op {
		case "identity.verify":
			found, err = row.verify()
		case "identity.jwks":
			found, err = row.jwks(t)
		case "identity.signature":
			found = row.signature()
		default:
			t.Fatalf("%s: no operation is called %s", row.ID, row.Op)
		}
		var reason bad
		if errors.As(err, &reason) {
			found = map[string]any{"error": string(reason)}
		} else if err != nil {
			t.Error(row.ID, err)
		}
		same(t, row.ID+": "+row.Why, found, row.Out)
		if _, isError := row.Out["error"]; isError || row.Out["valid"] == false {
			refused++
		} else {
			accepted++
		}
	}
	judged(accepted + refused)
	if accepted < 38 || refused < 240 {
		t.Errorf("%d accepted, %d refused: most rows are not there", accepted, refused)
	}
	say("identities: %d accepted, %d refused, %s", accepted, refused, notApplicable(leftOut))
}

// notApplicable says how many rows were left out, and why.
func notApplicable(leftOut map[string]int) string {
	total, whys := 0, []string{}
	for why, count := range leftOut {
		total += count
		whys = append(whys, strconv.Itoa(count)+": "+why)
	}
	sort.Strings(whys)
	return strconv.Itoa(total) + " not applicable (" + strings.Join(whys, "; ") + ")"
}

func TestScopesCoverWhatTheRowsSay(t *testing.T) {
	for _, row := range vectors("scopes") {
		var found map[string]any
		if row.Op == "scope.parse" {
			found = map[string]any{"error": row.Out["error"]}
			if resource, action, ok := sides(row.text("text")); ok {
				found = map[string]any{"resource": resource, "action": action}
			} else if row.Out["error"] == nil {
				t.Error(row.ID, row.Why)
			}
		} else {
			var held, required []string
			row.into("held", &held)
			row.into("required", &required)
			found = map[string]any{"missing": nil}
			if scope, missing := firstMissing(held, required); missing {
				found["missing"] = scope
			}
		}
		same(t, row.ID+": "+row.Why, found, row.Out)
		judged(1)
	}
}
