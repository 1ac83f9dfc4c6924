const $ = (id) => document.getElementById(id);
const paper = $("paper");
const pen = paper.getContext("2d");
let drawing = false;
let asked = 0;
let busy = false;
let again = false;

function clear() {
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, paper.width, paper.height);
  pen.lineWidth = 18;
  pen.lineCap = pen.lineJoin = "round";
  pen.strokeStyle = "#16213a";
  asked += 1;
  again = false;
  $("digits").replaceChildren();
  $("read").textContent = "";
  problem("");
}

function problem(text) {
  $("problem").hidden = !text;
  $("problem").textContent = text;
}

function place(event) {
  const box = paper.getBoundingClientRect();
  return [((event.clientX - box.left) * paper.width) / box.width, ((event.clientY - box.top) * paper.height) / box.height];
}

paper.addEventListener("pointerdown", (event) => {
  drawing = true;
  paper.setPointerCapture(event.pointerId);
  pen.beginPath();
  pen.moveTo(...place(event));
  pen.lineTo(...place(event));
  pen.stroke();
});
paper.addEventListener("pointermove", (event) => {
  if (!drawing) return;
  pen.lineTo(...place(event));
  pen.stroke();
  look();
});
paper.addEventListener("pointerup", () => { drawing = false; look(); });

// While one picture is being read, only the newest of the following ones is kept.
function look() {
  if (busy) { again = true; return; }
  busy = true;
  paper.toBlob(async (blob) => {
    await read(blob);
    busy = false;
    if (again) { again = false; look(); }
  }, "image/png");
}

async function read(blob) {
  const mine = ++asked;
  try {
    const answer = await fetch("/api/read", { method: "POST", headers: { "x-digits-review": "1" }, body: blob });
    const found = await answer.json();
    if (mine !== asked) return;
    problem(answer.ok ? "" : found.error);
    if (answer.ok) draw(found);
  } catch { problem("The server does not answer."); }
}

function draw(found) {
  const best = found.digits.map(({ probabilities }) => probabilities.indexOf(Math.max(...probabilities)));
  $("read").textContent = best.map((digit) => (digit === 10 ? "·" : digit)).join("");
  $("model").textContent = `Read by model version ${found.model}` + (found.digits.length ? "" : ": no digit found yet");
  $("digits").replaceChildren(...found.digits.map(card));
}

function card({ probabilities, pixels }) {
  const box = document.createElement("div");
  box.className = "bars";
  const seen = document.createElement("canvas");
  seen.width = seen.height = 28;
  seen.setAttribute("role", "img");
  seen.setAttribute("aria-label", "what the model sees");
  const image = new ImageData(28, 28);
  pixels.forEach((ink, at) => image.data.set([255 - ink, 255 - ink, 255 - ink, 255], 4 * at));
  seen.getContext("2d").putImageData(image, 0, 0);
  box.append(seen, ...probabilities.map(bar));
  return box;
}

function bar(share, digit) {
  const row = document.createElement("div");
  row.className = "bar";
  const name = document.createElement("span");
  name.textContent = digit === 10 ? "none" : digit;
  const meter = document.createElement("meter");
  meter.value = share;
  meter.setAttribute("aria-label", `probability of ${name.textContent}`);
  const figure = document.createElement("span");
  figure.textContent = `${(100 * share).toFixed(1)} %`;
  row.append(name, meter, figure);
  return row;
}

async function take(file) {
  if (!file) return;
  clear();
  const picture = await createImageBitmap(file).catch(() => null);
  if (picture) {
    const scale = Math.min(paper.width / picture.width, paper.height / picture.height);
    pen.drawImage(picture, 0, 0, picture.width * scale, picture.height * scale);
  }
  read(file);
}

$("file").addEventListener("change", (event) => take(event.target.files[0]));
document.addEventListener("dragover", (event) => event.preventDefault());
document.addEventListener("drop", (event) => { event.preventDefault(); take(event.dataTransfer.files[0]); });
document.addEventListener("keydown", (event) => { if (event.key === "Escape") clear(); });
$("clear").addEventListener("click", clear);
clear();
