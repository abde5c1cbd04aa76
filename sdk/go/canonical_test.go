package tollgate

import (
	"encoding/base64"
	"strconv"
	"strings"
	"testing"
)

// What is read has one spelling: whatever the reader takes, a gate would have written so. No signature stands before it
// here, so every change comes to the reader.

func quoted(text string) string { return `"` + text + `"` }

// written are the claims as the specification writes them.
func written(i *Identity) string {
	scopes := []string{}
	for _, scope := range i.Scopes() {
		scopes = append(scopes, quoted(scope))
	}
	plan, jti, request := "null", "", ""
	if i.Plan() != "" {
		plan = quoted(i.Plan())
	}
	if binding, ok := i.Binding(); ok {
		jti = `,"jti":` + quoted(binding.JTI)
		path := base64.RawURLEncoding.EncodeToString([]byte(binding.Path))
		request = `,"method":` + quoted(binding.Method) + `,"path":` + quoted(path)
	}
	return `{"iss":` + quoted(i.Issuer()) + `,"aud":` + quoted(i.Audience()) + `,"sub":` + quoted(i.Owner()) +
		`,"iat":` + strconv.FormatInt(i.IssuedAt().Unix(), 10) + `,"exp":` + strconv.FormatInt(i.ExpiresAt().Unix(), 10) + jti +
		`,"tg":{"key":` + quoted(i.Key()) + `,"tenant":` + quoted(i.Tenant()) + `,"env":` + quoted(i.Env()) +
		`,"scopes":[` + strings.Join(scopes, ",") + `],"plan":` + plan + request + "}}"
}

// changes gives every text that a byte more, less or other makes of this one.
func changes(text string, try func(string)) {
	for at := 0; at <= len(text); at++ {
		for symbol := 0; symbol < 256; symbol++ {
			try(text[:at] + string([]byte{byte(symbol)}) + text[at:])
			if at < len(text) {
				try(text[:at] + string([]byte{byte(symbol)}) + text[at+1:])
			}
		}
		if at < len(text) {
			try(text[:at] + text[at+1:])
		}
	}
}

func TestWhatIsReadIsWhatAGateWouldHaveWritten(t *testing.T) {
	for _, token := range []string{plain, bound, k2} {
		read, err := partsOf(token)
		if err != nil {
			t.Fatal(err)
		}
		taken, refused := 0, 0
		changes(read.claims, func(changed string) {
			made, ok := claimsOf(changed)
			if !ok {
				refused++
				return
			}
			taken++
			if again := written(made); again != changed {
				t.Errorf("%q is taken for %q", changed, again)
			}
		})
		// Another letter in a name is another name.
		if taken < 1000 || refused < taken {
			t.Errorf("%d taken, %d refused", taken, refused)
		}
	}
}

func TestAHeaderIsReadInItsOneSpelling(t *testing.T) {
	header, rest, _ := strings.Cut(plain, ".")
	text, ok := fromBase64url(header)
	if !ok {
		t.Fatal("no base64url")
	}
	taken := 0
	changes(text, func(changed string) {
		made, err := partsOf(base64.RawURLEncoding.EncodeToString([]byte(changed)) + "." + rest)
		if err != nil {
			return
		}
		taken++
		if again := `{"alg":` + quoted(made.alg) + `,"kid":` + quoted(made.kid) + `,"typ":"tg-identity+jwt"}`; again != changed {
			t.Errorf("%q is taken for %q", changed, again)
		}
	})
	// Other names of keys are well-formed.
	if taken < 100 {
		t.Errorf("%d taken", taken)
	}
}

func TestBase64urlHasOneSpelling(t *testing.T) {
	for _, text := range []string{"", "a", "ab", "abc", "\x00\xff\xfe", plain} {
		symbols := base64.RawURLEncoding.EncodeToString([]byte(text))
		found, ok := fromBase64url(symbols)
		same(t, symbols, [2]any{found, ok}, [2]any{text, true})
		changes(symbols, func(changed string) {
			found, ok := fromBase64url(changed)
			if ok && base64.RawURLEncoding.EncodeToString([]byte(found)) != changed {
				t.Errorf("%q is taken", changed)
			}
		})
	}
}
