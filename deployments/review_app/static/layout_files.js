// Files: opening and testing pages, loading and saving layouts.

import { emptyLayout, isEmpty } from "./layout_model.js";
import { call, get, problem, tell, upload } from "./server.js";

const $ = (id) => document.getElementById(id);
const API = "/api/layouts";
const stem = (name) => name.replace(/\.[^.]*$/, "").replace(/[^\p{L}\p{N} _.()+-]/gu, "-").replace(/^[^\p{L}\p{N}]+/u, "").slice(0, 60);

export function filesOf(draft, stage, looking) {
  let drawn = null; // the file of the page under the drawing, its page number and page count
  let shown = null; // the same for the page that is shown, which may be a test page

  // Errors are shown in the server's words.
  async function trying(what, does) {
    problem("");
    tell(`${what} …`);
    document.body.classList.add("waiting");
    $("working").hidden = false;
    try { return await does(); } catch (error) { tell(""); problem(`${error.message}.`.replace(/\.+$/, ".")); return null; }
    finally { document.body.classList.remove("waiting"); $("working").hidden = true; }
  }

  const opened = (scan, number) => upload(`${API}/open?page=${number}`, scan);

  function showNumber(pages) {
    shown = pages;
    $("pages").hidden = !pages || pages.count < 2;
    if (!pages) return;
    Object.assign($("number"), { value: pages.number, max: pages.count });
    $("count").textContent = pages.count;
  }

  // Existing boxes move with the form to the new page.
  async function open(scan, number) {
    await trying("opening the page", async () => {
      const page = await opened(scan, number);
      let layout = emptyLayout(draft.layout.name || stem(scan.name), page.width, page.height, page.lines);
      if (!isEmpty(draft.layout)) ({ layout } = await call(`${API}/relay`, { layout: draft.layout, page: page.id }));
      drawn = { scan, number, count: page.pages };
      const { saved, touched } = draft;
      draft.begin({ layout, page, tables: page.tables, saved });
      draft.touched = touched;
      showNumber(drawn);
      const count = draft.proposals.length;
      tell(isEmpty(draft.layout) ? `${count || "no"} ruled table${count === 1 ? "" : "s"} found` : "the boxes were fitted to this page");
    });
  }

  async function test(scan, number = 1) {
    await trying("testing", async () => {
      const page = await opened(scan, number);
      const { cells, agreement, sure, needed, doubt } = await call(`${API}/fit`, { layout: draft.layout, page: page.id });

      looking(true);
      showNumber({ scan, number, count: page.pages });
      stage.look(page, sure ? cells : []);
      $("verdict").textContent = sure
        ? `The layout fits this page: ${cells.length} cells found (agreement ${agreement.toFixed(2)}, needed ${needed.toFixed(2)}).`
        : `The layout does not fit this page: ${doubt}. Its numbers would all go to review.`;
      $("verdict").classList.toggle("sure", sure);
      $("verdict").hidden = false;
      tell("");
    });

  }

  async function load(does, saved) {
    await trying("loading", async () => {
      let { layout, version } = await does();
      if (draft.page) ({ layout } = await call(`${API}/relay`, { layout, page: draft.page.id }));
      draft.begin({ layout, saved: saved ? { name: layout.name, version } : null });
      tell(`${layout.name} loaded`);
    });
  }

  async function save(replaces = draft.saved?.name === draft.layout.name ? draft.saved.version : null) {
    await trying("saving", async () => {
      try {
        draft.saved = await call(`${API}/save`, { layout: draft.layout, replaces });
      } catch (error) {
        if (error.status !== 409) throw error;
        tell("");
        askToReplace(error);
        return;
      }
      draft.touched = false;
      draft.tell();
      await list();
      tell(`saved as ${draft.saved.name}.yaml, version ${draft.saved.version}`);
    });
  }

  function askToReplace({ message, said }) {
    $("replace-title").textContent = `${message[0].toUpperCase()}${message.slice(1)}.`;
    $("replace").returnValue = "no";
    $("replace").onclose = () => { if ($("replace").returnValue === "yes") save(said.version); };
    $("replace").showModal();
  }

  async function download() {
    await trying("writing", async () => {
      const { yaml } = await call(`${API}/yaml`, { layout: draft.layout });
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([yaml], { type: "application/yaml" }));
      link.download = `${stem(draft.layout.name) || "layout"}.yaml`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
      tell("downloaded");
    });
  }

  async function list() {
    const { layouts } = await get(`${API}/saved`);
    const options = layouts.map(({ name, problem: wrong }) => Object.assign(new Option(wrong ? `${name} (cannot be read)` : name, name), { title: wrong }));
    $("saved").replaceChildren(...(options.length ? options : [new Option("none yet", "")]));
    if (draft.saved) $("saved").value = draft.saved.name;
    $("load").disabled = !options.length;
  }

  const chosen = (id, does) => $(id).addEventListener("change", (event) => {
    const [one] = event.target.files;
    event.target.value = ""; // so that the same file can be selected again
    if (one) does(one);
  });
  chosen("open", (scan) => open(scan, 1));
  chosen("test", (scan) => test(scan));
  chosen("file", (one) => load(() => upload(`${API}/parse`, one), false));
  $("number").addEventListener("change", () => (shown === drawn ? open : test)(shown.scan, Math.max(1, Number($("number").value) || 1)));
  $("back").addEventListener("click", () => showNumber(drawn));
  $("save").addEventListener("click", () => save());
  $("yaml").addEventListener("click", download);
  $("load").addEventListener("click", () => load(() => get(`${API}/saved/${encodeURIComponent($("saved").value)}`), true));
  trying("looking", list).then(() => tell(""));

}
