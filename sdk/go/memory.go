package tollgate

import (
	"container/list"
	"encoding/hex"
	"strings"
	"sync"
)

// What a verifier remembers, each within a bound: tokens that were good, and tokens that were used.

// remembered has tokens without binding that were verified: the signature is not computed again while the key is the
// same. Times are judged at every use. When it is full the oldest goes, which is nearly the first to expire.
type remembered struct {
	most  int
	lock  sync.RWMutex
	held  map[string]*list.Element
	order list.List
}

// good is a token that was verified, and the key that it was verified with.
type good struct {
	token    string
	key      signer
	identity *Identity
}

func remember(most int) *remembered {
	return &remembered{most: most, held: map[string]*list.Element{}}
}

func (r *remembered) find(token string) *good {
	r.lock.RLock()
	defer r.lock.RUnlock()
	if held, ok := r.held[token]; ok {
		return held.Value.(*good)
	}
	return nil
}

func (r *remembered) keep(token string, keys *keySet, identity *Identity) {
	key := keys.find(identity.kid)
	if r.most == 0 || identity.binding != nil || key == nil {
		return
	}
	// The text of a header may be a piece of a larger one, which would be kept with it.
	made := &good{strings.Clone(token), *key, identity}
	r.lock.Lock()
	defer r.lock.Unlock()
	if held, ok := r.held[token]; ok {
		held.Value = made
		return
	}
	r.held[made.token] = r.order.PushBack(made)
	for len(r.held) > r.most {
		r.drop(r.order.Front())
	}
}

func (r *remembered) forget(token string) {
	r.lock.Lock()
	defer r.lock.Unlock()
	if held, ok := r.held[token]; ok {
		r.drop(held)
	}
}

func (r *remembered) drop(held *list.Element) {
	r.order.Remove(held)
	delete(r.held, held.Value.(*good).token)
}

// used has bound tokens that were used, until they could not be used any more. When it is full of tokens that still
// could, further ones are refused: none is used twice for want of room.
type used struct {
	most   int
	lock   sync.Mutex
	until  map[[jtiDigits / 2]byte]uint64
	latest uint64
	// Before this none of them ends, so there is no sense in looking for those that have.
	soonest uint64
}

func useOnce(most int) *used {
	return &used{most: most, until: map[[jtiDigits / 2]byte]uint64{}}
}

func (u *used) take(identity *Identity, skewMS, nowMS uint64) error {
	if u.most == 0 || identity.binding == nil {
		return nil
	}
	var jti [jtiDigits / 2]byte
	if _, err := hex.Decode(jti[:], []byte(identity.binding.JTI)); err != nil {
		return bad("bad_claims")
	}
	ends := identity.endsMS(skewMS)
	u.lock.Lock()
	defer u.lock.Unlock()
	if nowMS > u.latest {
		u.latest = nowMS
	}
	if ends <= u.latest {
		// The clock was set back: this one may have been forgotten already.
		return bad("expired")
	}
	if _, ok := u.until[jti]; ok {
		return bad("replayed")
	}
	if len(u.until) >= u.most && u.soonest <= u.latest {
		u.clear()
	}
	if len(u.until) >= u.most {
		return bad("replay_full")
	}
	if len(u.until) == 0 || ends < u.soonest {
		u.soonest = ends
	}
	u.until[jti] = ends
	return nil
}

// clear forgets those that have ended.
func (u *used) clear() {
	u.soonest = 0
	for jti, ends := range u.until {
		if ends <= u.latest {
			delete(u.until, jti)
		} else if u.soonest == 0 || ends < u.soonest {
			u.soonest = ends
		}
	}
}
