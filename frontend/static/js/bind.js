// Keeps a slider and its number field in step. The field is the control of record: the slider has no name.
// @ts-check
const reveal = (/** @type {ParentNode} */ root) => {
  for (const slider of root.querySelectorAll("input[type=range][data-for]")) slider.removeAttribute("hidden");
};
reveal(document);
document.addEventListener("htmx:load", (event) => reveal(/** @type {HTMLElement} */ (event.target)));

document.addEventListener("input", (event) => {
  const input = /** @type {HTMLInputElement} */ (event.target);
  if (input.matches("input[type=range][data-for]")) {
    const field = /** @type {HTMLInputElement | null} */ (document.getElementById(input.dataset.for ?? ""));
    if (!field) return;
    field.value = input.value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  } else if (input.id) {
    const slider = /** @type {HTMLInputElement | null} */ (document.querySelector(`input[type=range][data-for="${CSS.escape(input.id)}"]`));
    if (slider) slider.value = input.value;
  }
});
