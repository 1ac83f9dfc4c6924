// Entry point of the layout view. The drawing itself is in layout_stage.js, the layout in layout_model.js.

import { boxPanel } from "./layout_box.js";
import { checksPanel } from "./layout_checks.js";
import { Draft } from "./layout_draft.js";
import { filesOf } from "./layout_files.js";
import { holdsPanel } from "./layout_holds.js";
import { keysOn } from "./layout_keys.js";
import { emptyLayout, freeName, isEmpty } from "./layout_model.js";
import { Stage } from "./layout_stage.js";
import { tell } from "./server.js";

const $ = (id) => document.getElementById(id);
const TOOLS = { v: "choose", z: "zone", g: "grid" };
const draft = new Draft();
const stage = new Stage($("view"), draft, { added, accept });

function added() {
  const { part } = draft;
  tell(part.box ? `${part.name} drawn` : `${part.name} drawn, ${size(part)}`);
  use("choose");
  name();
}

function name() {
  $("box-name").focus();
  $("box-name").select();
}

function use(tool) {
  stage.use(tool);
  for (const one of Object.values(TOOLS)) $(one).setAttribute("aria-pressed", one === tool);
}

function accept(at) {
  draft.change((layout) => {
    layout.grids.push({ ...JSON.parse(JSON.stringify(draft.tables[at])), name: freeName(layout, "table") });
    draft.chosen = { kind: "grids", at: layout.grids.length - 1 };
  });
  tell(`${draft.part.name} taken, ${size(draft.part)}`);
  stage.show(true);
}

function entry(label, pressed, does, action = "") {
  const row = document.createElement("li");
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = label;
  button.setAttribute("aria-pressed", pressed);
  if (action) button.append(Object.assign(document.createElement("b"), { textContent: action }));
  button.addEventListener("click", does);
  row.append(button);
  return row;
}

function size(grid) { return `${grid.rows.names.length} × ${grid.columns.names.length}`; }

function show() {
  const { layout, chosen } = draft;
  $("hint").hidden = Boolean(draft.page) || !isEmpty(layout);
  $("name").value = layout.name;
  const boxes = ["grids", "zones"].flatMap((kind) => layout[kind].map((part, at) => entry(
    part.box ? part.name : `${part.name}, ${size(part)}`, chosen?.kind === kind && chosen.at === at, () => { draft.choose(kind, at); stage.show(); },
  )));
  const proposals = draft.proposals.map(([at, table]) => entry(`ruled table, ${size(table)} `, false, () => accept(at), "accept"));
  $("boxes").replaceChildren(...boxes, ...proposals);
  $("none").hidden = boxes.length + proposals.length > 0;
  $("undo").disabled = !draft.canUndo;
  $("redo").disabled = !draft.canRedo;
}

function looking(is) {
  document.body.classList.toggle("looking", is);
  $("back").hidden = !is;
  if (is) $("back").focus();
}

function zoom(factor) { stage.zoomTo(stage.zoom * factor); }

const KEYS = { "+": () => zoom(1.25), "=": () => zoom(1.25), "-": () => zoom(0.8), 0: () => stage.fit(), Escape: () => { use("choose"); draft.choose("", -1); } };

function press(event) {
  const { key, target } = event;
  if (event.metaKey || event.altKey || document.body.classList.contains("looking") || $("replace").open) return;
  if (event.ctrlKey && !target.matches("input, textarea")) {
    if (key === "z") draft.undo(); else if (key === "y" || key === "Z") draft.redo(); else return;
  } else if (event.ctrlKey || target.matches("input, textarea, select")) return;
  else if (key in TOOLS) { use(TOOLS[key]); if (key !== "v") $("view").focus({ preventScroll: true }); } else if (key in KEYS) KEYS[key](); else return;
  event.preventDefault();
}

for (const event of ["change", "begin"]) draft.addEventListener(event, show);
keysOn($("view"), draft, stage, { name, say: tell });
boxPanel(draft, stage);
holdsPanel(draft);
checksPanel(draft);
filesOf(draft, stage, looking);
use("choose");
for (const tool of Object.values(TOOLS)) $(tool).addEventListener("click", () => use(tool));
$("undo").addEventListener("click", () => draft.undo());
$("redo").addEventListener("click", () => draft.redo());
$("in").addEventListener("click", () => zoom(1.25));
$("out").addEventListener("click", () => zoom(0.8));
$("whole").addEventListener("click", () => stage.fit());
$("back").addEventListener("click", () => { $("verdict").hidden = true; looking(false); stage.back(); });
$("name").addEventListener("change", () => draft.change((layout) => { layout.name = $("name").value.trim(); }));
$("new").addEventListener("click", () => {
  const [width, height] = draft.layout.page;
  if (!draft.touched || confirm("Start a new layout? Unsaved changes are lost.")) draft.begin({ layout: emptyLayout("", width, height, draft.page?.lines ?? {}) });
});
addEventListener("beforeunload", (event) => { if (draft.touched) event.preventDefault(); });
document.addEventListener("keydown", press);
draft.tell("begin");
