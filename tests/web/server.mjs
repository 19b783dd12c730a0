// A service of its own for one test file.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const proveout = resolve(process.env.PROVEOUT ?? join(root, "build/dev/proveout"));

export async function startService(settings = {}) {
  const folder = mkdtempSync(join(tmpdir(), "proveout-web-"));
  const data = join(folder, "data");
  const server = spawn(proveout, ["serve", "--dev", "--listen", "127.0.0.1:0", "--data-dir", data],
    { cwd: folder, env: { PATH: process.env.PATH, HOME: folder, ...settings }, stdio: ["ignore", "pipe", "ignore"] });
  let address;
  const lines = createInterface({ input: server.stdout });
  for await (const line of lines) {
    address = /^proveout ready on (\S+)/.exec(line)?.[1];
    if (address) break;
  }
  if (!address) throw new Error("the service did not start");
  return {
    address,
    token: () => execFileSync(proveout, ["token", "--data-dir", data], { encoding: "utf8" }).trim(),
    stop: () => { server.kill("SIGKILL"); rmSync(folder, { recursive: true, force: true }); },
  };
}
