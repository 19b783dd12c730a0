// The page in headless Chromium: PROVEOUT=build/dev/proveout CHROMIUM=/usr/bin/chromium node --test page.test.mjs
// Screenshots go to ci-artefacts/web/ for people to look at.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";
import { root, startService } from "./server.mjs";

const pictures = join(root, "ci-artefacts/web");
const program = `G21 G90 G17
(T1 D=6. flat end mill)
T1 M6
S12000 M3
G0 X-20 Y0 Z5
G1 Z-3 F300
G1 X20 F900
G2 X20 Y-10 I0 J-5
G0 X-20 Y10
G0 Z5
M30
`;

let service, address, browser, page;
const complaints = [], asked = new Set();

before(async () => {
  mkdirSync(pictures, { recursive: true });
  service = await startService({ SIM_CONCURRENCY: "1" });
  address = service.address;
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
  page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  page.on("console", (message) => { if (["error", "warning"].includes(message.type())) complaints.push(message.text()); });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => asked.add(new URL(request.url()).origin));
});

after(async () => {
  await browser?.close();
  service?.stop();
});

test("an empty list shows the way to the form", async () => {
  await page.goto(address);
  await page.getByText("No runs yet.").waitFor();
  await page.screenshot({ path: join(pictures, "empty.png") });
  await page.getByRole("link", { name: "Prove out a program." }).click();
  await page.getByRole("heading", { name: "Prove out a program" }).waitFor();
});

test("faults of a job stand beside the form, each with its place", async () => {
  await page.goto(`${address}/#/new`);
  await page.locator("textarea").fill("G21\nG1 X[1/0] F100\nM30\n");
  await page.locator("select[name=tools]").selectOption("list");
  await page.locator("select[name=stock]").selectOption("box");
  await page.getByRole("button", { name: "Prove out" }).click();
  await page.getByText("line 2:").waitFor();
  await page.screenshot({ path: join(pictures, "refused.png"), fullPage: true });
});

test("a run goes from the form to its film, with findings by line", async () => {
  await page.goto(`${address}/#/new`);
  await page.reload();
  await page.locator("textarea").fill(program);
  await page.locator("select[name=stock]").selectOption("box");
  await page.screenshot({ path: join(pictures, "form.png"), fullPage: true });
  await page.getByRole("button", { name: "Prove out" }).click();
  await page.getByRole("heading", { name: /^Run / }).waitFor();
  await page.screenshot({ path: join(pictures, "running.png") });
  await page.getByRole("heading", { name: "1 collision" }).waitFor({ timeout: 120_000 });
  const ready = await page.locator("video").evaluate((video) => new Promise((done) => {
    if (video.readyState >= 1) done([video.videoWidth, video.videoHeight]);
    video.onloadedmetadata = () => done([video.videoWidth, video.videoHeight]);
    video.onerror = () => done(["error", video.error?.message]);
  }));
  assert.deepEqual(ready, [1280, 720]);
  const finding = page.locator(".findings tr", { hasText: "rapid in stock" });
  assert.equal(await finding.locator(".line").innerText(), "9");
  assert.match(await finding.innerText(), /G0 X-20 Y10/);
  assert.ok(await page.locator(".downloads a", { hasText: "part.stl" }).isVisible());
  await page.screenshot({ path: join(pictures, "run.png"), fullPage: true });
});

test("the list shows the run with its picture and verdict", async () => {
  await page.goto(`${address}/#/`);
  await page.locator(".pill.warning").waitFor();
  const width = await page.locator(".thumb img").evaluate((image) => image.decode().then(() => image.naturalWidth));
  assert.equal(width, 1280);
  await page.screenshot({ path: join(pictures, "list.png") });
});

test("a narrow screen and a dark one are readable too", async () => {
  const small = await browser.newPage({ viewport: { width: 390, height: 800 }, colorScheme: "dark" });
  await small.goto(address);
  await small.locator(".run a").first().click();
  await small.locator("video").waitFor();
  const overflow = await small.evaluate(() => document.documentElement.scrollWidth > window.innerWidth + 1);
  assert.equal(overflow, false);
  await small.screenshot({ path: join(pictures, "narrow.png"), fullPage: true });
  await small.close();
});

test("nothing was asked of another host, and the browser had nothing to complain of", () => {
  assert.deepEqual([...asked].filter((origin) => origin !== address && !origin.startsWith("data:") && origin !== "null"), []);
  assert.deepEqual(complaints.filter((text) => !text.includes("422")), []);
});
