// The panel of the selected box: its name, its place, and for a grid its rows, columns and edges.

import { AXES, betweenRulings, boxOf, even, moveEdge, names, place, rename, rulings, setEdges, setNames, snapped, splitAfter } from "./layout_model.js";
import { dropEdge, removeChosen } from "./layout_keys.js";
import { problem, tell } from "./server.js";

const $ = (id) => document.getElementById(id);
const SIDES = ["x", "y", "w", "h"];

export function boxPanel(draft, stage) {
  const on = (id, kind, does) => $(id).addEventListener(kind, () => { if (draft.part) does(draft.part); });

  function show() {
    const { part } = draft;
    $("box").hidden = !part;
    if (!part) return;
    $("box-title").textContent = part.box ? "Zone" : "Grid";
    $("box-name").value = part.name;
    boxOf(part).forEach((value, at) => { $(`box-${SIDES[at]}`).value = Math.round(value * 10) / 10; });
    $("axes").hidden = Boolean(part.box);
    if (part.box) return;
    for (const axis of Object.keys(AXES)) showAxis(part[axis], axis);
    showEdge(part);
  }

  function showAxis({ names: known }, axis) {
    $(`${axis}-count`).value = known.length;
    $(`${axis}-names`).value = known.join("\n");
  }

  function showEdge(grid) {
    const { edge } = draft;
    $("edge").hidden = !edge;
    if (!edge) return;
    const { edges, names: known } = grid[edge.axis];
    $("edge-title").textContent = edge.at < known.length ? `Edge before ${AXES[edge.axis].one} ${known[edge.at]}` : `Last edge of the ${edge.axis}`;
    $("edge-at").value = edges[edge.at];
    $("edge-split").disabled = edge.at >= known.length;
  }

  function takeName(part) {
    const name = $("box-name").value.trim();
    if (name === part.name) { $("box-name").value = name; return; }
    const taken = names(draft.layout).includes(name);
    problem(taken ? `There is already a box with the name ${name}.` : name ? "" : "A box needs a name.");
    if (taken || !name) { $("box-name").value = part.name; return; }
    draft.change((layout) => rename(layout, part, name));
  }

  function takePlace(part) {
    const box = SIDES.map((side) => Number($(`box-${side}`).value));
    if (box.every(Number.isFinite) && box[2] > 0 && box[3] > 0) draft.change((layout) => place(part, box, layout.page));
    else show();
  }

  function takeNames(grid, axis) {
    const wanted = $(`${axis}-names`).value.trim().split(/[\n\t]/).map((name) => name.trim());
    const twice = wanted.find((name, at) => wanted.indexOf(name) !== at);
    const count = grid[axis].names.length;
    if (wanted.length !== count) problem(`${wanted.length} names for ${count} ${axis}: give one name per line, or set the count first.`);
    else if (wanted.includes("")) problem(`Each of the ${axis} needs a name.`);
    else if (twice !== undefined) problem(`The name ${twice} is used twice.`);
    else {
      problem("");
      if (wanted.join("\n") !== grid[axis].names.join("\n")) draft.change((layout) => setNames(layout, grid, axis, wanted));
    }
  }

  function evenly(grid, axis) {
    const count = Math.min(2000, Math.max(1, Math.round(Number($(`${axis}-count`).value)) || 1));
    const { edges } = grid[axis];
    const spaced = even(edges[0], edges.at(-1), count);
    const places = $("snap").checked ? rulings(draft.layout.lines, boxOf(grid), axis) : [];
    draft.change((layout) => setEdges(layout, grid, axis, snapped(spaced, places)));
    draft.edge = null;
    draft.tell();
    tell(`${count} ${axis}`);
  }

  function fromRulings(grid, axis) {
    const found = betweenRulings(grid[axis].edges, rulings(draft.layout.lines, boxOf(grid), axis));
    problem(found.length < 3 ? `No ruling separates this grid's ${axis}: set the count and space them evenly.` : "");
    if (found.length < 3) return;
    draft.edge = null;
    draft.change((layout) => setEdges(layout, grid, axis, found));
    tell(`${found.length - 1} ${axis} from rulings`);
  }

  on("box-name", "change", takeName);
  $("box-name").addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    takeName(draft.part);
    stage.show(true);
  });
  for (const side of SIDES) on(`box-${side}`, "change", takePlace);
  for (const axis of Object.keys(AXES)) {
    on(`${axis}-even`, "click", (grid) => evenly(grid, axis));
    on(`${axis}-count`, "change", (grid) => evenly(grid, axis));
    on(`${axis}-ruled`, "click", (grid) => fromRulings(grid, axis));
    on(`${axis}-names`, "change", (grid) => takeNames(grid, axis));
  }
  on("edge-at", "change", (grid) => draft.change((layout) => moveEdge(grid, draft.edge.axis, draft.edge.at, Number($("edge-at").value), layout.page)));
  on("edge-split", "click", (grid) => draft.change(() => splitAfter(grid, draft.edge.axis, draft.edge.at)));
  on("edge-drop", "click", () => dropEdge(draft, draft.edge.axis, draft.edge.at));
  on("delete", "click", () => removeChosen(draft, stage, tell));
  for (const event of ["change", "begin"]) draft.addEventListener(event, show);
}
