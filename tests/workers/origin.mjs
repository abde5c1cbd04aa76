// An origin that costs little: it says that a request came through.

export default {
  fetch: () => new Response("ok", { headers: { "content-type": "text/plain" } }),
};
