package tollgate

import (
	"context"
	"errors"
	"net/http"
	"strings"
)

// admitted is what a request that has passed a verifier carries. A public path has no identity.
type admitted struct {
	verifier *Verifier
	identity *Identity
}

type contextKey struct{}

// Middleware serves nobody whose identity the gate has not signed: next is reached with an identity, or by a public
// path. Binding needs the target as it was sent, which net/http has in RequestURI.
//
// It panics if the verifier reads events of API Gateway: no header is looked at then, so nothing could be served.
func (v *Verifier) Middleware(next http.Handler) http.Handler {
	if v.settings.Source != Header {
		panic("tollgate: a verifier of events of API Gateway is no middleware")
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path, _, _ := strings.Cut(r.RequestURI, "?")
		through := admitted{verifier: v}
		// A CONNECT has no path: over HTTP/2 its authority stands in RequestURI, and can be spelled like one.
		if r.Method == http.MethodConnect || !v.isPublic(path) {
			identity, err := v.Admit(r.Context(), r.Header, r.Method, path)
			if err != nil {
				v.refuse(w, r, err)
				return
			}
			through.identity = identity
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), contextKey{}, through)))
	})
}

func (v *Verifier) isPublic(path string) bool {
	for _, public := range v.settings.Public {
		if path == public {
			return true
		}
	}
	return false
}

// From gives the verified identity. There is none on a public path, and none without the middleware.
func From(ctx context.Context) (*Identity, bool) {
	through, _ := ctx.Value(contextKey{}).(admitted)
	return through.identity, through.identity != nil
}

// RequireScope serves those whose scopes cover all of these, and is put inside the middleware: without it nothing is
// served. Others are refused with 403, and on a public path those without an identity with 401.
//
// It panics if one of these is no scope: that is a mistake in the program, and said where it is written.
func RequireScope(required ...string) func(http.Handler) http.Handler {
	required = append([]string(nil), required...)
	if !areScopes(required) {
		panic("tollgate: what is required is no scope: resource:action")
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			identity, ok := From(r.Context())
			err := refusal(bad("missing"))
			if ok {
				err = identity.Require(required...)
			}
			if err != nil {
				Refuse(w, r, err)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

// Refuse answers a request with what [Identity.Require] returned, as the gate would. Any other error is a 500, and so
// is a request that no middleware has seen.
func Refuse(w http.ResponseWriter, r *http.Request, err error) {
	through, ok := r.Context().Value(contextKey{}).(admitted)
	if !ok {
		http.Error(w, "nothing was verified", http.StatusInternalServerError)
		return
	}
	through.verifier.refuse(w, r, err)
}

func (v *Verifier) refuse(w http.ResponseWriter, r *http.Request, err error) {
	var refused *Refused
	if !errors.As(err, &refused) {
		http.Error(w, "nothing was verified", http.StatusInternalServerError)
		return
	}
	told := v.tell(refused, r.Header, r.Method)
	for _, field := range told.fields {
		w.Header().Set(field[0], field[1])
	}
	w.WriteHeader(told.status)
	_, _ = w.Write([]byte(told.body))
}

// tell is what the client is told of a refusal; the origin is told of it first.
func (v *Verifier) tell(refused *Refused, header http.Header, method string) answer {
	if v.settings.OnRefused != nil {
		v.settings.OnRefused(refused)
	}
	requestID := ""
	if ids := header["X-Request-Id"]; len(ids) == 1 {
		requestID = ids[0]
	}
	return answerTo(refused, v.settings.Realm, requestID, method)
}
