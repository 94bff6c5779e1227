// What pages need of a script; without it every form still works.

document.addEventListener("click", (event) => {
  const step = event.target.closest("[data-step]");
  if (step) {
    const input = step.closest("[data-stepper]").querySelector("input");
    const next = Number(input.value || 0) + Number(step.dataset.step);
    const bounded = Math.min(Number(input.max || 999), Math.max(Number(input.min || 0), next));
    if (String(bounded) !== input.value) {
      input.value = String(bounded);
      input.dispatchEvent(new Event("change", { bubbles: true }));
    }
  }
  const opener = event.target.closest("[data-opens]");
  if (opener) document.getElementById(opener.dataset.opens)?.showModal();
  const closer = event.target.closest("[data-closes]");
  if (closer) closer.closest("dialog")?.close();
  if (event.target.closest("[data-prints]")) window.print();
});

// A form is sent once, however often its button is pressed.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method === "get" || form.hasAttribute("hx-post") || "again" in form.dataset) return;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "1";
  form.querySelectorAll("button:not([name])").forEach((button) => button.setAttribute("aria-busy", "true"));
});
window.addEventListener("pageshow", () => {
  document.querySelectorAll("form[data-sent]").forEach((form) => {
    delete form.dataset.sent;
    form.querySelectorAll("[aria-busy]").forEach((button) => button.removeAttribute("aria-busy"));
  });
});

// A bar of tabs that is wider than the window shows the one that is open.
document.querySelectorAll("nav > [aria-current=page]").forEach((tab) => {
  const bar = tab.parentElement, at = tab.getBoundingClientRect(), all = bar.getBoundingClientRect();
  bar.scrollLeft += at.left + at.width / 2 - all.left - all.width / 2;
});

// Forms that send themselves when something in them changes, and what they then no longer need.
document.querySelectorAll("[data-autosubmit] [data-without-script]").forEach((each) => { each.hidden = true; });
document.addEventListener("change", (event) => {
  const form = event.target.closest("[data-autosubmit]");
  if (form) form.requestSubmit();
});

// "Use my position": asks only when pressed, then sends its form with the position.
document.addEventListener("click", (event) => {
  const asker = event.target.closest("[data-locate]");
  if (!asker) return;
  asker.setAttribute("aria-busy", "true");
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => {
      const form = asker.closest("form");
      form.elements.near.value = `${coords.latitude.toFixed(4)},${coords.longitude.toFixed(4)}`;
      form.requestSubmit();
    },
    () => { asker.removeAttribute("aria-busy"); toast(asker.dataset.locate); },
    { timeout: 8000 },
  );
});
document.querySelectorAll("[data-locate]").forEach((each) => { each.hidden = !("geolocation" in navigator); });

// Suggestions under a search box, as a combobox: the focus stays in the field, arrows move through the list, Enter
// follows what is chosen, Escape closes.
const options = (box) => [...box.querySelectorAll(".suggestions [role=option]")];
function choose(box, index) {
  const input = box.querySelector("input");
  options(box).forEach((each, number) => {
    each.id = `q-option-${number}`;
    each.setAttribute("aria-selected", String(number === index));
    if (number === index) each.scrollIntoView({ block: "nearest" });
  });
  if (index >= 0) input.setAttribute("aria-activedescendant", `q-option-${index}`);
  else input.removeAttribute("aria-activedescendant");
  input.setAttribute("aria-expanded", String(options(box).length > 0));
}
function closeSuggestions(box) {
  box.querySelector(".suggestions")?.replaceChildren();
  if (box.querySelector("[role=combobox]")) choose(box, -1);
}
document.addEventListener("htmx:afterSwap", (event) => {
  const box = event.target.closest?.(".search");
  if (box && document.activeElement === box.querySelector("input")) choose(box, -1);
  else if (box) closeSuggestions(box);
});
document.addEventListener("keydown", (event) => {
  const box = event.target.closest(".search");
  if (!box || event.target.getAttribute("role") !== "combobox") return;
  const list = options(box);
  const at = list.findIndex((each) => each.getAttribute("aria-selected") === "true");
  if (event.key === "Escape" && list.length) { event.preventDefault(); closeSuggestions(box); }
  if (event.key === "Tab") closeSuggestions(box);
  if (event.key === "Enter" && at >= 0) { event.preventDefault(); list[at].click(); }
  if (!list.length || !["ArrowDown", "ArrowUp"].includes(event.key)) return;
  event.preventDefault();
  const next = at + (event.key === "ArrowDown" ? 1 : -1);
  choose(box, next < -1 ? list.length - 1 : next >= list.length ? -1 : next);
});
document.addEventListener("click", (event) => {
  document.querySelectorAll(".search").forEach((box) => { if (!box.contains(event.target)) closeSuggestions(box); });
});
export { choose as openSuggestions, closeSuggestions };
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && !event.target.closest("input, textarea, select")) {
    const input = document.querySelector(".search input");
    if (input) { event.preventDefault(); input.focus(); }
  }
});

export function toast(text) {
  const place = document.getElementById("toast");
  if (!place || !text) return;
  const one = document.createElement("p");
  one.className = "toast";
  one.textContent = text;
  place.replaceChildren(one);
  setTimeout(() => one.remove(), 5000);
}
document.body.addEventListener("toast", (event) => toast(event.detail.value ?? event.detail));
document.body.addEventListener("htmx:sendError", ({ detail }) => {
  if (detail.requestConfig.elt.dataset.live === undefined) toast(document.getElementById("toast")?.dataset.offline);
});
// A failure of the server's does not take the place of what somebody works with.
document.body.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (detail.xhr.status < 500) return;
  detail.shouldSwap = false;
  if (detail.requestConfig.elt.dataset.live === undefined) toast(document.getElementById("toast")?.dataset.failed);
});

// What somebody has in hand is not taken away. Where a part of the page is put in place of another, the focus stays on
// what it was on, and a press that has begun is let finish first.
let held = null;
let kept = null;
document.addEventListener("pointerdown", (event) => { held = event.target; });
for (const end of ["pointerup", "pointercancel"]) document.addEventListener(end, () => setTimeout(() => { held = null; }));
const known = (each) => [each.tagName, each.id, each.form?.action, ...["href", "name", "value"].map((name) => each.getAttribute(name))].join(" ");
const alike = (root, key) => [root, ...root.querySelectorAll("a, button, input, select, textarea, summary, [tabindex]")].filter((each) => known(each) === key);
document.body.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const focused = document.activeElement;
  kept = null;
  if (focused === document.body || !detail.target.contains(focused)) return;
  const key = known(focused);
  kept = { key, at: alike(detail.target, key).indexOf(focused) };
});
document.body.addEventListener("htmx:afterSettle", ({ target }) => {
  if (!kept || document.activeElement !== document.body) return;
  const found = alike(target, kept.key);
  (found[kept.at] ?? found[0])?.focus({ preventScroll: true });
});

// Elements that follow what happens ({% live %}): one stream for the page says which of them changed, and each asks for
// itself anew. Where there is no stream they ask twice a minute. A page that nobody sees follows nothing.
const RARELY_MS = 30_000;
const followers = () => [...document.querySelectorAll("[data-live]")];
const asked = new Map();
let stream = null;
let followed = "";
let seen = "";

function ask(id) {
  const last = asked.get(id) ?? { at: 0, timer: 0 };
  asked.set(id, last);
  if (last.timer) return;
  const pause = Number(document.getElementById(id)?.dataset.liveEvery ?? 0) * 1000;
  // Many pages hear at the same moment; they need not all ask in it.
  const wait = Math.max(30 + Math.random() * 300, last.at + pause - Date.now());
  last.timer = setTimeout(() => {
    Object.assign(last, { at: Date.now(), timer: 0 });
    const element = document.getElementById(id);
    if (held && element?.contains(held)) ask(id);
    else if (element?.dataset.live) window.htmx.trigger(element, "live");
  }, wait);
}

function follow() {
  const elements = document.hidden ? [] : followers();
  const ids = elements.map((each) => each.id);
  if (stream && stream.readyState !== EventSource.CLOSED && followed === ids.join(" ")) return;
  stream?.close();
  stream = null;
  followed = ids.join(" ");
  if (!ids.length) return;
  seen ||= elements[0].dataset.liveAt;
  const address = new URLSearchParams(elements.map((each) => ["t", each.dataset.live]));
  if (seen) address.set("at", seen);
  stream = new EventSource(`/live?${address}`);
  stream.addEventListener("changed", (event) => {
    seen = event.lastEventId || seen;
    event.data.split(" ").forEach((number) => ask(ids[number]));
  });
}

if (followers().length && "EventSource" in window) {
  follow();
  document.addEventListener("visibilitychange", follow);
  document.body.addEventListener("htmx:afterSettle", follow);
  window.addEventListener("pagehide", () => { stream?.close(); stream = null; });
  window.addEventListener("pageshow", follow);
  document.body.addEventListener("htmx:beforeSwap", ({ detail }) => {
    // An error page, or the sign-in, is no answer to a question that nobody asked.
    const { elt } = detail.requestConfig;
    if (elt.dataset.live && detail.xhr.status !== 200) detail.shouldSwap = false;
    if (elt.dataset.live && held && elt.contains(held)) { detail.shouldSwap = false; ask(elt.id); }
  });
  setInterval(() => {
    if (document.hidden || stream?.readyState === EventSource.OPEN) return;
    followers().forEach((each) => ask(each.id));
    follow();
  }, RARELY_MS * (0.8 + Math.random() * 0.4));
}
