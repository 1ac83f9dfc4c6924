import { call, claim, collection, decide, flush, picture, problem, release, show, showProgress, tell } from "./server.js";
import { text, typed, verdicts, whole } from "./number.js";
import { amount, off } from "./sums.js";

const $ = (id) => document.getElementById(id);
const CONTENTS = { "": "blank", "-": "dash", "–": "dash", nil: "nil", x: "no number" };
const NONE = new Map();
let loan = { claim: null, numbers: [], grids: [], totals: [], scale: null };
let fields = new Map(); // id of a number -> its input
let shownAt = 0;
let keys = 0;

async function load() {
  try {
    loan = await claim("table", `&page=${$("work").dataset.page}`);
  } catch (error) { problem(`The page could not be loaded: ${error.message}.`); return; }
  $("work").hidden = !loan.numbers.length;
  $("empty").hidden = Boolean(loan.numbers.length);
  if (!loan.numbers.length) return;
  show($("scan"), picture("scan", loan.numbers[0].items[0]), "The scan is no longer available.");
  fields = new Map();
  const asked = new Map(loan.numbers.map((number) => [number.id, number]));
  $("grids").replaceChildren(...loan.grids.map((grid) => table(grid, asked)));
  shownAt = performance.now();
  reckon();
  [...fields.values()][0]?.focus();
}

function table(grid, asked) {
  const made = element("table");
  made.append(element("caption", grid.name));
  const head = element("tr");
  head.append(element("td"), ...grid.columns.map((name) => heading(name, "col")));
  made.append(head, ...grid.rows.map((row) => {
    const line = element("tr");
    line.append(heading(row, "row"), ...grid.columns.map((column) => {
      const cell = grid.cells.find((one) => one.place[0] === row && one.place[1] === column);
      return place(cell, asked.get(cell?.number_id), `${grid.name} ${row} ${column}`);
    }));
    return line;
  }));
  return made;
}

function place(cell, number, name) {
  const made = element("td");
  if (!cell) return made;
  made.className = cell.state;
  if (!number) { made.textContent = cell.text; return made; }
  const hidden = number.signs.some((sign) => sign.shown === null);
  const input = element("input");
  Object.assign(input, { value: hidden ? "" : text(number.signs), maxLength: 32, autocomplete: "off", spellcheck: false, placeholder: hidden ? "?" : "" });
  input.size = Math.max(4, number.signs.length + 1);
  input.setAttribute("aria-label", name);
  input.dataset.first = input.value;
  input.addEventListener("focus", () => { look(cell.box); input.select(); });
  input.addEventListener("input", reckon);
  input.addEventListener("change", () => save(input, number, true));
  input.addEventListener("keydown", (event) => {
    if (event.key.length === 1 || event.key === "Enter" || event.key === "Backspace") keys += 1;
    if (event.key === "Enter" && save(input, number, false)) following(input);
  });
  fields.set(number.id, input);
  made.append(input);
  return made;
}

// Save what stands in a cell; a change only, where the reviewer has merely left it. Return whether it is saved.
function save(input, number, changeOnly) {
  if (input.readOnly) return true;
  const value = input.value.trim();
  const first = input.dataset.first;
  const hidden = input.placeholder === "?";
  if (value === first && (changeOnly || hidden)) {
    if (!changeOnly) tell("type what you see");
    return false;
  }
  const what = value === first ? verdicts(number.signs, NONE) : value in CONTENTS ? whole(number.signs, "content", CONTENTS[value]) : typed(number.signs, value);
  if (value !== first && !(value in CONTENTS) && !/^[0-9.,+/:°'½¼¾"? -]+$/.test(value)) { tell("a number has digits, and marks such as . , - / : ½"); input.setAttribute("aria-invalid", "true"); return false; }
  input.removeAttribute("aria-invalid");
  const seconds = Math.min(3600, (performance.now() - shownAt) / 1000);
  decide({ claim: loan.claim, view: "table", keys, seconds, verdicts: what });
  [keys, shownAt] = [0, performance.now()];
  Object.assign(input, { readOnly: true, tabIndex: -1 });
  input.parentElement.className = "said";
  tell(`${value || "blank"} saved`);
  reckon();
  return true;
}

function following(input) {
  const open = [...fields.values()].filter((one) => !one.readOnly);
  const next = open.find((one) => input.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_FOLLOWING) ?? open[0];
  if (next) next.focus();
  else tell("every number of this page is decided");
}

function look([x, y, w, h]) {
  if (!loan.scale || !$("scan").naturalWidth) return;
  const zoom = ($("scan").clientWidth / $("scan").naturalWidth) * loan.scale;
  const margin = 0.2 * h * zoom;
  const [left, top] = [x * zoom - margin, y * zoom - margin];
  Object.assign($("spot").style, { left: `${left}px`, top: `${top}px`, width: `${w * zoom + 2 * margin}px`, height: `${h * zoom + 2 * margin}px` });
  $("spot").hidden = false;
  const pane = $("pane");
  pane.scrollTo({ left: left + (w * zoom) / 2 - pane.clientWidth / 2, top: top + (h * zoom) / 2 - pane.clientHeight / 2 });
}

// Show beside each total by how much it is off, as the cells stand now.
function reckon() {
  for (const total of loan.totals) {
    const cell = (place) => cellAt(total.grid, place);
    const into = cell(total.into);
    if (!into) continue;
    const difference = off(total.of.map((place) => amount(cell(place))), amount(into));
    into.element.querySelector(".off")?.remove();
    if (difference === null) continue;
    into.element.append(" ", element("span", difference === "" ? "✓" : difference, difference === "" ? "off right" : "off"));
  }
}

function cellAt(name, [row, column]) {
  const grid = loan.grids.find((one) => one.name === name);
  const cell = grid?.cells.find((one) => one.place[0] === row && one.place[1] === column);
  if (!cell) return null;
  const at = [...$("grids").children][loan.grids.indexOf(grid)].rows[grid.rows.indexOf(row) + 1].cells[grid.columns.indexOf(column) + 1];
  const field = fields.get(cell.number_id);
  const unseen = field && !field.value && field.placeholder; // a hidden number of which nothing was typed
  return { text: unseen || (field?.value ?? cell.text), decimals: cell.decimals, element: at };
}

function element(name, content = "", className = "") {
  const made = document.createElement(name);
  made.textContent = content;
  made.className = className;
  return made;
}

function heading(name, scope) {
  const made = element("th", name);
  made.scope = scope;
  return made;
}

async function undo() {
  await flush();
  try {
    const { numbers } = await call("/api/undo");
    tell(numbers.length ? "undone" : "nothing to undo");
    if (numbers.length) location.reload(); // the new page takes over what was lent to this one
  } catch (error) { problem(`Not undone: ${error.message}.`); }
}

$("undo").addEventListener("click", undo);
$("pages")?.addEventListener("change", (event) => event.target.form.submit());
$("scan").addEventListener("load", () => document.activeElement?.dispatchEvent(new Event("focus")));
addEventListener("pagehide", () => { if (loan.claim) release(loan.claim); });
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

if (collection && $("work").dataset.page) { flush().then(load); showProgress(); } else $("empty").hidden = false;
