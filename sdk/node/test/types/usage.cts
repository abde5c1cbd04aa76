// The same for CommonJS.

import origin = require("tollgate-origin");
import forExpress = require("tollgate-origin/express");

const verifier: origin.Verifier = new origin.Verifier({ issuer: "https://gate.example", audience: "orders" });
const middleware: forExpress.Middleware = forExpress.tollgate(verifier);
export = middleware;
