// The page's frame: which view the address asks for.
import { forgetToken, onTokenNeeded } from "./api";
import { h, replace } from "./dom";
import { showRun } from "./run";
import { showRuns } from "./runs";
import { showForm } from "./submit";

const view = h("main", { id: "view" });
const dialog = h("dialog");
let leaving = new AbortController();

// In production a person pastes a token; it is kept in this tab only.
function askForToken(): Promise<string> {
  return new Promise((resolve) => {
    const input = h("input", { name: "token", type: "password", autocomplete: "off", required: true });
    const form = h("form", { method: "dialog", onsubmit: () => resolve(input.value.trim()) },
      h("h2", {}, "Token"), h("p", {}, "Paste a token of your organisation. It stays in this tab."), input,
      h("button", { class: "primary" }, "Go on"));
    replace(dialog, form);
    dialog.oncancel = (event) => event.preventDefault();
    dialog.showModal();
  });
}

function show(): void {
  leaving.abort();
  leaving = new AbortController();
  const [, place, id] = location.hash.split("/");
  if (place === "new") showForm(view);
  else if (place === "runs" && id) void showRun(view, decodeURIComponent(id), leaving.signal);
  else void showRuns(view, leaving.signal);
  for (const link of document.querySelectorAll("nav a"))
    link.toggleAttribute("aria-current", link.getAttribute("href") === (location.hash || "#/"));
}

onTokenNeeded(askForToken);
replace(document.getElementById("app")!,
  h("header", {}, h("a", { href: "#/", class: "brand" }, h("img", { src: "/favicon.svg", alt: "", width: 24, height: 24 }), "proveout"),
    h("nav", {}, h("a", { href: "#/" }, "Runs"), h("a", { href: "#/new" }, "New run"),
      h("button", { type: "button", class: "quiet", onclick: () => { forgetToken(); location.reload(); } }, "Other token"))),
  view, dialog);
window.addEventListener("hashchange", show);
show();
