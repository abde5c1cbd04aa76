// Who calls, as the gate has signed it.

import { Refused } from "./problem.js";
import { firstMissing } from "./scopes.js";

/** The one request that an identity is for. */
export interface Binding {
  readonly jti: string;
  readonly method: string;
  /** Each character is a byte. */
  readonly path: string;
}

/** What an identity says. */
export interface Facts {
  readonly key: string;
  readonly owner: string;
  readonly tenant: string;
  readonly env: string;
  readonly scopes: readonly string[];
  readonly plan: string | null;
  readonly issuer: string;
  readonly audience: string;
  /** Seconds since the epoch. */
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** The signing key. */
  readonly kid: string;
  readonly binding: Binding | null;
}

/** A verified identity. Only a verifier makes one. */
export class Identity implements Facts {
  readonly key: string;
  readonly owner: string;
  readonly tenant: string;
  readonly env: string;
  readonly scopes: readonly string[];
  readonly plan: string | null;
  readonly issuer: string;
  readonly audience: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly kid: string;
  readonly binding: Binding | null;

  constructor(facts: Facts) {
    this.key = facts.key;
    this.owner = facts.owner;
    this.tenant = facts.tenant;
    this.env = facts.env;
    this.scopes = Object.freeze([...facts.scopes]);
    this.plan = facts.plan;
    this.issuer = facts.issuer;
    this.audience = facts.audience;
    this.issuedAt = facts.issuedAt;
    this.expiresAt = facts.expiresAt;
    this.kid = facts.kid;
    this.binding = facts.binding === null ? null : Object.freeze({ ...facts.binding });
    // It is remembered and handed out again: nobody may change it.
    Object.freeze(this);
  }

  /** Whether the scopes held cover all of these. Covers nothing when none is held. */
  allows(...required: string[]): boolean {
    return firstMissing(this.scopes, required) === null;
  }

  /** Throws `Refused`, which is a 403, unless all of these are covered. */
  require(...required: string[]): void {
    if (!this.allows(...required)) throw new Refused("scope_missing", "scope_missing", required);
  }
}
