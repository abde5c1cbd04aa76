package tollgate

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// What the memories take, in bytes: as the README says.

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var read runtime.MemStats
	runtime.ReadMemStats(&read)
	return read.HeapAlloc
}

func TestARememberedTokenTakesNoMoreThanTheReadmeSays(t *testing.T) {
	const most = 1024
	signer := gateOf("k1", 7)
	tokens := make([]string, 2*most)
	for at := range tokens {
		// As long as a token can be, in as many pieces as there can be.
		scopes := fmt.Sprintf(`"a%07d:b"`, at) + strings.Repeat(`,"abcdefgh:xy"`, 63)
		tokens[at] = signer.signWith("acme", "", scopes)
	}
	if longest := len(tokens[0]); longest > tokenMax || longest < tokenMax*3/4 {
		t.Fatalf("%d bytes", longest)
	}
	verifier := verifierWith(t)
	verifier.keys = fixedTo(t, signer)
	before := heap()
	for _, token := range tokens {
		same(t, "refused", reason(verifier, token), "")
	}
	each := (int64(heap()) - int64(before)) / most
	same(t, "held", len(verifier.remembered.held), most)
	if each > 5_000 {
		t.Errorf("%d bytes each", each)
	}
	runtime.KeepAlive(tokens)
}

func TestAUsedTokenTakesNoMoreThanTheReadmeSays(t *testing.T) {
	const most = 100_000
	used, made := useOnce(most), another(t, 1, 0)
	before := heap()
	for at := 0; at < most; at++ {
		made.binding.JTI = fmt.Sprintf("%032x", at+1)
		same(t, "refused", taken(used, made, 0), "")
	}
	each := (int64(heap()) - int64(before)) / most
	same(t, "one more", taken(used, another(t, most+1, 0), 0), "replay_full")
	if each > 100 {
		t.Errorf("%d bytes each", each)
	}
	runtime.KeepAlive(used)
}
