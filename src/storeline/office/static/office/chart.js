// Draws what the table behind a chart says; every text and number is the table's own. Without it the still line stays.
/* global uPlot */

function series(table) {
  const rows = [...table.tBodies[0].rows];
  const labels = rows.map((row) => row.cells[0]);
  const columns = [...table.tHead.rows[0].cells].slice(1).map((head, at) => ({
    name: head.textContent.trim(),
    cells: rows.map((row) => row.cells[at + 1]),
  }));
  return { labels, columns };
}

function colour(place, kind) {
  const probe = document.createElement("span");
  probe.className = `office-ink-${kind}`;
  place.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

function soft(ink, share) {
  return ink.startsWith("rgb(") ? ink.replace("rgb(", "rgba(").replace(")", `, ${share})`) : ink;
}

function tip(place, { labels, columns }) {
  const box = document.createElement("div");
  box.className = "office-tip";
  box.hidden = true;
  place.append(box);
  return {
    show(index, left, width) {
      box.replaceChildren();
      const head = document.createElement("strong");
      head.textContent = labels[index].textContent.trim();
      box.append(head);
      columns.forEach((column, at) => {
        const value = document.createElement("span");
        value.textContent = column.cells[index].textContent.trim();
        const name = document.createElement("span");
        name.className = `office-key office-key-${["now", "before", "year"][at]}`;
        name.textContent = column.name;
        box.append(value, name);
      });
      box.hidden = false;
      const wide = box.offsetWidth;
      box.style.insetInlineStart = `${left > width / 2 ? Math.max(0, left - wide - 16) : Math.min(left + 16, width - wide)}px`;
    },
    hide() { box.hidden = true; },
  };
}

function draw(place) {
  const table = document.getElementById(place.dataset.chart);
  if (!table || !table.tBodies[0].rows.length) return;
  const found = series(table);
  const scale = 10 ** Number(place.dataset.digits);
  const count = found.labels.length;
  const data = [found.labels.map((_, index) => index)];
  for (const column of found.columns) {
    data.push(column.cells.map((cell) => (cell.dataset.value === "" || cell.dataset.value === "None" ? null : Number(cell.dataset.value) / scale)));
  }
  const language = document.documentElement.lang;
  const money = new Intl.NumberFormat(language, { style: "currency", currency: place.dataset.currency, notation: "compact", maximumFractionDigits: 1 });
  const ink = { now: colour(place, "now"), before: colour(place, "before"), year: colour(place, "year"), text: colour(place, "text"), line: colour(place, "line") };
  const bars = place.hasAttribute("data-bars");
  const font = `12px ${getComputedStyle(place).fontFamily}`;
  const kinds = ["now", "before", "year"];
  const fine = matchMedia("(min-width: 48rem)").matches;
  place.replaceChildren();
  const said = tip(place, found);
  const plot = new uPlot({
    width: place.clientWidth,
    height: place.clientHeight,
    padding: [8, 8, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 8 } },
    scales: { x: { time: false, range: bars ? [-0.6, count - 0.4] : [0, Math.max(1, count - 1)] }, y: { range: (_, low, high) => [Math.min(0, low * 1.05), high > 0 ? high * 1.08 : 1] } },
    axes: [
      {
        stroke: ink.text, font, size: 32, grid: { show: false }, ticks: { show: false },
        splits: () => {
          const step = Math.max(1, Math.ceil(count / Math.max(2, Math.floor(place.clientWidth / (fine ? 88 : 72)))));
          return found.labels.map((_, index) => index).filter((index) => index % step === 0);
        },
        values: (_, at) => at.map((index) => found.labels[index]?.dataset.short ?? ""),
      },
      { stroke: ink.text, font, size: 64, gap: 6, grid: { stroke: ink.line, width: 1 }, ticks: { show: false }, values: (_, at) => at.map((value) => money.format(value)), space: 44 },
    ],
    series: [
      {},
      ...found.columns.map((_, at) => {
        const kind = kinds[at];
        if (at === 0 && bars) return { stroke: ink.now, fill: soft(ink.now, 0.85), width: 0, paths: uPlot.paths.bars({ size: [0.6, 36], radius: 0.15 }), points: { show: false } };
        return { stroke: ink[kind], width: at === 0 ? 2.5 : 2, dash: kind === "year" ? [5, 4] : [], fill: at === 0 ? soft(ink.now, 0.1) : undefined, points: { show: bars && count < 3, size: 8, fill: ink[kind] } };
      }),
    ],
    hooks: {
      setCursor: [(u) => { if (u.cursor.idx == null || u.cursor.left < 0) said.hide(); else said.show(u.cursor.idx, u.cursor.left + u.bbox.left / devicePixelRatio, place.clientWidth); }],
    },
  }, data, place);
  plot.over.addEventListener("click", () => { found.labels[plot.cursor.idx]?.querySelector("a")?.click(); });
  plot.over.classList.toggle("office-plot-leads", Boolean(found.labels[0].querySelector("a")));
  byKeys(place, plot, found);
  return plot;
}

// By keyboard and by ear: a slider through the points; each says what the table says. Enter goes where its row leads.
function byKeys(place, plot, { labels, columns }) {
  let at = labels.length - 1;
  const go = (to) => {
    at = Math.min(labels.length - 1, Math.max(0, to));
    const values = columns.map((column) => `${column.name} ${column.cells[at].textContent.trim()}`);
    place.setAttribute("aria-valuenow", String(at + 1));
    place.setAttribute("aria-valuetext", `${labels[at].textContent.trim()}: ${values.join(", ")}`);
  };
  const show = () => plot.setCursor({ left: plot.valToPos(at, "x"), top: 0 });
  place.removeAttribute("aria-hidden");
  place.setAttribute("role", "slider");
  place.setAttribute("aria-valuemin", "1");
  place.setAttribute("aria-valuemax", String(labels.length));
  place.setAttribute("aria-labelledby", place.closest("[aria-labelledby]").getAttribute("aria-labelledby"));
  place.tabIndex = 0;
  go(at);
  place.onkeydown = (event) => {
    const steps = { ArrowRight: at + 1, ArrowUp: at + 1, ArrowLeft: at - 1, ArrowDown: at - 1, Home: 0, End: labels.length - 1, PageUp: at + 7, PageDown: at - 7 };
    if (event.key === "Enter") labels[at].querySelector("a")?.click();
    if (!(event.key in steps)) return;
    event.preventDefault();
    go(steps[event.key]);
    show();
  };
  place.onfocus = () => { if (place.matches(":focus-visible")) show(); };
  place.onblur = () => plot.setCursor({ left: -10, top: -10 });
}

// What somebody opened stays open when the figures are asked for anew.
let opened = [];
document.body.addEventListener("htmx:beforeSwap", ({ target }) => { opened = [...target.querySelectorAll("details[open][id]")].map((each) => each.id); });
document.body.addEventListener("htmx:afterSwap", () => { for (const id of opened) document.getElementById(id)?.setAttribute("open", ""); opened = []; });

function start(place) {
  if (place.querySelector(".uplot")) return;
  let plot = draw(place);
  let width = place.clientWidth;
  new ResizeObserver(() => {
    if (!plot || place.clientWidth === width) return;
    width = place.clientWidth;
    plot.setSize({ width, height: place.clientHeight });
  }).observe(place);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { if (!place.isConnected) return; plot?.destroy(); plot = draw(place); });
}

document.querySelectorAll("[data-chart]").forEach(start);
document.body.addEventListener("htmx:load", ({ detail }) => detail.elt.querySelectorAll?.("[data-chart]").forEach(start));
