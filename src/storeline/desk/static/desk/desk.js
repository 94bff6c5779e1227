// A wedge scanner types and presses Enter: whatever has the focus, its keys go to the scan field.
const field = document.querySelector("[data-scan]");
if (field) {
  // An address with a fragment keeps autofocus from working; the list must not jump away from the line just picked.
  window.addEventListener("load", () => setTimeout(() => {
    if (document.activeElement === document.body) field.focus({ preventScroll: true });
  }, 50));
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select");
    if (typing || event.ctrlKey || event.metaKey || event.altKey || event.key.length !== 1 || event.key === " ") return;
    field.focus({ preventScroll: true });
  });
  // What was said last is of the last deed: going back and forth must not say it again.
  window.addEventListener("pageshow", (event) => { if (event.persisted) field.value = ""; });
}
