"use strict";
// The page: what people click is posted, and the parts that changed are
// fetched again.

const slack = document.getElementById("slack");
const slot = document.getElementById("modal-slot");
const workspace = () => slack.firstElementChild;
const shown = () => workspace().dataset.me + workspace().dataset.open;
let channel = new URLSearchParams(location.search).get("channel") || workspace().dataset.open;
let queue = Promise.resolve(); // acts of one person happen one after the other

function act(path, fields) {
  queue = queue.catch(() => {}).then(() => post(path, fields));
  quiet(queue);
  return queue;
}

let asked = 0; // an answer that a later question has overtaken is dropped
async function fetchSlack() {
  const mine = ++asked;
  const res = await fetch("/fragment/slack?channel=" + encodeURIComponent(channel));
  const html = await res.text();
  if (!res.ok || mine !== asked) return;
  const input = slack.querySelector(".composer input");
  const typed = input ? input.value : "";
  const focused = input && document.activeElement === input;
  const before = slack.querySelector("#messages, #home");
  const top = before ? before.scrollTop : 0;
  const atEnd = !before || before.scrollHeight - before.scrollTop - before.clientHeight < 40;
  const was = shown();
  slack.innerHTML = html;
  const now = slack.querySelector(".composer input");
  now.value = typed;
  if (focused) now.focus();
  const list = slack.querySelector("#messages");
  const home = slack.querySelector("#home");
  if (list) list.scrollTop = atEnd || was !== shown() ? list.scrollHeight : top;
  if (home) home.scrollTop = top;
  marks();
}

/** marks shows in which channels there is something new for the person. */
function marks() {
  const me = workspace().dataset.me;
  for (const c of slack.querySelectorAll("[data-channel]")) {
    const key = "seen/" + me + "/" + c.dataset.channel;
    if (c.dataset.channel === workspace().dataset.open) sessionStorage.setItem(key, c.dataset.last);
    c.classList.toggle("new", c.dataset.last > (sessionStorage.getItem(key) || ""));
  }
}

/** showModal replaces the modal; what is being typed and the focus stay. */
function showModal(html) {
  const typed = new Map();
  for (const f of slot.querySelectorAll("input:not([type]), textarea")) typed.set(f.name, f.value);
  const focus = document.activeElement && slot.contains(document.activeElement) ? document.activeElement.name : "";
  const view = slot.querySelector("#modal")?.dataset.view;
  slot.innerHTML = html;
  const form = slot.querySelector("#modal");
  if (!form) return;
  if (form.dataset.view === view) {
    for (const f of form.querySelectorAll("input:not([type]), textarea")) if (typed.has(f.name)) f.value = typed.get(f.name);
  }
  const next = focus && [...form.elements].find((f) => f.name === focus);
  (next || form.querySelector("select, input, textarea, button.primary"))?.focus();
}

async function fetchModal() {
  const hash = slot.querySelector("#modal")?.dataset.hash || "";
  const res = await fetch("/fragment/modal?hash=" + encodeURIComponent(hash));
  if (res.status === 200) showModal(await res.text());
}

async function fetchPart(name) {
  const res = await fetch("/fragment/" + name);
  if (res.ok) put(document.getElementById(name), await res.text());
}

/** become switches person. What is clicked afterwards, that person does. */
function become(id) {
  act("/person", { id }).then(() => {
    showModal("");
    quiet(fetchModal());
    quiet(fetchSlack());
    if (channel === "home") act("/slack/home");
  }, () => {});
}

function go(id) {
  channel = id;
  history.replaceState(null, "", "/?channel=" + encodeURIComponent(id));
  quiet(fetchSlack());
  if (id === "home") act("/slack/home");
}

function where(e) {
  return { view: e.dataset.view, key: e.dataset.key, channel: e.dataset.in, ts: e.dataset.at, action: e.dataset.actionId };
}

document.addEventListener("click", (event) => {
  const b = event.target.closest("button, a");
  if (!b || (b.dataset.confirm && !confirm(b.dataset.confirm))) return;
  const d = b.dataset;
  if (d.person) become(d.person);
  else if (d.channel) go(d.channel);
  else if (d.action === "slash") act("/slack/say", { channel, text: "/powerpole" });
  else if (d.kill) act("/instance/kill", { id: d.kill });
  else if (d.button) act(d.view ? "/slack/act" : "/slack/click", { ...where(b), value: d.value });
  else if (b.id === "modal-close" || "close" in d) act("/slack/close", { view: slot.querySelector("#modal").dataset.view }).then(fetchModal, () => {});
});

document.addEventListener("change", (event) => {
  const f = event.target;
  if (!f.dataset.key || f.dataset.search !== undefined) return;
  const fields = new URLSearchParams(where(f));
  const several = f.type === "checkbox" || f.multiple;
  if (several) {
    fields.set("several", "1");
    const chosen = f.multiple ? [...f.selectedOptions] : [...f.closest(".choices").querySelectorAll("input:checked")];
    for (const c of chosen) fields.append("value", c.value);
  } else {
    fields.set("value", f.value);
  }
  act(f.dataset.view ? "/slack/act" : "/slack/click", fields);
});

document.addEventListener("submit", (event) => {
  event.preventDefault();
  const form = event.target;
  if (form.matches("[data-composer]")) {
    const text = form.elements.text.value;
    if (text.trim() === "") return;
    form.elements.text.value = "";
    act("/slack/say", { channel, text });
    return;
  }
  if (form.id !== "modal") return;
  const fields = new URLSearchParams(new FormData(form));
  fields.set("view", form.dataset.view);
  const several = [...form.querySelectorAll("[data-several]")].map((e) => e.dataset.several || e.name);
  fields.set("several", several.join(" "));
  const button = form.querySelector("#modal-submit");
  if (button) button.disabled = true;
  act("/slack/submit", fields).then(async (res) => showModal(await res.text()), () => { if (button) button.disabled = false; });
});

let searching;
function search(field) {
  clearTimeout(searching);
  if (field.value.length < Number(field.dataset.min)) return;
  searching = setTimeout(() => quiet(suggest(field)), 200);
}

/** suggest asks the app for the options that fit, as an external select does. */
async function suggest(field) {
  const res = await post("/slack/suggest", { view: field.dataset.view, key: field.dataset.search, text: field.value });
  const menu = field.parentElement.querySelector("select");
  const chosen = new Set([...menu.selectedOptions].map((o) => o.value));
  const keep = [...menu.options].filter((o) => o.value === "" || chosen.has(o.value));
  const fresh = (await res.json() || []).filter((o) => !chosen.has(o.value)).map((o) => new Option(o.text, o.value));
  menu.replaceChildren(...keep, ...fresh);
}
for (const kind of ["input", "focusin"]) {
  document.addEventListener(kind, (event) => { if (event.target.dataset?.search) search(event.target); });
}

/** countdown writes how long it is until something happens. */
function countdown() {
  for (const t of document.querySelectorAll("[data-until]")) {
    const left = Math.round((new Date(t.dataset.until) - Date.now()) / 1000);
    t.textContent = left < 0 ? "now" : left < 3600 ? `in ${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}` : `in ${Math.round(left / 360) / 10} h`;
  }
}
setInterval(countdown, 1000);
countdown();

const light = document.getElementById("live");
const stream = new EventSource("/live");
stream.onopen = () => { light.dataset.state = "on"; light.textContent = "live"; };
stream.onerror = () => { light.dataset.state = "off"; light.textContent = "not live"; };
stream.addEventListener("slack", () => { quiet(fetchSlack()); quiet(fetchModal()); });
stream.addEventListener("events", () => quiet(fetchPart("events")));
stream.addEventListener("state", () => quiet(fetchPart("state").then(countdown)));
if (channel === "home") act("/slack/home");
marks();
const first = slack.querySelector("#messages");
if (first) first.scrollTop = first.scrollHeight;
