import { call, claim, collection, decide, flush, picture, problem, release, show, showProgress, tell } from "./server.js";

const $ = (id) => document.getElementById(id);
const NONE = 10;
const HINTS = "abcdfghijklmnopqrstvwyzABCDEFGHIJKLMNOPQRSTUVWXYZ"; // without e, u and x, which are command keys
let items = [];
let claimed = null;
let said = new Map(); // item -> {kind, value}
let at = -1;
let keys = 0;
let shownAt = 0;
let busy = false;
let none = false; // the rest of this group are no digits

const word = (guess) => (guess === NONE ? "not a digit" : String(guess));
const verdict = (guess) => (none || guess === NONE ? { kind: "not a digit", value: "" } : { kind: "digit", value: String(guess) });

async function load() {
  try {
    const lent = await claim("carpet");
    lay(lent.claim, lent.items);
  } catch (error) { problem(`Digits could not be loaded: ${error.message}.`); }
}

function lay(id, lent) {
  [items, claimed, said, at, keys, shownAt] = [lent, id, new Map(), -1, 0, performance.now()];
  restAreNone(false);
  $("work").hidden = !items.length;
  $("empty").hidden = Boolean(items.length);
  if (items.length) $("class").textContent = word(items[0].guess);
  $("tiles").replaceChildren(...items.map(tile));
}

function tile(item, index) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "tile";
  button.tabIndex = index ? -1 : 0;
  const img = document.createElement("img");
  img.alt = "";
  const hint = document.createElement("span");
  hint.className = "hint";
  hint.textContent = HINTS[index] ?? "";
  button.append(img, hint);
  show(img, picture("crop", item.id), "no picture");
  button.addEventListener("click", () => { keys += 1; go(index); });
  button.addEventListener("focus", () => { at = index; });
  label(button, item, index);
  return button;
}

function label(button, item, index) {
  const other = said.get(item.id);
  const text = other ? other.value || other.kind : `read as ${word(item.guess)}`;
  button.setAttribute("aria-label", `${HINTS[index] ?? index + 1}: ${text}, page ${item.page} of ${item.file}`);
  button.setAttribute("aria-pressed", String(Boolean(other)));
  button.querySelector(".is")?.remove();
  if (other) {
    const mark = document.createElement("span");
    mark.className = "is";
    mark.textContent = other.value || (other.kind === "unreadable" ? "?" : "×");
    button.append(mark);
  }
}

function go(index) {
  const tiles = $("tiles").children;
  if (!tiles.length) return;
  at = Math.max(0, Math.min(index, tiles.length - 1));
  for (const [number, one] of [...tiles].entries()) one.tabIndex = number === at ? 0 : -1;
  tiles[at].focus();
}

function restAreNone(yes) {
  none = yes;
  $("none").setAttribute("aria-pressed", String(none));
  $("accept").lastChild.textContent = none ? " the rest are no digits" : " accept the rest";
  if (yes) tell("the rest are no digits: space saves this");
}

function across() {
  const tiles = [...$("tiles").children];
  return Math.max(1, tiles.filter((one) => one.offsetTop === tiles[0].offsetTop).length);
}

function mark(kind, value = "") {
  if (at < 0) { tell("select one first: by its letter, an arrow or a click"); return; }
  const item = items[at];
  said.set(item.id, { kind, value }); // also where it confirms the guess: then it stays so, whatever the rest are
  label($("tiles").children[at], item, at);
}

async function accept() {
  if (busy || !items.length) return;
  busy = true;
  const verdicts = items.map((item) => ({ item: item.id, ...(said.get(item.id) ?? verdict(item.guess)) }));
  const seconds = Math.min(3600, (performance.now() - shownAt) / 1000);
  tell(`${items.length} saved, ${said.size} of them changed`);
  const sent = decide({ claim: claimed, view: "carpet", keys, seconds, verdicts });
  items = [];
  await sent;
  await load();
  busy = false;
}

async function undo() {
  if (busy) return;
  if (said.size && at >= 0 && said.delete(items[at].id)) { label($("tiles").children[at], items[at], at); return; }
  busy = true;
  await flush();
  try {
    const back = await call("/api/undo");
    if (back.items.length) {
      if (claimed) await release(claimed);
      const known = back.items.find((item) => item.guess !== null)?.guess;
      lay(back.claim, back.items.map((item) => ({ ...item, guess: item.guess ?? known })));
      tell(`undone: ${back.items.length}`);
      showProgress();
    } else tell("nothing to undo");
  } catch (error) { problem(`Not undone: ${error.message}.`); }
  busy = false;
}

function press(key) {
  const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -across(), ArrowDown: across() };
  if (key in steps) go(at < 0 ? 0 : at + steps[key]);
  else if (/^[0-9]$/.test(key)) mark("digit", key);
  else if (key === "x") mark("not a digit");
  else if (key === "-") restAreNone(!none);
  else if (key === "u") mark("unreadable");
  else if (key === " ") accept();
  else if (key === "Backspace") undo();
  else if (key.length === 1 && HINTS.includes(key) && HINTS.indexOf(key) < items.length) go(HINTS.indexOf(key));
  else return false;
  return true;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("select, input")) return;
  if (event.key === " " && event.target.matches("a, .keys button")) return;
  keys += 1;
  if (press(event.key)) event.preventDefault(); else keys -= 1;
});
document.querySelectorAll("[data-key]").forEach((button) => button.addEventListener("click", () => { keys += 1; press(button.dataset.key); }));
document.querySelectorAll(".keys button").forEach((button) => button.addEventListener("mousedown", (event) => event.preventDefault()));
addEventListener("pagehide", () => { if (claimed) release(claimed); });
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

if (collection) { flush().then(load); showProgress(); } else $("empty").hidden = false;
