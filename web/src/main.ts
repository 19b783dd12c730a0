// The page: the tenant's runs, newest first.
async function token(): Promise<string> {
  const answer = await fetch("/dev/token");
  if (answer.ok) return (await answer.json()).token;
  return window.prompt("Token") ?? "";
}

async function main(): Promise<void> {
  const app = document.getElementById("app")!;
  const answer = await fetch("/simulations", { headers: { Authorization: `Bearer ${await token()}` } });
  const page = await answer.json();
  const list = document.createElement("ul");
  for (const run of page.items ?? []) {
    const item = document.createElement("li");
    item.textContent = `${run.sim_id} ${run.status} ${run.progress} %`;
    list.append(item);
  }
  app.append(list);
}

void main();
