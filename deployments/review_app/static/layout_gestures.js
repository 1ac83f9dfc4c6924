// Pointer gestures on the page: drawing, moving, resizing, and panning.

import { boxOf, moveEdge, onPage, place } from "./layout_model.js";
import { resized } from "./layout_svg.js";

const LEAST = 6; // screen pixels: a smaller box is ignored
const STILL = 3; // screen pixels: a smaller movement is a click

export function gesturesOn(page, view, draft, stage) {
  let gesture = null;

  function at(event) {
    const box = page.getBoundingClientRect();
    return [(event.clientX - box.left) / stage.zoom, (event.clientY - box.top) / stage.zoom];
  }

  // Return the gesture that this press starts, if any.
  function begun(event) {
    const { target } = event;
    const start = at(event);
    const pan = { kind: "pan", scroll: [view.scrollLeft, view.scrollTop, event.clientX, event.clientY] };
    const panned = event.pointerType === "mouse" ? pan : null; // touch screens pan by themselves
    if (stage.tool === "look") return panned;
    if (stage.tool !== "choose") return { kind: "draw", start };
    if (target.matches(".handle")) return { kind: "resize", start, box: [...boxOf(draft.part)], grip: gripOf(target) };
    if (target.matches(".grip")) return edgeOf(target, start);
    const table = target.closest(".proposal");
    if (table) { stage.accept(Number(table.dataset.table)); return null; }
    const part = target.closest(".part");
    if (!part) { draft.choose("", -1); return panned; }
    part.focus({ preventScroll: true });
    draft.choose(part.dataset.kind, Number(part.dataset.at));
    return { kind: "move", start, box: [...boxOf(draft.part)] };
  }

  function edgeOf(target, start) {
    const { axis } = target.parentElement.dataset;
    const edge = Number(target.dataset.edge);
    target.parentElement.focus({ preventScroll: true });
    draft.chooseEdge(axis, edge);
    return { kind: "edge", start, axis, edge, value: draft.part[axis].edges[edge] };
  }

  function down(event) {
    if (event.button !== 0) return;
    gesture = begun(event);
    if (gesture?.kind !== "pan") event.preventDefault();
    if (!gesture) return;
    gesture.key = `drag ${performance.now()}`;
    page.setPointerCapture(event.pointerId);
  }

  function move(event) {
    if (!gesture) return;
    if (gesture.kind === "pan") { pan(gesture.scroll, event); return; }
    const [x, y] = at(event);
    const [dx, dy] = [x - gesture.start[0], y - gesture.start[1]];
    if (gesture.kind === "draw") { stretch(x, y); return; }
    if (Math.hypot(dx, dy) * stage.zoom < STILL && !gesture.moved) return;
    gesture.moved = true;
    draft.change((layout) => drag(dx, dy, layout.page), gesture.key);
  }

  function pan([left, top, x, y], event) {
    view.scrollLeft = left - event.clientX + x;
    view.scrollTop = top - event.clientY + y;
  }

  function stretch(x, y) {
    const [x0, y0] = gesture.start;
    gesture.box = onPage([Math.min(x, x0), Math.min(y, y0), Math.abs(x - x0), Math.abs(y - y0)], stage.size);
    stage.band(gesture.box);
  }

  function drag(dx, dy, size) {
    const { kind, box, grip, axis, edge, value } = gesture;
    if (kind === "edge") moveEdge(draft.part, axis, edge, value + (axis === "rows" ? dy : dx), size);
    else if (kind === "move") place(draft.part, [box[0] + dx, box[1] + dy, box[2], box[3]], size);
    else place(draft.part, resized(box, grip, dx, dy), size);
  }

  function up(event) {
    const { kind, box } = gesture ?? {};
    gesture = null;
    stage.band(null);
    if (event.type === "pointerup" && kind === "draw" && box && Math.min(box[2], box[3]) * stage.zoom >= LEAST) stage.add(box);
  }

  page.addEventListener("pointerdown", down);
  page.addEventListener("pointermove", move);
  page.addEventListener("pointerup", up);
  page.addEventListener("pointercancel", up);
  view.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    const box = view.getBoundingClientRect();
    stage.zoomTo(stage.zoom * Math.exp(-event.deltaY / 400), [event.clientX - box.left, event.clientY - box.top]);
  }, { passive: false });
}

const gripOf = ({ dataset }) => ({ across: Number(dataset.across), down: Number(dataset.down) });
