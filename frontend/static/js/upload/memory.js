// What this browser has sent of a file, so that the same file goes on where it stopped: after a lost connection, after a reload.
// @ts-check
/** @typedef {{path: string, size: number, sha256?: string, chunk?: number, parts: Record<string, string>}} Kept */

const LIFE_MS = 6 * 24 * 3600 * 1000; // the hub keeps unfinished uploads for a week

export class Memory {
  /** @param {string} repo */
  constructor(repo) {
    this.prefix = `genepool.upload ${repo} `;
  }
  #key(/** @type {File} */ file) {
    return `${this.prefix}${file.name} ${file.size} ${file.lastModified}`;
  }
  /** @returns {Kept} */
  of(/** @type {File} */ file, /** @type {string} */ path) {
    try {
      return JSON.parse(localStorage.getItem(this.#key(file)) ?? "");
    } catch {
      return { path, size: file.size, parts: {} };
    }
  }
  keep(/** @type {File} */ file, /** @type {Kept} */ kept) {
    try {
      localStorage.setItem(this.#key(file), JSON.stringify({ ...kept, at: Date.now() }));
    } catch {
      // no room or not allowed: the upload works, it only cannot go on after a reload
    }
  }
  forget(/** @type {File} */ file) {
    localStorage.removeItem(this.#key(file));
  }
  /** @returns {[string, Kept & {at: number}][]} */
  unfinished() {
    const keys = Object.keys(localStorage).filter((key) => key.startsWith(this.prefix));
    const found = keys.map((key) => /** @type {[string, any]} */ ([key, JSON.parse(localStorage.getItem(key) ?? "{}")]));
    for (const [key, kept] of found) if (Date.now() - kept.at > LIFE_MS) localStorage.removeItem(key);
    return found.filter(([, kept]) => Date.now() - kept.at <= LIFE_MS && Object.keys(kept.parts ?? {}).length > 0);
  }
}
