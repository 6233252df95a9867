// A worker of its own: reads a file slice by slice and says its SHA-256, so that the page stays quick and memory small.
// @ts-check
import { Sha256 } from "./sha256.js";

const STEP = 4 * 2 ** 20;

self.onmessage = async (/** @type {MessageEvent<File>} */ { data: file }) => {
  try {
    const hash = new Sha256();
    for (let at = 0; at < file.size; at += STEP) {
      hash.update(new Uint8Array(await file.slice(at, at + STEP).arrayBuffer()));
      self.postMessage({ done: Math.min(at + STEP, file.size) });
    }
    self.postMessage({ sha256: hash.hex() });
  } catch {
    self.postMessage({ error: "It cannot be read any more: it was changed, moved or removed. Choose it again." });
  }
};
