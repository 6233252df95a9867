// Shows the copy buttons (they do nothing without this file) and copies the text beside them.
// @ts-check
const reveal = (/** @type {ParentNode} */ root) => {
  for (const button of root.querySelectorAll("[data-copy]")) button.removeAttribute("hidden");
};
reveal(document);
document.addEventListener("htmx:load", (event) => reveal(/** @type {HTMLElement} */ (event.target)));

document.addEventListener("click", async (event) => {
  const button = /** @type {HTMLElement} */ (event.target).closest("[data-copy]");
  if (!button) return;
  const text = button.parentElement?.querySelector("pre, code")?.textContent ?? "";
  await navigator.clipboard.writeText(text.trim());
  const status = document.getElementById("spoken");
  if (status) status.textContent = "Copied.";
  button.querySelector("use")?.setAttribute("href", "#i-tick");
});
