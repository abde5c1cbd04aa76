package tollgate

import "strings"

// Scopes: resource:action, with * on either side.

const sideMax = 32

var sideSet = setOf(lower + digits + "_.-")

// sides gives resource and action, or says that this is no scope.
func sides(scope string) (resource, action string, ok bool) {
	resource, action, ok = strings.Cut(scope, ":")
	return resource, action, ok && isSide(resource) && isSide(action)
}

func isSide(side string) bool {
	return side == "*" || only(side, &sideSet, 1, sideMax)
}

func areScopes(texts []string) bool {
	for _, text := range texts {
		if _, _, ok := sides(text); !ok {
			return false
		}
	}
	return true
}

// firstMissing gives the first required scope that nothing held covers. What is no scope covers nothing, and
// nothing covers it.
func firstMissing(held, required []string) (string, bool) {
	for _, scope := range required {
		if !coveredBy(held, scope) {
			return scope, true
		}
	}
	return "", false
}

func coveredBy(held []string, required string) bool {
	resource, action, ok := sides(required)
	if !ok {
		return false
	}
	for _, scope := range held {
		of, may, ok := sides(scope)
		if ok && (of == "*" || of == resource) && (may == "*" || may == action) {
			return true
		}
	}
	return false
}
