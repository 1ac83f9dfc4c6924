// The page with the boxes on it: drawing, selecting, moving, zooming.

import { gesturesOn } from "./layout_gestures.js";
import { boxOf, freeName, newGrid, onPage } from "./layout_model.js";
import { describe, drawnPart, edgeLine, foundCells, handles, line, rect, svg } from "./layout_svg.js";

const LETTERS = 13;
const HANDLE = matchMedia("(pointer: coarse)").matches ? 9 : 5;
const LAYERS = ["ground", "lines", "tables", "parts", "edges", "handles", "band", "found"]; // lowest first

export class Stage {
  tool = "choose";
  zoom = 1;
  size = [1000, 700]; // of the shown page
  #draft;
  #view;
  #page;
  #layers;
  #parts = new Map();

  // `view` scrolls; `added` is called after drawing, `accept` with the index of an accepted proposal.
  constructor(view, draft, { added, accept }) {
    this.#layers = Object.fromEntries(LAYERS.map((name) => [name, svg("g", { class: name })]));
    this.#page = svg("svg", { class: "sheet", role: "group", "aria-label": "Boxes on the page" }, ...Object.values(this.#layers));
    view.append(this.#page);
    Object.assign(this, { added, accept });
    this.#view = view;
    this.#draft = draft;
    draft.addEventListener("change", () => this.draw());
    draft.addEventListener("begin", () => { this.#ground(); this.#fromTheTop(); });
    gesturesOn(this.#page, view, draft, this);
  }

  use(tool) {
    this.tool = tool;
    this.#page.dataset.tool = tool;
  }

  // Zoom so that the page is as wide as the view.
  fit() { this.zoomTo(Math.min(1.5, (this.#view.clientWidth - 2) / this.size[0])); }

  // `at`: the point of the view that stays in place; by default its middle.
  zoomTo(zoom, at = [this.#view.clientWidth / 2, this.#view.clientHeight / 2]) {
    const before = [(this.#view.scrollLeft + at[0]) / this.zoom, (this.#view.scrollTop + at[1]) / this.zoom];
    this.zoom = Math.min(6, Math.max(0.02, zoom));
    const [width, height] = this.size;
    this.#page.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.#page.setAttribute("width", width * this.zoom);
    this.#page.setAttribute("height", height * this.zoom);
    [this.#view.scrollLeft, this.#view.scrollTop] = [before[0] * this.zoom - at[0], before[1] * this.zoom - at[1]];
    this.draw();
  }

  #ground() {
    const { layout, page } = this.#draft;
    this.#show(page, layout.page);
    const rulings = [...layout.lines.horizontal, ...layout.lines.vertical];
    this.#layers.lines.replaceChildren(...rulings.map((one) => line(one, "ruling")));
    this.#parts.clear();
    this.#layers.parts.replaceChildren();
  }

  #fromTheTop() {
    this.fit();
    this.#view.scrollTo(0, 0);
  }

  #show(page, [width, height]) {
    this.size = [width, height];
    const picture = () => svg("image", { href: `/api/layouts/picture/${page.id}`, width, height, preserveAspectRatio: "none", "aria-hidden": true });
    this.#layers.ground.replaceChildren(page ? picture() : rect([0, 0, width, height], "paper"));
  }

  // Show another page with the cells found on it; drawing is disabled there.
  look(page, cells) {
    this.use("look");
    this.#show(page, [page.width, page.height]);
    this.#fromTheTop();
    this.#layers.found.replaceChildren(...foundCells(cells, LETTERS / this.zoom));
  }

  back() {
    this.use("choose");
    this.#layers.found.replaceChildren();
    this.#ground();
    this.#fromTheTop();
  }

  draw() {
    const { layout, chosen } = this.#draft;
    const size = LETTERS / this.zoom;
    this.#layers.tables.replaceChildren(...this.#draft.proposals.map(([at, table]) => this.#proposal(table, at, size)));
    const seen = new Set();
    for (const kind of ["grids", "zones"]) layout[kind].forEach((part, at) => {
      const key = `${kind}${at}`;
      seen.add(key);
      const isChosen = chosen?.kind === kind && chosen.at === at;
      const element = this.#part(key, kind, at);
      element.setAttribute("class", `part ${kind}${isChosen ? " chosen" : ""}`);
      element.setAttribute("aria-label", describe(part));
      element.setAttribute("aria-pressed", isChosen);
      element.replaceChildren(...drawnPart(part, size, isChosen));
    });
    for (const [key, element] of this.#parts) if (!seen.has(key)) { element.remove(); this.#parts.delete(key); }
    this.#drawEdges();
    const part = this.#draft.part;
    this.#layers.handles.replaceChildren(...(part ? handles(boxOf(part)).map((one) => this.#handle(one)) : []));
  }

  #proposal(table, at, size) {
    const label = `Proposed ${describe(table)}: Enter accepts it`;
    const element = svg("g", { class: "proposal", tabindex: 0, role: "button", "data-table": at, "aria-label": label });
    element.append(...drawnPart({ ...table, name: `${table.name} ?` }, size, false));
    return element;
  }

  // Keep the elements, so that the keyboard focus stays.
  #part(key, kind, at) {
    if (!this.#parts.has(key)) {
      const element = svg("g", { tabindex: 0, role: "button", "data-kind": kind, "data-at": at });
      element.addEventListener("focus", () => this.#draft.choose(kind, at));
      this.#parts.set(key, element);
      this.#layers.parts.append(element);
    }
    return this.#parts.get(key);
  }

  // Edges of the selected grid: one tab stop for its rows' edges, one for its columns'.
  #drawEdges() {
    const { part: grid, edge } = this.#draft;
    if (!grid || grid.box) { this.#layers.edges.replaceChildren(); return; }
    for (const axis of ["rows", "columns"]) {
      const at = Math.min(edge?.axis === axis ? edge.at : 0, grid[axis].edges.length - 1);
      const element = this.#layers.edges.querySelector(`[data-axis=${axis}]`) ?? this.#edges(axis);
      const name = at < grid[axis].names.length ? `before ${axis === "rows" ? "row" : "column"} ${grid[axis].names[at]}` : "the last";
      element.setAttribute("aria-label", `Edge of the ${axis} of ${grid.name}, ${name}`);
      element.setAttribute("aria-valuenow", grid[axis].edges[at]);
      element.setAttribute("aria-valuemax", Math.round(this.size[axis === "rows" ? 1 : 0]));
      element.replaceChildren(...grid[axis].edges.flatMap((_, index) => {
        const shown = line(edgeLine(grid, axis, index), edge?.axis === axis && edge.at === index ? "edge now" : "edge");
        const wide = line(edgeLine(grid, axis, index), "grip");
        wide.dataset.edge = index;
        return [shown, wide];
      }));
    }
  }

  #edges(axis) {
    const element = svg("g", { tabindex: 0, role: "slider", "data-axis": axis, "aria-valuemin": 0, "aria-orientation": axis === "rows" ? "vertical" : "horizontal" });
    element.addEventListener("focus", () => { if (this.#draft.edge?.axis !== axis) this.#draft.chooseEdge(axis, 0); });
    this.#layers.edges.append(element);
    return element;
  }

  #handle({ across, down, x, y }) {
    const half = HANDLE / this.zoom;
    const element = rect([x - half, y - half, 2 * half, 2 * half], `handle a${across * 2} d${down * 2}`);
    Object.assign(element.dataset, { across, down });
    return element;
  }

  // Show the box being drawn; nothing without a box.
  band(box) { this.#layers.band.replaceChildren(...(box ? [rect(box, "drawn")] : [])); }

  // Add a zone or grid, select it, and ask for its name.
  add(box) {
    const kind = this.tool === "grid" ? "grids" : "zones";
    this.#draft.change((layout) => {
      const zone = () => ({ name: freeName(layout, "zone"), box: box.map((side) => Math.round(side * 10) / 10) });
      layout[kind].push(kind === "grids" ? newGrid(freeName(layout, "table"), box, layout.lines) : zone());
      this.#draft.chosen = { kind, at: layout[kind].length - 1 };
      this.#draft.edge = null;
    });
    this.added();
  }

  // Add a box in the middle of the view, for drawing without a pointer.
  addInTheMiddle() {
    const [width, height] = this.tool === "grid" ? [320, 200] : [160, 48];
    const x = this.#view.scrollLeft + (this.#view.clientWidth - width) / 2;
    const y = this.#view.scrollTop + (this.#view.clientHeight - height) / 2;
    this.add(onPage([x, y, width, height].map((side) => side / this.zoom), this.size));
  }

  // Scroll the selected box into view, and give it the keyboard if `focus`.
  show(focus = false) {
    const { chosen } = this.#draft;
    const element = chosen && this.#parts.get(`${chosen.kind}${chosen.at}`);
    element?.scrollIntoView({ block: "nearest", inline: "nearest" });
    if (focus) (element ?? this.#view).focus({ preventScroll: true });
  }
}
