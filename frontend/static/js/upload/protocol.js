// What the HF clients speak too: preupload, LFS batch, parts, complete, verify, commit.
// @ts-check

export class Refusal extends Error {
  /** @param {string} message @param {number} status @param {{where: string, message: string, severity: string}[]} findings */
  constructor(message, status = 0, findings = []) {
    super(message);
    this.status = status;
    this.findings = findings;
  }
  /** Nobody's fault that lasts: worth another try. */
  get passes() {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
  }
}

/** Base64 of a slice, without the whole file as one text in between. */
export async function base64(/** @type {Blob} */ blob) {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  let text = "";
  for (let at = 0; at < bytes.length; at += 32768) text += String.fromCharCode(...bytes.subarray(at, at + 32768));
  return btoa(text);
}

export class Protocol {
  /** @param {{api: string, git: string, check: string, site: string, token: string}} hub */
  constructor(hub) {
    this.hub = hub;
  }

  /** Addresses are handed out on the hub's own name; this page may have been called by another name of the same machine. */
  #own(/** @type {string} */ url) {
    return url.startsWith(`${this.hub.site}/`) ? url.slice(this.hub.site.length) : url;
  }

  /** @param {string} url @param {BodyInit} body @param {string} type @param {AbortSignal} signal */
  async #post(url, body, type, signal) {
    const headers = { "Content-Type": type, "X-CSRFToken": this.hub.token, Accept: "application/json" };
    let answer;
    try {
      answer = await fetch(this.#own(url), { method: "POST", body, headers, signal, credentials: "same-origin" });
    } catch (error) {
      if (signal.aborted) throw error;
      throw new Refusal("The connection was lost.");
    }
    const document = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Refusal(document.error ?? document.detail ?? `The hub answered ${answer.status}.`, answer.status, document.findings);
    return document;
  }
  #json(/** @type {string} */ url, /** @type {object} */ document, /** @type {AbortSignal} */ signal, type = "application/json") {
    return this.#post(url, JSON.stringify(document), type, signal);
  }

  /** Everything that would be refused, before a byte is sent. */
  check(/** @type {object[]} */ files, /** @type {AbortSignal} */ signal) {
    return this.#json(this.hub.check, { files }, signal);
  }
  branch(/** @type {string} */ name, /** @type {string} */ start, /** @type {AbortSignal} */ signal) {
    return this.#json(`${this.hub.api}/branch/${encodeURIComponent(name)}`, { startingPoint: start }, signal);
  }
  preupload(/** @type {string} */ branch, /** @type {object[]} */ files, /** @type {AbortSignal} */ signal) {
    return this.#json(`${this.hub.api}/preupload/${encodeURIComponent(branch)}`, { files }, signal);
  }
  batch(/** @type {{oid: string, size: number}[]} */ objects, /** @type {AbortSignal} */ signal) {
    const document = { operation: "upload", transfers: ["multipart", "basic"], objects, hash_algo: "sha256" };
    return this.#json(`${this.hub.git}/info/lfs/objects/batch`, document, signal, "application/vnd.git-lfs+json");
  }
  complete(/** @type {string} */ href, /** @type {string} */ oid, /** @type {{partNumber: number, etag: string}[]} */ parts, /** @type {AbortSignal} */ signal) {
    return this.#json(href, { oid, parts }, signal, "application/vnd.git-lfs+json");
  }
  verify(/** @type {string} */ href, /** @type {string} */ oid, /** @type {number} */ size, /** @type {AbortSignal} */ signal) {
    return this.#json(href, { oid, size }, signal, "application/vnd.git-lfs+json");
  }
  commit(/** @type {string} */ branch, /** @type {BlobPart[]} */ lines, /** @type {AbortSignal} */ signal) {
    return this.#post(`${this.hub.api}/commit/${encodeURIComponent(branch)}`, new Blob(lines), "application/x-ndjson", signal);
  }

  /**
   * PUT of one slice; the answer's ETag. XMLHttpRequest, because fetch tells nothing of how much has been sent.
   * @param {string} href @param {Blob} slice @param {(sent: number) => void} progress @param {AbortSignal} signal
   * @returns {Promise<string>}
   */
  put(href, slice, progress, signal) {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      const stop = () => request.abort();
      signal.addEventListener("abort", stop, { once: true });
      request.open("PUT", this.#own(href));
      request.upload.onprogress = (event) => progress(event.loaded);
      request.onloadend = () => {
        signal.removeEventListener("abort", stop);
        if (signal.aborted) return reject(signal.reason);
        if (request.status >= 200 && request.status < 300) return resolve(request.getResponseHeader("ETag") ?? "");
        let words = request.status ? `The store answered ${request.status}.` : "The connection was lost.";
        try {
          words = JSON.parse(request.responseText).error ?? words;
        } catch {
          // an answer that is not ours: its number has to do
        }
        reject(new Refusal(words, request.status));
      };
      request.send(slice);
    });
  }
}
