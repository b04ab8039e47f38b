"use strict";
// The list of documents: sorted, searched and leafed through here, so that only one page of it is ever in the document.
(() => {
  const PAGE = 50;
  const { labels, reasons, rows, bases } = JSON.parse(document.getElementById("data").textContent);
  const [body, count, search, choose] = ["rows", "count", "search", "label"].map((id) => document.getElementById(id));
  const [before, after] = ["before", "after"].map((id) => document.getElementById(id));
  const arabic = () => document.documentElement.dataset.lang === "ar";
  // Letters as the model folds them, so that a search finds every spelling.
  const fold = (text) => text.toLowerCase().replace(/[\u0640\u064b-\u065f\u0670]/g, "").replace(/[أإآٱ]/g, "ا").replace(/ى/g, "ي").replace(/ة/g, "ه");
  const haystack = [];
  const text = (row) => haystack[row] ??= fold(rows[row][0] + " " + rows[row][5].map((part) => part[0]).join(" "));
  const keys = { path: (row) => row[0], label: (row) => row[1], probability: (row) => row[2] ?? -1, time: (row) => row[3] };
  let order = rows.map((_, number) => number), column = null, downwards = false, first = 0, shown = order;

  const control = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]/gu;
  const plain = (value) => String(value).replace(control, (letter) => "⟨" + letter.codePointAt(0).toString(16).toUpperCase().padStart(4, "0") + "⟩");
  const make = (name, content, attributes = {}) => {
    const node = document.createElement(name);
    if (content instanceof Array) node.append(...content); else if (content != null) node.textContent = plain(content);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    return node;
  };
  const answer = (row) => row[1] >= 0 ? labels[row[1]] : reasons[-1 - row[1]][arabic() ? 1 : 2];

  const details = (row) => {
    const parts = [];
    if (row[4]) parts.push(make("p", [make("bdi", row[4])]));
    if (row[5].length) {
      const terms = row[5].flatMap(([term, part]) => [make("bdi", term), " ", make("span", (part > 0 ? "+" : "") + part.toFixed(2), { class: "number soft" }), " · "]);
      parts.push(make("p", [make("strong", arabic() ? "ما قرر: " : "What decided: "), ...terms]));
    } else if (row[1] >= 0) {
      parts.push(make("p", arabic() ? "لا أدلة محفوظة؛ الأمر classifier predict --html يعرضها." : "No evidence is stored; classifier predict --html shows it.", { class: "soft" }));
    }
    const [base, file] = row[6];
    parts.push(make("p", [make("a", arabic() ? "افتح الوثيقة" : "Open the document", { href: bases[base] + "/" + file })]));
    return make("tr", [make("td", parts, { colspan: 4 })], { class: "details" });
  };
  const line = (number) => {
    const row = rows[number];
    const open = make("button", [make("bdi", row[0])], { type: "button", class: "rowlink", "aria-expanded": "false" });
    const colour = row[1] >= 0 ? "c" + (row[1] % 8) : "none";
    const node = make("tr", [
      make("td", [open]),
      make("td", [make("bdi", answer(row), { class: colour })]),
      make("td", row[2] == null ? "–" : (row[2] / 10).toFixed(1) + "%", { class: "number" }),
      make("td", row[3] ? new Date(row[3] * 1000).toISOString().slice(0, 10) : "–", { class: "wide" }),
    ]);
    open.addEventListener("click", () => {
      const isOpen = open.getAttribute("aria-expanded") === "true";
      open.setAttribute("aria-expanded", String(!isOpen));
      if (isOpen) node.nextSibling.remove(); else node.after(details(row));
    });
    return node;
  };
  const draw = () => {
    const last = Math.min(first + PAGE, shown.length);
    body.replaceChildren(...shown.slice(first, last).map(line));
    const range = shown.length ? `${(first + 1).toLocaleString("en")}–${last.toLocaleString("en")}` : "0";
    count.textContent = `${range} / ${shown.length.toLocaleString("en")}`;
    before.disabled = first === 0;
    after.disabled = last >= shown.length;
  };
  const sift = () => {
    const words = fold(search.value).split(/\s+/).filter(Boolean), wanted = choose.value;
    const fits = (number) => (wanted === "" || (wanted === "none" ? rows[number][1] < 0 : rows[number][1] === Number(wanted)))
      && words.every((word) => text(number).includes(word));
    shown = wanted === "" && !words.length ? order : order.filter(fits);
    first = 0;
    draw();
  };
  const compare = new Intl.Collator("ar", { numeric: true }).compare;
  const sort = (name) => {
    downwards = column === name && !downwards;
    column = name;
    const value = rows.map(keys[name]);
    const sign = downwards ? -1 : 1;
    order = rows.map((_, number) => number);
    order.sort(name === "path" ? (a, b) => sign * compare(value[a], value[b]) : (a, b) => sign * (value[a] - value[b]));
    for (const button of document.querySelectorAll("[data-sort]")) {
      button.closest("th").setAttribute("aria-sort", button.dataset.sort !== name ? "none" : downwards ? "descending" : "ascending");
    }
    sift();
  };
  for (const button of document.querySelectorAll("[data-sort]")) button.addEventListener("click", () => sort(button.dataset.sort));
  before.addEventListener("click", () => { first -= PAGE; draw(); });
  after.addEventListener("click", () => { first += PAGE; draw(); });
  let waiting = 0;
  search.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(sift, 120); });
  choose.addEventListener("change", sift);
  document.addEventListener("language", draw);
  draw();
})();
