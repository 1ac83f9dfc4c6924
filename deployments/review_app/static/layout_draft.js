// State of the drawing: the layout, the page under it, the selection, and undo.

import { complete, copy, emptyLayout, overlap } from "./layout_model.js";

const MOST_STEPS = 200;
const ONE_STEP = 1500; // milliseconds within which changes of the same kind are undone together

export class Draft extends EventTarget {
  layout = emptyLayout("", 1000, 700, { horizontal: [], vertical: [] });
  page = null; // { id, pages, width, height } of the page under the drawing
  tables = []; // proposals: grids found from the page's rulings
  chosen = null; // { kind: "zones" or "grids", at }
  edge = null; // { axis, at } of the chosen grid
  saved = null; // { name, version } of the layout as saved or loaded
  touched = false;
  #past = [];
  #future = [];
  #last = { key: "", time: 0 };

  get part() { return this.chosen ? this.layout[this.chosen.kind][this.chosen.at] ?? null : null; }
  // Proposals that no box covers, each with its index in `tables`.
  get proposals() { return [...this.tables.entries()].filter(([, table]) => !this.layout.grids.some((grid) => overlap(grid, table) > 0.5)); }
  get canUndo() { return this.#past.length > 0; }
  get canRedo() { return this.#future.length > 0; }

  // Replace the page or the layout; this cannot be undone.
  begin({ layout, page = this.page, tables = this.tables, saved = null }) {
    Object.assign(this, { layout: complete(layout), page, tables, saved, chosen: null, edge: null, touched: false });
    this.#past = [];
    this.#future = [];
    this.tell("begin");
  }

  // `how` changes the layout; quick changes with the same key are undone together.
  change(how, key = "") {
    const before = { layout: copy(this.layout), chosen: this.chosen };
    const said = how(this.layout);
    const now = performance.now();
    if (!key || key !== this.#last.key || now - this.#last.time > ONE_STEP) this.#past.push(before);
    this.#past = this.#past.slice(-MOST_STEPS);
    this.#last = { key, time: now };
    this.#future = [];
    this.touched = true;
    this.tell();
    return said;
  }

  undo() { this.#step(this.#past, this.#future); }
  redo() { this.#step(this.#future, this.#past); }

  #step(from, to) {
    if (!from.length) return;
    to.push({ layout: this.layout, chosen: this.chosen });
    Object.assign(this, from.pop(), { edge: null, touched: true });
    this.#last = { key: "", time: 0 };
    this.tell();
  }

  choose(kind, at) {
    if (this.chosen?.kind === kind && this.chosen.at === at) return;
    this.chosen = at >= 0 ? { kind, at } : null;
    this.edge = null;
    this.tell();
  }

  chooseEdge(axis, at) {
    this.edge = { axis, at };
    this.tell();
  }

  tell(what = "change") { this.dispatchEvent(new Event(what)); }
}
