"use strict";
// What both pages use.

const token = document.querySelector("meta[name=token]").content;

/** post sends a form and gives the answer; what did not work is shown. */
async function post(path, fields) {
  const body = fields instanceof URLSearchParams ? fields : new URLSearchParams(fields || {});
  let res;
  try {
    res = await fetch(path, { method: "POST", body, headers: { "X-PowerPole-Token": token }, credentials: "same-origin" });
  } catch {
    toast("The demo does not answer. Is it still running?");
    throw new Error("no answer");
  }
  if (!res.ok) {
    const text = (await res.text()).trim();
    toast(text);
    throw new Error(text);
  }
  return res;
}

let toastTimer;
function toast(text) {
  const box = document.getElementById("toast");
  box.textContent = text;
  box.hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { box.hidden = true; }, 8000);
}

/** put replaces a part of the page; what was opened stays open, and where one had scrolled to. */
function put(box, html) {
  const open = new Map([...box.querySelectorAll("details[data-key]")].map((d) => [d.dataset.key, d.open]));
  const top = box.scrollTop;
  box.innerHTML = html;
  for (const d of box.querySelectorAll("details[data-key]")) {
    if (open.has(d.dataset.key)) d.open = open.get(d.dataset.key);
  }
  box.scrollTop = top;
}

/** quiet runs something whose failure has been shown already. */
function quiet(promise) { promise.catch(() => {}); }
