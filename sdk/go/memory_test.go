package tollgate

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// Replay, and what is remembered.

// movable is a verifier whose clock the test moves.
func movable(t *testing.T, change func(*Settings)) (*Verifier, *time.Time) {
	now := atNow()
	return verifierWith(t, change, func(s *Settings) { s.Now = func() time.Time { return now } }), &now
}

func replaying(most int) func(*Settings) {
	return func(s *Settings) { s.RequireBinding, s.ReplayMax = true, most }
}

// another is a bound identity of this jti that ends so much later than the others.
func another(t *testing.T, jti, laterS uint64) *Identity {
	t.Helper()
	made, err := admit(verifierWith(t), bound)
	if err != nil {
		t.Fatal(err)
	}
	changed, binding := *made, *made.binding
	binding.JTI = fmt.Sprintf("%032x", jti)
	changed.binding, changed.expiresAt = &binding, made.expiresAt+laterS
	return &changed
}

func taken(u *used, identity *Identity, laterMS uint64) string {
	if err := u.take(identity, 5000, uint64(shared.NowMS)+laterMS); err != nil {
		return err.Error()
	}
	return ""
}

func TestABoundTokenIsUsedOnceUntilItEndsAndThenItHasExpired(t *testing.T) {
	verifier, now := movable(t, replaying(4))
	for _, row := range []struct {
		pass time.Duration
		why  string
	}{
		{0, ""}, {0, "replayed"}, {14_999 * time.Millisecond, "replayed"}, {time.Millisecond, "expired"},
		{-15 * time.Second, "replayed"},
	} {
		*now = now.Add(row.pass)
		same(t, row.pass.String(), reason(verifier, bound), row.why)
	}
}

func TestARefusedTokenIsNotUsedUp(t *testing.T) {
	verifier, now := movable(t, replaying(4))
	*now = now.Add(-time.Hour)
	same(t, "too early", reason(verifier, bound), "not_yet_valid")
	*now = now.Add(time.Hour)
	same(t, "in time", reason(verifier, bound), "")
}

func TestAClockThatIsSetBackLetsNothingBeUsedAgain(t *testing.T) {
	used, made := useOnce(1), another(t, 1, 0)
	same(t, "first", taken(used, made, 0), "")
	same(t, "again", taken(used, made, 0), "replayed")
	same(t, "at its end", taken(used, made, 15_000), "expired")
	same(t, "set back", taken(used, made, 0), "expired")
}

func TestAFullMemoryOfUsedTokensRefusesAndForgetsNoneThatCouldBeUsed(t *testing.T) {
	used := useOnce(2)
	same(t, "1", taken(used, another(t, 1, 0), 0), "")
	same(t, "2", taken(used, another(t, 2, 5), 0), "")
	same(t, "3, while both could be used", taken(used, another(t, 3, 0), 0), "replay_full")
	same(t, "3, just before the first ends", taken(used, another(t, 3, 10), 14_999), "replay_full")
	same(t, "3, when the first has ended", taken(used, another(t, 3, 10), 15_000), "")
	same(t, "2, which could still be used", taken(used, another(t, 2, 5), 15_000), "replayed")
	same(t, "4", taken(used, another(t, 4, 10), 15_000), "replay_full")
	same(t, "4, when the second has ended", taken(used, another(t, 4, 10), 20_000), "")
	same(t, "held", len(used.until), 2)
	same(t, "5, when all have ended", taken(used, another(t, 5, 20), 25_000), "")
	same(t, "held", len(used.until), 1)
}

func TestAFullMemoryIsOursAndNotTheCallers(t *testing.T) {
	verifier := verifierWith(t, replaying(1))
	same(t, "other", taken(verifier.used, another(t, 1, 0), 0), "")
	_, err := admit(verifier, bound)
	same(t, "full", verdict(nil, err), map[string]any{"status": 503.0, "code": "unavailable", "reason": "replay_full"})
}

func TestARememberedTokenExpiresAllTheSame(t *testing.T) {
	verifier, now := movable(t, func(*Settings) {})
	same(t, "at first", reason(verifier, plain), "")
	for _, row := range []struct {
		pass time.Duration
		why  string
	}{
		{34_999 * time.Millisecond, ""}, {time.Millisecond, "expired"}, {-41 * time.Second, "not_yet_valid"},
		{6 * time.Second, ""},
	} {
		*now = now.Add(row.pass)
		same(t, row.pass.String(), reason(verifier, plain), row.why)
	}
}

func TestAnExpiredTokenIsForgotten(t *testing.T) {
	verifier, now := movable(t, func(*Settings) {})
	same(t, "in time", reason(verifier, plain), "")
	same(t, "held", len(verifier.remembered.held), 1)
	*now = now.Add(time.Minute)
	same(t, "late", reason(verifier, plain), "expired")
	same(t, "held", len(verifier.remembered.held), 0)
	same(t, "in order", verifier.remembered.order.Len(), 0)
}

func TestATimeBeforeAllTimesIsTooEarly(t *testing.T) {
	verifier, now := movable(t, func(*Settings) {})
	*now = time.Time{}
	same(t, "the year 1", reason(verifier, plain), "not_yet_valid")
}

func TestWhatIsRememberedIsBoundedAndNoneIsRememberedWhenSoSet(t *testing.T) {
	tokens := []string{}
	for _, row := range shared.Requests {
		if row.isServed() && !row.Bound && row.Out["identity"].(map[string]any)["binding"] == nil {
			tokens = append(tokens, row.Request.Headers[0][1])
		}
	}
	if len(tokens) < 5 {
		t.Fatal("too few tokens")
	}
	for most, held := range map[int]int{RememberNone: 0, 1: 1, 3: 3} {
		verifier := verifierWith(t, func(s *Settings) { s.RememberMax = most })
		for _, token := range tokens {
			same(t, "refused", reason(verifier, token), "")
		}
		same(t, "held", len(verifier.remembered.held), held)
		same(t, "in order", verifier.remembered.order.Len(), held)
	}
	// The oldest went.
	verifier := verifierWith(t, func(s *Settings) { s.RememberMax = 1 })
	reason(verifier, tokens[0])
	reason(verifier, tokens[1])
	if verifier.remembered.find(tokens[0]) != nil || verifier.remembered.find(tokens[1]) == nil {
		t.Error("the latest went")
	}
}

func TestBoundTokensAreNotRemembered(t *testing.T) {
	verifier := verifierWith(t)
	for _, row := range []struct {
		token string
		held  int
	}{{bound, 0}, {plain, 1}} {
		same(t, "refused", reason(verifier, row.token), "")
		same(t, "held", len(verifier.remembered.held), row.held)
	}
}

func TestAnUnboundTokenIsNotTakenFromMemoryWhereBindingIsDemanded(t *testing.T) {
	verifier := verifierWith(t, func(s *Settings) { s.RequireBinding = true })
	same(t, "first", reason(verifier, plain), "unbound")
	same(t, "second", reason(verifier, plain), "unbound")
	same(t, "held", len(verifier.remembered.held), 0)
}

func TestAPieceOfALargerTextDoesNotKeepTheWhole(t *testing.T) {
	verifier := verifierWith(t)
	large := strings.Repeat("x", 1<<20) + plain
	piece := large[1<<20:]
	same(t, "refused", reason(verifier, piece), "")
	held := verifier.remembered.find(plain)
	if held == nil || startOf(held.token) == startOf(piece) {
		t.Error("the whole is kept")
	}
}
