// The list of runs, newest first, with live progress.
import { get, local, Problem, Run, RunPage } from "./api";
import { h, replace } from "./dom";
import { isFinal, statusText, when } from "./format";

const kPoll_ms = 2000;

function row(run: Run): HTMLElement {
  const picture = run.media.snapshot_url;
  return h("tr", { class: "run" },
    h("td", { class: "thumb" }, picture ? h("img", { src: local(picture), alt: "", loading: "lazy" }) : null),
    h("td", {}, h("a", { href: `#/runs/${run.sim_id}` }, run.sim_id.slice(4))),
    h("td", {}, h("span", { class: `pill ${run.status}` }, statusText(run.status))),
    h("td", { class: "wide" }, isFinal(run.status)
      ? run.error?.message ?? run.alerts[0]?.message ?? ""
      : h("span", { class: "live" }, h("progress", { max: 100, value: run.progress }),
        ` ${run.stage ?? "waiting"} ${Math.round(run.progress)} %`)),
    h("td", { class: "time" }, when(run.created_at)));
}

export async function showRuns(view: Element, signal: AbortSignal): Promise<void> {
  let cursor = "", extended = false;
  const body = h("tbody");
  const trouble = h("p", { class: "trouble", role: "alert" });
  const loadOlder = () => void load(true).catch((error) => replace(trouble, error.message));
  const older = h("button", { type: "button", hidden: true, onclick: loadOlder }, "Older runs");
  const table = h("table", { class: "runs" },
    h("thead", {}, h("tr", {}, h("th"), h("th", {}, "Run"), h("th", {}, "Verdict"), h("th"), h("th", {}, "Submitted"))), body);
  const empty = h("p", { class: "empty", hidden: true }, "No runs yet. ", h("a", { href: "#/new" }, "Prove out a program."));
  replace(view, h("h1", {}, "Runs"), trouble, empty, table, older);

  // A row is drawn anew only when its run has changed: links differ in every answer, and pictures would be loaded again and again.
  const drawn = new Map<string, { state: string; element: HTMLElement }>();
  function rowOf(run: Run): HTMLElement {
    const state = [run.status, run.stage, Math.round(run.progress), run.attempt].join();
    const known = drawn.get(run.sim_id);
    if (known?.state === state) return known.element;
    const element = row(run);
    drawn.set(run.sim_id, { state, element });
    return element;
  }

  async function load(more: boolean): Promise<boolean> {
    const page = await get<RunPage>(`/simulations?limit=30${more ? `&cursor=${encodeURIComponent(cursor)}` : ""}`);
    const rows = page.items.map(rowOf);
    if (!more && extended) return true;  // older runs were asked for meanwhile
    if (more) body.append(...rows);
    else body.replaceChildren(...rows);
    cursor = page.next_cursor ?? "";
    older.hidden = !cursor;
    empty.hidden = body.children.length > 0;
    table.hidden = body.children.length === 0;
    return page.items.some((run) => !isFinal(run.status));
  }

  older.addEventListener("click", () => (extended = true));
  while (!signal.aborted) {
    try {
      // Once older runs are shown, the list stands still: nothing jumps under the reader's eyes.
      const live = extended || document.hidden ? true : await load(false);
      replace(trouble);
      await new Promise((done) => setTimeout(done, live ? kPoll_ms : 3 * kPoll_ms));
    } catch (error) {
      replace(trouble, error instanceof Problem ? error.message : "The service cannot be reached; trying again.");
      await new Promise((done) => setTimeout(done, 3 * kPoll_ms));
    }
  }
}
