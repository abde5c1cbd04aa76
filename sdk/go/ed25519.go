package tollgate

import (
	"crypto/ed25519"
	"math/big"
)

// Ed25519 by the strict rule of the specification: what libraries disagree about is decided here.
//
// crypto/ed25519 checks the equation without the cofactor, that S is below the order of the group, and compares with
// the canonical R. Which points are good is not its business, so it is ours.

// point is an encoded point of the curve.
type point [32]byte

// smallOrder has the y of all eight points of small order, with the top bit cleared.
var smallOrder = map[point]bool{
	{}:  true,
	{1}: true,
	{
		0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f,
	}: true,
	{
		0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
		0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
	}: true,
	{
		0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
		0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
	}: true,
}

func (p point) withoutSign() point {
	p[31] &= 0x7f
	return p
}

// isGood says whether this is the one encoding of a point of the curve that has not small order.
func (p point) isGood() bool {
	p = p.withoutSign()
	if smallOrder[p] {
		return false
	}
	for low, high := 0, len(p)-1; low < high; low, high = low+1, high-1 {
		p[low], p[high] = p[high], p[low]
	}
	y := new(big.Int).SetBytes(p[:])
	one := big.NewInt(1)
	prime := new(big.Int).Sub(new(big.Int).Lsh(one, 255), big.NewInt(19))
	if y.Cmp(prime) >= 0 {
		return false
	}
	// x^2 = (y^2 - 1) / (d y^2 + 1), with d = -121665 / 121666.
	d := new(big.Int).ModInverse(big.NewInt(121666), prime)
	d.Mul(d, big.NewInt(-121665)).Mod(d, prime)
	square := new(big.Int).Mul(y, y)
	under := new(big.Int).Mul(d, square)
	under.Add(under, one).Mod(under, prime).ModInverse(under, prime)
	over := square.Sub(square, one)
	over.Mul(over, under).Mod(over, prime)
	return big.Jacobi(over, prime) >= 0
}

// publicKey is a good point.
type publicKey struct{ x point }

func publicKeyOf(x string) (publicKey, bool) {
	var made publicKey
	if copy(made.x[:], x) != len(x) || len(x) != len(made.x) || !made.x.isGood() {
		return publicKey{}, false
	}
	return made, true
}

func (key publicKey) isValid(message, signature string) bool {
	if len(signature) != ed25519.SignatureSize {
		return false
	}
	var r point
	copy(r[:], signature)
	// An R off the curve is not what the equation gives, and the library compares with that.
	if smallOrder[r.withoutSign()] {
		return false
	}
	return ed25519.Verify(key.x[:], []byte(message), []byte(signature))
}
