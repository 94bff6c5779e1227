// What was searched for on this device: shown under an empty search box, kept here alone, forgotten at one press.
import { closeSuggestions, openSuggestions } from "/static/web/app.js";

const KEY = "searched";
const MOST = 6;
const box = document.querySelector(".shop-search .search");
const input = box?.querySelector("input");
const list = box?.querySelector(".suggestions");

function read() {
  try { return JSON.parse(localStorage.getItem(KEY) ?? "[]").filter((one) => typeof one === "string").slice(0, MOST); } catch { return []; }
}
function keep(words) {
  if (!words) return;
  const kept = [words, ...read().filter((one) => one.toLowerCase() !== words.toLowerCase())].slice(0, MOST);
  try { localStorage.setItem(KEY, JSON.stringify(kept)); } catch { /* a browser that keeps nothing loses nothing */ }
}
function option(words, icon, href) {
  const link = document.createElement("a");
  link.role = "option";
  link.tabIndex = -1;
  link.href = href;
  const drawn = box.querySelector("svg.icon").cloneNode(true);
  drawn.querySelector("use").setAttribute("href", drawn.querySelector("use").getAttribute("href").replace(/#.*/, `#${icon}`));
  const text = document.createElement("span");
  text.textContent = words;
  link.append(drawn, text);
  return link;
}
function show() {
  if (input.value || !read().length) return;
  const links = read().map((words) => option(words, "clock", `${box.action}?q=${encodeURIComponent(words)}`));
  const forget = option(list.dataset.forget, "x", "#");
  forget.classList.add("suggestions-forget");
  forget.addEventListener("click", (event) => {
    event.preventDefault();
    localStorage.removeItem(KEY);
    closeSuggestions(box);
    input.focus();
  });
  list.replaceChildren(...links, forget);
  openSuggestions(box, -1);
}
if (box && list) {
  box.addEventListener("submit", () => keep(input.value.trim()));
  list.addEventListener("click", () => keep(input.value.trim()));
  input.addEventListener("focus", show);
  input.addEventListener("input", () => { if (!input.value) show(); });
}

// A place on the checkout's map presses its button in the list.
document.querySelectorAll("form .map a[href^='#']").forEach((mark) => mark.addEventListener("click", (event) => {
  const button = document.getElementById(mark.getAttribute("href").slice(1));
  if (!button?.form) return;
  event.preventDefault();
  button.form.requestSubmit(button);
}));
