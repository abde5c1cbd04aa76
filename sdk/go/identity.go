package tollgate

import "time"

// Identity is who calls, as the gate has signed it. Only a [Verifier] makes one, nothing can change it, and it is
// safe for use by many goroutines. The zero Identity is nobody and allows nothing.
type Identity struct {
	key, owner, tenant, env string
	scopes                  []string
	plan                    string
	issuer, audience        string
	// Seconds since the epoch.
	issuedAt, expiresAt uint64
	kid                 string
	binding             *Binding
}

// Binding is the one request that an identity is for.
type Binding struct {
	// JTI names the token: 32 hexadecimal digits, new for each.
	JTI string
	// Method is compared byte by byte.
	Method string
	// Path has the bytes of the request's target before the first '?', as they were sent.
	Path string
}

// Key is the public id of the key that the caller has shown to the gate.
func (i *Identity) Key() string { return i.key }

// Owner is whose key it is.
func (i *Identity) Owner() string { return i.owner }

// Tenant is the workspace that a request may see: take it from here, and from nothing that the client has sent.
func (i *Identity) Tenant() string { return i.tenant }

// Env is the environment of the key, such as live or test.
func (i *Identity) Env() string { return i.env }

// Plan is the plan of the key, or empty if it has none.
func (i *Identity) Plan() string { return i.plan }

// Scopes are those of the key, in its order. The slice is the caller's own.
func (i *Identity) Scopes() []string { return append([]string(nil), i.scopes...) }

// Issuer is the gate.
func (i *Identity) Issuer() string { return i.issuer }

// Audience is the origin that the identity is for: this one.
func (i *Identity) Audience() string { return i.audience }

// KID is the name of the key that signed.
func (i *Identity) KID() string { return i.kid }

// IssuedAt is when it was signed, in whole seconds.
func (i *Identity) IssuedAt() time.Time { return time.Unix(int64(i.issuedAt), 0) }

// ExpiresAt is when it ends, in whole seconds; the verifier's skew comes on top.
func (i *Identity) ExpiresAt() time.Time { return time.Unix(int64(i.expiresAt), 0) }

// Binding is the one request that this identity is for, and false if it is for any.
func (i *Identity) Binding() (Binding, bool) {
	if i.binding == nil {
		return Binding{}, false
	}
	return *i.binding, true
}

// Allows says whether the scopes held cover all of these. What is no scope is covered by none.
func (i *Identity) Allows(required ...string) bool {
	_, missing := firstMissing(i.scopes, required)
	return !missing
}

// Require is nil if the scopes held cover all of these, and else a [*Refused], which [Refuse] answers with 403. If one of
// these is no scope it is a [ConfigError]: that is a mistake in the program, and what is required is repeated in an answer.
func (i *Identity) Require(required ...string) error {
	if !areScopes(required) {
		return ConfigError("what is required is no scope: resource:action")
	}
	if i.Allows(required...) {
		return nil
	}
	return &Refused{Code: "scope_missing", Reason: "scope_missing", required: append([]string(nil), required...)}
}
