module behind

go 1.19

require github.com/tollgate/tollgate/sdk/go v0.0.0

replace github.com/tollgate/tollgate/sdk/go => ../../../../../sdk/go
