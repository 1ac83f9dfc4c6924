import { call, claim, collection, decide, flush, picture, problem, release, show, showProgress, tell } from "./server.js";
import { open, step, text, typed, verdicts, whole } from "./number.js";
import { lay } from "./strip.js";

const $ = (id) => document.getElementById(id);
const CONTENTS = { b: "blank", "-": "dash", s: "struck out", i: "nil", n: "no number" };
const options = `&by_page=${$("work").dataset.byPage}&page=${$("work").dataset.page}`;
let queue = []; // numbers to review, each with its claim
let now = null;
let said = new Map(); // index of a sign -> {kind, value}
let at = -1; // the sign that a key changes
let shownAt = 0;
let keys = 0;
let fetching = null;

async function fetchMore() {
  fetching ??= claim("numbers", options).then(add).catch((error) => problem(`Numbers could not be loaded: ${error.message}.`))
    .finally(() => { fetching = null; });
  return fetching;
}

function add({ claim: id, numbers }) {
  const known = new Set([now, ...queue].filter(Boolean).flatMap((number) => number.items));
  queue.push(...numbers.filter((number) => !number.items.some((item) => known.has(item))).map((number) => ({ ...number, claim: id })));
}

async function next() {
  if (!queue.length) { await flush(); await fetchMore(); }
  now = queue.shift() ?? null;
  $("work").hidden = !now;
  $("empty").hidden = Boolean(now);
  document.body.dataset.number = now ? now.items[0] : ""; // for whoever tests the page: it says when the next number is there
  if (now) draw();
  if (queue.length < 5) fetchMore().then(preload);
  preload();
}

function preload() {
  for (const [kind, some] of [["strip", 3], ["around", 1]]) for (const number of queue.slice(0, some)) new Image().src = picture(kind, number.items[0]);
}

function draw() {
  [shownAt, keys, said] = [performance.now(), 0, new Map()];
  const [item] = now.items;
  show($("strip"), picture("strip", item), "No picture of this number is stored: look at the page.");
  show($("around"), picture("around", item), "The scan is no longer available.");
  show($("page"), picture("page", item), "The scan is no longer available.");
  const names = now.cell.filter(Boolean).join(" · ");
  $("where").replaceChildren(...(names ? [element("b", names), " "] : []), element("span", `page ${now.page} of ${now.file}`, "quiet"));
  $("strip").alt = `The number${names && `: ${names}`}, page ${now.page} of ${now.file}`;
  $("differs").hidden = now.differs === null;
  $("second").textContent = now.differs || "nothing";
  type(false);
  at = open(now.signs, said);
  drawSigns();
}

function drawSigns() {
  $("signs").replaceChildren(...now.signs.map((sign, index) => {
    const verdict = said.get(index);
    const shown = verdict ? text([sign], new Map([[0, verdict]])) || "×" : sign.shown === "" ? "×" : sign.shown ?? "";
    const classes = ["sign", sign.item && "asked", sign.place === null && "mark", verdict && "said", index === at && "here"];
    return element("span", shown, classes.filter(Boolean).join(" "));
  }));
  lay($("frame"), $("strip"), $("signs"), now.signs);
}

function element(name, content, className = "") {
  const made = document.createElement(name);
  made.textContent = content;
  made.className = className;
  return made;
}

function send(what, told) {
  const seconds = Math.min(3600, (performance.now() - shownAt) / 1000);
  decide({ claim: now.claim, view: "number", keys, seconds, verdicts: what });
  tell(`${told || "no number"} saved`);
  next();
}

function say(verdict) {
  said.set(at, verdict);
  const following = open(now.signs, said);
  if (following < 0 && now.signs[at].item) { accept(); return; }
  if (following >= 0) at = following;
  drawSigns();
}

function accept() {
  const all = verdicts(now.signs, said);
  if (all) { send(all, text(now.signs, said)); return; }
  at = open(now.signs, said);
  drawSigns();
  tell("type what you see");
}

function digit(key) {
  if (now.signs.some((sign) => sign.shown !== "")) say({ kind: "digit", value: key });
  else type(true, key); // the machine saw no digit at all: the key begins the number
}

function type(yes, begun = null) {
  $("retype").hidden = !yes;
  if (!yes) { $("number").blur(); return; }
  const hidden = now.signs.some((sign) => sign.shown === null);
  $("number").value = begun ?? (hidden ? "" : text(now.signs, said));
  $("number").focus();
  if (begun === null) $("number").select();
}

async function undo() {
  if (said.size) {
    at = [...said.keys()].at(-1);
    said.delete(at);
    drawSigns();
    return;
  }
  await flush();
  try {
    const { claim: id, numbers } = await call("/api/undo");
    if (!numbers.length) { tell("nothing to undo"); return; }
    if (now) queue.unshift(now);
    const back = new Set(numbers.flatMap((number) => number.items));
    queue = [...numbers.map((number) => ({ ...number, claim: id })), ...queue.filter((number) => !number.items.some((item) => back.has(item)))];
    await next();
    tell(`undone: ${numbers.length}`);
    showProgress();
  } catch (error) { problem(`Not undone: ${error.message}.`); }
}

const COMMANDS = {
  " ": accept,
  e: () => type(true),
  Enter: () => type(true),
  x: () => say({ kind: "not a digit", value: "" }),
  u: () => say({ kind: "unreadable", value: "" }),
  o: () => now.differs && send(typed(now.signs, now.differs), now.differs),
  ArrowLeft: () => go(-1),
  ArrowRight: () => go(1),
};

function go(by) {
  at = step(now.signs, at, by);
  drawSigns();
}

function press(key) {
  if (key === "Backspace") { undo(); return true; }
  if (!now) return false;
  keys += 1;
  if (/^[0-9]$/.test(key)) digit(key);
  else if (key in CONTENTS) send(whole(now.signs, "content", CONTENTS[key]), CONTENTS[key]);
  else if (key in COMMANDS) COMMANDS[key]();
  else { keys -= 1; return false; }
  return true;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (event.target === $("number")) {
    if (event.key === "Escape") type(false);
    if (event.key.length === 1 || event.key === "Enter") keys += 1;
    return;
  }
  if (event.target.matches("select, input")) return;
  if ([" ", "Enter"].includes(event.key) && event.target.matches("button, a")) return; // the focused button or link handles it
  if (press(event.key)) event.preventDefault();
});
document.querySelectorAll("[data-key]").forEach((button) => button.addEventListener("click", () => { press(button.dataset.key); button.blur(); }));
document.querySelector(".order input[type=checkbox]")?.addEventListener("change", (event) => event.target.form.submit());
$("leave").addEventListener("click", () => type(false));
$("retype").addEventListener("submit", (event) => {
  event.preventDefault();
  const written = $("number").value.trim();
  if (written) send(typed(now.signs, written), written);
});
addEventListener("resize", () => { if (now) drawSigns(); });
$("strip").addEventListener("load", () => { if (now) drawSigns(); });
addEventListener("pagehide", () => new Set([now, ...queue].filter(Boolean).map((number) => number.claim)).forEach(release));
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

if (collection) { flush(); next(); showProgress(); } else $("empty").hidden = false;
