// One file on its way: hash it, ask where it goes, send what is missing, have it checked. Knows nothing of the page.
// @ts-check
import { Refusal } from "./protocol.js";

const LANES = 2; // parts under way at once
const MOST_TRIES = 8;

/** @param {number} seconds @param {AbortSignal} signal */
export const wait = (seconds, signal) =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, seconds * 1000, undefined);
    signal.addEventListener("abort", () => (clearTimeout(timer), reject(signal.reason)), { once: true });
    window.addEventListener("online", () => (clearTimeout(timer), resolve(undefined)), { once: true });
  });

/**
 * Tries again what may pass: a lost connection, a busy hub. `say` hears how long it waits.
 * @template T @param {() => Promise<T>} deed @param {(words: string) => void} say @param {AbortSignal} signal @returns {Promise<T>}
 */
export async function patiently(deed, say, signal) {
  for (let tries = 1; ; tries++) {
    try {
      return await deed();
    } catch (error) {
      if (signal.aborted || !(error instanceof Refusal) || !error.passes || tries >= MOST_TRIES) throw error;
      const pause = Math.min(30, 2 ** (tries - 1));
      say(`${error.message} Trying again in ${pause} s.`);
      await wait(pause, signal);
    }
  }
}

/** @param {File} file @param {(done: number) => void} progress @param {AbortSignal} signal @returns {Promise<string>} */
export function sha256(file, progress, signal) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./hashing.js", import.meta.url), { type: "module" });
    const end = (/** @type {() => void} */ settle) => (worker.terminate(), settle());
    signal.addEventListener("abort", () => end(() => reject(signal.reason)), { once: true });
    worker.onmessage = ({ data }) => {
      if (data.sha256) end(() => resolve(data.sha256));
      else if (data.error) end(() => reject(new Refusal(data.error, 400)));
      else progress(data.done);
    };
    worker.onerror = () => end(() => reject(new Refusal("The page could not work out the file’s digest.", 400)));
    worker.postMessage(file);
  });
}

/**
 * Sends what `actions` of the batch asks for. `kept.parts` holds the parts that arrived earlier, by number.
 * @param {import("./protocol.js").Protocol} protocol @param {File} file @param {import("./memory.js").Kept} kept @param {any} actions
 * @param {{progress: (sent: number) => void, say: (words: string) => void, keep: () => void, signal: AbortSignal}} ways
 */
export async function send(protocol, file, kept, actions, ways) {
  const { signal, say } = ways;
  const header = actions.upload.header ?? {};
  const oid = /** @type {string} */ (kept.sha256);
  if (header.chunk_size) await parts(protocol, file, kept, actions.upload, ways);
  else await patiently(() => protocol.put(actions.upload.href, file, ways.progress, signal), say, signal);
  if (actions.verify) await patiently(() => protocol.verify(actions.verify.href, oid, file.size, signal), say, signal);
}

/** @param {import("./protocol.js").Protocol} protocol @param {File} file @param {import("./memory.js").Kept} kept @param {any} upload @param {any} ways */
async function parts(protocol, file, kept, upload, { progress, say, keep, signal }) {
  const { href, header } = upload;
  const chunk = Number(header.chunk_size);
  if (kept.chunk !== chunk) Object.assign(kept, { chunk, parts: {} });
  // the hub says what it has; what this browser remembers is for hubs that do not, and for the list of what is unfinished
  if (upload.parts) kept.parts = Object.fromEntries(upload.parts.map((/** @type {any} */ part) => [part.partNumber, part.etag]));
  keep();
  const numbers = Object.keys(header).filter((name) => /^\d+$/.test(name)).map(Number).sort((a, b) => a - b);
  const names = new Map(Object.keys(header).filter((name) => /^\d+$/.test(name)).map((name) => [Number(name), name]));
  const slice = (/** @type {number} */ number) => file.slice((number - 1) * chunk, number * chunk);
  /** @type {Record<number, number>} */
  const sent = {};
  for (const number of numbers) if (kept.parts[number]) sent[number] = slice(number).size;
  const tell = () => progress(Object.values(sent).reduce((sum, bytes) => sum + bytes, 0));
  tell();
  const missing = numbers.filter((number) => !kept.parts[number]);
  const lane = async () => {
    for (let number = missing.shift(); number !== undefined; number = missing.shift()) {
      const here = number, place = header[/** @type {string} */ (names.get(here))];
      const told = (/** @type {number} */ bytes) => ((sent[here] = bytes), tell());
      kept.parts[here] = await patiently(() => protocol.put(place, slice(here), told, signal), say, signal);
      sent[here] = slice(here).size;
      keep();
      tell();
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  const list = numbers.map((number) => ({ partNumber: number, etag: kept.parts[number] }));
  try {
    await patiently(() => protocol.complete(href, /** @type {string} */ (kept.sha256), list, signal), say, signal);
  } catch (error) {
    if (error instanceof Refusal && !error.passes) {
      kept.parts = {}; // what this browser remembers is not what the hub has: the next try sends all of it
      keep();
    }
    throw error;
  }
}
