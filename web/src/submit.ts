// The form: a program, its tools and its stock. What is left to "from the program" the service infers, and says so in the report.
import { Problem, submit, upload } from "./api";
import { h, replace } from "./dom";

const kTypes = ["flat", "ball", "bull", "vbit", "chamfer", "drill", "taper", "face", "tslot", "dovetail", "lollipop"];
const kToolColumns = ["T", "type", "⌀ mm", "corner r", "angle °", "flutes mm", "stickout mm", ""];
const kInlineLimit_bytes = 200_000;  // a longer program goes through an upload

function field(label: string, input: HTMLElement, hint = ""): HTMLElement {
  return h("label", {}, h("span", {}, label), input, hint ? h("small", {}, hint) : null);
}

function number(name: string, value: number | "", step: number | "any" = "any"): HTMLInputElement {
  return h("input", { name, type: "number", step, value });
}

function choice(name: string, options: [string, string][]): HTMLSelectElement {
  return h("select", { name }, ...options.map(([value, text]) => h("option", { value }, text)));
}

interface ToolRow { element: HTMLElement; read: () => object }

function toolRow(index: number, remove: (row: ToolRow) => void): ToolRow {
  const numberInput = number("number", index, 1), type = choice("type", kTypes.map((t) => [t, t]));
  const diameter = number("diameter", 6), flute = number("flute_length", 20), stickout = number("stickout", 35);
  const radius = number("corner_radius", ""), angle = number("angle", "");
  const element = h("tr", {}, ...[numberInput, type, diameter, radius, angle, flute, stickout].map((input) => h("td", {}, input)),
    h("td", {}, h("button", { type: "button", "aria-label": "Remove this tool", onclick: () => remove(row) }, "×")));
  const value = (input: HTMLInputElement) => (input.value === "" ? undefined : Number(input.value));
  const row = {
    element,
    read: () => ({
      number: value(numberInput), type: type.value, diameter: value(diameter), flute_length: value(flute), stickout: value(stickout),
      corner_radius: type.value === "bull" ? value(radius) : undefined,
      included_angle_deg: ["vbit", "chamfer", "drill", "dovetail"].includes(type.value) ? value(angle) : undefined,
      taper_angle_deg: type.value === "taper" ? value(angle) : undefined,
    }),
  };
  return row;
}

function toolsPart(): { element: HTMLElement; read: () => object | string } {
  const rows: ToolRow[] = [];
  const body = h("tbody");
  const remove = (row: ToolRow) => { rows.splice(rows.indexOf(row), 1); row.element.remove(); };
  const add = () => { const row = toolRow(rows.length + 1, remove); rows.push(row); body.append(row.element); };
  add();
  const table = h("div", { hidden: true },
    h("table", { class: "tools" }, h("thead", {}, h("tr", {}, ...kToolColumns.map((name) => h("th", {}, name)))), body),
    h("button", { type: "button", onclick: add }, "Add a tool"));
  const mode = choice("tools", [["auto", "from the program's comments"], ["list", "as listed here"]]);
  mode.addEventListener("change", () => (table.hidden = mode.value === "auto"));
  return {
    element: h("fieldset", {}, h("legend", {}, "Tools"), field("Tools", mode), table),
    read: () => (mode.value === "auto" ? "auto" : rows.map((row) => row.read())),
  };
}

function stockPart(): { element: HTMLElement; read: () => object | string } {
  const mode = choice("stock", [["auto", "from the program"], ["box", "box"], ["cylinder", "cylinder"]]);
  const size = [number("x", 60), number("y", 40), number("z", 10)], origin = [number("ox", -30), number("oy", -20), number("oz", -10)];
  const round = [number("d", 50), number("h", 20)], centre = [number("cx", 0), number("cy", 0), number("cz", -20)];
  const box = h("div", { class: "row", hidden: true }, field("Size x y z, mm", h("span", { class: "triple" }, ...size)),
    field("Low corner", h("span", { class: "triple" }, ...origin)));
  const cylinder = h("div", { class: "row", hidden: true }, field("⌀ and height, mm", h("span", { class: "triple" }, ...round)),
    field("Centre of the bottom", h("span", { class: "triple" }, ...centre)));
  mode.addEventListener("change", () => { box.hidden = mode.value !== "box"; cylinder.hidden = mode.value !== "cylinder"; });
  const values = (inputs: HTMLInputElement[]) => inputs.map((input) => Number(input.value));
  return {
    element: h("fieldset", {}, h("legend", {}, "Stock"), field("Stock", mode), box, cylinder),
    read: () => mode.value === "auto" ? "auto" : mode.value === "box" ? { shape: "box", dims: values(size), origin: values(origin) }
      : { shape: "cylinder", dims: values(round), origin: values(centre) },
  };
}

function troubleView(error: unknown): Node[] {
  if (!(error instanceof Problem)) return [h("p", {}, "The service cannot be reached; try again.")];
  return [h("p", {}, error.message),
    h("ul", {}, ...error.errors.map((fault) => h("li", {}, h("code", {}, fault.pointer || "the document"), ` ${fault.detail}`)),
      ...error.diagnostics.map((at) => h("li", {}, `line ${at.line}: ${at.message} `, h("code", {}, at.block))),
      ...(error.errors.length + error.diagnostics.length > 0 ? [] : error.steps).map((step) => h("li", {}, step)))];
}

export function showForm(view: Element): void {
  const file = h("input", { type: "file", name: "file", accept: ".nc,.ngc,.gcode,.tap,.cnc,.txt,.mpf,.gc,.eia" });
  const text = h("textarea", { name: "program", rows: 8, spellcheck: "false", placeholder: "or paste the program here" });
  const dialect = choice("dialect", [["auto", "choose by the program"], ...["linuxcnc", "grbl", "grblhal", "fanuc", "haas", "mach3"]
    .map((name): [string, string] => [name, name])]);
  const machine = choice("machine", ["generic", "grbl", "linuxcnc", "haas", "fanuc"].map((name) => [name, name]));
  const tools = toolsPart(), stock = stockPart();
  const trouble = h("div", { class: "trouble", role: "alert" });
  const send = h("button", { type: "submit", class: "primary" }, "Prove out");

  async function run(): Promise<void> {
    const chosen = file.files?.[0];
    const job: Record<string, unknown> = {
      tools: tools.read(), stock: stock.read(), dialect: dialect.value, machine: { profile: machine.value },
    };
    if (chosen) job.gcode_ref = await upload(chosen);
    else if (text.value.length > kInlineLimit_bytes) job.gcode_ref = await upload(new File([text.value], "pasted.nc"));
    else job.inline_gcode = text.value;
    location.hash = `#/runs/${await submit(job)}`;
  }
  const form = h("form", { novalidate: true, onsubmit: (event) => {
    event.preventDefault();
    send.disabled = true;
    replace(trouble);
    run().catch((error) => replace(trouble, ...troubleView(error))).finally(() => (send.disabled = false));
  } },
    h("fieldset", {}, h("legend", {}, "Program"), field("File", file), text,
      h("div", { class: "row" }, field("Control", dialect), field("Machine for the time", machine))),
    tools.element, stock.element, trouble, send);
  replace(view, h("h1", {}, "Prove out a program"), form);
}
