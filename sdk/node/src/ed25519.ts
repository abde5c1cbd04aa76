// Ed25519 by the strict rule of the specification: what libraries disagree about is decided here.

const P = 2n ** 255n - 19n;
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const D = 37095705934669439343138083508754565189542113879843219016388785533085940283555n;

export const SIGNATURE_BYTES = 64;

/** The y of all eight points of small order, with the top bit cleared, the most significant byte first. */
const SMALL_ORDER = new Set([
  0n,
  1n,
  P - 1n,
  0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n,
  0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n,
]);

/** Whether this is the one encoding of a point of the curve that has not small order. */
export function isGoodPoint(encoded: string): boolean {
  if (encoded.length !== 32) return false;
  const y = withoutSign(encoded);
  if (y >= P || SMALL_ORDER.has(y)) return false;
  const square = (mod(y * y - 1n) * power(mod(D * y * y + 1n), P - 2n)) % P;
  return square === 0n || power(square, (P - 1n) / 2n) === 1n;
}

/**
 * Whether a signature may be put to a library, which checks the equation and compares with the canonical R.
 * An R off the curve is not what the equation gives.
 */
export function isStrict(signature: string): boolean {
  return (
    signature.length === SIGNATURE_BYTES &&
    littleEndian(signature.slice(32)) < L &&
    !SMALL_ORDER.has(withoutSign(signature.slice(0, 32)))
  );
}

function littleEndian(bytes: string): bigint {
  let hex = "";
  for (let at = bytes.length - 1; at >= 0; at -= 1) hex += bytes.charCodeAt(at).toString(16).padStart(2, "0");
  return BigInt(`0x${hex}`);
}

function withoutSign(encoded: string): bigint {
  return littleEndian(encoded) & (2n ** 255n - 1n);
}

function mod(value: bigint): bigint {
  return ((value % P) + P) % P;
}

function power(base: bigint, exponent: bigint): bigint {
  let [result, square] = [1n, base];
  for (let left = exponent; left > 0n; left >>= 1n) {
    if (left & 1n) result = (result * square) % P;
    square = (square * square) % P;
  }
  return result;
}
