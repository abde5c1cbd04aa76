// Who is asked, and what things are called: said once, for the Worker and for its objects.

/** The name of the one object that holds the ledger and the head. */
export const LEDGER = "ledger";

/** The name of the one object that knows how far the ledger has come, should the ledger itself forget. */
export const WITNESS = "witness";

/** Under which storage key that is kept. */
export const NOTED = "noted";

/** What the storage keys of buckets start with. */
export const BUCKETS = "b/";

/** Under which storage key a bucket's object keeps the name of the relay of its region. */
export const HOME = "home";

/** The relay of whoever is nowhere that is known. */
export const RELAY = "relay";

/** The relays of the regions, each called as Cloudflare's hint of where an object is to be. */
export const REGIONS = ["wnam", "enam", "sam", "weur", "eeur", "apac", "oc", "afr", "me"];

/** Regions by the continent of the client, who is let in near by. */
const CONTINENTS = new Map([
  ["AF", "afr"],
  ["AN", "oc"],
  ["AS", "apac"],
  ["EU", "weur"],
  ["NA", "enam"],
  ["OC", "oc"],
  ["SA", "sam"],
]);

/** Data centres that a continent would lead far from: the west of North America, the Middle East, the east of Europe. */
const COLOS = new Map([
  ...named("wnam", "DEN HNL LAS LAX PDX PHX SAN SEA SFO SJC SLC SMF YVR YYC"),
  ...named("me", "AMM BAH BEY BGW BSR DMM DOH DXB EBL HFA JED KWI MCT NJF RUH TLV"),
  ...named("eeur", "ATH BEG BUD HEL IST KBP KIV OTP RIX SKG SKP SOF TLL VNO WAW ZAG"),
]);

function named(region, colos) {
  return colos.split(" ").map((colo) => [colo, region]);
}

/**
 * The relay of where a request came in: by what Cloudflare's edge says, and never by a header. None if it says nothing that
 * is known.
 */
export function relayNear(cf) {
  return COLOS.get(cf?.colo) ?? CONTINENTS.get(cf?.continent);
}

/** The relay of this name, or the one of whoever names none. */
export function relayOf(name) {
  return REGIONS.includes(name) ? name : RELAY;
}

/** The object of this name; that of a region is made there. */
export function object(space, name) {
  const where = REGIONS.includes(name) ? { locationHint: name } : {};
  return space.get(space.idFromName(name), where);
}
