// Shows that workerd runs here: a Worker of one line answers.

import { serve } from "./runtime.mjs";

const workerd = await serve({
  hello: { modules: { "hello.mjs": 'export default { fetch: () => new Response("ready") };' } },
});
try {
  const answer = await (await fetch(workerd.url())).text();
  if (answer !== "ready") throw new Error(`it says ${JSON.stringify(answer)}`);
} finally {
  await workerd.stop();
}
