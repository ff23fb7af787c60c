// Search over search-index.js, and buttons that copy examples. Without scripts the pages are whole but for these.
"use strict";

const MOST = 30;
const form = document.querySelector("form[role=search]");
const input = document.getElementById("search");
const list = document.getElementById("found");
const count = document.getElementById("count");

// How well an entry answers: its title above its full name, its full name above what else it holds.
function score(entry, word) {
  const title = entry.title.toLowerCase();
  if (title === word) return 100;
  if (title.startsWith(word)) return 60;
  if (title.includes(word)) return 40;
  if (`${entry.of}.${entry.title} ${entry.of}/${entry.title}`.toLowerCase().includes(word)) return 25;
  if (entry.words.toLowerCase().split(/\s+/).includes(word)) return 20;
  if (entry.words.toLowerCase().includes(word)) return 10;
  return entry.text.toLowerCase().includes(word) ? 5 : 0;
}

const KINDS = { method: 4, service: 3, resource: 3, error: 3, message: 2, enum: 2, page: 2 };

function search(text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return [];
  return window.searchIndex
    .map((entry) => {
      const scores = words.map((word) => score(entry, word));
      return { entry, value: scores.includes(0) ? 0 : scores.reduce((a, b) => a + b) + KINDS[entry.kind] };
    })
    .filter((found) => found.value > 0)
    .sort((a, b) => b.value - a.value || a.entry.title.localeCompare(b.entry.title))
    .map((found) => found.entry);
}

let selected = -1;

function select(at) {
  const items = list.children;
  if (items[selected]) items[selected].setAttribute("aria-selected", "false");
  selected = items.length ? (at + items.length) % items.length : -1;
  const item = items[selected];
  if (item) {
    item.setAttribute("aria-selected", "true");
    item.scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", item.id);
  } else {
    input.removeAttribute("aria-activedescendant");
  }
}

function show() {
  const found = search(input.value);
  list.replaceChildren(
    ...found.slice(0, MOST).map((entry, at) => {
      const item = document.createElement("li");
      item.id = `found-${at}`;
      item.setAttribute("role", "option");
      item.setAttribute("aria-selected", "false");
      item.textContent = entry.title;
      const more = document.createElement("span");
      more.textContent = [entry.kind, entry.of, entry.text].filter(Boolean).join(" · ");
      item.append(more);
      item.addEventListener("click", () => go(entry));
      item.entry = entry;
      return item;
    }),
  );
  close(!found.length);
  count.textContent = input.value.trim() ? `${found.length || "nothing"} found` : "";
  selected = -1;
  select(0);
}

function close(closed = true) {
  list.hidden = closed;
  input.setAttribute("aria-expanded", String(!closed));
}

function go(entry) {
  close();
  location.href = `${form.dataset.root}/${entry.href}`;
}

input.addEventListener("input", show);
input.addEventListener("keydown", (event) => {
  if (event.key === "ArrowDown") select(selected + 1);
  else if (event.key === "ArrowUp") select(selected - 1);
  else if (event.key === "Escape") close();
  else return;
  event.preventDefault();
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  const item = list.children[selected];
  if (item) go(item.entry);
});
document.addEventListener("click", (event) => {
  if (!form.contains(event.target)) close();
});
document.addEventListener("keydown", (event) => {
  const typing = event.target instanceof HTMLInputElement;
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    input.focus();
  }
});
form.hidden = false;

// The list of a page is open where there is room for it.
const wide = window.matchMedia("(min-width: 52rem)");
for (const part of document.querySelectorAll(".page > nav details")) part.open = wide.matches;

for (const block of document.querySelectorAll("pre")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(block.querySelector("code").textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(block.querySelector("code"));
      button.textContent = "Selected";
    }
  });
  const frame = document.createElement("div");
  frame.className = "frame";
  block.replaceWith(frame);
  frame.append(button, block);
}
