// Long forms: a found product becomes a line of the list, and the preview follows what is typed. Without it both
// are buttons of the form.

document.querySelectorAll("[data-without-script], [data-without-preview]").forEach((each) => { each.hidden = true; });

document.addEventListener("click", (event) => {
  const hit = event.target.closest("[data-line]");
  if (!hit) return;
  const list = document.getElementById(hit.dataset.into ?? "f_targets");
  if (!list) return;
  event.preventDefault();
  const lines = list.value.split("\n").map((line) => line.trim()).filter(Boolean);
  if (!lines.some((line) => line.split(/[\t; ]/)[0] === hit.dataset.line || line === hit.dataset.line)) lines.push(hit.dataset.line);
  list.value = `${lines.join("\n")}\n`;
  list.dispatchEvent(new Event("change", { bubbles: true }));
  const search = hit.closest(".work-search").querySelector("input");
  search.value = "";
  hit.closest(".work-hits").replaceChildren();
  search.focus();
});

const form = document.querySelector("form[data-preview]");
if (form) {
  let waiting = 0;
  let asked = 0;
  const refresh = async () => {
    asked += 1;
    const mine = asked;
    const answer = await fetch(form.dataset.preview, {
      method: "POST",
      body: new FormData(form),
      headers: { "HX-Request": "true" },
    }).catch(() => null);
    if (answer?.ok && mine === asked) {
      const place = document.getElementById("preview");
      const focused = document.activeElement?.id;
      place.innerHTML = await answer.text();
      if (focused && place.querySelector(`#${focused}`)) place.querySelector(`#${focused}`).focus();
    }
  };
  const soon = (event) => {
    if (event.target.name === "find" || event.target.name === "find_place") return;
    clearTimeout(waiting);
    waiting = setTimeout(refresh, 500);
  };
  form.addEventListener("input", soon);
  form.addEventListener("change", soon);
  if (form.querySelector("[name=name]").value || form.querySelector("[name=targets]")?.value) refresh();
}

const problems = document.getElementById("problems");
if (problems) problems.focus();
