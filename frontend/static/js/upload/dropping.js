// Files and folders that are dropped onto a place of the page.
// @ts-check
/** @typedef {{file: File, path: string}} Chosen */

/** A dropped folder, file by file. */
async function entries(/** @type {any} */ entry, /** @type {string} */ above, /** @type {number} */ most) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    return [{ file, path: above + entry.name }];
  }
  const reader = entry.createReader(), found = [];
  for (;;) {
    const some = /** @type {any[]} */ (await new Promise((resolve, reject) => reader.readEntries(resolve, reject)));
    if (!some.length || found.length > most) return found;
    for (const inner of some) found.push(.../** @type {any[]} */ (await entries(inner, `${above}${entry.name}/`, most)));
  }
}

/** @param {HTMLElement} place @param {(chosen: Chosen[]) => void} take @param {number} most files of a folder that are looked for */
export function onDrop(place, take, most) {
  for (const name of ["dragenter", "dragover"]) place.addEventListener(name, (event) => (event.preventDefault(), place.setAttribute("data-over", "")));
  place.addEventListener("dragleave", () => place.removeAttribute("data-over"));
  place.addEventListener("drop", async (event) => {
    event.preventDefault();
    place.removeAttribute("data-over");
    // both are read at once: after the first wait the browser has emptied them
    const chosen = [...(event.dataTransfer?.items ?? [])].map((item) => item.webkitGetAsEntry?.() ?? null);
    const plain = [...(event.dataTransfer?.files ?? [])].map((file) => ({ file, path: file.name }));
    const isWhole = chosen.length > 0 && chosen.every(Boolean);
    take(isWhole ? (await Promise.all(chosen.map((entry) => entries(entry, "", most)))).flat() : plain);
  });
}
