// What the pages do: sort, filter, draw. Text comes from the lake and is set as text alone, never as markup.
"use strict";

const all = (what, within = document) => [...within.querySelectorAll(what)];
const data = name => {
  const found = document.querySelector(`script[data-for="${name}"]`);
  return found ? JSON.parse(found.textContent) : null;
};
const element = (tag, text, attributes = {}) => {
  const made = document.createElement(tag);
  if (text !== undefined && text !== null) made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
};

// ---- tables that are sorted by their headings
function heading(cell, sort) {
  const button = element("button", cell.textContent, { type: "button" });
  cell.dataset.name = cell.textContent;  // for print, which repeats headings without their buttons
  cell.replaceChildren(button);
  button.addEventListener("click", () => {
    const descending = cell.getAttribute("aria-sort") === "ascending" ||
      (!cell.hasAttribute("aria-sort") && cell.classList.contains("n") && cell.textContent !== "rank");
    const up = !descending;
    for (const other of all("th[aria-sort]", cell.parentElement)) other.removeAttribute("aria-sort");
    cell.setAttribute("aria-sort", up ? "ascending" : "descending");
    sort(up);
  });
}

function sortable(table) {
  const body = table.tBodies[0];
  all("thead th[data-sort]", table).forEach(cell => {
    const column = cell.cellIndex, numeric = cell.dataset.sort === "number";
    heading(cell, up => {
      const value = row => row.cells[column].dataset.value ?? row.cells[column].textContent.trim();
      const rows = [...body.rows].map(row => [numeric ? Number(String(value(row)).replaceAll(",", "")) : value(row), row]);
      rows.sort(([a], [b]) => (numeric ? (a || 0) - (b || 0) : a.localeCompare(b)) * (up ? 1 : -1));
      body.append(...rows.map(([, row]) => row));
    });
  });
}

// ---- the ranking's filters
function filters(form) {
  const tables = all("table[data-filterable]"), search = form.querySelector("[data-search]"), count = form.querySelector("[data-count]");
  const texts = new Map(tables.flatMap(t => [...t.tBodies[0].rows]).map(row => [row, row.textContent.toLowerCase()]));
  const apply = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const [row, text] of texts) {
      const fits = words.every(word => text.includes(word)) &&
        all("[data-filter]", form).every(s => !s.value || row.dataset[s.dataset.filter] === s.value) &&
        all("[data-least]", form).every(i => !i.value || Number(row.dataset[i.dataset.least]) >= Number(i.value));
      row.hidden = !fits;
      shown += fits;
    }
    for (const table of tables) table.closest(".scroll").nextElementSibling.hidden = [...table.tBodies[0].rows].some(row => !row.hidden);
    count.textContent = `${shown} of ${texts.size} clusters`;
  };
  form.hidden = false;
  form.addEventListener("input", apply);
  form.addEventListener("submit", event => event.preventDefault());
  apply();
}

// ---- accounts: all of them as data, a page of them as rows
function accounts(table) {
  const given = data("accounts"), form = document.querySelector("[data-accounts-form]"), pages = document.querySelector("[data-accounts-pages]");
  const search = form.querySelector("[data-accounts-search]"), status = form.querySelector("[data-accounts-status]");
  const each = 50, [before, next] = all("button", pages);
  const day = at => at === null ? "" : new Date(at * 60000).toISOString().slice(0, 10);
  const reasons = row => row[12].map(i => given.reasons[i]).join(" ");
  const shares = new Set([1, 5]), counts = new Set([2, 3, 4]), times = new Set([6, 7, 8]);
  const shown = (row, i) => times.has(i) ? day(row[i]) : shares.has(i) ? row[i].toFixed(2) : counts.has(i) ? row[i]?.toLocaleString("en") ?? "" : row[i] ?? "";
  const classes = ["id", "n", "n", "n", "n", "n", "date", "date", "date", "", "", ""];
  const own = new Map((given.pages ?? []).map(([i, address]) => [given.rows[i], address]));  // before any sorting
  let rows = given.rows, page = 0;
  const draw = () => {
    const part = rows.slice(page * each, (page + 1) * each);
    table.tBodies[0].replaceChildren(...part.map(row => {
      const made = element("tr");
      classes.forEach((name, i) => {
        const cell = element("td", null, name ? { class: name } : {});
        const text = element("bdi", shown(row, i));
        if (i === 0 && own.has(row)) {
          const link = element("a", null, { href: `../${own.get(row)}` });
          link.append(text);
          cell.append(link);
        } else cell.append(text);
        made.append(cell);
        if (i === 0) {
          cell.title = row[0];
          made.append(element("td", reasons(row), { class: "why" }));
        }
      });
      return made;
    }));
    const last = Math.max(Math.ceil(rows.length / each), 1);
    pages.hidden = last === 1;
    pages.querySelector("output").textContent = `${page + 1} of ${last}`;
    before.disabled = page === 0;
    next.disabled = page === last - 1;
    form.querySelector("[data-accounts-count]").textContent = `${rows.length.toLocaleString("en")} of ${given.rows.length.toLocaleString("en")} accounts`;
  };
  const apply = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    rows = given.rows.filter(row => (!status.value || row[9] === status.value) &&
      (!words.length || words.every(word => `${row[0]} ${row[9]} ${row[10]} ${row[11] ?? ""} ${reasons(row)}`.toLowerCase().includes(word))));
    page = 0;
    draw();
  };
  all("th[data-key]", table).forEach(cell => {
    const key = Number(cell.dataset.key);
    heading(cell, up => {
      const compare = (a, b) => a === null ? 1 : b === null ? -1 : (typeof a === "string" ? (a < b ? -1 : a > b ? 1 : 0) : a - b) * (up ? 1 : -1);
      given.rows.sort((a, b) => compare(a[key], b[key]));
      apply();
    });
  });
  for (const button of [before, next]) button.addEventListener("click", () => { page += Number(button.dataset.step); draw(); });
  form.hidden = false;
  form.addEventListener("input", apply);
  form.addEventListener("submit", event => event.preventDefault());
  draw();
}

// ---- charts
const plots = [];
function dress(printing) {
  const dark = !printing && matchMedia("(prefers-color-scheme: dark)").matches;
  const ink = dark ? "#e6e8ea" : "#1b1f24", soft = dark ? "#a0a8b1" : "#5b636d", line = dark ? "#343a41" : "#dcdfe3";
  const font = "system-ui, 'Segoe UI', 'Noto Sans', 'DejaVu Sans', sans-serif";
  for (const plot of plots) {
    for (const axis of [...plot.below, ...plot.left])
      axis.setv({ axis_label_text_color: soft, major_label_text_color: soft, axis_line_color: soft, major_tick_line_color: soft, minor_tick_line_color: null,
        axis_label_text_font: font, major_label_text_font: font, major_label_text_font_size: "12px", axis_label_text_font_size: "12px", axis_label_text_font_style: "normal" });
    for (const other of [...plot.center, ...plot.above]) {
      if (other.type === "Grid") other.setv({ grid_line_color: line });
      if (other.type === "Span") other.setv({ line_color: ink });
      if (other.type === "Label") other.setv({ text_color: ink, text_font: font });
      if (other.type === "Legend") other.setv({ background_fill_color: null, label_text_color: soft, label_text_font: font, label_text_font_size: "12px" });
    }
  }
}

// Paper has another width than the window, and a printer does not wait for a chart to be drawn again: it gets a copy.
function copies(printing) {
  dress(printing);
  for (const copy of all(".copy")) copy.remove();
  for (const plot of printing ? plots : []) {
    const view = Bokeh.index.find_one(plot);
    view.repaint();
    const copy = view.export("png", true).canvas;
    copy.className = "copy";
    document.getElementById(`plot-${plot.tags[0]}`).append(copy);
  }
}

async function draw(name) {
  const place = document.querySelector(`[data-plot="${name}"]`), item = data(name);
  if (!place || !item) return null;
  place.id = `plot-${name}`;
  await Bokeh.embed.embed_item(item, place.id);
  const drawn = Bokeh.documents.at(-1);
  plots.push(drawn.roots()[0]);
  plots.at(-1).tags = [name];
  return drawn;
}

function ownLinks(drawn) {
  const given = data("own"), select = document.querySelector("[data-own]"), place = document.querySelector("[data-own-links]");
  const nodes = drawn.get_model_by_name("accounts");
  const lines = [...drawn.roots()[0].renderers].map(r => r.data_source).filter(s => s.name === "links");
  const usual = new Map(lines.map(source => [source, [...source.data.alpha]]));
  const count = Object.keys(given.links).length;
  given.accounts.slice(0, count).forEach((name, i) => select.append(element("option", name.length > 60 ? name.slice(0, 60) + "…" : name, { value: i })));
  const show = chosen => {
    const known = Number.isInteger(chosen) && given.links[chosen] !== undefined;
    select.value = known ? chosen : "";
    for (const source of lines) {
      const { a, b } = source.data, was = usual.get(source);
      source.data = { ...source.data, alpha: [...was].map((alpha, i) => !known || a[i] < 0 ? alpha : a[i] === chosen || b[i] === chosen ? 1 : alpha * 0.12) };
    }
    place.replaceChildren();
    if (!known) return;
    const links = given.links[chosen], table = element("table"), head = element("tr"), body = element("tbody"), top = element("thead");
    place.append(element("p", `The strongest links of ${given.accounts[chosen].slice(0, 80)}:`));
    for (const [text, kind] of [["with", ""], ["bits", "n"], ["both", ""]]) head.append(element("th", text, { scope: "col", class: kind }));
    top.append(head);
    table.append(top, body);
    for (const [other, bits, kind, shared] of links) {
      const row = element("tr"), says = [];
      for (let i = 0; i < shared.length; i += 3)
        says.push(`${given.channels[shared[i]]} (${shared[i + 1].toFixed(1)}${shared[i + 2] === null ? "" : `, ${shared[i + 2].toLocaleString("en")} owners have it`})`);
      const who = element("td", null, { class: "id" });
      who.append(element("bdi", given.accounts[other]));
      const why = element("td", says.join("; "));
      if (kind !== 0) why.prepend(element("strong", kind === 2 ? "bridge: " : "one family: "));
      row.append(who, element("td", bits.toFixed(1), { class: "n" }), why);
      body.append(row);
    }
    place.append(table);
  };
  const choose = chosen => { nodes.selected.indices = Number.isInteger(chosen) ? [chosen] : []; };
  nodes.selected.properties.indices.change.connect(() => show(nodes.selected.indices[0]));
  select.addEventListener("change", () => choose(select.value === "" ? undefined : Number(select.value)));
}

document.addEventListener("DOMContentLoaded", async () => {
  all("table[data-sortable]").forEach(sortable);
  all("form[data-filters]").forEach(filters);
  all("table[data-accounts]").forEach(accounts);
  if (typeof Bokeh !== "undefined") {
    await draw("activity");
    const links = await draw("graph");
    if (links) ownLinks(links);
    dress(false);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => dress(false));
    addEventListener("beforeprint", () => copies(true));
    addEventListener("afterprint", () => copies(false));
  }
  document.documentElement.dataset.ready = "yes";
});
