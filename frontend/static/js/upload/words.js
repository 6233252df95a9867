// Counts and sizes as the server writes them.
// @ts-check
export const plural = (/** @type {number} */ count, /** @type {string} */ one, several = `${one}s`) => `${count} ${count === 1 ? one : several}`;
/** 1.2 MB. */
export function size(/** @type {number} */ bytes) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let step = 0;
  for (; bytes >= 1000 && step < units.length - 1; step++) bytes /= 1000;
  return `${step && bytes < 100 ? bytes.toPrecision(3) : Math.round(bytes)} ${units[step]}`;
}
