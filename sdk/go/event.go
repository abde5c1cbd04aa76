package tollgate

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"unicode/utf8"
)

// API Gateway: the identity that the authorizer has put into the context of an event.
//
// A Lambda proxy integration maps no header, so what a client sends in Tollgate-Identity arrives there as it was sent.
// Here nothing but requestContext.authorizer is read.

// A Lambda function is given 6 MB at most.
const eventMax = 8 << 20

// object has the members of a JSON object, by their exact names: a struct would be filled from names in any case.
type object map[string]json.RawMessage

// member is an object, or nothing.
func (o object) member(name string) object {
	var found object
	if json.Unmarshal(o[name], &found) != nil {
		return nil
	}
	return found
}

// text is a text, or says that there is none.
func (o object) text(name string) (string, bool) {
	var found any
	if json.Unmarshal(o[name], &found) != nil {
		return "", false
	}
	text, ok := found.(string)
	// The reader puts a mark where something was no character; that matches nothing.
	return text, ok && !strings.ContainsRune(text, utf8.RuneError)
}

func (o object) has(name string) bool {
	return o[name] != nil && string(o[name]) != "null"
}

func objectOf(event []byte) object {
	var found object
	if len(event) > eventMax || json.Unmarshal(event, &found) != nil {
		return nil
	}
	return found
}

// AdmitEvent gives the identity of an event of API Gateway, in JSON: from the context of its authorizer, of a REST or
// an HTTP API, and from nothing else. Else its error is a [*Refused].
func (v *Verifier) AdmitEvent(ctx context.Context, event []byte) (*Identity, error) {
	if v.settings.Source != APIGateway {
		return nil, ConfigError("this verifier reads the header, and no event")
	}
	read := objectOf(event)
	token, err := read.token()
	if err != nil {
		return nil, refusal(err)
	}
	method, path := read.target(v.settings.BasePath)
	return v.judged(ctx, token, method, path)
}

func (o object) token() (string, error) {
	authorizer := o.member("requestContext").member("authorizer")
	if authorizer.has("lambda") {
		authorizer = authorizer.member("lambda")
	}
	token, ok := authorizer.text("identity")
	if !authorizer.has("identity") || (ok && token == "") {
		return "", bad("missing")
	}
	if !ok || !isASCII(token) {
		return "", bad("malformed")
	}
	return token, nil
}

// target is method and path as the gate has signed them; what is not there matches no binding.
func (o object) target(basePath string) (method, path string) {
	context := o.member("requestContext")
	version, _ := o.text("version")
	isHTTP := context.has("http")
	isText := false
	if isHTTP {
		method, _ = context.member("http").text("method")
		path, isText = o.text("rawPath")
	} else {
		method, _ = o.text("httpMethod")
		path, isText = o.text("path")
	}
	if !isText {
		return method, ""
	}
	// An HTTP API's path starts with its stage, a REST API's does not.
	stage, hasStage := context.text("stage")
	if hasStage && stage != "$default" && (isHTTP || version == "1.0") && context.isOwnDomain() {
		path = without(path, "/"+stage)
	}
	// Under a domain of one's own it starts with what the mapping has, of whatever kind the API is.
	if base := strings.Trim(basePath, "/"); base != "" && !context.isOwnDomain() {
		path = without(path, "/"+base)
	}
	return method, path
}

// isOwnDomain says whether the request came under the domain that every API has: only there the stage is in the path.
func (o object) isOwnDomain() bool {
	if !o.has("domainName") {
		return true
	}
	domain, _ := o.text("domainName")
	api, ok := o.text("apiId")
	return ok && strings.HasPrefix(domain, api+".execute-api.")
}

// without leaves out what a path begins with, if it is this and does not only begin like it.
func without(path, segment string) string {
	if path == segment {
		return "/"
	}
	if strings.HasPrefix(path, segment+"/") {
		return strings.TrimPrefix(path, segment)
	}
	return path
}

// LambdaHandler is what handles an event of API Gateway, as it came.
type LambdaHandler func(ctx context.Context, event json.RawMessage, who *Identity) (any, error)

// Lambda makes of a handler one that AWS's own library starts: lambda.Start(verifier.Lambda(orders)). Who is refused,
// also by an error of [Identity.Require] that the handler returns, gets the gate's answer.
func (v *Verifier) Lambda(inner LambdaHandler) func(context.Context, json.RawMessage) (any, error) {
	return func(ctx context.Context, event json.RawMessage) (any, error) {
		who, err := v.AdmitEvent(ctx, event)
		if err == nil {
			var made any
			if made, err = inner(ctx, event, who); err == nil {
				return made, nil
			}
		}
		var refused *Refused
		if !errors.As(err, &refused) {
			return nil, err
		}
		method, _ := objectOf(event).target("")
		return proxied(v.tell(refused, nil, method)), nil
	}
}

// Proxied is an answer as a Lambda proxy integration wants it.
type Proxied struct {
	StatusCode      int               `json:"statusCode"`
	Headers         map[string]string `json:"headers"`
	Body            string            `json:"body"`
	IsBase64Encoded bool              `json:"isBase64Encoded"`
}

func proxied(told answer) Proxied {
	made := Proxied{StatusCode: told.status, Headers: map[string]string{}, Body: told.body}
	for _, field := range told.fields {
		made.Headers[field[0]] = field[1]
	}
	return made
}
