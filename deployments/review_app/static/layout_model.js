// The layout's data, as in its file, and operations on it. Nothing here depends on the screen.

export const AXES = { rows: { rules: "row_holds", skips: "skip_rows", one: "row" }, columns: { rules: "column_holds", skips: "skip_columns", one: "column" } };
export const HOLDS = { digits: [1, 12], decimals: null, sign: false, least: null, most: null, marks: ["blank", "dash"], decimal_mark: null, date_order: null, kinds: [] };
const SMALL = 50; // a page of fewer units is in fractions, and is enlarged for drawing
const ENLARGED = 2000;

const round = (value) => Math.round(value * 10) / 10;
export const copy = (value) => JSON.parse(JSON.stringify(value));

export function emptyLayout(name, width, height, lines) {
  return { name, page: [width, height], zones: [], grids: [], checks: [], lines };
}

// Complete a layout: all lists present, in units for drawing.
export function complete(fields) {
  const layout = { ...emptyLayout("", 1, 1, {}), ...copy(fields) };
  layout.lines = { horizontal: [], vertical: [], ...layout.lines };
  const factor = Math.max(...layout.page) < SMALL ? ENLARGED / Math.max(...layout.page) : 1;
  if (factor === 1) return layout;
  const larger = (values) => values.map((value) => value * factor);
  layout.page = larger(layout.page);
  for (const zone of layout.zones) zone.box = larger(zone.box);
  for (const grid of layout.grids) for (const axis of Object.keys(AXES)) grid[axis].edges = larger(grid[axis].edges);
  for (const way of Object.keys(layout.lines)) layout.lines[way] = layout.lines[way].map(larger);
  return layout;
}

export const isEmpty = (layout) => layout.zones.length + layout.grids.length === 0;

export function names(layout) { return [...layout.zones, ...layout.grids].map((part) => part.name); }

export function freeName(layout, base) {
  const taken = new Set(names(layout));
  for (let number = 1; ; number += 1) if (!taken.has(`${base}${number}`)) return `${base}${number}`;
}

export function boxOf(part) {
  if (part.box) return part.box;
  const [x, y] = [part.columns.edges[0], part.rows.edges[0]];
  return [x, y, part.columns.edges.at(-1) - x, part.rows.edges.at(-1) - y];
}

// Share of the smaller box's area that lies in the other box.
export function overlap(one, other) {
  const [[x1, y1, w1, h1], [x2, y2, w2, h2]] = [boxOf(one), boxOf(other)];
  const wide = Math.min(x1 + w1, x2 + w2) - Math.max(x1, x2);
  const high = Math.min(y1 + h1, y2 + h2) - Math.max(y1, y2);
  return (Math.max(wide, 0) * Math.max(high, 0)) / Math.min(w1 * h1, w2 * h2);
}

// Clip the box to the page, at least `least` wide and high.
export function onPage([x, y, w, h], [width, height], least = 2) {
  const [wide, high] = [Math.min(Math.max(w, least), width), Math.min(Math.max(h, least), height)];
  return [Math.min(Math.max(x, 0), width - wide), Math.min(Math.max(y, 0), height - high), wide, high];
}

// Move or resize a zone, or a grid with all of its edges.
export function place(part, box, page) {
  const [x, y, w, h] = onPage(box, page, part.box ? 2 : 4);
  if (part.box) { part.box = [x, y, w, h].map(round); return; }
  const [x0, y0, w0, h0] = boxOf(part);
  part.columns.edges = part.columns.edges.map((edge) => round(x + ((edge - x0) * w) / w0));
  part.rows.edges = part.rows.edges.map((edge) => round(y + ((edge - y0) * h) / h0));
}

export const numbered = (count) => Array.from({ length: count }, (_, at) => String(at + 1));

export function even(first, last, count) {
  return Array.from({ length: count + 1 }, (_, at) => round(first + ((last - first) * at) / count));
}

// Positions of the rulings through a box: across it for rows, down it for columns; double rulings count once.
export function rulings(lines, [x, y, w, h], axis) {
  const rows = axis === "rows";
  const [from, to, start, end] = rows ? [x, x + w, y, y + h] : [y, y + h, x, x + w];
  const slack = 0.04 * (end - start);
  const found = (rows ? lines.horizontal : lines.vertical).map((line) => (rows ? line : [line[1], line[0], line[3], line[2]]))
    .filter(([a, , b]) => Math.min(Math.max(a, b), to) - Math.max(Math.min(a, b), from) > 0.4 * (to - from))
    .map(([, a, , b]) => (a + b) / 2).filter((at) => at > start - slack && at < end + slack).sort((a, b) => a - b);
  const apart = Math.max(0.006 * (end - start), 3);
  return found.filter((at, index) => index === 0 || at - found[index - 1] > apart).map(round);
}

// Snap each edge to a nearby ruling, if that leaves room between the edges.
export function snapped(edges, places) {
  const near = Math.min(...edges.slice(1).map((edge, at) => edge - edges[at])) / 3;
  const moved = edges.map((edge) => {
    const best = places.reduce((one, other) => (Math.abs(other - edge) < Math.abs(one - edge) ? other : one), Infinity);
    return Math.abs(best - edge) <= near ? best : edge;
  });
  return moved.every((edge, at) => at === 0 || edge > moved[at - 1]) ? moved : edges;
}

export function newGrid(name, box, lines) {
  const grid = { name };
  for (const axis of Object.keys(AXES)) {
    const [start, length] = axis === "rows" ? [box[1], box[3]] : [box[0], box[2]];
    const found = rulings(lines, box, axis);
    const edges = found.length > 2 ? found : even(start, start + length, axis === "rows" ? 4 : 3);
    grid[axis] = { names: numbered(edges.length - 1), edges };
  }
  return grid;
}

// Set the edges of an axis; cells keep their names, additional ones get free numbers.
export function setEdges(layout, grid, axis, edges) {
  const { names: old } = grid[axis];
  const count = edges.length - 1;
  const kept = old.slice(0, count);
  grid[axis] = { edges, names: kept };
  while (kept.length < count) kept.push(freeNumber(kept));
  forget(layout, grid, axis, old.slice(count));
}

function freeNumber(taken) {
  for (let number = taken.length + 1; ; number += 1) if (!taken.includes(String(number))) return String(number);
}

export function moveEdge(grid, axis, at, value, page) {
  const { edges } = grid[axis];
  const limit = axis === "rows" ? page[1] : page[0];
  const low = at === 0 ? 0 : edges[at - 1] + 1;
  const high = at === edges.length - 1 ? limit : edges[at + 1] - 1;
  edges[at] = round(Math.min(Math.max(value, low), high));
}

// Split the cells after an edge; false where there are none after it.
export function splitAfter(grid, axis, at) {
  const { edges, names: known } = grid[axis];
  if (at >= edges.length - 1 || edges[at + 1] - edges[at] < 4) return false;
  edges.splice(at + 1, 0, round((edges[at] + edges[at + 1]) / 2));
  known.splice(at + 1, 0, freeNumber(known));
  return true;
}

// Remove an edge: the cells on both sides become one, with the name of the first; an outer edge takes its cells with it.
export function removeEdge(layout, grid, axis, at) {
  const { edges, names: known } = grid[axis];
  if (known.length < 2) return false;
  edges.splice(at, 1);
  forget(layout, grid, axis, known.splice(Math.min(at, known.length - 1), 1));
  return true;
}

export function setNames(layout, grid, axis, wanted) {
  const old = grid[axis].names;
  const now = new Map(old.map((name, at) => [name, wanted[at]]));
  const { rules } = AXES[axis];
  grid[axis].names = wanted;
  if (grid[rules]) grid[rules] = Object.fromEntries(Object.entries(grid[rules]).map(([name, rule]) => [now.get(name), rule]));
  const { skips } = AXES[axis];
  if (grid[skips]) grid[skips] = grid[skips].map((name) => now.get(name));
  if (grid.skip) grid.skip = grid.skip.map(([row, column]) => (axis === "rows" ? [now.get(row), column] : [row, now.get(column)]));
  for (const check of layout.checks.filter((one) => one.grid === grid.name)) {
    if (namesOf(check) === axis) Object.assign(check, { of: check.of.map((name) => now.get(name)), ...(check.into ? { into: now.get(check.into) } : {}) });
    else if (check.only) check.only = check.only.map((name) => now.get(name));
  }
}

// Leave a row or a column out of the cells, or take it in again.
export function skip(grid, axis, name, out) {
  const { skips } = AXES[axis];
  const others = (grid[skips] ?? []).filter((one) => one !== name);
  grid[skips] = out ? grid[axis].names.filter((one) => one === name || others.includes(one)) : others;
}

// The edges that rulings make between the first and the last edge, which stay where they are.
export function betweenRulings(edges, places) {
  const [first, last] = [edges[0], edges.at(-1)];
  const gaps = places.slice(1).map((place, at) => place - places[at]).sort((a, b) => a - b);
  const least = Math.max(3, (gaps[Math.floor(gaps.length / 2)] ?? 0) / 4);
  return [first, ...places.filter((place) => place > first + least && place < last - least), last];
}

// The axis that a check's `of` and `into` name: a running total or a sequence that goes down names columns.
export function namesOf(check) {
  return ((check.direction ?? "down") === "down") !== walks(check) ? "rows" : "columns";
}

// Whether a check goes from cell to cell, down a column or across a row.
export const walks = (check) => check.rule === "running" || check.rule === "sequence";

// Remove the rules of rows or columns that no longer exist.
function forget(layout, grid, axis, gone) {
  for (const name of gone) {
    delete grid[AXES[axis].rules]?.[name];
    skip(grid, axis, name, false);
  }
  if (grid.skip) grid.skip = grid.skip.filter((cell) => !gone.includes(cell[axis === "rows" ? 0 : 1]));
  layout.checks = layout.checks.filter((check) => check.grid !== grid.name || !mentions(check, axis, gone));
}

const mentions = (check, axis, gone) => [...(namesOf(check) === axis ? [...check.of, check.into] : check.only ?? [])].some((name) => gone.includes(name));

export function rename(layout, part, name) {
  const old = part.name;
  part.name = name;
  for (const check of layout.checks) {
    if (part.box && !check.grid) Object.assign(check, { of: check.of.map((one) => (one === old ? name : one)), ...(check.into === old ? { into: name } : {}) });
    else if (!part.box && check.grid === old) check.grid = name;
  }
}

export function remove(layout, part) {
  for (const kind of ["zones", "grids"]) layout[kind] = layout[kind].filter((one) => one !== part);
  layout.checks = layout.checks.filter((check) => (part.box ? check.grid || ![...check.of, check.into].includes(part.name) : check.grid !== part.name));
}
