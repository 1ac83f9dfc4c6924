// Checks of sums: totals and means of rows, of columns, or of zones, and running totals. Other checks of a file are shown and kept.

import { AXES, namesOf, walks } from "./layout_model.js";
import { problem, tell } from "./server.js";

const $ = (id) => document.getElementById(id);
const ZONES = "zones";

export function checksPanel(draft) {
  // Scope of a check: zones, or one grid's rows or columns.
  function known() {
    const { layout } = draft;
    const grid = layout.grids.find((one) => `grid ${one.name}` === $("check-in").value);
    if (!grid) return { grid, names: layout.zones.map((zone) => zone.name) };
    const axis = $("check-way").value;
    return { grid, names: grid[axis].names.filter((name) => !grid[AXES[axis].skips]?.includes(name)) };
  }

  function show() {
    const { layout } = draft;
    const places = layout.grids.map((grid) => new Option(`grid ${grid.name}`, `grid ${grid.name}`));
    if (layout.zones.length > 1) places.push(new Option("the zones", ZONES));
    refill($("check-in"), places);
    $("new-check").hidden = !places.length;
    $("checks").replaceChildren(...layout.checks.map(entry));
    showNames();
  }

  let chosen = false; // whether a person has chosen what to combine

  // By default the last is the total of those before it, as on most forms. What a person has chosen stays chosen.
  function showNames() {
    const { grid, names } = known();
    $("check-way").disabled = !grid;
    $("check-of-label").textContent = grid ? `These ${$("check-way").value}` : "These zones";
    const before = [...$("check-of").options].map((option) => option.value).join("\n");
    if (before === names.join("\n")) return;
    refill($("check-into"), names.map((name) => new Option(name, name)), names.at(-1));
    $("check-of").replaceChildren(...names.map((name) => new Option(name, name)));
    chosen = false;
    chooseOthers();
  }

  function chooseOthers() {
    const into = $("check-into").selectedIndex;
    const options = [...$("check-of").options];
    if (!chosen) options.forEach((option, at) => { option.selected = at < into; });
    else if (into >= 0) options[into].selected = false;
  }

  function refill(select, options, value = select.value) {
    select.replaceChildren(...options);
    if (options.some((option) => option.value === value)) select.value = value;
  }

  function entry(check, at) {
    const row = document.createElement("li");
    const words = document.createElement("span");
    words.textContent = sentence(check);
    const drop = document.createElement("button");
    drop.type = "button";
    drop.textContent = "Remove";
    drop.setAttribute("aria-label", `Remove the check: ${words.textContent}`);
    drop.addEventListener("click", () => draft.change((layout) => layout.checks.splice(at, 1)));
    row.append(words, drop);
    return row;
  }

  function declare() {
    const { grid } = known();
    const into = $("check-into").value;
    const of = [...$("check-of").selectedOptions].map((option) => option.value).filter((name) => name !== into);
    const rule = $("check-rule").value;
    const wrong = complaint(rule, of, grid);
    problem(wrong);
    if (wrong) return;
    const check = { rule, of, into };
    if (grid) Object.assign(check, { grid: grid.name, direction: ($("check-way").value === "rows") !== walks(check) ? "down" : "across" });
    draft.change((layout) => { layout.checks.push(check); });
    tell(sentence(check));
  }

  $("check-in").addEventListener("change", showNames);
  $("check-way").addEventListener("change", showNames);
  $("check-into").addEventListener("change", chooseOthers);
  $("check-of").addEventListener("change", () => { chosen = true; });
  $("check-add").addEventListener("click", declare);
  for (const event of ["change", "begin"]) draft.addEventListener(event, show);
}

function complaint(rule, of, grid) {
  if (!of.length) return "Select what to combine.";
  if (rule !== "running") return "";
  if (!grid) return "A running total goes down or across a grid: choose one.";
  return of.length > 1 ? "A running total adds up one column or row: select that one." : "";
}

function sentence(check) {
  const what = check.grid ? namesOf(check) : "zones";
  const of = check.of.length > 3 ? `${check.of[0]} … ${check.of.at(-1)} (${check.of.length})` : check.of.join(", ");
  const where = check.grid ? `${check.grid}: ` : "";
  const rule = check.rule === "running" ? "running total" : check.rule;
  return `${where}${check.into ? `${check.into} is the ` : ""}${rule} of ${what} ${of}`;
}
