// The till: whatever has the focus, a scan goes to the field; every action has its key; scans wait in a row, none is lost.
const part = () => document.getElementById("till");
const field = () => document.querySelector("[data-scan]");
const KEPT = "till.scans";
const KEPT_MS = 600_000;
const TRIES = 3;
const AGAIN_MS = 2_000;
const waiting = kept_scans();
let busy = false;
let chosen = null;
let asking = 0;

const key = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const shown = (element) => element.getClientRects().length > 0 && !element.disabled;
const pressable = (name) => [...document.querySelectorAll(`[data-key="${name}"]`)].find(shown);

// --- scans: the field is free again at once, and what was scanned is sent in its order ---
document.addEventListener("submit", (event) => {
  const form = event.target.closest("[data-scan-form]");
  if (!form) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const input = form.querySelector("[data-scan]");
  const code = input.value.trim();
  asking += 1;
  document.getElementById("till-suggest")?.replaceChildren();
  if (!code) { document.querySelector("[data-enter]")?.click(); return; }
  input.value = "";
  if (code === "+") { change("more"); return; }
  chosen = null;
  waiting.push({ code, key: key(), action: form.action, at: Date.now() });
  keep_scans();
  next();
}, true);

// What was scanned is kept until the server has answered it: without a connection, or where somebody must sign in again,
// it is sent once there is one. Its key makes sure that it counts once.
function kept_scans() {
  try { return JSON.parse(sessionStorage.getItem(KEPT) ?? "[]").filter((one) => Date.now() - one.at < KEPT_MS); } catch { return []; }
}
function keep_scans() {
  try { sessionStorage.setItem(KEPT, JSON.stringify(waiting)); } catch { /* then they live as long as the page */ }
}

let answered = null;
document.addEventListener("htmx:afterRequest", ({ detail }) => { answered = detail.xhr; });

async function next() {
  if (busy || !waiting.length || !part()) return;
  busy = true;
  const { code, key, action } = waiting[0];
  part().setAttribute("aria-busy", "true");
  answered = null;
  try {
    await htmx.ajax("POST", action, { target: "#till", swap: "outerHTML settle:0ms show:none", values: { code, key } });
  } catch { /* told below */ }
  part()?.removeAttribute("aria-busy");
  busy = false;
  const status = answered?.status ?? 0;
  const leaves = answered?.getResponseHeader("HX-Redirect");
  if (leaves && !leaves.startsWith("/till")) return; // to the sign-in: it is sent after that
  const failed = status === 0 || status >= 500;
  if (failed) waiting[0].tries = (waiting[0].tries ?? 0) + (status ? 1 : 0);
  if (!failed || waiting[0].tries >= TRIES) waiting.shift();
  keep_scans();
  tell();
  if (failed) setTimeout(next, AGAIN_MS);
  else next();
}
window.addEventListener("online", () => next());

// A scan that found no connection needs no word of its own: the page says how many wait.
document.addEventListener("htmx:sendError", (event) => { if (event.detail.requestConfig.elt === part()) event.stopPropagation(); }, true);
// How many scans wait for a connection.
function tell() {
  const notice = document.querySelector("[data-unsent]");
  if (!notice) return;
  notice.hidden = !waiting.length || busy;
  notice.querySelector("[data-count]").textContent = waiting.length;
}

// --- what was typed meanwhile stays, and the focus goes where the page wants it ---
let kept = "";
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target.id === "till") kept = document.activeElement?.matches("[data-scan]") ? document.activeElement.value : "";
});
// After it has settled: htmx sets attributes of what has an id until then.
document.addEventListener("htmx:afterSettle", (event) => { if (event.detail.target.id === "till") settle(); });

function settle() {
  const place = part() ?? document;
  place.querySelectorAll("[data-keypad]").forEach((each) => { each.hidden = false; });
  const wanted = place.querySelector("[autofocus]") ?? field();
  if (!wanted) return;
  if (wanted.matches("[data-scan]") && kept) { wanted.value = kept; }
  kept = "";
  quiet(wanted);
  wanted.focus({ preventScroll: true });
  if (wanted.matches("[data-scan]") && wanted.value) wanted.setSelectionRange(wanted.value.length, wanted.value.length);
  choose(chosen);
}

// A finger's keyboard would cover the sale: it comes when the field is touched, not by itself.
function quiet(input) {
  if (!matchMedia("(pointer: coarse)").matches || !input.matches("[data-scan]")) return;
  input.inputMode = "none";
  input.addEventListener("pointerdown", () => { input.inputMode = "text"; }, { once: true });
}

// --- suggestions while words are typed ---
document.addEventListener("input", (event) => {
  if (!event.target.matches("[data-scan]")) return;
  const mine = ++asking;
  const text = event.target.value.trim();
  const list = document.getElementById("till-suggest");
  if (!/\p{L}{2}|\p{Script=Han}/u.test(text)) { list.replaceChildren(); return; }
  const address = event.target.form.dataset.suggest;
  setTimeout(() => {
    if (mine !== asking) return;
    fetch(`${address}?${new URLSearchParams({ code: text })}`, { headers: { "HX-Request": "true" } })
      .then((answer) => (answer.ok ? answer.text() : ""))
      .then((html) => {
        if (mine !== asking) return;
        list.innerHTML = html;
        htmx.process(list);
      })
      .catch(() => {});
  }, 120);
});

// --- lines: the one that keys change; the newest unless another was chosen ---
const lines = () => [...document.querySelectorAll("[data-line]")];
function choose(number) {
  chosen = number;
  const all = lines();
  const at = all.find((line) => line.dataset.line === number) ?? all[0];
  all.forEach((line) => line.classList.toggle("till-chosen", line === at));
  if (number !== null) at?.scrollIntoView({ block: "nearest" });
  return at;
}
function move(by) {
  const all = lines();
  const at = Math.max(0, all.findIndex((line) => line.classList.contains("till-chosen")));
  const to = all[Math.min(all.length - 1, Math.max(0, at + by))];
  if (to) choose(to.dataset.line);
}
function change(what) {
  const line = document.querySelector(".till-chosen") ?? lines()[0];
  line?.querySelector(`[data-do="${what}"]`)?.click();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const hits = [...document.querySelectorAll("#till-suggest .till-hit, .till-ask .till-hit, .till-ask .till-choice")];
  const list = hits.length > 0;
  const input = field();
  const inScan = event.target === input;
  if (/^F\d+$/.test(event.key)) {
    const button = pressable(event.key);
    if (button) { event.preventDefault(); button.click(); }
    return;
  }
  if (event.key === "Escape") {
    if (inScan && (input.value || document.querySelector("#till-suggest *"))) {
      event.preventDefault();
      input.value = "";
      asking += 1;
      document.getElementById("till-suggest").replaceChildren();
      return;
    }
    const button = pressable("Escape");
    if (button) { event.preventDefault(); button.click(); }
    return;
  }
  if (list && (event.key === "ArrowDown" || event.key === "ArrowUp") && !event.target.matches("input[type=radio]")) {
    event.preventDefault();
    const to = hits.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
    (hits[to] ?? input ?? hits[0]).focus();
    return;
  }
  if (inScan && !input.value && lines().length) {
    const deed = { Delete: "off", "+": "more", "-": "fewer" }[event.key];
    // A telephone number begins with a plus: only beside the digits, or where somebody chose a line, is it one more at once.
    const begins = event.key === "+" && event.code !== "NumpadAdd" && chosen === null;
    if (deed && !begins) { event.preventDefault(); change(deed); return; }
    if (event.key === "ArrowDown") { event.preventDefault(); move(1); return; }
    if (event.key === "ArrowUp") { event.preventDefault(); move(-1); return; }
  }
  // A scanner types into whatever has the focus: its keys belong to the field.
  const typing = event.target.closest("input, textarea, select");
  if (input && !typing && event.key.length === 1 && event.key !== " ") input.focus({ preventScroll: true });
});

// --- the keypad ---
document.addEventListener("click", (event) => {
  const pad = event.target.closest("[data-pad]");
  if (!pad) return;
  const input = document.querySelector("[data-pad-field]");
  const what = pad.dataset.pad;
  input.value = what === "back" ? input.value.slice(0, -1) : input.value + what;
  input.dispatchEvent(new Event("input", { bubbles: true }));
});

// --- the change, while what was handed over is typed; the server works it out again ---
document.addEventListener("input", (event) => {
  const { due, currency } = event.target.dataset;
  if (due === undefined) return;
  const typed = event.target.value.trim().replace(",", ".");
  const form = new Intl.NumberFormat(document.documentElement.lang, { style: "currency", currency });
  const unit = 10 ** form.resolvedOptions().maximumFractionDigits;
  const difference = /^\d+(\.\d*)?$/.test(typed) ? Math.round(Number(typed) * unit) - Number(due) : 0;
  const state = difference > 0 ? "over" : difference < 0 ? "under" : "exact";
  document.querySelectorAll("#change [data-when]").forEach((each) => { each.hidden = each.dataset.when !== state; });
  document.querySelectorAll("#change [data-difference]").forEach((each) => { each.textContent = form.format(Math.abs(difference) / unit); });
});

// --- paper: a roll has no pages, so the page is made as long as what stands on it ---
const paper = new CSSStyleSheet();
document.adoptedStyleSheets = [...document.adoptedStyleSheets, paper];
const MARGIN_MM = 3;
window.addEventListener("beforeprint", () => {
  const printed = document.querySelector("[data-paper], .receipt");
  if (!printed) return;
  const copy = printed.cloneNode(true);
  copy.classList.add("till-measured");
  document.body.append(copy);
  const long = Math.ceil((copy.getBoundingClientRect().height * 25.4) / 96) + 2 * MARGIN_MM + 1;
  copy.remove();
  paper.replaceSync(`@page { size: 80mm ${long}mm; margin: ${MARGIN_MM}mm; }`);
});

// Going back in the browser shows what is now, never an old sale.
window.addEventListener("pageshow", (event) => {
  const went = event.persisted || performance.getEntriesByType("navigation")[0]?.type === "back_forward";
  if (went && part()) location.reload();
});
function begin() {
  settle();
  next();
}
if (document.readyState === "complete") begin();
else window.addEventListener("load", begin);
