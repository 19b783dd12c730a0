// One run: progress while it runs, then verdict, film, findings by line, alerts and downloads.
import { Alert, Artefact, Finding, follow, get, local, Problem, Report, request, Run } from "./api";
import { h, replace } from "./dom";
import { bytes, duration, isFinal, statusText, volume, when } from "./format";

const kStages = ["prepare", "simulate", "encode", "upload", "done"];
const kFindingsShown = 200;

function progressView(run: Run, onCancel: () => void): HTMLElement {
  return h("section", { class: "progress" },
    h("ol", { class: "stages" }, ...kStages.map((stage) => {
      const at = kStages.indexOf(run.stage ?? "");
      const state = kStages.indexOf(stage) < at ? "past" : stage === run.stage ? "now" : "";
      return h("li", { class: state }, stage);
    })),
    h("progress", { max: 100, value: run.progress, "aria-label": "progress" }),
    h("p", {}, `${Math.round(run.progress)} %`, run.attempt > 1 ? ` · attempt ${run.attempt}` : "", " ",
      h("button", { type: "button", onclick: onCancel }, "Cancel")));
}

function facts(report: Report): HTMLElement {
  const plus = (value: number | undefined, text: (v: number) => string) => (value ? ` ± ${text(value)}` : "");
  const items: [string, string][] = [
    ["Collisions", String(report.collision_count)],
    ["Removed", volume(report.removed_volume_mm3) + plus(report.removed_volume_error_mm3, volume)],
    ["Cycle time", duration(report.est_time_s) + plus(report.est_time_error_s, duration)],
  ];
  if (report.engine) items.push(["Cell", `${report.engine.resolution_mm} mm`]);
  return h("dl", { class: "facts" }, ...items.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
}

function findingRow(finding: Finding): HTMLElement {
  const several = finding.last_line && finding.last_line !== finding.line;
  const lines = finding.line ? (several ? `${finding.line}–${finding.last_line}` : finding.line) : "";
  return h("tr", {},
    h("td", {}, h("span", { class: `severity ${finding.severity}` }, finding.severity)),
    h("td", { class: "line" }, lines),
    h("td", { class: "wide" }, h("strong", {}, finding.code.replaceAll("_", " ").toLowerCase()), h("br"), finding.message,
      finding.block ? h("code", { class: "block" }, finding.block) : null),
    h("td", { class: "time" }, finding.time_s !== undefined && finding.time_s >= 0 ? duration(finding.time_s) : ""));
}

function findings(report: Report): HTMLElement {
  const order = ["error", "warning", "info"];
  const all = [...report.notes].sort((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity) || (a.line ?? 0) - (b.line ?? 0));
  if (all.length === 0) return h("section", {}, h("h2", {}, "Findings"), h("p", {}, "Nothing found."));
  return h("section", {}, h("h2", {}, "Findings"),
    h("table", { class: "findings" },
      h("thead", {}, h("tr", {}, h("th"), h("th", {}, "Line"), h("th", {}, "What"), h("th", {}, "At"))),
      h("tbody", {}, ...all.slice(0, kFindingsShown).map(findingRow))),
    all.length > kFindingsShown ? h("p", {}, `${all.length - kFindingsShown} more are in report.json.`) : null);
}

function tools(report: Report): HTMLElement | null {
  if (!report.tools?.length) return null;
  return h("section", {}, h("h2", {}, "Tools"),
    h("table", {}, h("thead", {}, h("tr", {}, h("th", {}, "T"), h("th", {}, "Tool"), h("th", {}, "Time"), h("th", {}, "Removed"))),
      h("tbody", {}, ...report.tools.map((tool) => h("tr", {},
        h("td", {}, `T${tool.number}`), h("td", {}, `${tool.type} ⌀${tool.diameter}`),
        h("td", {}, tool.time_s !== undefined ? duration(tool.time_s) : ""),
        h("td", {}, tool.removed_mm3 !== undefined ? volume(tool.removed_mm3) : ""))))));
}

function list(title: string, items: string[]): HTMLElement | null {
  return items.length === 0 ? null : h("section", {}, h("h2", {}, title), h("ul", {}, ...items.map((item) => h("li", {}, item))));
}

function alerts(items: Alert[]): HTMLElement | null {
  return items.length === 0 ? null : h("section", {}, h("h2", {}, "Alerts"),
    h("ul", { class: "alerts" }, ...items.map((alert) => h("li", {},
      h("span", { class: `severity ${alert.severity}` }, alert.severity), ` ${alert.message}`,
      alert.count > 1 ? ` (${alert.count} times)` : "", h("span", { class: "time" }, ` ${when(alert.last_at)}`)))));
}

function downloads(items: Artefact[]): HTMLElement | null {
  return items.length === 0 ? null : h("section", {}, h("h2", {}, "Downloads"),
    h("ul", { class: "downloads" }, ...items.map((item) => h("li", {},
      item.url ? h("a", { href: local(item.url), download: item.name.split("/").pop() }, item.name) : item.name,
      h("span", { class: "size" }, ` ${bytes(item.size)}`)))));
}

function verdictText(run: Run): string {
  const count = run.report?.collision_count ?? 0;
  if (run.status === "warning") return count === 1 ? "1 collision" : `${count} collisions`;
  if (run.status === "succeeded" && run.report && run.report.verdict !== "ok") return `No collision, but ${run.report.verdict}s`;
  return run.status === "succeeded" ? "No collision" : statusText(run.status);
}

function finishedView(run: Run): HTMLElement {
  const { video_url, snapshot_url, report_url } = run.media;
  const report = run.report;
  return h("div", {},
    h("section", { class: `verdict ${run.status} ${report?.verdict ?? ""}` }, h("h2", {}, verdictText(run)),
      run.error ? h("p", {}, `${run.error.code}: ${run.error.message}`) : null,
      run.error ? h("ul", {}, ...run.error.next_steps.map((step) => h("li", {}, step))) : null,
      report ? facts(report) : null),
    video_url ? h("video", { src: local(video_url), controls: true, loop: true, muted: true, playsinline: true, preload: "metadata",
                             poster: snapshot_url ? local(snapshot_url) : undefined }) : null,
    // The place of the 3D viewer.
    h("div", { id: "viewer", hidden: true }),
    report ? findings(report) : null, alerts(run.alerts), report ? tools(report) : null,
    report ? list("Assumed, since nothing said otherwise", report.assumptions) : null,
    report_url
      ? h("p", {}, h("a", { href: local(report_url), target: "_blank", rel: "noreferrer" }, "The whole report, as one page")) : null,
    downloads(run.artefacts));
}

export async function showRun(view: Element, simId: string, signal: AbortSignal): Promise<void> {
  const trouble = h("p", { class: "trouble", role: "alert" });
  const body = h("div");
  const title = h("h1", {}, "Run ", h("span", { class: "id" }, simId.slice(4)));
  replace(view, title, trouble, body);
  const path = `/simulations/${encodeURIComponent(simId)}`;
  const cancel = () => void request(`${path}/cancel`, { method: "POST" }).catch((error) => replace(trouble, error.message));
  try {
    let run = await get<Run>(path);
    const draw = () => {
      if (isFinal(run.status)) replace(body, finishedView(run));
      else replace(body, progressView(run, cancel), alerts(run.alerts));
    };
    draw();
    if (isFinal(run.status)) return;
    await follow(simId, signal, (type, data) => {
      if (type === "snapshot") run = data;
      if (type === "progress" || type === "status") run = { ...run, ...data };
      if (type === "alert") run = { ...run, alerts: [...run.alerts.filter((alert) => alert.code !== data.code), data] };
      if (!isFinal(run.status)) draw();
    });
    if (signal.aborted) return;
    run = await get<Run>(path);
    draw();
  } catch (error) {
    if (!signal.aborted) replace(trouble, error instanceof Problem ? error.message : "The service cannot be reached.");
  }
}
