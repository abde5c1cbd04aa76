package tollgate

import (
	"log"
	"strings"
	"time"
)

const (
	wellKnown   = "/.well-known/tollgate/jwks.json"
	rememberMax = 65_536
	replayMax   = 1_048_576
	publicMax   = 64
	realmMax    = 64
)

// Source is where a verifier finds the token.
type Source int

const (
	// Header is the one header Tollgate-Identity.
	Header Source = iota
	// APIGateway is the context of the authorizer in an event of API Gateway, and nothing else.
	APIGateway
)

const (
	// NoSkew in place of a skew: the clocks must agree.
	NoSkew = time.Duration(-1)
	// RememberNone in place of a number: every signature is computed.
	RememberNone = -1
)

// Settings are all there is to set. Two are needed: the issuer, and the audience that stands for this origin. What is
// left out is as usual, and what is zero is left out: NoSkew and RememberNone say none.
type Settings struct {
	// Issuer and Audience are those of the gate's [identity].
	Issuer, Audience string
	// JWKS is the URL of the keys; usually it is below the issuer's URL.
	JWKS string
	// JWKSDocument has the keys themselves, and then none are fetched.
	JWKSDocument []byte
	// Skew is how far the clocks of gate and origin may be apart: whole milliseconds, at most 60 s; NoSkew if not at all.
	// Zero is the usual 5 s.
	Skew time.Duration
	// RequireBinding refuses tokens that are not for one method and path.
	RequireBinding bool
	// ReplayMax is how many used tokens are remembered, so that none is used twice by this process: at most 1,048,576.
	// Zero, as usual, is none. Only with RequireBinding.
	ReplayMax int
	// Source is where the token is.
	Source Source
	// BasePath is what stands before the path under a domain of one's own, as TOLLGATE_BASE_PATH of the gate: usually
	// nothing. Only with the source APIGateway.
	BasePath string
	// RememberMax is how many verified tokens are remembered until they expire: at most 65,536, or RememberNone. Zero is
	// the usual 1,024.
	RememberMax int
	// Fresh is when keys are fetched again, behind the requests: at least 1 s. Zero is the usual 60 s.
	Fresh time.Duration
	// MaxAge is how long keys are used with no good answer: more than Fresh and at most a day. Zero is the usual 300 s.
	MaxAge time.Duration
	// Refetch is how often an unknown kid causes a fetch, whoever asks: 1 s to an hour. Zero is the usual 10 s.
	Refetch time.Duration
	// Deadline is that of a fetch, all of it, and of a request that waits for one: 50 ms to 30 s. Zero is the usual 2 s.
	Deadline time.Duration
	// AllowHTTP lets keys be fetched without TLS also from another machine. Whoever sits between can then say who calls.
	AllowHTTP bool
	// Public are paths that are served to anybody, without an identity: those that are sent in this very spelling. Only
	// with the source Header.
	Public []string
	// Realm is what WWW-Authenticate calls this origin. Empty is the usual api.
	Realm string
	// OnRefused is told of each refusal.
	OnRefused func(*Refused)
	// OnKeysFailed is told why keys could not be fetched, each time. Without it the log of the standard library is, at
	// most once in Refetch.
	OnKeysFailed func(reason string)
	// Now is the clock that times are judged by, for tests.
	Now func() time.Time
}

// ConfigError is about settings that cannot be meant.
type ConfigError string

func (e ConfigError) Error() string { return "tollgate: " + string(e) }

// usual fills in what was left out.
func (s Settings) usual() Settings {
	duration := func(value *time.Duration, usual time.Duration) {
		if *value == 0 {
			*value = usual
		}
	}
	duration(&s.Skew, 5*time.Second)
	duration(&s.Fresh, time.Minute)
	duration(&s.MaxAge, 5*time.Minute)
	duration(&s.Refetch, 10*time.Second)
	duration(&s.Deadline, 2*time.Second)
	if s.Skew == NoSkew {
		s.Skew = 0
	}
	switch s.RememberMax {
	case 0:
		s.RememberMax = 1_024
	case RememberNone:
		s.RememberMax = 0
	}
	if s.Realm == "" {
		s.Realm = "api"
	}
	if s.Now == nil {
		s.Now = time.Now
	}
	// The caller may go on with its own.
	s.Public = append([]string(nil), s.Public...)
	return s
}

// check says what cannot be meant.
func (s *Settings) check() error {
	for _, rule := range []struct {
		holds bool
		what  ConfigError
	}{
		{isName(s.Issuer), `Issuer: 1 to 128 visible ASCII characters without " and \`},
		{isName(s.Audience), `Audience: 1 to 128 visible ASCII characters without " and \`},
		{s.Skew >= 0 && s.Skew <= skewMaxMS*time.Millisecond && s.Skew%time.Millisecond == 0, "Skew: whole milliseconds, at most 60 s, or NoSkew"},
		{s.ReplayMax >= 0 && s.ReplayMax <= replayMax, "ReplayMax: 0 to 1048576"},
		{s.ReplayMax == 0 || s.RequireBinding, "ReplayMax: only together with RequireBinding"},
		{s.RememberMax >= 0 && s.RememberMax <= rememberMax, "RememberMax: at most 65536, or RememberNone"},
		{s.Source == Header || s.Source == APIGateway, "Source: Header or APIGateway"},
		{only(s.Realm, &printableSet, 1, realmMax), `Realm: 1 to 64 printable ASCII characters without " and \`},
		{time.Second <= s.Fresh && s.Fresh < s.MaxAge && s.MaxAge <= 24*time.Hour, "Fresh, MaxAge: 1 s <= Fresh < MaxAge <= 24 h"},
		{time.Second <= s.Refetch && s.Refetch <= time.Hour, "Refetch: 1 s to 1 h"},
		{50*time.Millisecond <= s.Deadline && s.Deadline <= 30*time.Second, "Deadline: 50 ms to 30 s"},
		{len(s.Public) <= publicMax, "Public: at most 64 paths"},
		{len(s.Public) == 0 || s.Source == Header, "Public: only with the source Header; an event has an identity always"},
		{s.BasePath == "" || isPlainPath("/"+s.BasePath), `BasePath: visible ASCII without ?, %, # and \`},
		{s.BasePath == "" || s.Source == APIGateway && strings.Trim(s.BasePath, "/") != "", "BasePath: some segments of a path, and only with the source APIGateway"},
		{s.JWKS == "" || s.JWKSDocument == nil, "JWKS, JWKSDocument: one of them"},
	} {
		if !rule.holds {
			return rule.what
		}
	}
	for _, path := range s.Public {
		if !isPlainPath(path) {
			return ConfigError(`Public: each starts with / and is visible ASCII without ?, %, # and \`)
		}
	}
	return nil
}

// isPlainPath says whether a path is sent in one spelling only: nothing in it is encoded, resolved or cut off.
func isPlainPath(path string) bool {
	for at := 0; at < len(path); at++ {
		if path[at] < '!' || path[at] > '~' || strings.IndexByte(`?%#\`, path[at]) >= 0 {
			return false
		}
	}
	return strings.HasPrefix(path, "/")
}

// keys are where the keys come from.
func (s *Settings) keys() (lookout, error) {
	if s.JWKSDocument != nil {
		held, err := readJWKS(s.JWKSDocument)
		if err != nil {
			return nil, ConfigError("JWKSDocument: " + err.Error())
		}
		return fixed{held}, nil
	}
	url := s.JWKS
	if url == "" {
		url = strings.TrimRight(s.Issuer, "/") + wellKnown
	}
	if !isKeysURL(url, s.AllowHTTP) {
		return nil, ConfigError("JWKS: an https URL; without it the issuer must be one, or JWKSDocument be given")
	}
	failed := s.OnKeysFailed
	if failed == nil {
		failed = seldom(s.Refetch, nowInstant, func(reason string) {
			log.Printf("tollgate: the keys of the gate could not be had: %s", reason)
		})
	}
	return &keys{
		fetch:  newFetcher(url, s.Deadline, nil).fetch,
		ages:   ages{s.Fresh, s.MaxAge, s.Refetch, s.Deadline},
		clock:  nowInstant,
		run:    func(work func()) { go work() },
		failed: failed,
	}, nil
}
