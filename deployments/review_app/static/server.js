// Communication with the server: decisions wait in an outbox that survives a reload, and are sent again until answered.
// Each has an id, so that the server counts it once however often it arrives.

export const collection = document.body.dataset.collection;
const OUTBOX = "digits-outbox";
const byId = (id) => document.getElementById(id);
let sending = null;

export const call = (path, body) => ask(path, "POST", "application/json", body === undefined ? undefined : JSON.stringify(body));
export const upload = (path, file) => ask(path, "POST", "application/octet-stream", file);
export const get = (path) => ask(path, "GET");

async function ask(path, method, type, body) {
  const headers = { "x-digits-review": "1", ...(type ? { "content-type": type } : {}) };
  const answer = await fetch(path, { method, headers, body }).catch(() => { throw new Error("the server does not answer"); });
  const said = await answer.json().catch(() => ({ error: `the server answered ${answer.status}` }));
  if (answer.status === 401) location.reload();
  if (!answer.ok) throw Object.assign(new Error(said.error), { status: answer.status, said });
  return said;
}

// The first loan of a page frees what was lent to the one before, which may have ended while it was asking.
let anew = true;
export function claim(view, options = "") {
  const lent = call(`/api/claim/${view}?collection=${encodeURIComponent(collection)}&anew=${anew}${options}`);
  anew = false;
  return lent;
}
export const release = (id) => fetch(`/api/release/${id}`, { method: "POST", headers: { "x-digits-review": "1" }, keepalive: true });

const waiting = () => JSON.parse(localStorage.getItem(OUTBOX) || "[]");
const keepWaiting = (acts) => localStorage.setItem(OUTBOX, JSON.stringify(acts));

export function newName() { // crypto.randomUUID is missing on a page without https
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function decide(act) {
  keepWaiting([...waiting(), { act: newName(), ...act }]);
  return flush();
}

// One sender at a time, in the order of the decisions.
export function flush() {
  sending ??= sendAll().finally(() => { sending = null; });
  return sending;
}

async function sendAll() {
  for (let acts = waiting(); acts.length; acts = waiting()) {
    try {
      const { answers } = await call("/api/decide", acts[0]);
      const refused = Object.entries(answers).filter(([, answer]) => answer !== "kept");
      problem(refused.length ? `Not counted: ${refused.map(([, answer]) => answer).join("; ")}.` : "");
    } catch (error) {
      if (!error.status || error.status >= 500) { // the error may pass: keep the decision
        problem(`Not saved yet (${waiting().length} waiting): ${error.message}. Retrying …`);
        setTimeout(flush, 2000);
        return;
      }
      problem(`Refused: ${error.message}.`);
    }
    const sent = acts[0].act;
    keepWaiting(waiting().filter((act) => act.act !== sent)); // another tab may have added decisions meanwhile
  }
  showProgress();
}

export function problem(text) {
  byId("problem").hidden = !text;
  byId("problem").textContent = text;
}

export function tell(text) { byId("told").textContent = text; }

export async function showProgress() {
  const answer = await fetch(`/api/progress?collection=${encodeURIComponent(collection)}`).catch(() => null);
  if (!answer?.ok) return;
  const found = await answer.json();
  const all = found.open + found.decided;
  byId("bar").max = all || 1;
  byId("bar").value = found.decided;
  const left = found.seconds_left === null ? "" : ` · ${found.per_minute.toFixed(0)} per minute · ${time(found.seconds_left)} left`;
  const others = found.for_others ? ` · ${found.for_others.toLocaleString("en")} wait for another reader` : "";
  byId("progress").textContent = `${found.decided.toLocaleString("en")} of ${all.toLocaleString("en")} decided${left}${others}`;
}

function time(seconds) {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

export const picture = (kind, id) => `/picture/${kind}/${encodeURIComponent(id)}`;

// Replace a picture that cannot be loaded by a text.
export function show(img, url, text) {
  img.parentElement.querySelector(".missing")?.remove();
  img.hidden = false;
  img.onerror = () => {
    img.hidden = true;
    const note = document.createElement("span");
    note.className = "missing";
    note.textContent = text;
    img.after(note);
  };
  img.src = url;
}

byId("collection")?.addEventListener("change", (event) => event.target.form.submit());
