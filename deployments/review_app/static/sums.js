// Sums of cells, in whole units of the last decimal, so that they are exact.

const DASHES = new Set(["", "-", "–", "nil", "″"]);

// The amount in a cell, {units, decimals}; null where something stands there that is no number yet.
export function amount(cell) {
  if (!cell) return { units: 0, decimals: 0 };
  const text = cell.text.trim().replace(/\?$/, "");
  if (cell.text.trim() !== "?" && DASHES.has(text)) return { units: 0, decimals: 0 };
  const found = /^([+-]?)(\d*)(?:[.,](\d*))?$/.exec(text);
  if (!found || !(found[2] + (found[3] ?? ""))) return null;
  const sign = found[1] === "-" ? -1 : 1;
  const digits = found[2] + (found[3] ?? "");
  return { units: sign * Number(digits), decimals: cell.decimals ?? (found[3] ?? "").length };
}

// By how much the sum of the parts is off the total: "" if it is right, "+1.2" if the parts are more; null if it is not known.
export function off(parts, total) {
  if (total === null || parts.includes(null)) return null;
  const decimals = Math.max(total.decimals, ...parts.map((part) => part.decimals));
  const whole = (part) => part.units * 10 ** (decimals - part.decimals);
  const difference = parts.reduce((sum, part) => sum + whole(part), 0) - whole(total);
  if (!difference) return "";
  return `${difference > 0 ? "+" : "−"}${(Math.abs(difference) / 10 ** decimals).toFixed(decimals)}`;
}
