// Keyboard and focus: "/" goes to the search field, Escape closes menus, focus follows a changed heading.
// @ts-check
document.addEventListener("keydown", (event) => {
  const target = /** @type {HTMLElement} */ (event.target);
  if (event.key === "/" && !event.ctrlKey && !event.metaKey && !target.closest("input, textarea, select, [contenteditable]")) {
    const fields = /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-slash], .menu.phone-only [type=search]"));
    const field = [...fields].find((one) => one.offsetParent) ?? [...fields].pop();
    const menu = field?.closest("details.menu.phone-only");
    if (!field || (menu && !(/** @type {HTMLElement} */ (menu).offsetParent))) return;
    menu?.setAttribute("open", "");
    event.preventDefault();
    field.focus();
  }
  if (event.key === "Escape") {
    const menu = target.closest("details.menu[open]");
    if (menu) {
      menu.removeAttribute("open");
      menu.querySelector("summary")?.focus();
    }
  }
});

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(/** @type {Node} */ (event.target))) menu.removeAttribute("open");
  }
});

document.addEventListener("htmx:beforeRequest", (event) => /** @type {CustomEvent} */ (event).detail.target?.setAttribute("aria-busy", "true"));
document.addEventListener("htmx:afterSettle", (event) => {
  const target = /** @type {HTMLElement} */ (/** @type {CustomEvent} */ (event).detail.target);
  target.removeAttribute("aria-busy");
  const heading = /** @type {HTMLElement | null} */ (target.querySelector("[data-take-focus]"));
  heading?.focus();
});

// Pages that carry a list of filters behind one button keep it open where there is room for it.
const facets = document.querySelector("details.facets");
if (facets && matchMedia("(min-width: 964px)").matches) facets.setAttribute("open", "");

// "Show" beside a password field.
for (const button of document.querySelectorAll("[data-reveal]")) {
  const field = /** @type {HTMLInputElement} */ (document.getElementById(/** @type {HTMLElement} */ (button).dataset.reveal ?? ""));
  button.removeAttribute("hidden");
  button.addEventListener("click", () => {
    const isHidden = field.type === "password";
    field.type = isHidden ? "text" : "password";
    button.textContent = isHidden ? "Hide" : "Show";
    field.focus();
  });
}
