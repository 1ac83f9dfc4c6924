// A number as a reviewer changes it: pure functions, without the page.
// Its signs are characters in order: {shown, place, item, box}; shown is "" for no digit, null where the reading is hidden.

const NOTHING = { kind: "not a digit", value: "" };

// The text as it stands now, with what was said of some signs; "" for a place whose reading is hidden.
export function text(signs, said = new Map()) {
  return signs.map((sign, index) => written(said.get(index)) ?? sign.shown ?? "").join("");
}

function written(verdict) {
  if (!verdict) return undefined;
  return verdict.kind === "unreadable" ? "?" : verdict.value;
}

// The first sign that is asked for and of which nothing was said, hidden ones before others; -1 if there is none.
export function open(signs, said) {
  const waits = (sign, index) => sign.item && !said.has(index);
  const hidden = signs.findIndex((sign, index) => sign.shown === null && waits(sign, index));
  return hidden >= 0 ? hidden : signs.findIndex(waits);
}

// The next sign with a digit, a step of 1 or -1 away; the first follows the last.
export function step(signs, from, by) {
  const next = (from + by + signs.length) % signs.length;
  return signs[next].place === null ? step(signs, next, by) : next;
}

// The verdicts to send, where the rest is as shown; null if a hidden place has none yet.
export function verdicts(signs, said) {
  if (signs.some((sign, index) => sign.shown === null && !said.has(index))) return null;
  const beyond = [...said.keys()].some((index) => !signs[index].item);
  if (beyond) return whole(signs, "written", text(signs, said));
  return asked(signs, (sign, index) => said.get(index) ?? (sign.shown ? { kind: "digit", value: sign.shown } : NOTHING));
}

// The verdicts to send for a number that was typed: about its digits, where only digits that are asked for changed.
export function typed(signs, typedText) {
  const slots = signs.filter((sign) => sign.shown !== "");
  const fits = typedText.length === slots.length && slots.every((sign, at) => suits(sign, typedText[at]));
  if (!fits) return whole(signs, "written", typedText);
  return asked(signs, (sign) => (sign.shown === "" ? NOTHING : { kind: "digit", value: typedText[slots.indexOf(sign)] }));
}

function suits(sign, character) {
  return sign.item ? /^[0-9]$/.test(character) : character === sign.shown;
}

export const whole = (signs, kind, value) => asked(signs, () => ({ kind, value }));

function asked(signs, verdict) {
  return signs.flatMap((sign, index) => (sign.item ? [{ item: sign.item, ...verdict(sign, index) }] : []));
}
