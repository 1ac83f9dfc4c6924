import { call, claim, collection, decide, flush, picture, problem, release, show, showProgress, tell } from "./server.js";

const $ = (id) => document.getElementById(id);
const NONE = 10;
let queue = []; // items to review, each with its claim
let now = null;
let shownAt = 0;
let keys = 0;
let fetching = null;

const word = (guess) => (guess === NONE ? "not a digit" : String(guess));

async function fetchMore() {
  fetching ??= claim("single").then(({ claim: id, items }) => {
    const known = new Set([now, ...queue].filter(Boolean).map((item) => item.id));
    queue.push(...items.filter((item) => !known.has(item.id)).map((item) => ({ ...item, claim: id })));
  }).catch((error) => problem(`Digits could not be loaded: ${error.message}.`)).finally(() => { fetching = null; });
  return fetching;
}

async function next() {
  if (!queue.length) { await flush(); await fetchMore(); }
  now = queue.shift() ?? null;
  $("work").hidden = !now;
  $("empty").hidden = Boolean(now);
  if (now) draw();
  if (queue.length < 5) fetchMore().then(preload);
  preload();
}

function preload() {
  for (const item of queue.slice(0, 3)) for (const kind of ["crop", "strip"]) new Image().src = picture(kind, item.id);
}

function draw() {
  shownAt = performance.now();
  keys = 0;
  const where = `${now.of ? `digit ${now.place} of ${now.of}, ` : ""}page ${now.page} of ${now.file}`;
  show($("crop"), picture("crop", now.id), "No picture of this digit is stored: look at the page.");
  $("crop").alt = `The digit: ${where}`;
  show($("strip"), picture("strip", now.id), "no strip");
  show($("page"), picture("page", now.id), "The scan is no longer available.");
  $("where").textContent = where;
  $("guess").replaceChildren(...(now.guess === null ? ["What is it?"] : ["the machine reads ", bold(word(now.guess)), " ?"]));
  $("differs").hidden = now.differs === null;
  $("differs").replaceChildren(...(now.differs === null ? [] : ["the second reader reads ", bold(now.differs || "nothing")]));
  $("accept").disabled = now.guess === null;
  $("mark").hidden = !now.mark;
  if (now.mark) for (const [at, side] of ["left", "top", "width", "height"].entries()) $("mark").style[side] = `${100 * now.mark[at]}%`;
}

function bold(text) {
  const element = document.createElement("b");
  element.textContent = text;
  return element;
}

function say(kind, value = "") {
  const item = now;
  const seconds = Math.min(3600, (performance.now() - shownAt) / 1000);
  decide({ claim: item.claim, view: "single", keys, seconds, verdicts: [{ item: item.id, kind, value }] });
  if (kind === "number") queue = queue.filter((other) => other.number !== item.number);
  tell(`${kind === "digit" || kind === "number" ? value || "no number" : kind} saved`);
  next();
}

async function undo() {
  await flush();
  try {
    const { claim: id, items } = await call("/api/undo");
    if (!items.length) { tell("nothing to undo"); return; }
    if (now) queue.unshift(now);
    const back = new Set(items.map((item) => item.id));
    queue = [...items.map((item) => ({ ...item, claim: id })), ...queue.filter((item) => !back.has(item.id))];
    tell(`undone: ${items.length}`);
    await next();
    showProgress();
  } catch (error) { problem(`Not undone: ${error.message}.`); }
}

function press(key) {
  if (key === "Backspace") { undo(); return true; }
  if (!now) return false;
  keys += 1;
  if (/^[0-9]$/.test(key)) say("digit", key);
  else if (key === "x") say("not a digit");
  else if (key === "u") say("unreadable");
  else if (key === "e") { $("number").value = ""; $("retype").showModal(); }
  else if (key === " ") {
    if (now.guess === null) tell("type what you see");
    else if (now.guess === NONE) say("not a digit");
    else say("digit", String(now.guess));
  } else { keys -= 1; return false; }
  return true;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if ($("retype").open) { if (event.key.length === 1 || event.key === "Enter") keys += 1; return; }
  if (event.target.matches("select, input")) return;
  if (event.key === " " && event.target.matches("button, a")) return; // the focused button or link handles it
  if (press(event.key)) event.preventDefault();
});
document.querySelectorAll("[data-key]").forEach((button) => button.addEventListener("click", () => press(button.dataset.key)));
$("leave").addEventListener("click", () => $("retype").close());
$("retype").addEventListener("close", () => {
  const typed = $("number").value.trim();
  if ($("retype").returnValue === "yes" && /^([0-9]{1,32}|x)$/.test(typed)) say("number", typed === "x" ? "" : typed);
  $("retype").returnValue = "";
});
addEventListener("pagehide", () => new Set([now, ...queue].filter(Boolean).map((item) => item.claim)).forEach(release));
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

if (collection) { flush(); next(); showProgress(); } else $("empty").hidden = false;
