"use strict";
// Tables: a click on a head sorts, a word in the box filters. Figures: the values under the pointer. Paper: nothing folded.
const MANY = 12; // rows from which on a table gets a box to filter it

function number(cell) {
  if (cell.dataset.value !== undefined) return Number(cell.dataset.value);
  const shown = (cell.querySelector(".main") || cell).textContent.trim().replace(/\u2212/g, "-").replace(/[,\u00a0+×]/g, "");
  const found = /^-?\d+(\.\d+)?/.exec(shown);
  return found ? Number(found[0]) : NaN;
}

function order(rows, column, numeric, down) {
  const text = (row) => row.cells[column].textContent.trim();
  const key = numeric ? (row) => number(row.cells[column]) : text;
  const known = rows.filter((row) => !numeric || !Number.isNaN(key(row)));
  const missing = rows.filter((row) => !known.includes(row)); // at the end either way
  const sorted = known.map((row) => [key(row), row]);
  sorted.sort(([a], [b]) => (numeric ? a - b : a.localeCompare(b, "en", { numeric: true })));
  if (down) sorted.reverse();
  return [...sorted.map(([, row]) => row), ...missing];
}

function sortable(table) {
  const body = table.tBodies[0];
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = head.firstChild; // the words themselves: browsers do not repeat real buttons on every printed page
    button.setAttribute("role", "button");
    button.tabIndex = 0;
    button.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      button.click();
    });
    button.addEventListener("click", () => {
      const numeric = head.classList.contains("n");
      const down = head.ariaSort ? head.ariaSort === "ascending" : numeric;
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.ariaSort = down ? "descending" : "ascending";
      body.append(...order([...body.rows], column, numeric, down));
    });
  });
}

function filterable(table) {
  const box = document.createElement("input");
  const rows = [...table.tBodies[0].rows].map((row) => [row, row.textContent.toLowerCase()]);
  box.type = "search";
  box.className = "filter";
  box.placeholder = `Filter ${rows.length.toLocaleString("en")} rows`;
  box.setAttribute("aria-label", `Filter: ${table.getAttribute("aria-label")}`);
  box.addEventListener("input", () => {
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const [row, text] of rows) row.hidden = !words.every((word) => text.includes(word));
  });
  table.closest(".inside").before(box);
}

for (const table of document.querySelectorAll(".table.scroll table")) {
  const rows = [...table.tBodies[0].rows];
  if (rows.length < 3 || rows.some((row) => row.cells.length !== table.tHead.rows[0].cells.length)) continue; // grouped
  sortable(table);
  if (rows.length >= MANY) filterable(table);
}

const tip = document.createElement("div");
tip.className = "tip";
tip.hidden = true;
document.body.append(tip);

for (const svg of document.querySelectorAll("svg[data-readings]")) {
  const readings = JSON.parse(svg.dataset.readings);
  const width = svg.viewBox.baseVal.width;
  svg.addEventListener("pointermove", (event) => {
    const place = svg.getBoundingClientRect();
    const x = ((event.clientX - place.left) / place.width) * width;
    const near = readings.reduce((a, b) => (Math.abs(b[0] - x) < Math.abs(a[0] - x) ? b : a));
    tip.hidden = Math.abs(near[0] - x) > 12;
    tip.textContent = near[1];
    const left = place.left + (near[0] / width) * place.width;
    tip.style.left = `${Math.min(left, innerWidth - tip.offsetWidth - 8) + scrollX}px`;
    tip.style.top = `${place.top + scrollY - tip.offsetHeight - 4}px`;
  });
  svg.addEventListener("pointerleave", () => (tip.hidden = true));
}

let folded = [];
addEventListener("beforeprint", () => {
  folded = [...document.querySelectorAll("details:not([open])")];
  for (const one of folded) one.open = true;
});
addEventListener("afterprint", () => {
  for (const one of folded) one.open = false;
});
