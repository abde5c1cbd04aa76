package tollgate

import (
	"fmt"
	"sync"
	"time"
)

// The keys that are held, how old they may be, and when they are fetched again.
//
//   - Younger than Fresh: used.
//   - Older: used, and fetched again behind the requests.
//   - Older than MaxAge without a good answer: not used any more.
//   - A kid that is not known: fetched again, at most once in Refetch, whoever asks.
//
// A good answer replaces all keys. So a key that the gate has removed goes with the next answer, and if none comes
// with its MaxAge.

// With no key in hand nothing can be served, so that is tried again sooner.
const retry = time.Second

// ages is what is said above of times.
type ages struct{ fresh, maxAge, refetch, deadline time.Duration }

// instant has both clocks: one can be set back, and the other stands still while a machine sleeps.
type instant struct{ steady, wall time.Duration }

var started = time.Now()

func nowInstant() instant {
	now := time.Now()
	return instant{steady: now.Sub(started), wall: time.Duration(now.UnixNano())}
}

func (i instant) since(earlier instant) time.Duration {
	steady, wall := i.steady-earlier.steady, i.wall-earlier.wall
	if wall > steady {
		return wall
	}
	return steady
}

// flight is a fetch that is under way; landed is closed when it no longer is.
type flight struct{ landed chan struct{} }

// keys are fetched when they are needed. At most one fetch is under way.
type keys struct {
	fetch func() (*keySet, error)
	ages  ages
	clock func() instant
	// run does the work behind the caller's back.
	run func(func())
	// failed is told why keys were not fetched.
	failed func(string)

	lock    sync.Mutex
	held    *keySet
	came    instant
	tried   instant
	hasTry  bool
	current *flight
}

// look gives the keys that may be used now, and what to wait for if they are not enough for this kid.
func (k *keys) look(kid string) (*keySet, *flight) {
	at := k.clock()
	k.lock.Lock()
	if k.hasTry && at.since(k.tried) > k.ages.deadline+retry {
		// Whatever holds it up, it does not stand in the way.
		k.current = nil
	}
	held := k.usable(at)
	isEnough := held != nil && held.find(kid) != nil
	starts := k.current == nil && k.isDue(at, held, isEnough)
	if starts {
		k.tried, k.hasTry = at, true
		k.current = &flight{make(chan struct{})}
	}
	current := k.current
	k.lock.Unlock()
	if starts {
		k.run(func() { k.land(current, at) })
	}
	if isEnough {
		return held, nil
	}
	return held, current
}

func (k *keys) usable(at instant) *keySet {
	if k.held == nil || at.since(k.came) >= k.ages.maxAge {
		return nil
	}
	return k.held
}

func (k *keys) isDue(at instant, held *keySet, isEnough bool) bool {
	switch {
	case !k.hasTry:
		return true
	case held == nil:
		return at.since(k.tried) >= retry
	case isEnough && at.since(k.came) < k.ages.fresh:
		return false
	}
	return at.since(k.tried) >= k.ages.refetch
}

func (k *keys) land(which *flight, began instant) {
	found, err := k.attempt()
	k.lock.Lock()
	// One that was given up may bring what a later one has replaced.
	if k.current == which {
		k.current = nil
		if err == nil {
			// As old as the question: the gate may have answered it at once.
			k.held, k.came = found, began
		}
	}
	k.lock.Unlock()
	close(which.landed)
	if err != nil {
		k.tell(err.Error())
	}
}

// tell says why keys were not fetched. Whoever is told must not end the process.
func (k *keys) tell(reason string) {
	defer func() { _ = recover() }()
	if k.failed != nil {
		k.failed(reason)
	}
}

// attempt fetches. Whatever goes wrong must not end in a flight that never lands.
func (k *keys) attempt() (found *keySet, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			found, err = nil, fmt.Errorf("a fault of type %T", fault)
		}
	}()
	return k.fetch()
}

// seldom writes at most once in an interval: with no key in hand there may be a fetch each second.
func seldom(interval time.Duration, clock func() instant, write func(string)) func(string) {
	var lock sync.Mutex
	var last *instant
	return func(reason string) {
		at := clock()
		lock.Lock()
		isDue := last == nil || at.since(*last) >= interval
		if isDue {
			last = &at
		}
		lock.Unlock()
		if isDue {
			write(reason)
		}
	}
}
