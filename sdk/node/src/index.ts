// Trust `Tollgate-Identity`, and nothing else: the verifier for origins written in JavaScript or TypeScript.

export { type Binding, Identity } from "./identity.js";
export type { Fetch, Jwks } from "./jwks.js";
export { type Answer, type Code, Refused } from "./problem.js";
export { ConfigError, type Settings } from "./settings.js";
export { type Headers, Verifier, type WaitUntil } from "./verifier.js";
