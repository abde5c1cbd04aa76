package tollgate_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	tollgate "github.com/tollgate/tollgate/sdk/go"
)

func Example() {
	verifier, err := tollgate.New(tollgate.Settings{Issuer: "https://gate.example", Audience: "orders"})
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/orders", func(w http.ResponseWriter, r *http.Request) {
		who, _ := tollgate.From(r.Context())
		fmt.Fprintln(w, "the orders of", who.Tenant())
	})
	origin := verifier.Middleware(mux)

	// Whoever comes around the gate gets what it would have said.
	answer := httptest.NewRecorder()
	origin.ServeHTTP(answer, httptest.NewRequest("GET", "/orders", nil))
	fmt.Println(answer.Code, answer.Header().Get("WWW-Authenticate"))
	// Output: 401 Bearer realm="api"
}

func ExampleRequireScope() {
	create := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, _ := tollgate.From(r.Context())
		fmt.Fprintln(w, who.Owner(), "may write")
	})
	mux := http.NewServeMux()
	mux.Handle("/orders/new", tollgate.RequireScope("orders:write")(create))

	// Without the middleware nothing is served.
	answer := httptest.NewRecorder()
	mux.ServeHTTP(answer, httptest.NewRequest("GET", "/orders/new", nil))
	fmt.Print(answer.Code, " ", answer.Body)
	// Output: 500 nothing was verified
}
