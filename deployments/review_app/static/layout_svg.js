// Parts of the drawing as SVG elements.

import { AXES, boxOf } from "./layout_model.js";

const NAMESPACE = "http://www.w3.org/2000/svg";

export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS(NAMESPACE, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

export const rect = ([x, y, width, height], kind) => svg("rect", { x, y, width: Math.max(width, 0), height: Math.max(height, 0), class: kind });
export const line = ([x1, y1, x2, y2], kind) => svg("line", { x1, y1, x2, y2, class: kind });

export function text(words, x, y, size, kind) {
  return svg("text", { x, y, "font-size": size, "stroke-width": size / 4, class: kind }, words);
}

export function edgeLine(grid, axis, at) {
  const [x, y, w, h] = boxOf(grid);
  const edge = grid[axis].edges[at];
  return axis === "rows" ? [x, edge, x + w, edge] : [edge, y, edge, y + h];
}

// A box with its name; a grid also with its inner edges. `size`: of letters, in units of the page.
export function drawnPart(part, size, chosen) {
  const [x, y, w, h] = boxOf(part);
  const pieces = [rect([x, y, w, h], "body")];
  if (!part.box) for (const axis of Object.keys(AXES)) part[axis].edges.slice(1, -1).forEach((_, at) => pieces.push(line(edgeLine(part, axis, at + 1), "inner")));
  if (!part.box) pieces.push(...skipped(part));
  if (chosen && !part.box) pieces.push(...cellNames(part, size * 0.85));
  pieces.push(text(part.name, x, y - size * (chosen && !part.box ? 1.5 : 0.35), size, "name"));
  return pieces;
}

// Rows and columns that are left out.
function skipped(grid) {
  const [x, y, w, h] = boxOf(grid);
  return Object.keys(AXES).flatMap((axis) => (grid[AXES[axis].skips] ?? []).map((name) => {
    const at = grid[axis].names.indexOf(name);
    const [from, to] = [grid[axis].edges[at], grid[axis].edges[at + 1]];
    return rect(axis === "rows" ? [x, from, w, to - from] : [from, y, to - from, h], "skipped");
  }));
}

// Names of columns above and of rows to the left; as many as fit.
function cellNames(grid, size) {
  const [x, y] = boxOf(grid);
  const named = (axis, at) => grid[axis].names.map((name, index) => at(name, grid[axis].edges[index], grid[axis].edges[index + 1]));
  const columns = named("columns", (name, from, to) => text(fitted(name, (to - from) / size), from + 1, y - size * 0.3, size, "cell"));
  const rows = named("rows", (name, from, to) => (to - from < size * 0.8 ? "" : text(fitted(name, 12), x - size * 0.3, (from + to) / 2 + size * 0.35, size, "cell row")));
  return [...columns, ...rows].filter(Boolean);
}

function fitted(name, letters) {
  const most = Math.max(1, Math.floor(letters * 1.9));
  return name.length > most ? `${name.slice(0, Math.max(1, most - 1))}…` : name;
}

export function describe(part) {
  const [x, y, w, h] = boxOf(part).map(Math.round);
  const where = `at ${x}, ${y}, ${w} wide, ${h} high`;
  return part.box ? `Zone ${part.name}, ${where}` : `Grid ${part.name}, ${part.rows.names.length} rows, ${part.columns.names.length} columns, ${where}`;
}

// Handles at the corners and the middles of the sides, each with the parts of x, y, w, h that it moves.
export function handles([x, y, w, h]) {
  return [[0, 0], [0.5, 0], [1, 0], [1, 0.5], [1, 1], [0.5, 1], [0, 1], [0, 0.5]].map(([across, down]) => ({ across, down, x: x + across * w, y: y + down * h }));
}

export function resized([x, y, w, h], { across, down }, dx, dy) {
  const [left, wide] = across === 0 ? [Math.min(dx, w - 2), -dx] : [0, across === 1 ? dx : 0];
  const [top, high] = down === 0 ? [Math.min(dy, h - 2), -dy] : [0, down === 1 ? dy : 0];
  return [x + left, y + top, Math.max(w + wide, 2), Math.max(h + high, 2)];
}

// Cells as found on another page, with the names of rows and columns; pointing at a cell shows its whole name.
export function foundCells(cells, size) {
  const seen = new Set();
  const first = (kind, { zone, [kind]: name }) => !seen.has(`${kind} ${zone} ${name}`) && Boolean(seen.add(`${kind} ${zone} ${name}`));
  return cells.flatMap((cell) => {
    const [[x, y], , , [, bottom]] = cell.corners;
    const labels = [];
    if (!cell.row) labels.push(text(cell.zone, x, y - size * 0.3, size, "cell"));
    if (cell.column && first("column", cell)) labels.push(text(cell.column, x + 1, y - size * 0.3, size, "cell"));
    if (cell.row && first("row", cell)) labels.push(text(cell.row, x - size * 0.3, (y + bottom) / 2 + size * 0.3, size, "cell row"));
    return [foundCell(cell), ...labels];
  });
}

function foundCell({ zone, row, column, corners }) {
  const name = [zone, row, column].filter(Boolean).join(" / ");
  return svg("polygon", { points: corners.map((corner) => corner.join(",")).join(" "), class: "cell" }, svg("title", {}, name));
}
