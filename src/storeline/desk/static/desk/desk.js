// A wedge scanner types and presses Enter: whatever has the focus, its keys go to the scan field.
const field = document.querySelector("[data-scan]");
if (field) {
  field.focus({ preventScroll: true });
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select");
    if (typing || event.ctrlKey || event.metaKey || event.altKey || event.key.length !== 1 || event.key === " ") return;
    field.focus({ preventScroll: true });
  });
  // What was said last is of the last deed: going back and forth must not say it again.
  window.addEventListener("pageshow", (event) => { if (event.persisted) field.value = ""; });
}
