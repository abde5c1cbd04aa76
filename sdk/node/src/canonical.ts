// Canonical JSON: one spelling of every text, and a reader that takes no other. Texts are strings whose
// characters are bytes.

const INTEGER_MAX = 2n ** 53n;
const INTEGER = /[0-9]+/y;
const STRING = /"([ !#-[\]-~]*)"/y;
const BASE64URL = /^[A-Za-z0-9_-]*$/;
const IDENTIFIER = /^[A-Za-z0-9._+@-]{1,64}$/;

/** The text is not what a writer would have written. */
export class NotCanonical extends Error {}

export function isIdentifier(value: string): boolean {
  return matches(IDENTIFIER, value) && value.indexOf("@") === value.lastIndexOf("@");
}

/** Whether the whole value is of the pattern, which says where it starts and ends. */
export function matches(pattern: RegExp, value: string): boolean {
  return pattern.test(value);
}

export function base64url(bytes: string): string {
  return btoa(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** The bytes, or null if this is not how `base64url` would write them. */
export function fromBase64url(symbols: string): string | null {
  if (!matches(BASE64URL, symbols) || symbols.length % 4 === 1) return null;
  const bytes = atob(symbols.replaceAll("-", "+").replaceAll("_", "/"));
  return base64url(bytes) === symbols ? bytes : null;
}

/** The bytes of a string whose characters are bytes. */
export function octets(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (symbol) => symbol.charCodeAt(0));
}

/**
 * Reads a text from left to right; each method takes one thing or throws `NotCanonical`.
 *
 * Names of fields are asked for as literals, in their order. So a missing, unknown, repeated or misplaced
 * field, or a blank, is simply not what was asked for.
 */
export class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Whether this comes next. Takes nothing. */
  sees(literal: string): boolean {
    return this.#text.startsWith(literal, this.#at);
  }

  literal(literal: string): void {
    if (!this.sees(literal)) throw new NotCanonical();
    this.#at += literal.length;
  }

  /** All the digits that follow, as one integer. 2^53 is one of them, and a number holds it. */
  integer(): number {
    const [digits] = this.#match(INTEGER);
    if (digits.length > 16 || (digits.length > 1 && digits.startsWith("0"))) throw new NotCanonical();
    if (BigInt(digits) > INTEGER_MAX) throw new NotCanonical();
    return Number(digits);
  }

  string(): string {
    return this.#match(STRING)[1] ?? "";
  }

  nullOr<T>(read: () => T): T | null {
    if (!this.sees("null")) return read();
    this.literal("null");
    return null;
  }

  listOf<T>(read: () => T): T[] {
    this.literal("[");
    const items: T[] = [];
    while (!this.sees("]")) {
      if (items.length > 0) this.literal(",");
      items.push(read());
    }
    this.literal("]");
    return items;
  }

  end(): void {
    if (this.#at !== this.#text.length) throw new NotCanonical();
  }

  #match(pattern: RegExp): RegExpExecArray {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) throw new NotCanonical();
    this.#at += match[0].length;
    return match;
  }
}
