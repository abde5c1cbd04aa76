package tollgate

import (
	"encoding/base64"
	"strings"
)

// Canonical JSON: one spelling of every text, and a reader that takes no other.

const (
	integerMax    = 1 << 53
	identifierMax = 64
	digitsMax     = 16
)

// set says of each byte whether it is in it.
type set [256]bool

func setOf(symbols string) set {
	var made set
	for at := 0; at < len(symbols); at++ {
		made[symbols[at]] = true
	}
	return made
}

const (
	digits  = "0123456789"
	lower   = "abcdefghijklmnopqrstuvwxyz"
	letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ" + lower
)

var (
	base64urlSet  = setOf(letters + digits + "-_")
	identifierSet = setOf(letters + digits + "._+@-")
	hexSet        = setOf(digits + "abcdef")
	printableSet  = printable()
)

// printable has what a text may hold between its quotation marks.
func printable() set {
	var made set
	for symbol := ' '; symbol <= '~'; symbol++ {
		made[symbol] = symbol != '"' && symbol != '\\'
	}
	return made
}

// only says whether the text has from least to most bytes, all of this set.
func only(text string, symbols *set, least, most int) bool {
	if len(text) < least || len(text) > most {
		return false
	}
	for at := 0; at < len(text); at++ {
		if !symbols[text[at]] {
			return false
		}
	}
	return true
}

func isIdentifier(text string) bool {
	return only(text, &identifierSet, 1, identifierMax) && strings.Count(text, "@") <= 1
}

// fromBase64url gives the bytes, or says that this is not how they would be written.
func fromBase64url(symbols string) (string, bool) {
	// The library passes over line feeds, so what it may be given is said first.
	if !only(symbols, &base64urlSet, 0, len(symbols)) {
		return "", false
	}
	data, err := base64.RawURLEncoding.Strict().DecodeString(symbols)
	return string(data), err == nil
}

// reader reads a text from left to right. After the first thing that is not there it takes nothing more, and end
// is false.
//
// Names of fields are asked for as literals, in their order. So a missing, unknown, repeated or misplaced field, or
// a blank, is simply not what was asked for.
type reader struct {
	left string
	bad  bool
}

// sees says whether this comes next, and takes nothing.
func (r *reader) sees(literal string) bool {
	return !r.bad && strings.HasPrefix(r.left, literal)
}

func (r *reader) literal(literal string) {
	if !r.sees(literal) {
		r.bad = true
		return
	}
	r.left = r.left[len(literal):]
}

// integer takes all the digits that follow, as one integer.
func (r *reader) integer() uint64 {
	count := r.run(func(symbol byte) bool { return symbol >= '0' && symbol <= '9' })
	if count == 0 || count > digitsMax || (count > 1 && r.left[0] == '0') {
		r.bad = true
	}
	if r.bad {
		return 0
	}
	var value uint64
	for _, digit := range []byte(r.left[:count]) {
		value = value*10 + uint64(digit-'0')
	}
	r.left = r.left[count:]
	r.bad = value > integerMax
	return value
}

func (r *reader) text() string {
	r.literal(`"`)
	count := r.run(func(symbol byte) bool { return printableSet[symbol] })
	if r.bad {
		return ""
	}
	text := r.left[:count]
	r.left = r.left[count:]
	r.literal(`"`)
	return text
}

// texts takes a list of at most so many texts.
func (r *reader) texts(most int) []string {
	var taken []string
	r.literal("[")
	for !r.bad && !r.sees("]") {
		if len(taken) > 0 {
			r.literal(",")
		}
		taken = append(taken, r.text())
		if len(taken) > most {
			r.bad = true
		}
	}
	r.literal("]")
	return taken
}

// end says whether everything was there, and nothing else.
func (r *reader) end() bool {
	return !r.bad && r.left == ""
}

func (r *reader) run(is func(byte) bool) int {
	count := 0
	for !r.bad && count < len(r.left) && is(r.left[count]) {
		count++
	}
	return count
}
