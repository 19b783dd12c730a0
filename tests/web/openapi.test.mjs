// /openapi.json against the OpenAPI 3.1 schema, with a validator that nobody here wrote.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Validator } from "@seriousme/openapi-schema-validator";
import { startService } from "./server.mjs";

let service;
before(async () => { service = await startService({ SIM_CONCURRENCY: "0" }); });
after(() => service?.stop());

test("the description is valid OpenAPI 3.1", async () => {
  const document = await (await fetch(`${service.address}/openapi.json`)).json();
  const result = await new Validator().validate(document);
  assert.ok(result.valid, JSON.stringify(result.errors));
});
