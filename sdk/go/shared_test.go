package tollgate

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
)

// The adversarial rows that all verifiers share, put to the verifier itself.

func TestEveryRequestIsServedOrRefusedAsItsRowSays(t *testing.T) {
	verifiers := map[bool]*Verifier{
		false: verifierWith(t),
		true:  verifierWith(t, func(s *Settings) { s.RequireBinding = true }),
	}
	served, refused := 0, 0
	for _, row := range shared.Requests {
		path, _, _ := strings.Cut(latin(row.Request.Target), "?")
		// Twice: what is remembered must not be treated otherwise.
		for turn := 0; turn < 2; turn++ {
			found := verdict(verifiers[row.Bound].Admit(
				context.Background(), headerOf(row), latin(row.Request.Method), path,
			))
			same(t, row.ID+": "+row.Why, found, row.Out)
		}
		if row.isServed() {
			served++
		} else {
			refused++
		}
	}
	judged(served + refused)
	say("requests: %d served, %d refused", served, refused)
}

func TestNoChangedByteIsServed(t *testing.T) {
	for _, sweep := range shared.Sweeps {
		verifier, refused := verifierWith(t), 0
		if why := reason(verifier, sweep.Token); why != "" {
			t.Fatal(why)
		}
		for at := range sweep.Token {
			for _, mask := range sweep.Masks {
				changed := []byte(sweep.Token)
				changed[at] ^= byte(mask)
				if why := reason(verifier, string(changed)); why == "" || strings.HasPrefix(why, "no refusal") {
					t.Errorf("byte %d with mask %d: %q", at, mask, why)
				} else {
					refused++
				}
			}
		}
		same(t, sweep.Why, refused, sweep.Refused)
		judged(1)
		say("%s: %d changes, all refused", sweep.Why, refused)
	}
}

func TestEveryDocumentIsReadOrRefusedAsItsRowSays(t *testing.T) {
	for _, row := range shared.Documents {
		set, err := readJWKS([]byte(row.Document))
		found := map[string]any{}
		var reason bad
		if errors.As(err, &reason) {
			found["error"] = string(reason)
		} else {
			found["kids"] = listOf(kidsOf(set))
		}
		same(t, row.Why, found, row.Out)
		judged(1)
	}
}

func kidsOf(set *keySet) []string {
	if set == nil {
		return nil
	}
	made := []string{}
	for _, key := range set.keys {
		made = append(made, key.kid)
	}
	return made
}

func TestEachRefusalIsToldAsTheGateTellsIt(t *testing.T) {
	verifier := verifierWith(t)
	for _, row := range shared.Answers {
		refused := &Refused{Code: row.Code, Reason: "a reason", required: row.Required}
		found := verifier.tell(refused, http.Header{"X-Request-Id": {row.RequestID}}, row.Method)
		what := row.Code + " to " + row.Method
		same(t, what, found.status, row.Out.Status)
		same(t, what, found.fields, row.Out.Fields)
		same(t, what, found.body, row.Out.Body)
		judged(1)
	}
}

func TestAnEventIsReadFromItsAuthorizerAndFromNothingElse(t *testing.T) {
	for _, row := range shared.Events {
		verifier := verifierWith(t, func(s *Settings) { s.Source, s.BasePath = APIGateway, row.BasePath })
		same(t, row.Why, verdict(verifier.AdmitEvent(context.Background(), row.Event)), row.Out)
		judged(1)
	}
}

func TestAPathIsPublicInTheSpellingThatWasSetAndInNoOther(t *testing.T) {
	verifier := verifierWith(t, func(s *Settings) { s.Public = shared.Public })
	for _, row := range shared.Paths {
		path, _, _ := strings.Cut(row.Target, "?")
		same(t, row.Why, verifier.isPublic(path), row.Public)
		judged(1)
	}
}

func TestWhatIsSentInMoreThanOneSpellingCannotBePublic(t *testing.T) {
	for _, row := range shared.Publics {
		_, err := New(settings(func(s *Settings) { s.Public = []string{row.Path} }))
		same(t, row.Path, err == nil, row.Taken)
		judged(1)
	}
}

func TestABasePathIsSomeSegmentsOfAPathAndOfEventsAlone(t *testing.T) {
	for _, row := range shared.Bases {
		_, err := New(settings(func(s *Settings) { s.Source, s.BasePath = APIGateway, row.Path }))
		same(t, row.Path, err == nil, row.Taken)
		judged(1)
	}
	_, err := New(settings(func(s *Settings) { s.BasePath = "/v1" }))
	same(t, "without events", err != nil, true)
}
