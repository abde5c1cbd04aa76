package tollgate

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
)

// Refusals, and the answers that a client gets: the same bodies as the gate's own.

const instanceDigits = 16

// Refused is a request that is not served. It holds no byte of what was presented.
type Refused struct {
	// Code is what the client is told.
	Code string
	// Reason is what an operator is told: a code of the specification's page on identities, or missing, ambiguous,
	// replayed, replay_full, no_keys, scope_missing.
	Reason string

	required []string
}

func (r *Refused) Error() string { return "tollgate: " + r.Code + ": " + r.Reason }

// Status is that of the answer.
func (r *Refused) Status() int { return faceOf(r.Code).status }

// Whoever reads the code reads "who calls is not known" in all others; the reason is for operators.
var codes = map[bad]string{
	"missing":     "credential_missing",
	"ambiguous":   "request_invalid",
	"no_keys":     "unavailable",
	"replay_full": "unavailable",
}

func refusedFor(reason bad) *Refused {
	code, ok := codes[reason]
	if !ok {
		code = "key_invalid"
	}
	return &Refused{Code: code, Reason: string(reason)}
}

// face is what of an answer depends on its code alone.
type face struct {
	status        int
	title, detail string
	// What follows the realm in WWW-Authenticate, if there is such a field.
	challenge    string
	hasChallenge bool
}

// faceOf gives a code's face; that of a code that nobody knows is a refusal too.
func faceOf(code string) face {
	switch code {
	case "request_invalid":
		return face{
			400, "Request invalid",
			"The request has a header that an origin could take for Tollgate-Identity. Leave it out.",
			`, error="invalid_request"`, true,
		}
	case "credential_missing":
		return face{401, "Credential missing", "The request presents no API key.", "", true}
	case "key_invalid":
		return face{401, "Key invalid", "The API key is not valid.", `, error="invalid_token"`, true}
	case "scope_missing":
		return face{
			403, "Scope missing", "The key lacks a scope that this request needs.",
			`, error="insufficient_scope"`, true,
		}
	}
	return face{503, "Unavailable", "The request cannot be judged at the moment.", "", false}
}

// answer is a status, fields in their order, and a body.
type answer struct {
	status int
	fields [][2]string
	body   string
}

// answerTo is what the client is told. requestID is the gate's name of the request, if it has exactly one.
func answerTo(refused *Refused, realm, requestID, method string) answer {
	face := faceOf(refused.Code)
	made := answer{status: face.status}
	if face.hasChallenge {
		challenge := `Bearer realm="` + realm + `"` + face.challenge
		if refused.Code == "scope_missing" {
			challenge += `, scope="` + strings.Join(refused.required, " ") + `"`
		}
		made.add("www-authenticate", challenge)
	}
	if face.status == http.StatusServiceUnavailable {
		made.add("retry-after", "1")
	}
	made.add("content-type", "application/problem+json")
	made.add("cache-control", "no-store")
	if method != http.MethodHead {
		made.body = fmt.Sprintf(
			`{"type":"about:blank","title":"%s","status":%d,"detail":"%s","instance":"urn:tollgate:request:%s","code":"%s"}`+"\n",
			face.title, face.status, face.detail, instanceOf(requestID), refused.Code,
		)
	}
	return made
}

func (a *answer) add(name, value string) { a.fields = append(a.fields, [2]string{name, value}) }

// instanceOf gives the gate's name of the request, or one of our own: nothing else of the request is repeated.
func instanceOf(requestID string) string {
	if only(requestID, &hexSet, instanceDigits, instanceDigits) {
		return requestID
	}
	var made [instanceDigits / 2]byte
	// Without randomness it is zeros: a name is no reason to say nothing.
	_, _ = rand.Read(made[:])
	return hex.EncodeToString(made[:])
}
