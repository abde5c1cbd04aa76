// A client of the pipeline: fetch, and nothing else. Node 20 or newer.
//
//   CRM_URL=http://127.0.0.1:8080 CRM_KEY=tg_live_… node client.mjs

/** So often a request is sent again that was refused for now. */
const TRIES_MAX = 5;
/** The longest wait that is waited for, in seconds. */
const WAIT_MAX_S = 60;

/** What the pipeline or the gate has refused: an RFC 9457 problem. */
export class Problem extends Error {
  constructor(body) {
    const fields = (body.errors ?? []).map(({ field, detail }) => `${field} ${detail}`);
    super([`${body.status} ${body.code}: ${body.detail}`, ...fields].join("; "));
    Object.assign(this, { status: body.status, code: body.code, errors: body.errors ?? [] });
  }
}

export class Pipeline {
  #url;
  #key;

  constructor({ url, key }) {
    this.#url = url;
    this.#key = key;
  }

  /** Asks, and asks again after the wait that a 429 or 503 tells of. Neither has changed anything. */
  async ask(method, path, { query = {}, body, version } = {}) {
    const url = new URL(path, this.#url);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, value);
    }
    const headers = { "X-API-Key": this.#key };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    if (version !== undefined) headers["If-Match"] = `"${version}"`;
    for (let tries = 1; ; tries += 1) {
      const answer = await fetch(url, { method, headers, body: JSON.stringify(body) });
      const told = await answer.json();
      if (answer.ok) return told;
      const wait = Number(answer.headers.get("retry-after") ?? Infinity);
      if (![429, 503].includes(answer.status) || tries >= TRIES_MAX || wait > WAIT_MAX_S) throw new Problem(told);
      await new Promise((resume) => setTimeout(resume, wait * 1000));
    }
  }

  /** Every opportunity that a filter lets through, newest first, page by page as they are taken. */
  async *opportunities(filter = {}) {
    let cursor;
    do {
      const page = await this.ask("GET", "/opportunities", { query: { ...filter, cursor } });
      yield* page.opportunities;
      cursor = page.next ?? undefined;
    } while (cursor);
  }

  create(opportunity) {
    return this.ask("POST", "/opportunities", { body: opportunity });
  }

  /** Changes what was read; a 412 says that somebody else was faster. */
  update({ id, version }, change) {
    return this.ask("PATCH", `/opportunities/${encodeURIComponent(id)}`, { body: change, version });
  }

  archive({ id }) {
    return this.ask("POST", `/opportunities/${encodeURIComponent(id)}/archive`);
  }

  async stages() {
    return (await this.ask("GET", "/stages")).stages;
  }

  metrics(which, period) {
    return this.ask("GET", `/metrics/${which}`, { query: period });
  }
}

/** A sale from beginning to end. */
async function sell(pipeline) {
  const stages = await pipeline.stages();
  const won = stages.find(({ kind }) => kind === "won");
  const made = await pipeline.create({
    title: "Twelve desks",
    customer: "Hooli",
    amount: { minor: 480_000, currency: "USD" },
  });
  console.log(`made ${made.title}, in ${stages.find(({ id }) => id === made.stage).name}`);
  const sold = await pipeline.update(made, { stage: won.id });
  console.log(`it is ${sold.state}`);
  const refused = await pipeline.update(made, { title: "Thirteen desks" }).catch((problem) => problem);
  console.log(`an older version is ${refused.code}`);
  let listed = 0;
  for await (const { id } of pipeline.opportunities({ state: "won", limit: 1 })) listed += id === made.id ? 1 : 0;
  console.log(`listed ${listed === 1 ? "once" : `${listed} times`}`);
  const { amounts } = await pipeline.metrics("performance");
  console.log(`won ${amounts.map(({ minor, currency }) => `${minor} ${currency}`).join(", ")}`);
  await pipeline.archive(made);
  console.log("archived");
}

const { CRM_URL: url, CRM_KEY: key } = globalThis.process?.env ?? {};
if (url && key) await sell(new Pipeline({ url, key }));
