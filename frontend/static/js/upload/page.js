// The upload panel of a Files tab: what was chosen, what each file is doing, one commit at the end.
// @ts-check
import { Memory } from "./memory.js";
import { base64, Protocol, Refusal } from "./protocol.js";
import { onDrop } from "./dropping.js";
import { patiently, send, sha256 } from "./transfer.js";
import { plural, size } from "./words.js";

/** @typedef {{file: File, path: string, row: HTMLElement, refusal: string, mode?: string, oid?: string | null, isSent?: boolean}} Item */
const MOST_FILES = 1000, SAMPLE = 256, AT_ONCE = 200;
const panel = /** @type {HTMLFormElement} */ (document.querySelector("[data-upload]"));
const part = (/** @type {string} */ name) => /** @type {any} */ (panel.querySelector(`[data-part="${name}"]`));
const data = /** @type {Record<string, string>} */ ({ ...panel.dataset });
const protocol = new Protocol({ api: data.api, git: data.git, check: data.check, site: data.site, token: panel.csrfmiddlewaretoken.value });
const memory = new Memory(data.git);
/** @type {Item[]} */
let items = [];
/** @type {AbortController | null} */
let running = null;

const branchName = () => (part("branch").value === "" ? part("new-branch").value.trim() : part("branch").value);

function tell(/** @type {Item} */ item, /** @type {string} */ state, /** @type {string} */ words, share = -1) {
  item.row.dataset.state = state;
  const place = /** @type {HTMLElement} */ (item.row.querySelector("[data-words]"));
  if (place.textContent !== words) place.textContent = words;
  const bar = /** @type {HTMLProgressElement} */ (item.row.querySelector("progress"));
  bar.hidden = share < 0;
  bar.value = Math.max(0, share);
}
function announce(/** @type {string} */ words, kind = "info") {
  part("status").textContent = words;
  part("status").dataset.kind = kind;
}

function show() {
  const refused = items.filter((item) => item.refusal).length;
  const total = items.reduce((sum, item) => sum + item.file.size, 0);
  part("work").hidden = !items.length;
  part("summary").textContent = `${plural(items.length, "file")}, ${size(total)}`;
  part("start").disabled = Boolean(running) || refused > 0 || !items.length;
  part("start").hidden = Boolean(running);
  part("pause").hidden = !running;
  part("new-branch-field").hidden = part("branch").value !== "";
  part("message").placeholder = items.length === 1 ? `Add ${items[0].path}` : `Add ${plural(items.length, "file")}`;
  if (!running && refused) announce(`${plural(refused, "file")} cannot be taken. Remove ${refused === 1 ? "it" : "them"} to go on.`, "error");
  else if (!running) announce("");
}

/** @param {{file: File, path: string}[]} chosen */
async function add(chosen) {
  if (running) return announce("Pause first, then add more files.", "warning");
  const prefix = data.folder ? `${data.folder}/` : "";
  for (const { file, path } of chosen) {
    const full = prefix + path;
    drop(items.find((item) => item.path === full));
    const row = part("row").content.firstElementChild.cloneNode(true);
    row.querySelector("[data-name]").textContent = full;
    row.querySelector("[data-size]").textContent = size(file.size);
    /** @type {Item} */
    const item = { file, path: full, row, refusal: "" };
    row.querySelector("button").setAttribute("aria-label", `Remove ${full}`);
    row.querySelector("button").addEventListener("click", () => (drop(item), check()));
    part("files").append(row);
    items.push(item);
    const before = memory.of(file, full);
    tell(item, "waiting", Object.keys(before.parts).length ? "goes on where it stopped" : "");
  }
  await check();
}
function drop(/** @type {Item | undefined} */ item) {
  if (!item) return;
  item.row.remove();
  items = items.filter((other) => other !== item);
}

/** Asks the hub what it would refuse: names, kinds, collisions, sizes, room. Nothing has been sent then. */
async function check() {
  show();
  if (!items.length) return;
  for (const item of items) item.refusal = items.length > MOST_FILES ? `More than ${MOST_FILES} files. Push folders of this size with the command.` : "";
  if (items.length <= MOST_FILES) {
    const signal = AbortSignal.timeout(60_000);
    try {
      const files = await Promise.all(items.map(async ({ file, path }) => ({ path, size: file.size, sample: await base64(file.slice(0, SAMPLE)) })));
      const answer = await protocol.check(files, signal);
      for (const item of items) {
        const found = answer.files[item.path] ?? [];
        const error = found.find((/** @type {any} */ finding) => finding.severity === "error");
        item.refusal = error ? `${error.message} ${error.consequence}` : "";
        const note = found.map((/** @type {any} */ finding) => finding.message).join(" ");
        if (error) tell(item, "refused", item.refusal);
        else if (note) tell(item, "warning", note);
        else if (item.row.dataset.state === "refused") tell(item, "waiting", "");
      }
    } catch (error) {
      show();
      return announce(/** @type {Error} */ (error).message, "error");
    }
  }
  show();
}

/** @param {AbortSignal} signal */
async function upload(signal) {
  const branch = branchName();
  if (!branch) throw new Refusal("Name the new branch.", 400);
  if (part("branch").value === "") {
    await protocol.branch(branch, data.revision, signal).catch((error) => {
      if (error.status !== 409) throw error;
    });
  }
  for (let at = 0; at < items.length; at += AT_ONCE) await modes(branch, items.slice(at, at + AT_ONCE), signal);
  const large = items.filter((item) => item.mode === "lfs" && !item.isSent);
  for (const item of large) await hash(item, signal);
  for (let at = 0; at < large.length; at += AT_ONCE) await deliver(large.slice(at, at + AT_ONCE), signal);
  announce("Committing.");
  const title = part("message").value.trim() || part("message").placeholder;
  const lines = /** @type {BlobPart[]} */ ([line("header", { summary: title, description: "" })]);
  for (const item of items) {
    if (item.mode === "lfs") lines.push(line("lfsFile", { path: item.path, algo: "sha256", oid: memory.of(item.file, item.path).sha256, size: item.file.size }));
    else lines.push(line("file", { path: item.path, encoding: "base64", content: await base64(item.file) }));
  }
  const made = await patiently(() => protocol.commit(branch, lines, signal), announce, signal);
  for (const { file } of items) memory.forget(file);
  window.onbeforeunload = null;
  announce(`Committed as ${made.commitOid.slice(0, 7)}.`, "success");
  location.assign(`${data.tree}/${branch.split("/").map(encodeURIComponent).join("/")}${data.folder ? `/${data.folder.split("/").map(encodeURIComponent).join("/")}` : ""}`);
}
const line = (/** @type {string} */ key, /** @type {object} */ value) => `${JSON.stringify({ key, value })}\n`;

async function modes(/** @type {string} */ branch, /** @type {Item[]} */ some, /** @type {AbortSignal} */ signal) {
  const files = await Promise.all(some.map(async ({ file, path }) => ({ path, size: file.size, sample: await base64(file.slice(0, 512)) })));
  const answer = await patiently(() => protocol.preupload(branch, files, signal), announce, signal);
  const byPath = new Map(answer.files.map((/** @type {any} */ row) => [row.path, row]));
  for (const item of some) Object.assign(item, { mode: byPath.get(item.path).uploadMode, oid: byPath.get(item.path).oid });
}

async function hash(/** @type {Item} */ item, /** @type {AbortSignal} */ signal) {
  const kept = memory.of(item.file, item.path);
  if (kept.sha256) return;
  const total = item.file.size;
  kept.sha256 = await sha256(item.file, (done) => tell(item, "hashing", `working out its digest, ${size(done)} of ${size(total)}`, done / total), signal);
  memory.keep(item.file, kept);
}

async function deliver(/** @type {Item[]} */ some, /** @type {AbortSignal} */ signal) {
  const kept = new Map(some.map((item) => [item, memory.of(item.file, item.path)]));
  const objects = some.map((item) => ({ oid: /** @type {string} */ (kept.get(item)?.sha256), size: item.file.size }));
  const answer = await patiently(() => protocol.batch(objects, signal), announce, signal);
  const byOid = new Map(answer.objects.map((/** @type {any} */ object) => [object.oid, object]));
  for (const item of some) {
    const error = byOid.get(kept.get(item)?.sha256)?.error;
    if (error) tell(item, "refused", (item.refusal = error.message));
  }
  if (some.some((item) => item.refusal)) throw new Refusal("The hub does not take all of these files. Nothing has been sent.", 400);
  for (const item of some) {
    const mine = /** @type {import("./memory.js").Kept} */ (kept.get(item));
    const actions = byOid.get(mine.sha256)?.actions;
    const total = item.file.size;
    if (actions?.upload) {
      announce(`Sending ${item.path}.`);
      await send(protocol, item.file, mine, actions, {
        progress: (sent) => tell(item, "sending", `${size(sent)} of ${size(total)}`, sent / total),
        say: (words) => tell(item, "paused", words),
        keep: () => memory.keep(item.file, mine),
        signal,
      });
    }
    item.isSent = true;
    tell(item, "sent", actions?.upload ? "sent" : "is here already");
  }
}

async function start() {
  running = new AbortController();
  window.onbeforeunload = (event) => event.preventDefault();
  show();
  announce("Preparing.");
  const { signal } = running;
  try {
    await upload(signal);
  } catch (error) {
    window.onbeforeunload = null;
    running = null;
    show();
    for (const item of items) if (!item.isSent && !item.refusal) tell(item, "paused", "");
    if (signal.aborted) return announce("Paused. What has been sent is kept; go on when you like, also after a reload.");
    const refusal = error instanceof Refusal ? error : new Refusal("The page could not go on. Reload it and choose the same files again.");
    for (const finding of refusal.findings ?? []) {
      const item = items.find(({ path }) => path === finding.where);
      if (item) tell(item, "refused", (item.refusal = finding.message));
    }
    const words = refusal.status === 401 || refusal.status === 403 ? `${refusal.message} If you were signed out, sign in again in another tab and go on here.` : refusal.message;
    announce(words, "error");
  }
}

function listen() {
  onDrop(part("drop"), add, MOST_FILES);
  for (const name of ["choose-files", "choose-folder"]) {
    const input = part(name);
    input.addEventListener("change", () => {
      add([...input.files].map((file) => ({ file, path: file.webkitRelativePath || file.name })));
      input.value = "";
    });
  }
  part("branch").addEventListener("change", show);
  panel.addEventListener("submit", (event) => (event.preventDefault(), start()));
  part("pause").addEventListener("click", () => running?.abort(new DOMException("paused", "AbortError")));
  part("cancel").addEventListener("click", () => {
    running?.abort(new DOMException("cancelled", "AbortError"));
    for (const item of [...items]) memory.forget(item.file), drop(item);
    running = null;
    show();
    part("choose-files").focus();
  });
}

/** What an earlier visit left half-way. */
function remind() {
  const found = memory.unfinished();
  part("unfinished").hidden = !found.length;
  for (const [key, kept] of found) {
    const row = part("unfinished-row").content.firstElementChild.cloneNode(true);
    const done = Math.min(kept.size, Object.keys(kept.parts).length * (kept.chunk ?? 0));
    row.querySelector("[data-name]").textContent = kept.path;
    row.querySelector("[data-words]").textContent = `${size(done)} of ${size(kept.size)} sent`;
    row.querySelector("button").addEventListener("click", () => {
      localStorage.removeItem(key);
      row.remove();
      part("unfinished").hidden = !part("unfinished-list").children.length;
    });
    part("unfinished-list").append(row);
  }
}

panel.hidden = false;
listen();
remind();
show();
