// Keyboard on the page: Tab goes from box to box, and in the selected grid to its edges.

import { boxOf, moveEdge, place, remove, removeEdge, splitAfter } from "./layout_model.js";

const STEP = 4; // screen pixels per arrow key; with Ctrl one page pixel
const SIDEWAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export function keysOn(view, draft, stage, { name, say }) {
  const step = (event) => (event.ctrlKey ? 1 : Math.max(1, Math.round(STEP / stage.zoom)));

  function onPart(event) {
    const { key, shiftKey } = event;
    const { part, layout } = draft;
    if (key in SIDEWAYS) {
      const [dx, dy] = SIDEWAYS[key].map((way) => way * step(event));
      const [x, y, w, h] = boxOf(part);
      const larger = [x, y, Math.min(w + dx, layout.page[0] - x), Math.min(h + dy, layout.page[1] - y)];
      draft.change(() => place(part, shiftKey ? larger : [x + dx, y + dy, w, h], layout.page), `arrow ${shiftKey} ${part.name}`);
      stage.show();
    } else if (key === "Delete" || key === "Backspace") removeChosen(draft, stage, say);
    else if (key === "Enter" || key === " ") name();
    else return false;
    return true;
  }

  function onEdge(event, axis) {
    const { part: grid, layout } = draft;
    const at = draft.edge?.at ?? 0;
    const [dx, dy] = SIDEWAYS[event.key] ?? [0, 0];
    const [moves, goes] = axis === "rows" ? [dy, dx] : [dx, dy];
    if (moves) draft.change(() => moveEdge(grid, axis, at, grid[axis].edges[at] + moves * step(event), layout.page), `edge ${axis} ${at}`);
    else if (goes) draft.chooseEdge(axis, Math.min(Math.max(at + goes, 0), grid[axis].edges.length - 1));
    else if (event.key === "Delete" || event.key === "Backspace") dropEdge(draft, axis, at);
    else if (event.key === "Insert" || event.key === "Enter") draft.change(() => splitAfter(grid, axis, at));
    else return false;
    return true;
  }

  function taken(event) {
    const { target, key } = event;
    if (target.matches(".part")) return onPart(event);
    if (target.matches("[data-axis]")) return onEdge(event, target.dataset.axis);
    if (key !== "Enter" && key !== " ") return false;
    if (target.matches(".proposal")) stage.accept(Number(target.dataset.table));
    else if (stage.tool === "zone" || stage.tool === "grid") stage.addInTheMiddle();
    else return false;
    return true;
  }

  view.addEventListener("keydown", (event) => {
    if (event.metaKey || event.altKey || stage.tool === "look" || !taken(event)) return;
    event.preventDefault();
    event.stopPropagation();
  });
}

export function removeChosen(draft, stage, say) {
  const { part } = draft;
  if (!part) return;
  draft.change((layout) => { remove(layout, part); draft.chosen = null; draft.edge = null; });
  say(`${part.name} deleted`);
  stage.show(true);
}

export function dropEdge(draft, axis, at) {
  draft.change((layout) => { if (removeEdge(layout, draft.part, axis, at)) draft.edge = { axis, at: Math.max(0, at - 1) }; });
}
