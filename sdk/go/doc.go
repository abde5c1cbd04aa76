// Package tollgate trusts Tollgate-Identity, and nothing else: the verifier for origins written in Go.
//
//	verifier, err := tollgate.New(tollgate.Settings{Issuer: "https://gate.example", Audience: "orders"})
//	…
//	http.ListenAndServe(":8080", verifier.Middleware(mux))
//
// Nobody reaches mux then whose identity the gate has not signed for this origin, and handlers
// know who calls by [From].
package tollgate
