package tollgate

import (
	"errors"
	"log"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The keys: how old they get, and how often they are fetched.

// played is a clock and a gate that are played: every fetch is counted, and lands when the test says so.
type played struct {
	keys
	at       instant
	document []byte
	fault    error
	fetches  int
	waiting  []func()
	holds    bool
	told     []string
}

func play() *played {
	made := &played{at: instant{1000 * time.Second, 1000 * time.Second}, document: shared.JWKS}
	made.keys = keys{
		fetch: func() (*keySet, error) {
			made.fetches++
			if made.fault != nil {
				return nil, made.fault
			}
			return readJWKS(made.document)
		},
		ages:  ages{time.Minute, 5 * time.Minute, 10 * time.Second, 2 * time.Second},
		clock: func() instant { return made.at },
		run: func(work func()) {
			if made.holds {
				made.waiting = append(made.waiting, work)
			} else {
				work()
			}
		},
		failed: func(why string) { made.told = append(made.told, why) },
	}
	return made
}

func (p *played) pass(duration time.Duration) {
	p.at.steady += duration
	p.at.wall += duration
}

// land lets the oldest fetch end.
func (p *played) land() {
	work := p.waiting[0]
	p.waiting = p.waiting[1:]
	work()
}

// kids are what is held after a look, and after what it waited for.
func (p *played) kids(kid string) string {
	held, flight := p.look(kid)
	if flight != nil {
		held, _ = p.look(kid)
	}
	return strings.Join(kidsOf(held), " ")
}

func TestKeysAreFetchedOnceAndAgainBehindTheRequestsWhenTheyAreNoLongerFresh(t *testing.T) {
	p := play()
	same(t, "first", p.kids("k1"), "k1 k2")
	same(t, "second", p.kids("k1"), "k1 k2")
	p.pass(59 * time.Second)
	same(t, "fresh", p.kids("k1"), "k1 k2")
	same(t, "fetches", p.fetches, 1)
	p.pass(time.Second)
	p.holds, p.document = true, one
	held, flight := p.look("k1")
	same(t, "stale", kidsOf(held), []string{"k1", "k2"})
	if flight != nil {
		t.Error("somebody waits for what is still good")
	}
	same(t, "meanwhile", p.kids("k1"), "k1 k2")
	same(t, "fetches at a time", len(p.waiting), 1)
	p.land()
	same(t, "after", p.kids("k1"), "k1")
}

func TestARemovedKeyGoesWithTheNextAnswer(t *testing.T) {
	p := play()
	p.kids("k1")
	p.document = two
	p.pass(time.Minute)
	p.kids("k1")
	same(t, "held", p.kids("k2"), "k2")
}

func TestKeysGoAfterTheirMaxAgeWhenNoAnswerComes(t *testing.T) {
	for what, clocks := range map[string]func(*played) []*time.Duration{
		"both":   func(p *played) []*time.Duration { return []*time.Duration{&p.at.steady, &p.at.wall} },
		"steady": func(p *played) []*time.Duration { return []*time.Duration{&p.at.steady} },
		"wall":   func(p *played) []*time.Duration { return []*time.Duration{&p.at.wall} },
	} {
		p := play()
		p.kids("k1")
		p.fault = bad("no_jwks")
		for _, clock := range clocks(p) {
			*clock += 5*time.Minute - 1
		}
		same(t, what, p.kids("k1"), "k1 k2")
		for _, clock := range clocks(p) {
			*clock++
		}
		same(t, what, p.kids("k1"), "")
	}
}

func TestAClockThatWasSetBackKeepsNoKeyAlive(t *testing.T) {
	p := play()
	p.kids("k1")
	p.fault = bad("no_jwks")
	p.at.wall -= 10_000 * time.Second
	p.at.steady += 5 * time.Minute
	same(t, "held", p.kids("k1"), "")
}

func TestAnUnknownKidIsLookedForOncePerInterval(t *testing.T) {
	p := play()
	p.kids("k1")
	for turn := 0; turn < 1000; turn++ {
		p.kids("unknown")
	}
	same(t, "what was just fetched", p.fetches, 1)
	p.pass(10 * time.Second)
	for turn := 0; turn < 1000; turn++ {
		p.kids("unknown" + strings.Repeat("x", turn%9))
	}
	same(t, "after an interval", p.fetches, 2)
	p.pass(10*time.Second - 1)
	p.kids("unknown")
	same(t, "within the next", p.fetches, 2)
}

func TestANewKeyIsFoundByItsKid(t *testing.T) {
	p := play()
	p.document = one
	same(t, "before", p.kids("k1"), "k1")
	p.document = shared.JWKS
	p.pass(10 * time.Second)
	same(t, "after", p.kids("k2"), "k1 k2")
}

func TestABadAnswerChangesNothingAndIsNotAskedForAtEveryRequest(t *testing.T) {
	for _, fault := range []error{bad("no_jwks"), bad("jwks_status"), errors.New("a fault of ours")} {
		p := play()
		p.kids("k1")
		p.fault = fault
		p.pass(time.Minute)
		for turn := 0; turn < 100; turn++ {
			same(t, fault.Error(), p.kids("k1"), "k1 k2")
		}
		same(t, "fetches", p.fetches, 2)
		same(t, "told", p.told, []string{fault.Error()})
		p.pass(10 * time.Second)
		p.kids("k1")
		same(t, "fetches", p.fetches, 3)
	}
}

func TestAFaultWhileFetchingIsNoAnswerAndEndsNothing(t *testing.T) {
	p := play()
	p.keys.fetch = func() (*keySet, error) { panic("something of the document") }
	same(t, "held", p.kids("k1"), "")
	same(t, "told", p.told, []string{"a fault of type string"})
	p.keys.failed = func(string) { panic("something of whoever is told") }
	p.pass(time.Second)
	same(t, "held", p.kids("k1"), "")
}

func TestAFetchThatHangsIsGivenUpAndWhatItBringsLateIsNotTaken(t *testing.T) {
	p := play()
	p.holds = true
	if _, flight := p.look("k1"); flight == nil {
		t.Fatal("nothing to wait for")
	}
	p.pass(3 * time.Second)
	p.look("k1")
	same(t, "fetches at a time", len(p.waiting), 1)
	p.pass(time.Millisecond)
	p.holds, p.document = false, two
	same(t, "a later one", p.kids("k2"), "k2")
	p.document = shared.JWKS
	p.land()
	same(t, "what came late", p.kids("k2"), "k2")
}

func TestKeysAreAsOldAsTheQuestion(t *testing.T) {
	p := play()
	p.holds = true
	p.look("k1")
	p.pass(2 * time.Second)
	p.land()
	p.pass(298*time.Second - 1)
	same(t, "before", p.kids("k1"), "k1 k2")
	p.pass(1)
	same(t, "after", p.kids("k1"), "")
}

func TestWithNoKeyInHandItIsTriedOnceASecond(t *testing.T) {
	p := play()
	p.fault = bad("jwks_unreachable")
	for turn := 0; turn < 100; turn++ {
		same(t, "held", p.kids("k1"), "")
	}
	same(t, "fetches", p.fetches, 1)
	p.pass(time.Second)
	p.fault = nil
	same(t, "after a second", p.kids("k1"), "k1 k2")
}

func TestTheRealClocksBothGoOn(t *testing.T) {
	before := nowInstant()
	for after := nowInstant(); after.steady == before.steady || after.wall == before.wall; after = nowInstant() {
		if after.steady < before.steady {
			t.Fatal("the steady clock was set back")
		}
	}
	for _, row := range []struct {
		later instant
		since time.Duration
	}{{instant{5, 1}, 4}, {instant{2, 9}, 8}, {instant{3, -9}, 2}} {
		same(t, "since", row.later.since(instant{1, 1}), row.since)
	}
}

// lines are what is written to a log, one by one.
type lines chan string

func (l lines) Write(line []byte) (int, error) {
	l <- string(line)
	return len(line), nil
}

func TestThatKeysCannotBeHadIsLoggedAndNotEachTime(t *testing.T) {
	logged := make(lines, 9)
	log.SetOutput(logged)
	defer log.SetOutput(os.Stderr)
	server := serveKeys(t, "status")
	verifier := verifierWith(t, func(s *Settings) { s.JWKSDocument, s.JWKS, s.OnKeysFailed = nil, server.url, nil })
	same(t, "reason", reason(verifier, plain), "no_keys")
	if line := <-logged; !strings.HasSuffix(line, " tollgate: the keys of the gate could not be had: jwks_status\n") {
		t.Errorf("logged: %q", line)
	}
	verifier.keys.(*keys).failed("jwks_unreachable")
	same(t, "logged within the interval", len(logged), 0)
	at, wrote := instant{}, []string{}
	say := seldom(10*time.Second, func() instant { return at }, func(why string) { wrote = append(wrote, why) })
	for second := 0; second <= 20; second++ {
		at.steady = time.Duration(second) * time.Second
		say(strconv.Itoa(second))
	}
	same(t, "written", wrote, []string{"0", "10", "20"})
}
