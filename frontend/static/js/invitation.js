// The code of an invitation stands behind the # of its link, which browsers send to nobody: into the form, and out of the address.
// @ts-check
const KEY = "genepool.invitation";
const code = location.hash.slice(1);
if (code) {
  sessionStorage.setItem(KEY, decodeURIComponent(code));
  history.replaceState(null, "", location.pathname + location.search);
}
const field = /** @type {HTMLInputElement | null} */ (document.querySelector("[data-invitation]"));
const kept = sessionStorage.getItem(KEY);
if (field && kept && !field.value) field.value = kept;
field?.form?.addEventListener("submit", () => sessionStorage.removeItem(KEY));
