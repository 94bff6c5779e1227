// A signature: what a finger, a pen or a mouse draws becomes the path of an SVG, which the form sends.
for (const field of document.querySelectorAll("[data-sign]")) {
  const board = field.querySelector("svg");
  const line = board.querySelector("path");
  const kept = field.closest("form").elements.drawing;
  const most = 20000;
  let drawn = "";
  let last = "";
  const place = (event) => {
    const box = board.getBoundingClientRect();
    const x = Math.round(Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1) * 600);
    const y = Math.round(Math.min(Math.max((event.clientY - box.top) / box.height, 0), 1) * 200);
    return `${x} ${y}`;
  };
  const show = () => { line.setAttribute("d", drawn); kept.value = drawn; };
  board.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    board.setPointerCapture(event.pointerId);
    last = place(event);
    drawn += `M${last}L${last}`;
    show();
  });
  board.addEventListener("pointermove", (event) => {
    if (!board.hasPointerCapture(event.pointerId) || drawn.length > most - 20) return;
    const here = place(event);
    if (here === last) return;
    last = here;
    drawn += `L${here}`;
    show();
  });
  field.querySelector("[data-clear]").addEventListener("click", () => { drawn = ""; show(); });
}
